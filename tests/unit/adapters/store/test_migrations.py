"""Databases that released versions wrote are brought up with what they hold: everything reads, the log verifies (tests/vectors/store)."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Boolean, Connection, MetaData, NullPool, Table, create_engine, insert, inspect

from auricle.adapters.clock import SystemEntropy
from auricle.adapters.store import Store, StoreUnusable
from auricle.adapters.store.migrate import revisions, up_to_date
from auricle.audit.verify import verify_export
from auricle.kernel.actor import Actor, ActorKind
from auricle.kernel.ids import VoicemailId
from auricle.vault.fields import Fields
from auricle.vault.gate import Decision, Gate, Outcome, Ref
from fakes import released

SWITCHBOARD = Actor(ActorKind.SERVICE, "switchboard", frozenset({"switchboard"}))
V1 = VoicemailId("v0001")


class Everything:
    def decide(self, actor: Actor, action: str, ref: Ref) -> Decision:
        return Decision(True, "test")


async def look(store: Store, kind: str, ref: str, reading: Any, *args: Any, **named: Any) -> Any:
    return await Gate(Everything(), store).open(SWITCHBOARD, f"{kind}.look", Ref(kind, ref), "test", lambda g: reading(g, *args, **named))


def laid(practice: Any, revision: str) -> None:
    """The released database, in this practice's place. SQLite's is the very file; on PostgreSQL its rows are put into that schema."""
    practice.keyring, practice.signing, practice.origin = released.keyring(), released.SIGNING, released.ORIGIN
    if practice.backend == "sqlite":
        released.as_file(revision, practice.path)
        return
    practice.empty()
    practice.database().migrate(revision)
    engine = create_engine("postgresql+psycopg://", creator=practice.database().connected, poolclass=NullPool)
    with engine.begin() as connection:
        for table, rows in released.rows(revision).items():
            insert_all(connection, table, rows)


def insert_all(connection: Connection, table: str, rows: list[dict[str, object]]) -> None:
    made = Table(table, MetaData(), autoload_with=connection)
    flags = [column.name for column in made.columns if isinstance(column.type, Boolean)]
    for row in rows:
        connection.execute(insert(made), {**row, **{flag: bool(row[flag]) for flag in flags}})


def reopened(practice: Any) -> Store:
    """By today's program, on the released practice's keys."""
    fields = Fields(practice.keyring, SystemEntropy(), released.REALM)
    store = Store(practice.database(), practice.keyring, fields, practice.signing, practice.origin, practice.clock)
    practice._open.append(store)
    return store


async def everything_reads(store: Store, entries: int) -> None:
    calls = await look(store, "call", "*", store.calls_page)
    assert [(call.id, call.caller_name.reveal("test")) for call in calls] == [
        ("c0003", ""),
        ("c0002", "VANDERMOLEN, Quentin"),
        ("c0001", "Zoë Vandermolen-O'Hara"),
    ]
    assert calls[2].legs[0].display_name.reveal("test") == "Zoë Vandermolen-O'Hara"
    assert [call.id for call in await look(store, "call", "*", store.calls_of_number, "+12025550142")] == ["c0001"]
    assert len(await look(store, "call", "*", store.calls_of_number, "+12025550100")) == 3
    messages = await look(store, "voicemail", "*", store.voicemails)
    assert [(message.id, message.transcript_state.value) for message in messages] == [("v0002", "waiting"), ("v0001", "done")]
    assert messages[1].caller.reveal("test") == "+12025550142"
    assert await look(store, "voicemail", V1, store.transcript, V1) == '{"text": "please call me back"}'
    assert await store.unfinished_voicemails() == ["v0003"]
    assert await store.next_transcription() == "v0002"
    assert [binding.call_id for binding in await look(store, "binding", "*", store.load_bindings)] == ["call-1"]
    account = await store.account("dana")
    assert account is not None
    assert "dana-reyes" in str(account)
    await store.checkpoint()
    report = verify_export(store.audit_export(), store.verifier)
    assert report.ok, report.text()
    assert report.entries > entries


@pytest.mark.parametrize("revision", released.RELEASED)
async def test_a_released_database_is_brought_up_with_what_it_holds(revision: str, practice: Any) -> None:
    laid(practice, revision)
    leaves = practice.raw("SELECT number, leaf FROM audit_leaf ORDER BY number")
    notes = practice.raw("SELECT size, note FROM audit_checkpoint ORDER BY size")
    assert len(leaves) == released.ENTRIES[revision]
    store = reopened(practice)
    now = practice.raw("SELECT number, leaf FROM audit_leaf ORDER BY number")
    assert now[:-1] == leaves
    assert b'"action":"authority.vouch"' in now[-1][1]
    assert practice.raw("SELECT size, note FROM audit_checkpoint ORDER BY size") == notes
    await everything_reads(store, len(leaves))


@pytest.mark.parametrize("revision", revisions()[1:])
async def test_every_step_on_the_way_leads_on_with_data(revision: str, practice: Any) -> None:
    """A version between two releases was in use by somebody: its database goes on as well."""
    newest = max(released.RELEASED)
    if revision <= newest:
        laid(practice, "0001" if practice.backend == "sqlite" else revision)
    else:
        laid(practice, newest)
    practice.database().migrate(revision)
    assert practice.raw("SELECT version_num FROM alembic_version") == [(revision,)]
    await everything_reads(reopened(practice), 9)


async def test_an_older_databases_calls_are_found_by_name_once_they_are_indexed(practice: Any) -> None:
    laid(practice, "0002")
    store = reopened(practice)
    assert await look(store, "call", "*", store.calls_by_name, "vandermolen") == []
    assert await look(store, "keys", "names", store.index_names) == ("c0003", 3)
    found = await look(store, "call", "*", store.calls_by_name, "Vandermolen")
    assert [call.id for call in found] == ["c0002", "c0001"]
    assert [call.id for call in await look(store, "call", "*", store.calls_by_name, "zoe o\u2019hara")] == ["c0001"]
    assert await look(store, "keys", "names", store.index_names) == (None, 0)


def tables_of(practice: Any) -> dict[str, list[str]]:
    engine = create_engine(
        "sqlite://" if practice.backend == "sqlite" else "postgresql+psycopg://", creator=practice.connected, poolclass=NullPool
    )
    with engine.connect() as connection:
        seen = inspect(connection)
        return {table: sorted(column["name"] for column in seen.get_columns(table)) for table in seen.get_table_names()}


def test_a_migration_that_fails_changes_nothing(practice: Any) -> None:
    laid(practice, "0002")
    before = tables_of(practice)
    practice.raw("CREATE TABLE legal_hold (x INTEGER)")  # a late step meets a table of its name
    with pytest.raises(StoreUnusable):
        practice.open()
    practice.raw("DROP TABLE legal_hold")
    assert tables_of(practice) == before
    reopened(practice)


def test_a_newer_database_is_left_alone(practice: Any) -> None:
    practice.open().close()
    practice.raw("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreUnusable, match="newer Auricle"):
        practice.open()


async def test_a_database_that_is_up_to_date_is_not_touched(practice: Any) -> None:
    store = practice.open()
    await store.record(SWITCHBOARD, "test.act", Ref("test", "1"), Outcome.DONE, "")
    store.close()
    with create_engine(
        "sqlite://" if practice.backend == "sqlite" else "postgresql+psycopg://", creator=practice.connected
    ).connect() as one:
        assert up_to_date(one)


def test_the_vectors_are_all_here() -> None:
    assert sorted(path.name for path in released.VECTORS.glob("*.sql")) == [f"rev{revision}.sql" for revision in released.RELEASED]
    for revision in released.RELEASED:
        tables = released.rows(revision)
        assert all(tables[table] for table in ("call", "voicemail", "audit_leaf", "audit_checkpoint", "account", "session", "binding"))
    assert Path(released.VECTORS / "build.py").exists()
