"""Statements as the drivers take them: written once, in SQLAlchemy or as text, for SQLite and for PostgreSQL.

The writer hands them to the driver as they are, so what SQLAlchemy would check when it binds is checked here, in `bound`.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from sqlalchemy import Executable, Null, Table
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql import psycopg
from sqlalchemy.sql.dml import ValuesBase
from sqlalchemy.sql.elements import BindParameter, ColumnClause
from sqlalchemy.types import NullType

from auricle.adapters.store.acts import Act, Kind, act_of, by_row, concerns
from auricle.adapters.store.errors import PlaintextRefused, VoucherMissing
from auricle.adapters.store.schema.authority import COUNTED, VOUCHED
from auricle.adapters.store.schema.columns import MARK, Protected, metadata, only

_SQLITE = sqlite.dialect(paramstyle="named")
_POSTGRESQL = psycopg.dialect()  # type: ignore[no-untyped-call]
_TOKEN = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|::\w+|:(?P<name>[A-Za-z_]\w*)|(?P<percent>%)|(?P<word>[A-Za-z_]\w*)")
_WRITES = re.compile(r"\b(?P<verb>INSERT|UPDATE|DELETE|REPLACE)\s+(?:OR\s+\w+\s+)?(?:INTO\s+|FROM\s+)?\"?(?P<table>\w+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, eq=False)
class Statement:
    """One statement in both dialects. `guards` are its parameters that go into protected columns, `fixed` those it brings itself.

    `act` is what it does to a vouched table: then the clerk carries it out.
    """

    sqlite: str
    postgresql: str
    guards: tuple[tuple[str, type[bytes]], ...] = ()
    fixed: Mapping[str, Any] | None = None
    act: Act | None = None


Op = tuple[Statement | str, Mapping[str, Any]]
"""One statement and its parameters by name; text has `:name` parameters and touches no protected column."""


def compiled(statement: Executable) -> Statement:
    """A statement for the writer; called once for each, at import.

    Raises PlaintextRefused for one that writes past the column types, VoucherMissing for one whose rows cannot be vouched for.
    """
    made = by_clerk(statement)
    return replace(made, act=act_of(statement, by_clerk)) if concerns(statement) else made


def by_clerk(statement: Executable) -> Statement:
    """Like `compiled`, for the clerk alone, who brings the vouchers."""
    if isinstance(statement, ValuesBase):
        _check_values(statement)
        if (clause := getattr(statement, "_post_values_clause", None)) is not None and not hasattr(clause, "constraint_target"):
            clause.constraint_target = None  # the upsert is SQLite's; PostgreSQL's compiler also knows named constraints
    for_sqlite, for_postgresql = statement.compile(dialect=_SQLITE), statement.compile(dialect=_POSTGRESQL)  # type: ignore[attr-defined]
    if "POSTCOMPILE" in str(for_sqlite):
        raise ValueError("a list of unknown length has no text: use one parameter for each value")
    binds = {name: bind for name, bind in for_sqlite.binds.items() if name in for_sqlite.params}
    guards = tuple((name, bind.type.accepts) for name, bind in binds.items() if isinstance(bind.type, Protected))
    fixed = {name: bind.value for name, bind in binds.items() if not bind.required}
    for name, accepted in guards:
        only(accepted, fixed.get(name))
    return Statement(str(for_sqlite), str(for_postgresql), guards, MappingProxyType(fixed) if fixed else None)


def anew(table: Table) -> Statement:
    """Vouches for one row under the newest epoch, by `was_…`; a row that does not fit is left."""
    return Statement("", "", act=by_row(table, by_clerk))


def of_table(kind: Kind, table: Table) -> Statement:
    """What only the clerk can do with a table as a whole."""
    return Statement("", "", act=Act(kind, table))


@lru_cache(maxsize=1024)
def text(sql: str) -> Statement:
    """A statement written as text. Raises PlaintextRefused where it names a protected column: those are written through SQLAlchemy."""
    words = {match["word"].lower() for match in _TOKEN.finditer(sql) if match["word"]}
    for table in metadata.tables.values():
        named = [column.name for column in table.columns if column.info.get(MARK) != "clear" and column.name in words]
        if table.name in words and named and not words.isdisjoint({"insert", "update", "replace"}):
            raise PlaintextRefused(f"{table.name}.{named[0]} is protected: write it by a SQLAlchemy statement, whose types are checked")
    for match in _WRITES.finditer(sql):
        verb, name = match["verb"].lower(), match["table"].lower()
        if name in COUNTED or (name in VOUCHED and verb != "delete"):
            raise VoucherMissing(f"{name} is vouched for: write it by a SQLAlchemy statement, which the clerk can read")
    return Statement(sql, _TOKEN.sub(_for_psycopg, sql))


def bound(statement: Statement, rows: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    """The rows of parameters as the driver gets them. Raises PlaintextRefused for a value the vault did not make."""
    for name, accepted in statement.guards:
        for row in rows:
            only(accepted, row.get(name))
    return [{**statement.fixed, **row} for row in rows] if statement.fixed else rows


def runs(ops: Iterable[Op]) -> Iterator[tuple[Statement, list[Mapping[str, Any]]]]:
    """Neighbours of the same statement go to the driver as one; the order is kept."""
    current: Statement | None = None
    rows: list[Mapping[str, Any]] = []
    for given, params in ops:
        statement = given if isinstance(given, Statement) else text(given)
        if statement is not current:
            if current is not None:
                yield current, rows
            current, rows = statement, []
        rows.append(params)
    if current is not None:
        yield current, rows


def _for_psycopg(match: re.Match[str]) -> str:
    if match["name"]:
        return f"%({match['name']})s"
    return match[0].replace("%", "%%")


def _check_values(statement: ValuesBase) -> None:
    """A protected column is set from a parameter of its own type, from the row that was to be inserted, or to NULL."""
    clause = getattr(statement, "_post_values_clause", None)
    pairs = [*(getattr(statement, "_values", None) or {}).items(), *dict(getattr(clause, "update_values_to_set", None) or {}).items()]
    columns = statement.table.columns
    if getattr(statement, "_select_names", None) or getattr(statement, "_multi_values", None):
        raise PlaintextRefused("write rows one by one: their values are checked when they are bound")
    for key, value in pairs:
        name = key if isinstance(key, str) else key.name
        if not isinstance(columns[name].type, Protected):
            continue
        same = isinstance(value, ColumnClause) and not value.is_literal and value.name == name
        typed = isinstance(value, BindParameter) and isinstance(value.type, type(columns[name].type) | NullType)
        if not (same or typed or value is None or isinstance(value, Null)):
            raise PlaintextRefused(f"{statement.table}.{name} is protected: set it from a parameter")
