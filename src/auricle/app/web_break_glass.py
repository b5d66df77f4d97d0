"""Breaking the glass behind `web.break_glass.ports`: in force and told of when the call returns, and all of it in the log."""

import asyncio
from collections.abc import Sequence

from auricle.access.break_glass import AlreadyReviewed, BreakGlass, NothingBroken, Review, Verdict, check_break
from auricle.access.decision import Policies
from auricle.adapters.store import Store
from auricle.app.board import Board, GlassChanged
from auricle.kernel.actor import Actor
from auricle.kernel.ids import PersonId
from auricle.kernel.phi import Phi
from auricle.kernel.time import Clock, Entropy
from auricle.vault.gate import Gate, Ref

CONSOLE = "console"


class WebBreakGlass:
    """Fits `web.break_glass.ports.BreakGlasses`. The alert is raised from the audit entry (`audit.rules`), so it cannot be lost."""

    def __init__(
        self,
        *,
        store: Store,
        gate: Gate,
        policies: Policies,
        board: Board,
        clock: Clock,
        entropy: Entropy,
    ) -> None:
        self._store = store
        self._gate = gate
        self._policies = policies
        self._board = board
        self._clock = clock
        self._entropy = entropy
        self._one_at_a_time = asyncio.Lock()

    async def break_glass(self, actor: Actor, reason: Phi[str], minutes: int, record: str) -> BreakGlass:
        """From now on; the privacy officer knows before the answer is given."""
        async with self._one_at_a_time:
            return await self._broken(actor, reason, minutes, record)

    async def _broken(self, actor: Actor, reason: Phi[str], minutes: int, record: str) -> BreakGlass:
        ident = self._entropy.name("bg")
        ref = Ref("break-glass", ident)
        await self._gate.check(actor, "break-glass.use", ref, CONSOLE)
        now = self._clock.now()
        standing = await self._store.standing(PersonId(actor.id), now)
        until = check_break(reason, minutes, record, standing.glass, now)
        glass = BreakGlass(ident, PersonId(actor.id), record, now, until)
        await self._store.add_glass(glass, reason, actor, self._policies.decide(actor, "break-glass.use", ref).reason)
        self._board.publish(GlassChanged(ident, actor.id, "broken"))
        return glass

    async def end(self, actor: Actor) -> None:
        """End one's own."""
        standing = await self._store.standing(PersonId(actor.id), self._clock.now())
        if standing.glass is None:
            raise NothingBroken("you have not broken the glass, or its time is over")
        await self._gate.check(actor, "break-glass.use", Ref("break-glass", standing.glass.id), CONSOLE)
        await self._store.end_glass(standing.glass.id, actor)
        self._board.publish(GlassChanged(standing.glass.id, actor.id, "ended"))

    async def queue(self, actor: Actor) -> Sequence[BreakGlass]:
        """All of them with their reasons."""
        return await self._gate.open(actor, "break-glass.review", Ref("break-glass", "*"), CONSOLE, self._store.glasses)

    async def review(self, actor: Actor, glass: str, verdict: Verdict, note: Phi[str]) -> None:
        """Give a verdict, once, on what is over or still runs; nobody on their own."""
        found = await self._store.glass(glass)
        ref = Ref("break-glass", glass, owner=found.person if found else "")
        await self._gate.check(actor, "break-glass.review", ref, CONSOLE)
        if found is None:
            raise NothingBroken("there is no emergency access of this id")
        if found.review is not None:
            raise AlreadyReviewed("a verdict stands; it is not changed afterwards")
        review = Review(verdict, actor.id, self._clock.now(), note)
        await self._store.review_glass(glass, review, actor, self._policies.decide(actor, "break-glass.review", ref).reason)
        self._board.publish(GlassChanged(glass, found.person, "reviewed"))
