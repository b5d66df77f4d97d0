"""Filling the index of callers' names for calls of before there was one: in the background at start, step by step, until all are done.

Each step is one transaction and says in the rows what it did, so the work may be ended at any point and goes on at the next start.
"""

import asyncio

import structlog

from auricle.access.subject import KEEPER
from auricle.adapters.store import Store
from auricle.kernel.errors import AuricleError
from auricle.vault.gate import Gate, Grant, Outcome, Ref

log = structlog.get_logger(__name__)
PAUSE_S = 0.02  # between steps: calls write too
RETRY_S = 60.0
WHY = "index of callers' names"
NAMES = Ref("keys", "names")


class NameIndex:
    """Runs once; does nothing and writes nothing where nothing is to be done."""

    def __init__(self, store: Store, gate: Gate) -> None:
        self._store = store
        self._gate = gate

    async def run(self) -> None:
        """Index what lacks, trying again later where the database or the keys refuse."""
        while True:
            try:
                if await self._store.names_to_index():
                    await self._gate.open(KEEPER, "keys.rekey", NAMES, WHY, self._fill)
            except AuricleError as error:
                log.error("name_index_failed", code=error.code)  # noqa: TRY400 - its text may name rows
                await asyncio.sleep(RETRY_S)
            else:
                return

    async def _fill(self, grant: Grant) -> None:
        after: str | None = ""
        count = 0
        while after is not None:
            after, done = await self._store.index_names(grant, after)
            count += done
            await asyncio.sleep(PAUSE_S)
        await self._store.record(KEEPER, "keys.rekey", NAMES, Outcome.DONE, f"{count} calls indexed")
