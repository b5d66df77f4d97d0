"""Damaged audio, met while it is played or transcribed, becomes an entry of the audit log (45 CFR 164.312(c)(2)).

Readers work in threads and outlive the act that opened them, so they report here; damaged fields of rows are the gate's to report.
"""

import asyncio
import queue

import structlog

from auricle.adapters.store import Store
from auricle.adapters.store.errors import StoreFailed
from auricle.kernel.actor import Actor, ActorKind
from auricle.vault.gate import Outcome, Ref

log = structlog.get_logger(__name__)
READER = Actor(ActorKind.SERVICE, "blob-reader")
MAX_WAITING = 10000
POLL_S = 0.5


class DamageReports:
    """Takes reports in any thread; `run` keeps them. Each segment once while we run."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: queue.SimpleQueue[tuple[str, int]] = queue.SimpleQueue()
        self._seen: set[tuple[str, int]] = set()

    def report(self, blob: str, segment: int) -> None:
        """A segment that does not open. Never blocks."""
        if (blob, segment) not in self._seen and len(self._seen) < MAX_WAITING:
            self._seen.add((blob, segment))
            self._waiting.put((blob, segment))

    async def run(self) -> None:
        """Keep what is reported, until cancelled."""
        while True:
            await self.keep()
            await asyncio.sleep(POLL_S)

    async def keep(self) -> None:
        """Keep what waits now: an entry for each blob, with its segments."""
        found: dict[str, list[int]] = {}
        while not self._waiting.empty():
            blob, segment = self._waiting.get()
            found.setdefault(blob, []).append(segment)
        for blob, segments in found.items():
            words = f"audio of {blob}: seconds {', '.join(str(segment) for segment in sorted(segments)[:20])}"
            try:
                await self._store.record(READER, "integrity.damaged", Ref("voicemail", blob), Outcome.FAILED, "", why=words)
            except StoreFailed as error:
                log.error("damage_not_recorded", blob=blob, error=type(error).__name__)  # noqa: TRY400
