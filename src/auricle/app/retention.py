"""The keeper's daily work: deletes what is due, finishes what a crash cut off, raises the alarms of agreements that end.

It works in small batches beside running calls. By a clock that is not believed nothing is deleted (`compliance.clock`).
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import structlog

from auricle.access.subject import KEEPER
from auricle.adapters.blobs import FileBlobs
from auricle.adapters.store import Store
from auricle.adapters.store.errors import StoreFailed
from auricle.app.agreements import AgreementBook
from auricle.compliance import clock as clocks
from auricle.compliance.agreements import Alarm, alarms, long_ended
from auricle.compliance.baa import AgreementGate
from auricle.compliance.clock import Witness
from auricle.compliance.errors import UnderHold
from auricle.compliance.retention import RecordKind, Schedule, cutoff, rule
from auricle.kernel.errors import AuricleError
from auricle.kernel.ids import VoicemailId
from auricle.kernel.time import Clock
from auricle.vault.gate import Gate, Grant, Ref

log = structlog.get_logger(__name__)
TICK_S = 10.0  # how late an agreement noted by the command line counts
SEEN_S = 3600.0
BATCH = 25
PAUSE_S = 0.05  # between batches: calls write too
NOT_MOUNTED = "No recording is where recordings should be: is a disk not mounted? No message was deleted."
RECORDS = (RecordKind.VOICEMAIL, RecordKind.CALL)


@dataclass(slots=True)
class Count:
    """What a run did so far."""

    shredded: int = 0
    held: int = 0
    failed: int = 0
    stopped: str = ""


class Keeper:
    """`start` before calls are taken, then `run` until cancelled. Nothing is lost by stopping it: what is half done is in the store."""

    def __init__(  # noqa: PLR0913 - joined by keyword in one place, app/instance.py
        self,
        *,
        store: Store,
        blobs: FileBlobs,
        gate: Gate,
        book: AgreementBook,
        agreements: AgreementGate,
        clock: Clock,
        zone: ZoneInfo,
        first: Schedule,
        quiet_hour: int,
    ) -> None:
        self._store = store
        self._blobs = blobs
        self._gate = gate
        self._book = book
        self._agreements = agreements
        self._clock = clock
        self._zone = zone
        self._first = first
        self._quiet = time(quiet_hour)
        self._wake = asyncio.Event()
        self._working = asyncio.Lock()
        self._witness: Witness | None = None
        self._seen_at: datetime | None = None
        self._doubted = False

    async def start(self) -> None:
        """Look at the clock before anything is written by it, set the first schedule, finish what a crash cut off."""
        await self.clock_fault()
        await self._store.first_retention(KEEPER, self._first)
        await self._finish(Count())

    async def run(self) -> None:
        """A run at start, then one a day at the quiet hour, or when woken."""
        next_run = self._clock.now()
        while True:
            if self._wake.is_set() or self._clock.now() >= next_run:
                self._wake.clear()
                await self._run_guarded()
                next_run = self.next_run()
            next_run = min(next_run, self.next_run())  # the clock may have been set back
            await self._tick()
            try:
                await asyncio.wait_for(self._wake.wait(), TICK_S)
            except TimeoutError:
                continue

    def wake(self) -> None:
        """Begin a run now."""
        self._wake.set()

    def next_run(self) -> datetime:
        """The next quiet hour of the practice."""
        here = self._clock.now().astimezone(self._zone)
        today = datetime.combine(here.date(), self._quiet, self._zone)
        return today if here < today else datetime.combine(here.date() + timedelta(days=1), self._quiet, self._zone)

    async def clock_fault(self) -> str:
        """Why nothing may be deleted by the clock as it is; empty where it is believed, which is remembered now and then."""
        now, state = self._clock.now(), await self._store.run_state()
        if state.seen_at is not None and self._seen_at is not None and state.seen_at != self._seen_at:
            self._witness = None  # another process said that its clock is right: ours is the same one
        newest = await self._store.newest_entry_at()
        jumped = clocks.jump(now, self._clock.monotonic(), self._witness) if self._witness else timedelta()
        fault = clocks.fault(now, newest_entry=newest, seen=state.seen_at or newest, jumped=jumped)
        if not fault:
            self._witness = self._witness or Witness(now, self._clock.monotonic())
            self._seen_at = state.seen_at
            if state.seen_at is None or (now - state.seen_at).total_seconds() >= SEEN_S:
                await self._believe(now)
        return fault

    async def believe_clock(self) -> None:
        """Somebody says that the clock is right."""
        now = self._clock.now()
        self._witness = Witness(now, self._clock.monotonic())
        await self._believe(now)

    async def run_once(self) -> Count:
        """Delete what is due now. Raises StoreFailed, NotPermitted."""
        async with self._working:
            count = Count(
                stopped=await self.clock_fault() or await self._store.holds_fault()
            )  # before the run's own entry, which would have the wrong time too
            await self._gate.check(KEEPER, "retention.run", Ref("retention", "*"), "daily run")
            if count.stopped:
                log.error("retention_stopped", reason="clock or holds")
            else:
                await self._finish(count)
                await self._make_findable()
                schedule, _ = await self._store.retention_schedule()
                for kind in RECORDS:
                    await self._shred_due(kind, schedule, count)
                await self._drop_agreements(schedule, count)
            await self._store.run_ended(KEEPER, shredded=count.shredded, held=count.held, failed=count.failed, stopped=count.stopped)
            log.info("retention_run", count=count.shredded, kept=count.held, dropped=count.failed, stopped=bool(count.stopped))
            return count

    # ---- the work --------------------------------------------------------------------------------------

    async def _shred_due(self, kind: RecordKind, schedule: Schedule, count: Count) -> None:
        limit = cutoff(kind, schedule, self._clock.now())
        if limit is None:
            return
        count.held += await self._store.held_records(kind, limit)
        if kind is RecordKind.VOICEMAIL and await self._store.due_records(kind, limit, 1) and not await asyncio.to_thread(self._has_sound):
            count.stopped = NOT_MOUNTED
            log.error("retention_stopped", reason="recordings_missing")
            return
        beyond, words = "", rule(kind, schedule)
        while records := await self._store.due_records(kind, limit, BATCH, beyond=beyond):
            beyond = records[-1]
            if await self.clock_fault():  # set in the middle of a run
                return
            await asyncio.gather(*(self._shred(kind, record, words, limit, count) for record in records))
            await asyncio.sleep(PAUSE_S)

    def _has_sound(self) -> bool:
        """Whether any recording is where recordings are: shredding into an empty mount point would claim what did not happen."""
        return any(self._blobs.directory.glob("*.sealed"))

    async def _shred(self, kind: RecordKind, record: str, words: str, limit: datetime, count: Count) -> None:
        try:
            gone = await self._store.shred_record(KEEPER, kind, record, words, limit)
        except UnderHold:
            count.held += 1
            return
        if not gone:
            return
        count.shredded += 1
        if kind is RecordKind.VOICEMAIL:
            await self._destroy(kind, record, count)

    async def _destroy(self, kind: RecordKind, record: str, count: Count) -> None:
        """Key, then sound, then the note of it; where the disk fails, the next run tries again."""
        try:
            await self._blobs.shred(VoicemailId(record))
        except (OSError, AuricleError) as error:
            count.failed += 1
            log.error("shredding_unfinished", voicemail=record, error=type(error).__name__)  # noqa: TRY400 - the type is enough
            return
        await self._store.finish_shredding(KEEPER, kind, record)

    async def _finish(self, count: Count) -> None:
        for kind, record in await self._store.unfinished_shreddings():
            await self._destroy(kind, record, count)

    async def _make_findable(self) -> None:
        """Messages of before there was an index of their caller get one: until then every hold by number keeps them."""
        while messages := await self._store.unindexed(BATCH):
            if not await self._index(messages):
                log.error("messages_not_indexed", count=len(messages))  # damaged ones
                return

    async def _index(self, messages: Sequence[str]) -> int:
        async def index(grant: Grant) -> int:
            return await self._store.index_callers(grant, messages)

        return await self._gate.open(KEEPER, "retention.run", Ref("voicemail", "*"), "holds by number", index)

    async def _drop_agreements(self, schedule: Schedule, count: Count) -> None:
        if RecordKind.AGREEMENT not in schedule:
            return  # its row was changed by somebody else: nothing goes by it
        words = rule(RecordKind.AGREEMENT, schedule)
        for agreement in long_ended(await self._store.agreements(), schedule, self._clock.now(), self._zone):
            count.shredded += await self._store.shred_record(KEEPER, RecordKind.AGREEMENT, agreement.id, words)
        await self._book.load()

    # ---- between runs ------------------------------------------------------------------------------------

    async def raise_alarms(self) -> Sequence[Alarm]:
        """Those of agreements that end soon or have ended; each once."""
        fresh = await self._store.raise_alarms(KEEPER, alarms(self._book.agreements(), self._agreements.today()))
        for alarm in fresh:
            log.warning("agreement_ends", kind=alarm.agreement.party.kind.value, count=alarm.days)
        return fresh

    async def _tick(self) -> None:
        try:
            await self._book.load()
            await self._watch_clock()
            await self.raise_alarms()
        except StoreFailed as error:
            log.warning("keeper_delayed", error=type(error).__name__)

    async def _watch_clock(self) -> None:
        """A clock that stops being believed is told at once: by a run, which stops with its entry and its alert."""
        fault = bool(await self.clock_fault())
        if fault and not self._doubted:
            self._wake.set()
        self._doubted = fault

    async def _run_guarded(self) -> None:
        try:
            await self.run_once()
        except AuricleError as error:
            log.error("retention_failed", error=type(error).__name__)  # noqa: TRY400 - the next run goes on where this one stopped

    async def _believe(self, now: datetime) -> None:
        await self._store.clock_seen(now)
        self._seen_at = (await self._store.run_state()).seen_at
