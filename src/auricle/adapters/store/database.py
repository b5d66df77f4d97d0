"""Opening the database: file mode, WAL, full synchronous commits, migrations in one transaction.

Readers come from a pool and cannot write; the one writer has its own connection (docs/decisions/0200-one-writer.md).
"""

import os
import sqlite3
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, NullPool, create_engine, event
from sqlalchemy.exc import DBAPIError

from auricle.adapters.store.errors import StoreUnusable

BUSY_TIMEOUT_MS = 10000
PRAGMAS = (
    f"busy_timeout={BUSY_TIMEOUT_MS}",
    "journal_mode=WAL",  # readers go on while the writer commits
    "synchronous=FULL",  # a commit survives power loss
    "foreign_keys=ON",
    "trusted_schema=OFF",
)


def open_writer(path: Path) -> sqlite3.Connection:
    """A connection whose transactions are begun and ended by hand. Raises StoreUnusable."""
    try:
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        for pragma in (*PRAGMAS, "secure_delete=ON"):  # a discarded row leaves no sealed bytes in free pages
            connection.execute(f"PRAGMA {pragma}")
    except sqlite3.Error as error:
        raise _unusable(path, error) from error
    return connection


def open_readers(path: Path) -> Engine:
    """A pool of connections that cannot write."""
    engine = create_engine(f"sqlite:///{path}", connect_args={"check_same_thread": False})
    event.listen(engine, "connect", _only_reads)
    return engine


def migrate(path: Path) -> None:
    """Make the file where there is none, for us alone, and bring it to the newest schema: wholly or not at all. Raises StoreUnusable."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    engine = create_engine("sqlite://", creator=lambda: open_writer(path), poolclass=NullPool)
    event.listen(engine, "begin", _lock)
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    try:
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except DBAPIError as error:
        raise _unusable(path, error.orig) from error
    except CommandError as error:
        raise StoreUnusable(f"{path.name} was written by a newer Auricle: install that version or a later one") from error


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
