"""Emergency access; every method passes the gate."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from auricle.access.break_glass import BreakGlass, Verdict
from auricle.kernel.actor import Actor
from auricle.kernel.phi import Phi


@dataclass(frozen=True, slots=True)
class GlassChanged:
    """Somebody broke the glass, ended it, or it was reviewed."""

    id: str
    person: str
    state: str
    """`broken`, `ended` or `reviewed`."""


class BreakGlasses(Protocol):
    """For people in an emergency, and for the privacy officer after it."""

    async def break_glass(self, actor: Actor, reason: Phi[str], minutes: int, record: str) -> BreakGlass:
        """From now on. Raises BadBreakGlass or AlreadyBroken."""
        ...

    async def end(self, actor: Actor) -> None:
        """End one's own. Raises NothingBroken."""
        ...

    async def queue(self, actor: Actor) -> Sequence[BreakGlass]:
        """All of them with their reasons, newest first."""
        ...

    async def review(self, actor: Actor, glass: str, verdict: Verdict, note: Phi[str]) -> None:
        """Give a verdict, once. Raises NothingBroken or AlreadyReviewed."""
        ...
