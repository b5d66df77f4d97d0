"""Says when grants and broken glass run out: an audit entry each, and word to the live stream. What they gave ended by itself before.

Access never waits for this: every request asks what is in force at its own moment.
"""

import asyncio

import structlog

from auricle.access.subject import KEEPER
from auricle.adapters.store import Store
from auricle.adapters.store.errors import StoreFailed
from auricle.app.board import AccessChanged, Board, GlassChanged

log = structlog.get_logger(__name__)
POLL_S = 2.0


class AccessEnds:
    """Runs until cancelled."""

    def __init__(self, store: Store, board: Board) -> None:
        self._store = store
        self._board = board

    async def run(self) -> None:
        """Look, again and again."""
        while True:
            try:
                await self.step()
            except StoreFailed as error:  # a full disk: nothing was noted, so it is looked at again
                log.warning("access_ends_not_noted", error=type(error).__name__)
            await asyncio.sleep(POLL_S)

    async def step(self) -> int:
        """Note what ran out; how much it was."""
        grants, glasses = await self._store.note_ends(KEEPER)
        for glass in glasses:
            self._board.publish(GlassChanged(glass.id, glass.person, "ended"))
        if grants or glasses:
            self._board.publish(AccessChanged())
        return len(grants) + len(glasses)
