"""Which database a practice has: a SQLite file, or a PostgreSQL server where one file is outgrown (docs/reference/database.md)."""

from pathlib import Path

from auricle.adapters.store.link import Database
from auricle.adapters.store.postgres import PostgresDatabase
from auricle.adapters.store.sqlite import SqliteDatabase

URL_PREFIXES = ("postgresql://", "postgres://")


def is_address(where: str) -> bool:
    """Whether a text is a server's address."""
    return where.startswith(URL_PREFIXES)


def database_at(where: Path | str, password: str = "") -> Database:
    """The database of a file's path or of a `postgresql://user@host/name` URL. Raises StoreUnusable for an address that cannot be meant."""
    if isinstance(where, str) and is_address(where):
        return PostgresDatabase(where, password)
    return SqliteDatabase(Path(where))


def migrate(path: Path) -> None:
    """Make a SQLite file where there is none, for us alone, and bring it to the newest schema. Raises StoreUnusable."""
    SqliteDatabase(path).migrate()
