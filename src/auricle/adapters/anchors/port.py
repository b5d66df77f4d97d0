"""What an anchor is: a place outside the database where signed checkpoints are kept."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

Prove = Callable[[int], Awaitable[Sequence[bytes]]]
"""The consistency proof from an older size to that of the checkpoint (RFC 6962 2.1.2)."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What an anchor gives back. Witnesses give a signature line, the others nothing."""

    witness: str = ""
    line: str = ""


NOTHING = Receipt()


class Anchor(Protocol):
    """One place. `name` is the settings' name for it."""

    name: str
    kind: str

    async def keep(self, size: int, note: str, prove: Prove) -> Receipt:
        """Durable there when it returns, as far as the place can say so. Raises AnchorFailed, AnchorConflict."""
        ...
