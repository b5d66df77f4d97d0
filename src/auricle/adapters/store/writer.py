"""The one writer: a thread that merges what waits into one transaction, audit entries included, and answers after the commit."""

import asyncio
import queue
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import structlog

from auricle.adapters.store.clerk import LOGGED, Checker, Register, Sitting, told
from auricle.adapters.store.errors import LogDamaged, StoreClosed, StoreFailed, WriteRefused
from auricle.adapters.store.ledger import Ledger
from auricle.adapters.store.link import Link, Rows
from auricle.adapters.store.schema.authority import COUNTED
from auricle.adapters.store.statements import Op, Statement, runs, text
from auricle.audit.entry import Entry

log = structlog.get_logger(__name__)
MAX_BATCH = 256
BUSY_S, LINGER_S = 0.05, 0.02  # commits that follow each other closely wait this long for company; a quiet system does not wait
COMPANY = 16  # once so many wait, and as many as the last time, waiting longer gains little
MAX_SKIPPED = 64


@dataclass(slots=True, eq=False)
class _Job:
    """`query` is a statement with RETURNING; its rows are the result then, else the number of the job's last entry."""

    ops: Sequence[Op]
    entries: Sequence[Entry]
    loop: asyncio.AbstractEventLoop
    done: asyncio.Future[Any]
    sign: bool = False
    query: Op | None = None
    result: int | Rows = -1


class Writer:
    """Runs from construction to `close`; the connection is its own. Times are those of `time.monotonic`."""

    def __init__(self, link: Link, ledger: Ledger, checker: Checker) -> None:
        self._link = link
        self._ledger = ledger
        self._checker = checker
        self._queue: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._untold: dict[str, Register] = {}
        self._closed = False
        self._committed_at = 0.0
        self._enough = threading.Event()
        self._wanted = COMPANY
        self._lonely = self._skip = 0
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    async def commit(self, ops: Sequence[Op], entries: Sequence[Entry] = (), *, sign: bool = False) -> int:
        """Durable when it returns; the number of the last entry. Raises StoreFailed."""
        loop = asyncio.get_running_loop()
        number: int = await self._put(_Job(ops, entries, loop, loop.create_future(), sign))
        return number

    async def take(self, query: Op, before: Sequence[Op] = ()) -> Rows:
        """Change something and say what, by a statement with RETURNING, after some others. Raises StoreFailed."""
        loop = asyncio.get_running_loop()
        rows: Rows = await self._put(_Job(before, (), loop, loop.create_future(), query=query))
        return rows

    @property
    def registers(self) -> Mapping[str, Register]:
        """The newest state of each counted table that the log names, or that was written here."""
        return dict(self._ledger.registers)

    def close(self) -> None:
        """Write what waits, sign a last checkpoint, stop. Idempotent."""
        if not self._closed:
            self._closed = True
            self._queue.put(None)
            self._enough.set()
            self._thread.join()
            self._link.close()

    def _put(self, job: _Job) -> asyncio.Future[Any]:
        if self._closed:
            raise StoreClosed("the store is closed")
        self._queue.put(job)
        if self._queue.qsize() >= self._wanted:
            self._enough.set()
        return job.done

    def _run(self) -> None:
        closing = False
        while not closing:
            jobs, closing = self._take()
            if jobs:
                self._wanted = max(COMPANY, len(jobs)) - 1
                self._write(jobs)
            due = self._ledger.due_in(time.monotonic())
            if due is not None and (closing or due <= 0):
                self._sign()

    def _take(self) -> tuple[list[_Job], bool]:
        """What waits, up to a batch, and whether that was all there will be. Blocks for the first, but not beyond a checkpoint's time."""
        try:
            first = self._queue.get(timeout=self._ledger.due_in(time.monotonic()))
        except queue.Empty:
            return [], False
        if first is not None and time.monotonic() - self._committed_at < BUSY_S:
            self._linger()
        jobs: list[_Job] = []
        while first is not None:
            jobs.append(first)
            if len(jobs) >= MAX_BATCH:
                return jobs, False
            try:
                first = self._queue.get_nowait()
            except queue.Empty:
                return jobs, False
        return jobs, True

    def _linger(self) -> None:
        """Wait for company: until those are back whom the last commit answered, at most LINGER_S.

        Where nobody came, as with one writer that awaits each write, waiting is left out more and more often, until somebody does.
        """
        if self._skip > 0 and self._queue.empty():
            self._skip -= 1
            return
        self._enough.clear()
        if self._queue.qsize() < self._wanted:
            self._enough.wait(LINGER_S)
        self._lonely = min(2 * self._lonely + 1, MAX_SKIPPED) if self._queue.empty() else 0
        self._skip = self._lonely

    def _write(self, jobs: Sequence[_Job]) -> None:
        """Commit these jobs together; where one of them cannot be written, the others are, in their order."""
        try:
            self._transaction(jobs)
        except Exception as error:  # noqa: BLE001 - a task root: whatever a write raises, its waiter is told and the thread goes on
            shared = self._link.meets_all(error) or isinstance(error, LogDamaged)
            if len(jobs) > 1 and not shared:
                half = len(jobs) // 2
                self._write(jobs[:half])
                self._write(jobs[half:])
                return
            log.error("store_write_failed", error=type(error).__name__, jobs=len(jobs))  # noqa: TRY400 - the text may hold values
            failure = _failure(error, shared=shared)
            _tell(jobs, lambda job: job.done.set_exception(failure()))
            return
        _tell(jobs, lambda job: job.done.set_result(job.result))

    def _transaction(self, jobs: Sequence[_Job], *, sign: bool = False) -> None:
        link, ledger = self._link, self._ledger
        link.begin()
        try:
            draft = ledger.draft()
            fresh = draft.frontier.size == 0
            with link.together():
                registers = self._execute(jobs)
                teller = _teller(jobs, fresh=fresh) if registers or fresh else None
                for job in jobs:
                    for entry in job.entries if job is not teller else self._naming(registers, job.entries, fresh=fresh):
                        draft.append(entry)
                    if job.query is None:
                        job.result = draft.last
                ledger.write(draft, time.monotonic(), must_sign=sign or any(job.sign for job in jobs))
        except BaseException:
            link.rollback()
            raise
        link.commit()
        self._committed_at = time.monotonic()
        ledger.adopt(draft, self._committed_at)
        self._untold = {} if teller is not None else self._untold | {register.name: register for register in registers}
        for register in registers:
            ledger.note(register)

    def _execute(self, jobs: Sequence[_Job]) -> list[Register]:
        """The order of the jobs is kept. What vouched tables that are counted came to stand at."""
        sitting = Sitting(self._link, self._checker)
        ops: list[Op] = []
        for job in jobs:
            ops += job.ops
            if job.query is not None:
                self._execute_all(ops, sitting)
                ops = []
                given, params = job.query
                job.result = sitting.take(given if isinstance(given, Statement) else text(given), params)
        self._execute_all(ops, sitting)
        return sitting.finish()

    def _execute_all(self, ops: Sequence[Op], sitting: Sitting) -> None:
        for statement, rows in runs(ops):
            sitting.execute(statement, rows)

    def _naming(self, registers: Sequence[Register], entries: Sequence[Entry], *, fresh: bool) -> list[Entry]:
        """The entries, the last of which names how tables stand, also those that changed before without an entry."""
        named = self._untold | {register.name: register for register in registers}
        said = told(named.values(), begun=sorted(COUNTED) if fresh else ())
        return [*entries[:-1], replace(entries[-1], detail={**(entries[-1].detail or {}), LOGGED: said})]

    def _sign(self) -> None:
        try:
            self._transaction((), sign=True)
        except Exception as error:  # noqa: BLE001 - a task root: the thread goes on, and the next checkpoint covers this one's entries
            log.error("checkpoint_failed", error=type(error).__name__)  # noqa: TRY400
            self._ledger.put_off(time.monotonic())


