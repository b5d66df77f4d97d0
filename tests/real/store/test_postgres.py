"""What only a PostgreSQL server does: it goes away and comes back, kills sessions, has users with fewer rights, other collations, TLS."""

import asyncio
import contextlib
import os
import signal
import subprocess
import threading
import time
from typing import Any

import psycopg
import pytest
import structlog
from sqlalchemy import text as sql_text
from sqlalchemy.exc import SQLAlchemyError

from auricle.adapters.store import OutcomeUnknown, Store, StoreFailed, StoreUnusable, database_at
from auricle.adapters.store import postgres as module
from auricle.adapters.store.postgres import PostgresDatabase
from auricle.audit.verify import verify_export
from auricle.kernel.actor import ANONYMOUS
from auricle.vault.gate import Outcome, Ref

pytestmark = pytest.mark.real


async def entry(store: Store, ref: str = "r") -> int:
    return await store.record(ANONYMOUS, "test.act", Ref("test", ref), Outcome.DONE, "")


def terminate_writers(practice: Any) -> None:
    """As an administrator does."""
    practice.raw(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE application_name = 'auricle' AND datname = current_database() AND pid <> pg_backend_pid()"
    )


async def test_a_commit_is_durable_and_the_session_says_so(store: Store) -> None:
    link: Any = store._writer._link
    shown = [link.connection.execute(f"SHOW {name}").fetchone()[0] for name in ("synchronous_commit", "fsync", "lock_timeout")]
    assert shown == ["on", "on", "10s"]


async def test_readers_cannot_write(store: Store) -> None:
    with pytest.raises(SQLAlchemyError, match="read-only"), store._engine.begin() as connection:
        connection.execute(sql_text("DELETE FROM call"))


async def test_numbers_are_found_without_reading_the_table(store: Store, practice: Any) -> None:
    with practice.server.connect(practice.name) as connection:
        connection.execute("SET enable_seqscan = off")
        query = r"EXPLAIN SELECT * FROM call WHERE caller_index = '\x00' OR called_index = '\x00'"
        plan = str(connection.execute(query).fetchall())
    assert "call_by_caller" in plan
    assert "call_by_called" in plan


# ---- the server goes away ------------------------------------------------------------------------------


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT, signal.SIGKILL], ids=["stopped", "crashed", "killed"])
async def test_the_next_write_works_after_a_restart(how: signal.Signals, store: Store, practice: Any, make: Any, look: Any) -> None:
    assert await entry(store) == 0
    practice.server.stop(how)
    with pytest.raises(StoreFailed) as failed:
        await entry(store)
    assert failed.value.retryable
    with pytest.raises(StoreFailed):
        await store.session("nobody's")
    practice.server.start()
    assert await entry(store) == 1
    await store.add_call(make.call())
    assert len(await look("call", "*", store.calls_page)) == 1  # readers come back too


async def test_a_restart_while_nobody_writes_is_not_seen(store: Store, practice: Any) -> None:
    assert await entry(store) == 0
    practice.server.stop()
    practice.server.start()
    assert await entry(store) == 1


async def test_a_session_that_an_administrator_ends_is_replaced(store: Store, practice: Any) -> None:
    assert await entry(store) == 0
    terminate_writers(practice)
    assert await entry(store) == 1


async def test_nothing_acknowledged_is_lost_and_nothing_is_written_twice(store: Store, practice: Any) -> None:
    """A storm of writers, and a server that crashes three times under it."""
    acknowledged: list[int] = []
    refused = 0
    going = True

    async def act(number: int) -> None:
        nonlocal refused
        turn = 0
        while going:
            try:
                acknowledged.append(await entry(store, f"{number}-{turn}"))
                turn += 1
            except StoreFailed:
                refused += 1
                await asyncio.sleep(0.05)

    actors = [asyncio.ensure_future(act(number)) for number in range(20)]
    for how in (signal.SIGQUIT, signal.SIGINT, signal.SIGQUIT):
        await asyncio.sleep(0.4)
        await asyncio.to_thread(practice.server.stop, how)
        practice.server.start()  # not in a thread: the server would end with it
    await asyncio.sleep(0.4)
    going = False
    await asyncio.gather(*actors)
    await store.checkpoint()
    assert refused > 0
    assert len(set(acknowledged)) == len(acknowledged) > 100
    there = {number for (number,) in practice.raw("SELECT number FROM audit_leaf")}
    assert set(acknowledged) <= there
    refs = practice.raw("SELECT ref, count(*) FROM audit_index WHERE action = 'test.act' GROUP BY ref HAVING count(*) > 1")
    assert refs == []  # a write that was told as failed and tried again was really not kept
    report = verify_export(store.audit_export(), store.verifier)
    assert report.ok, report.text()


