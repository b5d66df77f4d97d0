"""What a statement does to a vouched table, read from its SQLAlchemy form, so that the clerk can vouch for the rows it leaves behind.

A statement that cannot be read is refused at import: no part of the store can write such a table in a way the clerk does not see.
"""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from sqlalchemy import Executable, LargeBinary, Table, bindparam, delete, insert, select, type_coerce, update
from sqlalchemy.sql.dml import Delete, Insert, Update
from sqlalchemy.sql.elements import BinaryExpression, BindParameter, ColumnElement, False_, Null, True_

from auricle.adapters.store.errors import VoucherMissing
from auricle.adapters.store.schema.authority import COUNTED, vouched_tables
from auricle.adapters.store.schema.columns import MARK, Protected

_NAMES = frozenset(table.name for table in vouched_tables())
Compile = Callable[[Executable], Any]


class Kind(Enum):
    """What becomes of rows."""

    ADD = "add"
    PUT = "put"
    CHANGE = "change"
    DROP = "drop"
    SUM_UP = "sum-up"
    REKEY = "rekey"


@dataclass(frozen=True, slots=True)
class Plus:
    """A column's value so far and a number more."""

    amount: int


@dataclass(frozen=True, slots=True)
class Given:
    """The value of a parameter."""

    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Act:
    """One statement's act. `find` selects the rows it meets, whole and locked; `add`, `write` and `drop` are for one row by its key.

    `sets` says for a CHANGE what columns become, and for a PUT which columns of a row that is there are overwritten.
    """

    kind: Kind
    table: Table
    sets: Mapping[str, object] = field(default_factory=dict)
    keeps: bool = False
    """A PUT that leaves a row alone which is there."""
    returning: tuple[str, ...] = ()
    find: Any = None
    add: Any = None
    write: Any = None
    drop: Any = None

    @property
    def counted(self) -> bool:
        """Whether the table's sum goes with it."""
        return self.table.name in COUNTED


def concerns(statement: Executable) -> bool:
    """Whether this writes a vouched table."""
    return isinstance(statement, Insert | Update | Delete) and getattr(statement.table, "name", "") in _NAMES


def vouched_columns(table: Table) -> tuple[str, ...]:
    """The columns a voucher is over."""
    return tuple(column.name for column in table.columns if column.info.get(MARK) != "voucher" and "volatile" not in column.info)


def act_of(statement: Executable, compile_: Compile) -> Act | None:
    """The act of a statement that `concerns` us; None where it only writes volatile columns. Raises VoucherMissing."""
    match statement:
        case Insert():
            return _insertion(statement, compile_)
        case Update():
            return _change(statement, compile_)
        case Delete():
            return _removal(statement, compile_)
        case _:
            raise VoucherMissing("this statement cannot be vouched for")


def by_row(table: Table, compile_: Compile) -> Act:
    """Writing one row's voucher anew."""
    return Act(Kind.CHANGE, table, {}, False, (), _found(table, key_of(table), compile_), None, *_by_key(table, (), compile_))


def key_of(table: Table) -> ColumnElement[bool]:
    """One row of a table by the parameters `was_…`."""
    condition: ColumnElement[bool] | None = None
    for column in table.primary_key:
        kind = LargeBinary() if isinstance(column.type, Protected) else column.type  # read from the database, not made by the vault
        same = type_coerce(column, kind) == bindparam(f"was_{column.name}", type_=kind)
        condition = same if condition is None else condition & same
    if condition is None:
        raise VoucherMissing(f"{table.name} has no key")
    return condition


def _insertion(statement: Insert, compile_: Compile) -> Act:
    table = statement.table
    if not isinstance(table, Table):
        raise VoucherMissing("rows are put into tables")
    clause = getattr(statement, "_post_values_clause", None)
    if clause is None:
        return Act(Kind.ADD, table)
    if [getattr(one, "name", one) for one in clause.inferred_target_elements or ()] != [column.name for column in table.primary_key]:
        raise VoucherMissing(f"{table.name}: a row is put in place of another one by its key")
    pairs = dict(getattr(clause, "update_values_to_set", None) or {})
    sets: dict[str, object] = {}
    for key, value in pairs.items():
        name = key if isinstance(key, str) else key.name
        if getattr(value, "name", None) != name:
            raise VoucherMissing(f"{table.name}.{name}: a row that is put in place of another one brings its own values")
        sets[name] = Given(name)
    add = compile_(insert(table))
    return Act(Kind.PUT, table, sets, not pairs, (), _found(table, key_of(table), compile_), add, *_by_key(table, tuple(sets), compile_))


def _change(statement: Update, compile_: Compile) -> Act | None:
    table = statement.table
    if not isinstance(table, Table):
        raise VoucherMissing("rows are changed in tables")
    sets = {(key if isinstance(key, str) else key.name): _value(table, key, value) for key, value in (statement._values or {}).items()}
    if not sets or _marks(table, sets) - {"clear", "sealed", "blind"}:
        raise VoucherMissing(f"{table.name}: the clerk alone writes vouchers")
    if not set(sets) & set(vouched_columns(table)):
        return None
    returning = tuple(str(getattr(column, "name", "")) for column in statement._returning)
    find = _found(table, statement.whereclause, compile_)
    return Act(Kind.CHANGE, table, sets, False, returning, find, None, *_by_key(table, tuple(sets), compile_))


def _removal(statement: Delete, compile_: Compile) -> Act | None:
    table = statement.table
    if not isinstance(table, Table) or table.name not in COUNTED:
        return None
    returning = tuple(str(getattr(column, "name", "")) for column in statement._returning)
    return Act(Kind.DROP, table, {}, False, returning, _found(table, statement.whereclause, compile_), None, *_by_key(table, (), compile_))


def _marks(table: Table, names: Mapping[str, object]) -> set[str]:
    return {str(table.c[name].info.get(MARK)) for name in names}


def _found(table: Table, condition: ColumnElement[bool] | None, compile_: Compile) -> Any:
    query = select(table).with_for_update()
    return compile_(query if condition is None else query.where(condition))


def _by_key(table: Table, names: tuple[str, ...], compile_: Compile) -> tuple[Any, Any]:
    """Writing some columns with their voucher, and deleting, one row by its key."""
    values = {name: bindparam(f"now_{name}", type_=table.c[name].type) for name in (*names, "vouched")}
    return compile_(update(table).where(key_of(table)).values(values)), compile_(delete(table).where(key_of(table)))


def _value(table: Table, key: Any, value: Any) -> object:
    name = key if isinstance(key, str) else key.name
    match value:
        case BindParameter():
            return Given(str(value.key)) if value.required else value.value
        case Null():
            return None
        case True_() | False_():
            return isinstance(value, True_)
        case BinaryExpression() if value.operator is operator.add and getattr(value.left, "name", "") == name:
            return Plus(int(getattr(value.right, "value", 0)))
        case None | bool() | int() | float() | str():
            return value
        case _:
            raise VoucherMissing(f"{table.name}.{name}: set it from a parameter, so that it can be vouched for")
