"""The file: for us alone, always of the newest schema, and a clear word when it cannot be opened."""

import sqlite3
import stat
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from auricle.adapters.store import Store, StoreUnusable, database
from auricle.adapters.store.database import migrate
from auricle.adapters.store.schema import metadata
from auricle.calls.voicemail_record import TranscriptState

MIGRATIONS = Path(database.__file__).parent / "migrations"


def brought_to(path: Path, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with create_engine(f"sqlite:///{path}").begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


async def test_the_files_are_ours_alone(store: Store, practice: Any, make: Any) -> None:
    await store.add_call(make.call())
    files = {path.name: stat.S_IMODE(path.stat().st_mode) for path in practice.path.parent.iterdir()}
    assert files == {"auricle.db": 0o600, "auricle.db-wal": 0o600, "auricle.db-shm": 0o600}


def test_a_directory_that_is_missing_is_made_for_us_alone(tmp_path: Path) -> None:
    migrate(tmp_path / "data" / "auricle.db")
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700


def test_the_migrations_lead_to_the_schema(practice: Any) -> None:
    practice.open()
    with create_engine(f"sqlite:///{practice.path}").connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


async def test_a_database_of_the_first_version_is_brought_up_with_what_it_holds(practice: Any, make: Any) -> None:
    brought_to(practice.path, "0001")
    practice.raw("INSERT INTO voicemail VALUES ('v1', 'nurses', 'c1', 1.0, 2.0, 1, 1, NULL, 'waiting', 0, x'00', NULL)")
    store = practice.open()
    assert await store.next_transcription() == "v1"
    await store.set_transcript("v1", TranscriptState.NO_SPEECH, None)
    assert await store.next_transcription() is None


def test_a_migration_that_fails_changes_nothing(monkeypatch: pytest.MonkeyPatch, practice: Any) -> None:
    brought_to(practice.path, "0001")
    before = practice.raw("SELECT name, sql FROM sqlite_master ORDER BY name")
    practice.raw("CREATE TABLE sign_in_try (x)")  # the last step of 0002 meets a table of its name
    with pytest.raises(StoreUnusable):
        practice.open()
    practice.raw("DROP TABLE sign_in_try")
    assert practice.raw("SELECT name, sql FROM sqlite_master ORDER BY name") == before
    practice.open()


def test_a_newer_database_is_left_alone(practice: Any) -> None:
    practice.open().close()
    practice.raw("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreUnusable, match="newer Auricle"):
        practice.open()


@pytest.mark.parametrize("content", [b"this is no database at all, but quite long" * 100, b"SQLite format 3\x00" + bytes(5000)])
def test_a_file_that_is_no_database(content: bytes, practice: Any) -> None:
    practice.path.write_bytes(content)
    with pytest.raises(StoreUnusable, match="damaged or no database"):
        practice.open()
    assert practice.path.read_bytes()[: len(content)] == content


def test_a_database_that_another_program_holds(monkeypatch: pytest.MonkeyPatch, practice: Any) -> None:
    practice.open().close()
    monkeypatch.setattr(database, "PRAGMAS", ("busy_timeout=20", *database.PRAGMAS[1:]))
    other = sqlite3.connect(practice.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnusable, match="does another program hold it"):
        practice.open()
    other.close()


def test_a_path_that_cannot_be_a_database(tmp_path: Path) -> None:
    (tmp_path / "auricle.db").mkdir()
    with pytest.raises((StoreUnusable, OSError)):
        migrate(tmp_path / "auricle.db")


def test_readers_cannot_write(store: Store) -> None:
    with pytest.raises(OperationalError, match="readonly"), store._engine.connect() as connection:
        connection.execute(text("DELETE FROM call"))
