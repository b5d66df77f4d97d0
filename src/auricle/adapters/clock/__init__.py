"""The machine's clock and randomness (fit `kernel.time`)."""

import secrets
import time
from datetime import UTC, datetime


class SystemClock:
    """Reads the machine."""

    def now(self) -> datetime:
        """Wall clock, UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds; the event loop's own clock, so that times can be compared."""
        return time.monotonic()


class SystemEntropy:
    """The operating system's generator."""

    def token(self, size: int) -> bytes:
        """Random bytes."""
        return secrets.token_bytes(size)

    def name(self, prefix: str = "") -> str:
        """A fresh identifier of 80 random bits."""
        return prefix + secrets.token_hex(10)
