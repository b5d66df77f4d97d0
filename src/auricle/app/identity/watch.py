"""Noticing within a quarter of a second that somebody's access ended, whoever ended it (console, SCIM, command line), and acting."""

import asyncio
from collections.abc import Callable

import structlog

from auricle.adapters.store import Store
from auricle.kernel.ids import PersonId

log = structlog.get_logger(__name__)
POLL_S = 0.25  # one read of one row; a second is promised


class PeopleWatch:
    """Who is terminated, as of now. Listeners are called on the loop for everybody newly terminated, and with None after any change."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._seen = -1
        self._terminated: frozenset[PersonId] = frozenset()
        self._listeners: list[Callable[[PersonId | None], None]] = []

    def terminated(self, person: PersonId) -> bool:
        """Whether this person's access ended; asked for every request of a phone, so from memory."""
        return person in self._terminated

    def listen(self, listener: Callable[[PersonId | None], None]) -> None:
        """Hear of changes."""
        self._listeners.append(listener)

    async def refresh(self) -> None:
        """Look whether anything changed, and act on it."""
        changes = await self._store.identity_changes()
        if changes == self._seen:
            return
        self._take(await self._ended(), changes)

    async def look_again(self) -> None:
        """Look at people themselves, whatever the number of changes says: somebody may have changed the database behind our back."""
        ended = await self._ended()
        if ended != self._terminated:
            self._take(ended, self._seen)

    async def _ended(self) -> frozenset[PersonId]:
        return frozenset(person for person, one in (await self._store.standings()).items() if one.terminated_at is not None)

    def _take(self, ended: frozenset[PersonId], changes: int) -> None:
        before, self._seen = self._terminated, changes
        self._terminated = ended
        for listener in self._listeners:
            for person in self._terminated - before:
                listener(person)
            listener(None)

    async def run(self) -> None:
        """Look again and again; a database that does not answer is looked at again, and nobody's access comes back meanwhile."""
        while True:
            await asyncio.sleep(POLL_S)
            try:
                await self.refresh()
            except Exception as error:  # noqa: BLE001 - a task root: the watch must go on
                log.error("people_watch_failed", error=type(error).__name__)  # noqa: TRY400 - the type is enough
