"""Every column says what it may hold, in the schema and in a freshly migrated database; a protected one takes only what the vault made."""

import ast
import asyncio
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Column, LargeBinary, MetaData, String, Table, bindparam, func, insert, inspect, literal_column, null, select, update
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.exc import StatementError

import auricle
from auricle.adapters.store import PlaintextRefused, Store, statements
from auricle.adapters.store.schema import calls, metadata, voicemails
from auricle.adapters.store.schema.columns import MARK, BlindBytes, Protected, SealedBytes, clear
from auricle.adapters.store.statements import Statement, bound, compiled, text
from auricle.adapters.store.store import Store as WholeStore
from auricle.vault.keyring import Purpose
from auricle.vault.place import Place
from auricle.vault.protected import Blind, Sealed

SOURCE = Path(auricle.__file__).parent


TYPES = {"sealed": "Sealed", "blind": "Blind", "voucher": "Vouched"}
"""What a protected column of each kind takes, by the names in vault.protected."""


def faults(tables: MetaData) -> list[str]:
    """What is wrong with the columns of a schema."""
    found = []
    for table in tables.tables.values():
        for column in table.columns:
            kind, name = column.info.get(MARK), f"{table.name}.{column.name}"
            if kind != "clear" and kind not in TYPES:
                found.append(f"{name} is not marked")
            elif kind == "clear" and len(str(column.info.get("why", "")).split()) < 2:
                found.append(f"{name} is clear without a reason")
            elif (kind == "clear") == isinstance(column.type, Protected):
                found.append(f"{name} has a type that does not fit its mark")
            elif kind != "clear" and column.type.accepts.__name__ != TYPES[kind]:
                found.append(f"{name} takes what is not {kind}")
    return found


def test_every_column_is_marked() -> None:
    assert len(metadata.tables) > 20
    assert faults(metadata) == []


def test_the_walk_finds_what_is_wrong() -> None:
    wrong = MetaData()
    Table(
        "t",
        wrong,
        Column("unmarked", String),
        clear("unexplained", String, why=""),
        Column("plain", LargeBinary, info={MARK: "sealed"}),
        Column("mixed", SealedBytes, info={MARK: "blind"}),
        Column("hidden", BlindBytes, info={MARK: "clear", "why": "a good reason"}),
    )
    assert [fault.split()[0] for fault in faults(wrong)] == ["t.unmarked", "t.unexplained", "t.plain", "t.mixed", "t.hidden"]


async def test_a_fresh_database_has_these_columns_and_no_others(store: Store) -> None:
    with store._engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata) == []
        seen = inspect(connection)
        there = {(table, column["name"]) for table in seen.get_table_names() for column in seen.get_columns(table)}
    marked = {(table.name, column.name) for table in metadata.tables.values() for column in table.columns}
    assert there - marked == {("alembic_version", "version_num")}
    assert marked - there == set()


