"""Looks whether tables of authority are as they were left: at start and on a timer. What differs is in the audit log and so an alert.

While who was dismissed is not as it was left, the audit log says who is (docs/specs/vouched-rows.md).
"""

import asyncio

import structlog

from auricle.adapters.store import Store
from auricle.adapters.store.authority import Difference
from auricle.adapters.store.errors import StoreFailed
from auricle.app.identity.watch import PeopleWatch

log = structlog.get_logger(__name__)
POLL_S = 5.0


class AuthorityWatch:
    """`step` before anybody is let in, then `run` until cancelled."""

    def __init__(self, store: Store, people: PeopleWatch) -> None:
        self._store = store
        self._people = people

    async def run(self) -> None:
        """Look, again and again."""
        while True:
            await asyncio.sleep(POLL_S)
            try:
                await self.step()
            except StoreFailed as error:
                log.warning("authority_not_checked", error=type(error).__name__)

    async def step(self) -> list[Difference]:
        """Look once; what is not as it was left."""
        found = await self._store.check_authority()
        await self._people.look_again()
        return found
