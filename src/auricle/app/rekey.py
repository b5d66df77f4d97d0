"""Sealing everything anew after a rotation: a job beside running calls that can be killed at any point and goes on at the next start.

What is left to do is read from the rows themselves, so nothing that is done is done twice; the table of progress is for people.
Epochs that nothing is sealed with any more are retired, and destroyed once no backup can need them.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

import structlog

from auricle.access.subject import KEEPER
from auricle.adapters.keys.records import FileRecordKeys
from auricle.adapters.store import Store
from auricle.adapters.store.reindexing import BlindColumn, blind_columns
from auricle.adapters.store.rekeying import Progress, SealedColumn, Step, sealed_columns
from auricle.app.board import Board, KeysMoved
from auricle.app.keys import KeyKeeper
from auricle.kernel.errors import AuricleError
from auricle.kernel.time import Clock
from auricle.vault.errors import VaultError
from auricle.vault.gate import Gate, Grant, Outcome, Ref
from auricle.vault.keyring import Keyring, Purpose
from auricle.web.keys.ports import KeyJob

log = structlog.get_logger(__name__)
BATCH = 100  # rows: the writer holds their transaction for about a millisecond
PAUSE_S = 0.01  # between batches: calls write too
IDLE_S = 3600.0  # retired epochs are looked at so often
RETRY_S = 30.0
TELL_S = 0.5  # between two notes to the consoles
COUNT_S = 2.0
WHY = "re-encryption"
IN_THE_LOG = frozenset({Purpose.AUDIT_DETAIL})
"""Sealed inside the audit log, whose tree commits to the bytes: these epochs are kept as long as the log (docs/specs/keyring.md)."""


@dataclass(frozen=True, slots=True)
class Behind:
    """The rows of one purpose that are not sealed as they would be now, by where they are."""

    columns: tuple[tuple[SealedColumn, int], ...] = ()
    indexes: tuple[tuple[BlindColumn, int], ...] = ()
    record_keys: int = 0
    vouchers: tuple[tuple[str, int], ...] = ()

    @property
    def count(self) -> int:
        """All of them."""
        return sum(count for _, count in (*self.columns, *self.indexes, *self.vouchers)) + self.record_keys


class RekeyJob:
    """Runs until cancelled; `wake` after a rotation."""

    def __init__(
        self, *, store: Store, records: FileRecordKeys, keeper: KeyKeeper, gate: Gate, board: Board, clock: Clock, keep_days: int
    ) -> None:
        self._store = store
        self._records = records
        self._keeper = keeper
        self._gate = gate
        self._board = board
        self._clock = clock
        self._keep = timedelta(days=keep_days)
        self._wake = asyncio.Event()
        self._columns = sealed_columns()
        self._blind = blind_columns()
        self._purposes: dict[str, Purpose] = {}
        self._now: dict[Purpose, Progress] = {}
        self._left: dict[Purpose, int] = {}
        self._told_at = clock.monotonic() - TELL_S
        self._counted: tuple[float, dict[Purpose, int]] | None = None
        keeper.on_change(self.wake)

    def wake(self) -> None:
        """There may be work."""
        self._wake.set()

    @property
    def job(self) -> KeyJob | None:
        """How the work that runs, or ran last, goes."""
        if not self._now:
            return None
        states = {progress.state for progress in self._now.values()}
        state = next(one for one in ("running", "stopped", "done") if one in states)
        done, total, damaged = (sum(getattr(one, name) for one in self._now.values()) for name in ("done", "total", "damaged"))
        return KeyJob(state, done, total, damaged)

    async def run(self) -> None:
        """Do what is behind, again and again."""
        await self.remember()
        while True:
            self._wake.clear()
            wait_s = IDLE_S
            try:
                await self.once()
            except AuricleError as error:
                log.error("rekey_failed", code=error.code)  # noqa: TRY400 - its text may name rows, the type is enough
                wait_s = RETRY_S
            try:
                await asyncio.wait_for(self._wake.wait(), wait_s)
            except TimeoutError:
                continue

    async def remember(self) -> None:
        """Take up how far the last run came, where this one has done nothing yet."""
        if not self._now:
            self._now = {Purpose(progress.purpose): progress for progress in await self._store.rekey_progress()}

    async def once(self) -> None:
        """Seal anew whatever is behind, retire epochs, destroy those whose time has come."""
        if self._keeper.keyring.refused is not None:
            return  # nothing new is sealed; the keeper wakes us when the provider answers again
        for purpose in Purpose:
            behind = await self._behind_of(purpose)
            if behind.count > self._left.get(purpose, 0):  # those that were left are looked at again at the next start
                self._left[purpose] = await self._work_off(purpose, behind)
            await self._tidy(purpose)

    async def behind(self) -> dict[Purpose, int]:
        """Rows behind, by purpose, as of some seconds ago at most: counting reads whole tables."""
        now = self._clock.monotonic()
        if self._counted is None or now - self._counted[0] >= COUNT_S:
            self._counted = now, {purpose: (await self._behind_of(purpose)).count for purpose in Purpose}
        return self._counted[1]

    # ---- one purpose ---------------------------------------------------------------------------------

    async def _work_off(self, purpose: Purpose, behind: Behind) -> int:
        """Do it; how many rows had to be left: damaged, or not vouched for."""
        ring, now = self._keeper.keyring, self._clock.now().timestamp()
        epoch, before = ring.epoch(purpose), self._now.get(purpose)
        resumed = before is not None and before.epoch == epoch and before.state == "running"
        done = before.done if before is not None and resumed else 0
        started = before.started_at if before is not None and resumed else now
        await self._note(Progress(purpose.value, epoch, "running", done, done + behind.count, 0, started))

        async def work(grant: Grant) -> None:
            async for step in self._steps(purpose, behind, grant):
                await self._stepped(purpose, step)
                await asyncio.sleep(PAUSE_S)

        await self._gate.open(KEEPER, "keys.rekey", Ref("keys", purpose.value), WHY, work)
        progress, left = self._now[purpose], (await self._behind_of(purpose)).count
        done = progress.done - max(0, left - progress.damaged)
        state, finished_at = "stopped" if left else "done", self._clock.now().timestamp()
        ended = replace(progress, state=state, done=done, damaged=left, total=done + left, finished_at=finished_at)
        await self._note(ended)
        counts = f"{ended.done} sealed anew, {ended.damaged} damaged and left"
        await self._store.record(KEEPER, "keys.rekey", Ref("keys", purpose.value), Outcome.DONE, counts)
        return left

    async def _steps(self, purpose: Purpose, behind: Behind, grant: Grant) -> AsyncIterator[Step]:
        if behind.record_keys:
            async for step in self._record_keys():
                yield step
        for column, _ in behind.columns:
            async for step in _all(partial(self._store.seal_anew, grant, column, purpose, limit=BATCH)):
                yield step
        async for step in self._indexes(behind, grant):
            yield step
        for table, _ in behind.vouchers:  # after the columns, whose writing vouches for their rows
            async for step in _all(partial(self._store.vouch_anew, grant, table, limit=BATCH)):
                yield step

    async def _indexes(self, behind: Behind, grant: Grant) -> AsyncIterator[Step]:
        """New indexes everywhere first, then the old ones of tables apart go: a look-up by such a table misses no row in between."""
        for index, _ in behind.indexes:
            async for step in self._index(index, grant, dropping=False):
                yield Step(step.last) if index.apart else step
        for index, _ in behind.indexes:
            if index.apart:
                await self._store.drop_orphans(grant, index)
                async for step in self._index(index, grant, dropping=True):
                    yield step

    async def _index(self, index: BlindColumn, grant: Grant, *, dropping: bool) -> AsyncIterator[Step]:
        source = await self._source_of(index, grant)
        if source is not None:
            async for step in _all(partial(self._store.index_anew, grant, index, source, limit=BATCH, dropping=dropping)):
                yield step

    async def _record_keys(self) -> AsyncIterator[Step]:
        waiting = await asyncio.to_thread(self._records.behind)
        for start in range(0, len(waiting), BATCH):
            some = waiting[start : start + BATCH]
            done = await asyncio.to_thread(self._rewrapped, some)
            yield Step(some[-1], done, len(some) - done)

    def _rewrapped(self, records: list[str]) -> int:
        done = 0
        for record in records:
            try:
                self._records.rewrap(record)
                done += 1
            except (VaultError, OSError) as error:
                log.error("record_key_unreadable", blob=record, error=type(error).__name__)  # noqa: TRY400 - the type is enough
        return done

    async def _stepped(self, purpose: Purpose, step: Step) -> None:
        progress = self._now[purpose]
        total = max(progress.total, progress.done + step.done)
        await self._note(replace(progress, done=progress.done + step.done, damaged=progress.damaged + step.damaged, total=total))

    async def _note(self, progress: Progress) -> None:
        self._now[Purpose(progress.purpose)] = progress
        await self._store.note_progress(progress)
        now = self._clock.monotonic()
        if progress.state != "running" or now - self._told_at >= TELL_S:
            self._told_at = now
            self._board.publish(KeysMoved())

    # ---- what is behind ------------------------------------------------------------------------------

    async def _behind_of(self, purpose: Purpose) -> Behind:
        if purpose is Purpose.BLOB:
            return Behind(record_keys=len(await asyncio.to_thread(self._records.behind)))
        if purpose is Purpose.BLIND_INDEX:
            counts = [(index, await self._store.indexes_behind(index)) for index in self._blind]
            return Behind(indexes=tuple(one for one in counts if one[1]))
        columns = [(column, await self._store.behind(column, purpose)) for column in await self._columns_of(purpose)]
        vouchers = await self._store.vouchers_behind() if purpose is Purpose.AUTH else {}
        return Behind(tuple(one for one in columns if one[1]), vouchers=tuple(vouchers.items()))

    async def _columns_of(self, purpose: Purpose) -> list[SealedColumn]:
        await self._find_purposes()
        return [column for column in self._columns if self._purposes.get(column.name) is purpose]

    async def _find_purposes(self) -> None:
        """Columns say themselves what they are sealed for, once they have a row."""
        unknown = [column for column in self._columns if column.name not in self._purposes]

        async def find(grant: Grant) -> None:
            for column in unknown:
                purpose = await self._store.purpose_of(grant, column)
                if purpose is not None:
                    self._purposes[column.name] = purpose

        if unknown and await self._store.any_row(unknown):
            await self._gate.open(KEEPER, "keys.rekey", Ref("keys", "*"), "which column is sealed for what", find)

    async def _source_of(self, index: BlindColumn, grant: Grant) -> Purpose | None:
        name = f"{index.source.name}.{index.sealed.name}"
        if name not in self._purposes:
            column = next(one for one in self._columns if one.name == name)
            purpose = await self._store.purpose_of(grant, column)
            if purpose is None:
                return None
            self._purposes[name] = purpose
        return self._purposes[name]

    # ---- epochs that are over ------------------------------------------------------------------------

    async def _tidy(self, purpose: Purpose) -> None:
        """Retire older epochs that nothing is sealed with, take back those that something is, destroy those retired long enough."""
        epochs = self._keeper.keyring.epochs(purpose)
        older = {number: epoch for number, epoch in epochs.items() if number != max(epochs)}
        if not older or purpose in IN_THE_LOG:
            return
        unused = (await self._behind_of(purpose)).count == 0
        now = self._clock.now()
        turned = [number for number, epoch in older.items() if unused != (epoch.retired_at is not None)]
        if purpose is Purpose.AUTH and not unused:
            turned = []  # a row of a retired epoch was put back by somebody else: it counts as not there

        def turn(ring: Keyring) -> None:
            for number in turned:
                ring.retire(purpose, number, now if unused else None)

        if turned:
            await self._keeper.change(turn)
        for number, epoch in self._keeper.keyring.epochs(purpose).items():
            if unused and epoch.retired_at is not None and now - epoch.retired_at >= self._keep:
                await self._destroy(purpose, number)

    async def _destroy(self, purpose: Purpose, number: int) -> None:
        ref = Ref("keys", f"{purpose.value}:{number}")
        await self._gate.check(KEEPER, "keys.rekey", ref, "destroying a retired epoch")
        await self._keeper.change(lambda ring: ring.destroy(purpose, number))
        await self._store.record(KEEPER, "keys.destroy", ref, Outcome.DONE, "nothing is sealed with it any more")


async def _all(step: Callable[..., Awaitable[Step]]) -> AsyncIterator[Step]:
    """Steps until there is nothing behind the last row looked at."""
    after: object = None
    while (done := await step(after=after)).last is not None:
        yield done
        after = done.last
