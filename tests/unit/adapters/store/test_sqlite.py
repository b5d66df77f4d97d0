"""What only SQLite has: a file for us alone, full disks, pragmas, and a clear word when it cannot be opened."""

import asyncio
import contextlib
import sqlite3
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from auricle.access.decision import Policies
from auricle.adapters.store import Store, StoreFailed, StoreUnusable, sqlite
from auricle.adapters.store.database import migrate
from auricle.audit.verify import verify_export
from auricle.kernel.actor import Actor, ActorKind
from auricle.kernel.ids import VoicemailId
from auricle.vault.gate import Gate, Grant, Outcome, Ref

NOBODY = Actor(ActorKind.SERVICE, "test")
NURSE = Actor(ActorKind.PERSON, "noor", frozenset({"nurse"}), "s1", "192.0.2.7")
PUT = "INSERT INTO alert_network (actor, network, entry) VALUES (:username, 'n', 1)"


@pytest.fixture
def backend() -> str:
    return "sqlite"


def put(name: str) -> tuple[str, dict[str, Any]]:
    return PUT, {"username": name}


async def entry(store: Store) -> int:
    return await store.record(NOBODY, "test.act", Ref("test", "r"), Outcome.DONE, "")


async def test_the_files_are_ours_alone(store: Store, practice: Any, make: Any) -> None:
    await store.add_call(make.call())
    files = {path.name: stat.S_IMODE(path.stat().st_mode) for path in practice.path.parent.iterdir()}
    assert files == {"auricle.db": 0o600, "auricle.db-wal": 0o600, "auricle.db-shm": 0o600}


def test_a_directory_that_is_missing_is_made_for_us_alone(tmp_path: Path) -> None:
    migrate(tmp_path / "data" / "auricle.db")
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700


@pytest.mark.parametrize("content", [b"this is no database at all, but quite long" * 100, b"SQLite format 3\x00" + bytes(5000)])
def test_a_file_that_is_no_database(content: bytes, practice: Any) -> None:
    practice.path.write_bytes(content)
    with pytest.raises(StoreUnusable, match="damaged or no database"):
        practice.open()
    assert practice.path.read_bytes()[: len(content)] == content


def test_a_database_that_another_program_holds(monkeypatch: pytest.MonkeyPatch, practice: Any) -> None:
    practice.open().close()
    monkeypatch.setattr(sqlite, "PRAGMAS", ("busy_timeout=20", *sqlite.PRAGMAS[1:]))
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


# ---- disks -------------------------------------------------------------------------------------------


async def test_a_commit_survives_power_loss(store: Store) -> None:
    (level,) = store._writer._link.connection.execute("PRAGMA synchronous").fetchone()
    (mode,) = store._writer._link.connection.execute("PRAGMA journal_mode").fetchone()
    assert (level, mode) == (2, "wal")  # FULL: the log is synced before a commit returns


async def test_a_disk_that_is_full_for_a_while(store: Store) -> None:
    connection = store._writer._link.connection
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count={pages}")
    big = "x" * 20_000
    with structlog.testing.capture_logs() as logs:
        results = await asyncio.gather(*(store._writer.commit((put(f"{number}{big}"),)) for number in range(30)), return_exceptions=True)
    assert {type(result) for result in results} == {StoreFailed}
    assert all(isinstance(result, StoreFailed) and result.retryable for result in results)
    assert [log["event"] for log in logs] == ["store_write_failed"] * len(logs)
    connection.execute("PRAGMA max_page_count=1000000")
    await store._writer.commit((put(big),))
    assert await entry(store) == 0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("mounting needs root; the test above covers a full disk without it")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


async def test_a_really_full_disk_and_space_again(small_disk: Path, practice: Any, make: Any) -> None:
    practice.path = small_disk / "auricle.db"
    store = practice.open()
    ballast = small_disk / "ballast"
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))
    calls = [make.call(number) for number in range(500)]
    results = [await asyncio.gather(store.add_call(call), return_exceptions=True) for call in calls]
    kept = sum(result == [None] for result in results)
    assert kept < 500
    assert {type(result[0]) for result in results[kept:]} == {StoreFailed}
    with pytest.raises(StoreFailed):
        await store.checkpoint()
    ballast.unlink()
    await store.add_call(calls[-1])
    await store.checkpoint()
    report = verify_export(store.audit_export(), store.verifier)
    assert (report.ok, report.entries) == (True, kept + 1)
    store.close()
    assert practice.raw("SELECT count(*) FROM call") == [(kept + 1,)]


async def test_another_process_that_holds_the_lock_too_long(store: Store, practice: Any) -> None:
    store._writer._link.connection.execute("PRAGMA busy_timeout=20")
    other = sqlite3.connect(practice.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    results = await asyncio.gather(*(entry(store) for _ in range(5)), return_exceptions=True)
    assert {type(result) for result in results} == {StoreFailed}
    other.execute("COMMIT")
    other.close()
    assert await entry(store) == 0


async def test_where_the_log_cannot_be_written_nothing_is_opened(store: Store, practice: Any, make: Any) -> None:
    gate = Gate(Policies.packaged(), store)
    connection = store._writer._link.connection
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count={pages}")
    opened = 0

    async def look(grant: Grant) -> None:
        nonlocal opened
        opened += 1

    async def look_on() -> None:
        for _ in range(2000):
            await gate.open(NURSE, "calls.list", Ref("call", "*"), "care", look)

    with pytest.raises(StoreFailed):
        await look_on()
    assert opened == practice.raw("SELECT count(*) FROM audit_leaf")[0][0] < 2000


async def test_a_discarded_note_leaves_no_sealed_bytes(store: Store, make: Any, practice: Any) -> None:
    await store.begin_voicemail(make.message(5))
    ((sealed,),) = practice.raw("SELECT sealed FROM voicemail")
    await store.discard_voicemail(VoicemailId("v0005"))
    store.close()  # the write-ahead log is gone with the last connection
    assert sealed not in practice.files()


async def test_numbers_are_found_without_reading_the_table(store: Store, practice: Any) -> None:
    plan = practice.raw("EXPLAIN QUERY PLAN SELECT * FROM call WHERE caller_index = x'00' OR called_index = x'00'")
    assert "call_by_caller" in str(plan)
    assert "call_by_called" in str(plan)