class Cut:
    """Stands in the way of a link's COMMIT: lets it through to the server or not, and ends the session either way."""

    def __init__(self, link: Any, practice: Any, *, kept: bool) -> None:
        self.real, self.link, self.practice, self.kept = link.connection, link, practice, kept

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)

    def execute(self, query: Any, *args: Any) -> Any:
        if query == "COMMIT":
            if self.kept:
                self.real.execute("COMMIT")
            terminate_writers(self.practice)
            return self.real.execute("SELECT 1")  # finds the session gone: the answer never came
        return self.real.execute(query, *args)


@pytest.mark.parametrize("kept", [True, False])
async def test_a_commit_without_an_answer_is_asked_for(kept: bool, store: Store, practice: Any) -> None:
    assert await entry(store) == 0
    link: Any = store._writer._link
    link.connection = Cut(link, practice, kept=kept)
    if kept:
        assert await entry(store) == 1
    else:
        with pytest.raises(StoreFailed) as failed:
            await entry(store)
        assert type(failed.value) is StoreFailed
    assert practice.raw("SELECT count(*) FROM audit_leaf") == [(1 + kept,)]
    assert await entry(store) == 1 + kept


async def test_a_commit_that_cannot_be_asked_for_is_told_as_unknown(monkeypatch: pytest.MonkeyPatch, store: Store, practice: Any) -> None:
    monkeypatch.setattr(module, "ASK_S", 0.2)
    assert await entry(store) == 0
    link: Any = store._writer._link
    link.connection = Cut(link, practice, kept=True)
    real = PostgresDatabase.connected

    def unreachable(self: PostgresDatabase, **named: Any) -> Any:
        if named.get("autocommit"):
            raise StoreUnusable("gone")
        return real(self, **named)

    monkeypatch.setattr(PostgresDatabase, "connected", unreachable)
    with pytest.raises(OutcomeUnknown):
        await entry(store)
    monkeypatch.setattr(PostgresDatabase, "connected", real)
    assert await entry(store) == 2  # it was kept after all, and the log goes on behind it


async def test_another_program_that_holds_the_lock_too_long(monkeypatch: pytest.MonkeyPatch, practice: Any) -> None:
    monkeypatch.setattr(module, "SETTINGS", module.SETTINGS.replace("lock_timeout=10000", "lock_timeout=50"))
    monkeypatch.setattr(PostgresDatabase.connected, "__kwdefaults__", {"autocommit": False, "settings": module.SETTINGS})
    store = practice.open()
    with practice.server.connect(practice.name) as other:
        other.execute(f"SELECT pg_advisory_lock({module.WRITE_LOCK})")
        results = await asyncio.gather(*(entry(store) for _ in range(5)), return_exceptions=True)
        assert {type(result) for result in results} == {StoreFailed}
    assert await entry(store) == 0


async def test_many_programs_append_to_one_log_in_order(practice: Any) -> None:
    stores = [practice.open() for _ in range(4)]
    numbers = await asyncio.gather(*(entry(stores[turn % 4]) for turn in range(200)))
    assert sorted(numbers) == list(range(200))
    await stores[0].checkpoint()
    assert verify_export(stores[0].audit_export(), stores[0].verifier).ok


