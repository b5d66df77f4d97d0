"""SQLite: one file in WAL mode with full synchronous commits, for us alone; migrations in one transaction."""

import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, NullPool, create_engine, event
from sqlalchemy.exc import DBAPIError

from auricle.adapters.store.errors import StoreUnusable
from auricle.adapters.store.link import Rows
from auricle.adapters.store.migrate import upgrade
from auricle.adapters.store.statements import Statement, bound

BUSY_TIMEOUT_MS = 10000
PRAGMAS = (
    f"busy_timeout={BUSY_TIMEOUT_MS}",
    "journal_mode=WAL",  # readers go on while the writer commits
    "synchronous=FULL",  # a commit survives power loss
    "foreign_keys=ON",
    "trusted_schema=OFF",
)
OF_THE_DISK = frozenset(
    (
        sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_PROTOCOL,
    )
)  # fmt: skip


class SqliteLink:
    """Fits `link.Link`."""

    def __init__(self, path: Path) -> None:
        self.connection = _connected(path)

    def begin(self) -> None:
        """The write lock is taken at once, not at the first write."""
        if self.connection.in_transaction:  # a rollback failed, on a failing disk
            self.connection.execute("ROLLBACK")
        self.connection.execute("BEGIN IMMEDIATE")

    def begin_reading(self) -> None:
        """The state is that of the first read."""
        self.connection.execute("BEGIN")

    def commit(self) -> None:
        """A commit that fails leaves the transaction open: it is given up."""
        try:
            self.connection.execute("COMMIT")
        except BaseException:
            self.rollback()
            raise

    def rollback(self) -> None:
        """What a failing disk leaves open is closed by the next `begin`."""
        if self.connection.in_transaction:
            self.connection.execute("ROLLBACK")

    def together(self) -> AbstractContextManager[object]:
        """There is nothing to wait for."""
        return nullcontext()

    def execute(self, statement: Statement, rows: Sequence[Mapping[str, Any]]) -> None:
        """One call of the driver."""
        self.connection.executemany(statement.sqlite, bound(statement, rows))

    def rows(self, statement: Statement, params: Mapping[str, Any]) -> Rows:
        """All of them."""
        return self.connection.execute(statement.sqlite, bound(statement, (params,))[0]).fetchall()

    def stream(self, statement: Statement, params: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
        """The cursor itself."""
        return self.connection.execute(statement.sqlite, params)

    def meets_all(self, error: BaseException) -> bool:
        """By SQLite's own codes."""
        return isinstance(error, sqlite3.Error) and (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF in OF_THE_DISK

    def close(self) -> None:
        """The last one to close removes the write-ahead log."""
        self.connection.close()


class SqliteDatabase:
    """Fits `link.Database`."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def migrate(self, revision: str = "head") -> None:
        """Make the file where there is none, for us alone, and bring it up."""
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
        engine = create_engine("sqlite://", creator=lambda: _connected(self.path), poolclass=NullPool)
        event.listen(engine, "begin", _lock)
        try:
            with engine.begin() as connection:
                upgrade(connection, revision, self.path.name)
        except DBAPIError as error:
            raise _unusable(self.path, error.orig) from error

    def link(self) -> SqliteLink:
        """A connection whose transactions are begun and ended by hand."""
        return SqliteLink(self.path)

    def readers(self) -> Engine:
        """`query_only`."""
        engine = create_engine(f"sqlite:///{self.path}", connect_args={"check_same_thread": False}, hide_parameters=True)
        event.listen(engine, "connect", _only_reads)
        return engine


def _connected(path: Path) -> sqlite3.Connection:
    try:
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        for pragma in (*PRAGMAS, "secure_delete=ON"):  # a discarded row leaves no sealed bytes in free pages
            connection.execute(f"PRAGMA {pragma}")
    except sqlite3.Error as error:
        raise _unusable(path, error) from error
    return connection


def _lock(connection: Connection) -> None:
    """SQLite would begin late, and commit each table by itself."""
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _only_reads(connection: sqlite3.Connection, _record: Any) -> None:
    for pragma in (*PRAGMAS, "query_only=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _unusable(path: Path, error: BaseException | None) -> StoreUnusable:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
        return StoreUnusable(f"{path.name} is damaged or no database: restore it from a backup")
    if code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
        return StoreUnusable(f"{path.name} cannot be written: is the disk full?")
    return StoreUnusable(f"{path.name} cannot be opened ({type(error).__name__}): is it ours to write, does another program hold it?")
