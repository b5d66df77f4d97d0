"""Finished and running calls."""