def test_two_programs_that_start_at_once_make_the_schema_once(practice: Any) -> None:
    practice.empty()
    opened: list[Any] = []
    threads = [threading.Thread(target=lambda: opened.append(practice.open())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(opened) == 4


# ---- rights --------------------------------------------------------------------------------------------


def restricted(practice: Any, name: str) -> PostgresDatabase:
    """A user who may do what the running practice needs, and nothing to the audit tables but append."""
    with practice.server.connect(practice.name) as connection, contextlib.suppress(psycopg.errors.DuplicateObject):
        connection.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'their own'")
    practice.database().grant(name)
    return PostgresDatabase(practice.server.url(practice.name, name), "their own")


async def test_the_program_runs_as_a_user_who_cannot_change_the_audit_log(practice: Any, make: Any) -> None:
    practice.database().migrate()
    theirs = restricted(practice, "auricle_app")
    practice.database = lambda: theirs
    store = practice.open()
    await store.add_call(make.call())
    await store.checkpoint()
    report = verify_export(store.audit_export(), store.verifier)
    assert report.ok
    connection = theirs.connected(autocommit=True)
    for table in ("audit_leaf", "audit_checkpoint"):
        for act in (
            f"DELETE FROM {table}",
            f"UPDATE {table} SET {'leaf' if table == 'audit_leaf' else 'note'} = ''",
            f"TRUNCATE {table}",
            f"DROP TRIGGER {table}_append_only ON {table}",
            f"ALTER TABLE {table} DISABLE TRIGGER ALL",
            f"DROP TABLE {table}",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(act)
    connection.close()


async def test_a_new_schema_needs_the_owner_and_says_so(practice: Any) -> None:
    practice.empty()
    practice.database().migrate("0002")
    theirs = restricted(practice, "auricle_late")
    with pytest.raises(StoreUnusable, match="auricle database migrate"):
        theirs.migrate()
    practice.database().migrate()
    practice.database().grant("auricle_late")
    theirs.migrate()


async def test_truncating_is_refused_to_the_owner_too(store: Store, practice: Any) -> None:
    await entry(store)
    with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
        practice.raw("TRUNCATE audit_leaf CASCADE")


# ---- what cannot be a database -------------------------------------------------------------------------


def test_a_wrong_password_is_told_without_it(practice: Any) -> None:
    with structlog.testing.capture_logs() as logs, pytest.raises(StoreUnusable, match="password") as refused:
        PostgresDatabase(practice.server.url(practice.name), "wrong-secret").migrate()
    assert "wrong-secret" not in str(refused.value) + repr(refused.value) + str(logs)


def test_no_server_no_database_and_no_address(practice: Any) -> None:
    with pytest.raises(StoreUnusable, match="is the server running"):
        database_at("postgresql://nobody@127.0.0.1:1/none").migrate()
    with pytest.raises(StoreUnusable, match="no such database"):
        PostgresDatabase(practice.server.url("none"), practice.server.password).migrate()
    with pytest.raises(StoreUnusable, match="cannot be read"):
        database_at("postgresql://x?no_such_option=1")


def test_a_password_in_the_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(StoreUnusable, match="database_password_file") as refused:
        database_at("postgresql://auricle:hunter2@127.0.0.1/x")
    assert "hunter2" not in str(refused.value)
    assert "hunter2" not in repr(PostgresDatabase("postgresql://auricle@127.0.0.1/x", "hunter2"))


@pytest.mark.parametrize("mode", ["disable", "prefer", "require", "verify-ca"])
def test_another_machine_is_spoken_to_over_verified_tls_only(mode: str) -> None:
    with pytest.raises(StoreUnusable, match="verified TLS"):
        database_at(f"postgresql://auricle@db.example/x?sslmode={mode}")
    database_at("postgresql://auricle@db.example/x?sslmode=verify-full")
    database_at("postgresql://auricle@127.0.0.1/x?sslmode=disable")


def test_a_server_that_cannot_prove_who_it_is_gets_no_password(practice: Any) -> None:
    """127.0.0.1 by a name that is not known as this machine's: TLS is asked for, and this server has none."""
    other = practice.server.url(practice.name).replace("127.0.0.1", "127.0.0.2")
    with pytest.raises(StoreUnusable):
        PostgresDatabase(other, practice.server.password).migrate()


def test_a_database_whose_order_of_texts_may_change_is_refused(practice: Any) -> None:
    """REST-647b: a collation of the system's library changes with it, and unique indexes then let the same text in twice."""
    available = subprocess.run(["locale", "-a"], capture_output=True, text=True, check=True).stdout.split()
    other = next((name for name in available if name not in ("C", "POSIX")), None)
    if other is None:
        pytest.skip("this machine has no other collation")
    name = practice.server.database(other)
    with pytest.raises(StoreUnusable, match="collation C"):
        PostgresDatabase(practice.server.url(name), practice.server.password).migrate()


def test_a_server_that_would_lose_commits_is_refused(practice: Any) -> None:
    with practice.server.connect("postgres") as connection:
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("SELECT pg_reload_conf()")
    try:
        until = time.monotonic() + 10
        while practice.raw("SHOW fsync") != [("off",)]:
            assert time.monotonic() < until
            time.sleep(0.05)
        with pytest.raises(StoreUnusable, match="fsync"):
            practice.open()
    finally:
        with practice.server.connect("postgres") as connection:
            connection.execute("ALTER SYSTEM RESET fsync")
            connection.execute("SELECT pg_reload_conf()")


def test_the_server_of_the_tests_is_nobodys_root(practice: Any) -> None:
    uid = os.stat(f"/proc/{practice.server.pid}").st_uid
    assert uid != 0
    assert practice.server.password not in open(f"/proc/{practice.server.pid}/cmdline").read()  # noqa: SIM115
