"""Ports for time and chance: pure code is given them and never asks the machine."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Two readings of time."""

    def now(self) -> datetime:
        """The wall clock, UTC, zone-aware."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back; only differences mean anything."""
        ...


class Entropy(Protocol):
    """Randomness fit for keys and identifiers."""

    def token(self, size: int) -> bytes:
        """`size` unpredictable bytes."""
        ...

    def name(self, prefix: str = "") -> str:
        """A fresh identifier: the prefix and 20 hexadecimal digits (80 bits)."""
        ...