def _teller(jobs: Sequence[_Job], *, fresh: bool) -> _Job | None:
    """The last job that changed a counted table and has an entry; the first entry of a log names how tables stood at its beginning."""

    def changes(op: Op) -> bool:
        return isinstance(op[0], Statement) and op[0].act is not None and op[0].act.counted

    return next((job for job in reversed(jobs) if job.entries and (fresh or any(changes(op) for op in job.ops))), None)


def _failure(error: Exception, *, shared: bool) -> Callable[[], StoreFailed]:
    """Makes what each waiter is told: one exception has one place where it is raised."""
    if isinstance(error, StoreFailed):
        return lambda: type(error)(str(error))
    if isinstance(error, LogDamaged):
        return lambda: WriteRefused(str(error))
    if shared:
        return lambda: StoreFailed("the database did not take a write; is the disk full, does its server run?")
    return lambda: WriteRefused("the database refused a write that breaks one of its rules")


def _tell(jobs: Sequence[_Job], settle: Callable[[_Job], None]) -> None:
    """Settle the waiting futures in their own loops; one wake-up a loop."""
    by_loop: dict[asyncio.AbstractEventLoop, list[_Job]] = {}
    for job in jobs:
        by_loop.setdefault(job.loop, []).append(job)

    def settle_all(waiting: list[_Job]) -> None:
        for job in waiting:
            if not job.done.done():
                settle(job)

    for loop, waiting in by_loop.items():
        try:
            loop.call_soon_threadsafe(settle_all, waiting)
        except RuntimeError:
            log.warning("store_waiter_gone", jobs=len(waiting))
