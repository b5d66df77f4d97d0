"""The one writer: a thread that merges what waits into one transaction, audit entries included, and answers after the commit.

Statements are SQLAlchemy's, compiled once; they run on the driver itself, because this is the hot path of every call.
"""

import asyncio
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Engine, Executable, insert
from sqlalchemy.dialects import sqlite

from auricle.adapters.store import schema
from auricle.audit.checkpoint import Checkpoint, sign
from auricle.audit.entry import Entry
from auricle.audit.tree import Frontier, leaf_hash
from auricle.kernel.errors import OurError

log = structlog.get_logger(__name__)
MAX_BATCH = 256
CHECKPOINT_ENTRIES = 256
CHECKPOINT_S = 10.0
BUSY_S, LINGER_S = 0.05, 0.02  # commits that follow each other closely wait this long for company; a quiet system does not wait


class StoreFailed(OurError):
    """The database did not take a write (a full disk, a lost file); nothing of it was kept."""

    code: ClassVar[str] = "store.failed"
    retryable: ClassVar[bool] = True


Op = tuple[str, Mapping[str, Any]]


@dataclass(slots=True)
class _Job:
    ops: Sequence[Op]
    entries: Sequence[Entry]
    loop: asyncio.AbstractEventLoop
    done: asyncio.Future[int]
    sign: bool


def compiled(statement: Executable) -> str:
    """A statement as SQLite text with named parameters."""
    return str(statement.compile(dialect=sqlite.dialect(paramstyle="named")))  # type: ignore[attr-defined]


class Writer:
    """Runs from construction to `close`."""

    def __init__(self, engine: Engine, signing: Ed25519PrivateKey, origin: str) -> None:
        self._signing = signing
        self._origin = origin
        self._queue: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._raw = engine.raw_connection()
        self._connection: sqlite3.Connection = self._raw.driver_connection  # type: ignore[assignment]
        self._connection.isolation_level = None
        self._leaf_sql = compiled(insert(schema.audit_leaves))
        self._checkpoint_sql = compiled(insert(schema.checkpoints).prefix_with("OR IGNORE"))
        self._frontier = Frontier()
        self._frontier = self._caught_up()
        self._signed_size = -1
        self._committed_at = 0.0
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    async def checkpoint(self) -> None:
        """Sign the state as it is now. Raises StoreFailed."""
        await self.commit((), (), sign=True)

    async def commit(self, ops: Sequence[Op], entries: Sequence[Entry] = (), *, sign: bool = False) -> int:
        """Durable when it returns; the number of the last entry. Raises StoreFailed."""
        loop = asyncio.get_running_loop()
        job = _Job(ops, entries, loop, loop.create_future(), sign)
        self._queue.put(job)
        return await job.done

    def close(self) -> None:
        """Write what waits, sign a last checkpoint, stop."""
        self._queue.put(None)
        self._thread.join()
        self._raw.close()

    def _run(self) -> None:
        while True:
            try:
                jobs, closing = self._take()
            except queue.Empty:
                self._sign_now()
                continue
            if jobs:
                self._write(jobs)
            if closing:
                self._sign_now()
                return

    def _take(self) -> tuple[list[_Job], bool]:
        """What waits, up to a batch; blocks for the first. Raises queue.Empty when it is time for a checkpoint."""
        unsigned = self._frontier.size != self._signed_size
        first = self._queue.get(timeout=CHECKPOINT_S if unsigned else None)
        now = time.monotonic()
        if first is not None and now - self._committed_at < BUSY_S:
            time.sleep(LINGER_S)
        jobs: list[_Job] = []
        while first is not None:
            jobs.append(first)
            if len(jobs) >= MAX_BATCH:
                break
            try:
                first = self._queue.get_nowait()
            except queue.Empty:
                break
        return jobs, first is None

    def _write(self, jobs: Sequence[_Job]) -> None:
        try:
            numbers = self._transaction(jobs)
        except (sqlite3.Error, UnicodeError) as error:
            if len(jobs) > 1:  # one bad write must not take the others with it
                for job in jobs:
                    self._write([job])
                return
            log.error("store_write_failed", error=type(error).__name__)  # noqa: TRY400 - the text may hold values
            _tell(jobs, lambda job: job.done.set_exception(StoreFailed("the database did not take a write; is the disk full?")))
            return
        _tell(jobs, lambda job: job.done.set_result(numbers[id(job)]))

    def _transaction(self, jobs: Sequence[_Job]) -> dict[int, int]:
        connection = self._connection
        numbers: dict[int, int] = {}
        connection.execute("BEGIN IMMEDIATE")
        try:
            frontier = self._caught_up()
            for job in jobs:
                for sql, params in job.ops:
                    connection.execute(sql, params)
                for entry in job.entries:
                    leaf = entry.leaf()
                    connection.execute(self._leaf_sql, {"number": frontier.size, "leaf": leaf})
                    frontier.append(leaf_hash(leaf))
                numbers[id(job)] = frontier.size - 1
            signed = frontier.size - max(self._signed_size, 0) >= CHECKPOINT_ENTRIES or any(job.sign for job in jobs)
            if signed:
                self._insert_checkpoint(frontier)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        self._frontier = frontier
        self._committed_at = time.monotonic()
        if signed:
            self._signed_size = frontier.size
        return numbers

    def _sign_now(self) -> None:
        if self._frontier.size == self._signed_size:
            return
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            self._frontier = self._caught_up()
            self._insert_checkpoint(self._frontier)
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            log.error("checkpoint_failed", error=type(error).__name__)  # noqa: TRY400
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            return
        self._signed_size = self._frontier.size

    def _insert_checkpoint(self, frontier: Frontier) -> None:
        note = sign(Checkpoint(self._origin, frontier.size, frontier.root()), self._signing)
        self._connection.execute(self._checkpoint_sql, {"size": frontier.size, "note": note})

    def _caught_up(self) -> Frontier:
        """A copy of the frontier with the entries that another process (the command line) appended; the write lock is held."""
        frontier = self._frontier.copy()
        newest = self._connection.execute("SELECT max(number) FROM audit_leaf").fetchone()[0]
        if newest is not None and newest >= frontier.size:
            rows = self._connection.execute("SELECT leaf FROM audit_leaf WHERE number >= ? ORDER BY number", (frontier.size,))
            for (leaf,) in rows.fetchall():
                frontier.append(leaf_hash(leaf))
        return frontier


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