def test_tables_are_made_in_the_schema_package_by_its_three_factories_alone() -> None:
    wrong = []
    for path in SOURCE.rglob("*.py"):
        name = path.relative_to(SOURCE).as_posix()
        if name.startswith("adapters/store/migrations/"):
            continue
        called = {
            node.func.id for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        if "Column" in called and name != "adapters/store/schema/columns.py":
            wrong.append(name)
        if "Table" in called and not name.startswith("adapters/store/schema/"):
            wrong.append(name)
    assert wrong == []


def test_only_the_vault_says_that_it_made_something() -> None:
    makers = {
        (node.func.id, path.relative_to(SOURCE).as_posix())
        for path in SOURCE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in TYPES.values()
    }
    assert makers <= {("Sealed", "vault/fields.py"), ("Blind", "vault/blind.py"), ("Vouched", "vault/vouch.py")}
    assert len({name for name, _ in makers}) >= 2


def test_no_two_parts_of_the_store_have_a_method_of_the_same_name() -> None:
    """They are joined by inheritance: the second would be silently gone."""
    seen: dict[str, str] = {}
    twice = []
    for part in WholeStore.__mro__[1:]:
        for name in vars(part):
            if name.startswith("__") or part.__module__ == "auricle.adapters.store.part":
                continue
            if name in seen:
                twice.append(f"{name}: {seen[name]} and {part.__name__}")
            seen[name] = part.__name__
    assert twice == []


# ---- binding -------------------------------------------------------------------------------------------

ROW = {
    "id": "c1", "direction": "inbound", "started_at": 1.0, "ended_at": 2.0, "disposition": "answered", "protection": "none", "names": 0,
    "caller_index": Blind(b"i" * 18), "called_index": Blind(b"i" * 18), "sealed": Sealed(b"s" * 40),
}  # fmt: skip
PLAIN: list[Any] = ["+12025550142", b"+12025550142", bytearray(b"x"), memoryview(b"x"), 7]


@pytest.mark.parametrize("value", [*PLAIN, Blind(b"i" * 18)], ids=lambda value: type(value).__name__)
async def test_the_writer_refuses_plaintext_in_a_sealed_column(value: Any, store: Store, practice: Any) -> None:
    with pytest.raises(PlaintextRefused) as refused:
        await store._writer.commit(((compiled(insert(calls)), {**ROW, "sealed": value}),))
    assert "2025550142" not in str(refused.value)
    assert practice.raw("SELECT count(*) FROM call") == [(0,)]


@pytest.mark.parametrize("value", [*PLAIN, Sealed(b"s" * 40)], ids=lambda value: type(value).__name__)
async def test_the_writer_refuses_plaintext_in_a_blind_column(value: Any, store: Store, practice: Any) -> None:
    with pytest.raises(PlaintextRefused):
        await store._writer.commit(((compiled(insert(calls)), {**ROW, "caller_index": value}),))
    assert practice.raw("SELECT count(*) FROM call") == [(0,)]


async def test_one_plaintext_among_many_harms_no_other_write(store: Store, practice: Any) -> None:
    add = compiled(insert(calls))
    rows = [{**ROW, "id": f"c{number}", "sealed": "plain" if number == 3 else ROW["sealed"]} for number in range(8)]
    results = await asyncio.gather(*(store._writer.commit(((add, row),)) for row in rows), return_exceptions=True)
    assert [number for number, result in enumerate(results) if isinstance(result, PlaintextRefused)] == [3]
    assert practice.raw("SELECT count(*) FROM call") == [(7,)]


async def test_what_the_vault_made_is_taken_and_null_too(store: Store) -> None:
    place = Place("call", "sealed", "c1")
    sealed = store._fields.seal(Purpose.CALL_RECORD, "text", place)
    await store._writer.commit(((compiled(insert(calls)), {**ROW, "sealed": sealed}),))
    with store._engine.connect() as connection:
        row = connection.execute(select(calls.c.sealed).where(calls.c.caller_index == Blind(b"i" * 18))).one()
    assert row.sealed == sealed
    assert type(row.sealed) is bytes  # only the vault may say that it made something


async def test_sqlalchemys_own_way_refuses_it_as_well(store: Store) -> None:
    for query in (select(calls).where(calls.c.caller_index == "+12025550142"), select(calls).where(calls.c.caller_index.in_([b"x"]))):
        with store._engine.connect() as connection, pytest.raises((PlaintextRefused, StatementError)):
            connection.execute(query)


def ways_around() -> list[Any]:
    put = upsert(calls)
    return [
        update(calls).values(sealed=literal_column("'+12025550142'")),
        update(calls).values(sealed=b"+12025550142"),
        update(calls).values(sealed=bindparam("x", type_=LargeBinary)),
        update(calls).values(sealed=func.lower(bindparam("x"))),
        update(calls).values(sealed=calls.c.id),
        insert(calls).values(id="c1", sealed="+12025550142"),
        insert(calls).values([{"id": "c1", "sealed": b"x"}]),
        insert(calls).from_select(["sealed"], select(calls.c.id)),
        put.on_conflict_do_update(index_elements=["id"], set_={"sealed": literal_column("'+12025550142'")}),
        put.on_conflict_do_update(index_elements=["id"], set_={"sealed": put.excluded.id}),
    ]


@pytest.mark.parametrize("number", range(len(ways_around())))
def test_no_statement_writes_past_the_types(number: int) -> None:
    with pytest.raises(PlaintextRefused):
        compiled(ways_around()[number])


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE voicemail SET transcript = :transcript WHERE id = :id",
        "INSERT INTO binding (aor, sealed) VALUES (:aor, :sealed)",
        "insert or replace into call (id, caller_index) values (:a, :b)",
    ],
)
def test_text_does_not_name_protected_columns(sql: str) -> None:
    with pytest.raises(PlaintextRefused, match="by a SQLAlchemy statement"):
        text(sql)


# ---- statements ----------------------------------------------------------------------------------------


def test_text_is_translated_for_psycopg() -> None:
    made = text("UPDATE t SET a = :a, b = ':no' || x::text WHERE c LIKE '%z' AND d % 2 = :a_b")
    assert made.sqlite == "UPDATE t SET a = :a, b = ':no' || x::text WHERE c LIKE '%z' AND d % 2 = :a_b"
    assert made.postgresql == "UPDATE t SET a = %(a)s, b = ':no' || x::text WHERE c LIKE '%%z' AND d %% 2 = %(a_b)s"


def test_values_of_a_statement_itself_are_bound_with_the_others() -> None:
    made = compiled(update(voicemails).values(transcript_state="failed", transcript=null()).where(voicemails.c.id == bindparam("message")))
    (row,) = bound(made, [{"message": "v1"}])
    assert row == {"transcript_state": "failed", "message": "v1"}
    assert made.guards == ()


def test_a_list_of_unknown_length_has_no_text() -> None:
    with pytest.raises(ValueError, match="each value"):
        compiled(select(calls).where(calls.c.id.in_(["a", "b"])))


def test_neighbours_go_to_the_driver_as_one_and_the_order_is_kept() -> None:
    a, b = Statement("a", "a"), Statement("b", "b")
    one, two, three = {"x": 1}, {"x": 2}, {"x": 3}
    assert list(statements.runs([(a, one), (a, two), (b, three), (a, three)])) == [(a, [one, two]), (b, [three]), (a, [three])]
