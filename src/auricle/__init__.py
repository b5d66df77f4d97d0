"""Auricle: a phone system a medical practice runs for itself, and that keeps patients' privacy provably."""

__version__ = "0.1.0"
