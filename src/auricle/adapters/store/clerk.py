"""The clerk: carries out writes of vouched tables inside the writer's transaction, vouches for the rows they leave, keeps tables' sums.

What it vouches for is what it worked out itself: the row as it was, if we had vouched for that, and what the statement sets. Never what the
database says a row is now, so a row somebody else changed is not vouched for by changing it once more.
"""

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Boolean, Column, Float, Integer, LargeBinary, String, Table, bindparam, insert, select, update

from auricle.adapters.store.acts import Act, Given, Kind, Plus, key_of, vouched_columns
from auricle.adapters.store.errors import VoucherMissing
from auricle.adapters.store.link import Link, Rows
from auricle.adapters.store.schema import authority, metadata
from auricle.adapters.store.schema.authority import COUNTED
from auricle.adapters.store.statements import Statement, by_clerk
from auricle.vault.errors import WrongKey
from auricle.vault.vouch import NONCE_BYTES, Row, Value, Vouching

LOGGED = "authority"
"""The key of an entry's detail that says how tables stood after the act."""
_REGISTER = by_clerk(select(authority).where(key_of(authority)).with_for_update())
_ADD_REGISTER = by_clerk(insert(authority))
_SET_REGISTER = by_clerk(
    update(authority)
    .where(authority.c.name == bindparam("register"))
    .values({name: bindparam(name, type_=authority.c[name].type) for name in ("serial", "rows", "digest", "vouched")})
)
_ALL = {name: by_clerk(select(metadata.tables[name]).with_for_update()) for name in COUNTED}


@dataclass(frozen=True, slots=True)
class Register:
    """How a counted table stands: how often it changed, how many rows it has, their sum as it may be shown."""

    name: str
    serial: int
    rows: int
    digest: bytes

    def row(self) -> Row:
        """As its own voucher has it."""
        return {"name": self.name, "serial": self.serial, "rows": self.rows, "digest": self.digest}

    def __str__(self) -> str:
        return f"{self.name} {self.serial} {self.rows} {self.digest.hex()}"

    @classmethod
    def parse(cls, words: str) -> "Register":
        """Raises ValueError."""
        name, serial, rows, digest = words.split(" ")
        return cls(name, int(serial), int(rows), bytes.fromhex(digest))


def told(registers: Iterable[Register], begun: Sequence[str] = ()) -> str:
    """What an entry says of tables: how they stand, and which begin without a row."""
    return ", ".join([*(f"{name} 1" for name in begun), *(str(register) for register in registers)])


def registers_of(said: str) -> Iterator[tuple[str, Register | None]]:
    """What an entry said: tables, and how they stood. Raises ValueError."""
    for words in said.split(", "):
        name, _, rest = words.partition(" ")
        if name:
            yield name, Register.parse(words) if rest != "1" else None


def _truth(value: Any) -> bool:
    if value in (0, 1):
        return bool(value)
    raise ValueError("neither yes nor no")


def _real(value: Any) -> float:
    if isinstance(value, int | float):
        return float(value)
    raise TypeError("no number")


def _whole(value: Any) -> int:
    if isinstance(value, int):
        return int(value)
    raise TypeError("no whole number")


def _words(value: Any) -> str:
    if isinstance(value, str):
        return value
    raise TypeError("no text")


def _raw(value: Any) -> bytes:
    if isinstance(value, bytes | memoryview):
        return bytes(value)
    raise TypeError("no bytes")


def _form(column: Column[Any]) -> Callable[[Any], Value]:
    """Brings a value of this column to one form, whatever a driver or a caller has; raises TypeError or ValueError for rubbish."""
    kind = getattr(column.type, "impl", column.type)
    forms: tuple[tuple[type, Callable[[Any], Value]], ...] = (
        (Boolean, _truth), (Float, _real), (Integer, _whole), (String, _words), (LargeBinary, _raw),
    )  # fmt: skip
    return next(form for of, form in forms if isinstance(kind, of))


def _tables() -> list[Table]:
    return [table for table in metadata.tables.values() if "vouched" in table.c]


_FORMS = {table.name: {name: _form(table.c[name]) for name in vouched_columns(table)} for table in _tables()}


def value_of(table: Table, name: str, value: Any) -> Value:
    """A column's value as vouchers have it. Raises TypeError, ValueError for what the column cannot hold."""
    return None if value is None else _FORMS[table.name][name](value)


def row_of(table: Table, values: Mapping[str, Any]) -> Row:
    """What the voucher of a row is over."""
    return {name: value_of(table, name, values[name]) for name in _FORMS[table.name]}


class Checker:
    """Checks rows; used by the clerk and by readers alike."""

    def __init__(self, vouching: Vouching) -> None:
        self.vouching = vouching
        self._columns = {
            table.name: tuple((name, form, table.c.keys().index(name)) for name, form in _FORMS[table.name].items()) for table in _tables()
        }
        self._voucher = {table.name: table.c.keys().index("vouched") for table in _tables()}

    def row(self, table: str, values: Sequence[Any]) -> Row | None:
        """The row of a table's columns in their order, if it fits its voucher; else None."""
        try:
            found = {name: None if (value := values[index]) is None else form(value) for name, form, index in self._columns[table]}
            fits = self.vouching.fits(table, found, values[self._voucher[table]])
        except (TypeError, ValueError, OverflowError):  # SQLite keeps whatever was put into a column
            return None
        return found if fits else None


class Sitting:
    """The clerk's work in one transaction."""

    def __init__(self, link: Link, checker: Checker) -> None:
        self._link = link
        self._checker = checker
        self._vouching = checker.vouching
        self._changes: dict[str, tuple[Register, int, int] | None] = {}
        self._made: list[Register] = []

    # ---- statements ----------------------------------------------------------------------------------

    def execute(self, statement: Statement, rows: Sequence[Mapping[str, Any]]) -> None:
        """Carry a statement out for each row of parameters."""
        act = statement.act
        if act is None:
            self._link.execute(statement, rows)
        elif act.kind is Kind.ADD:
            self._add(act, statement, rows)
        else:
            for params in rows:
                self._one(act, params)

    def take(self, statement: Statement, params: Mapping[str, Any]) -> Rows:
        """The same, and what RETURNING gives."""
        if statement.act is None:
            return self._link.rows(statement, params)
        return self._one(statement.act, params)

    def _one(self, act: Act, params: Mapping[str, Any]) -> Rows:
        match act.kind:
            case Kind.PUT:
                self._put(act, params)
                return []
            case Kind.CHANGE:
                return self._change(act, params)
            case Kind.DROP:
                return self._drop(act, params)
            case Kind.SUM_UP:
                self._accept(act.table.name, int(params["serial"]))
                return []
            case Kind.REKEY:
                self._rekey(act.table.name)
                return []
            case _:
                raise VoucherMissing("a row that is added gives nothing back")

    def _add(self, act: Act, statement: Statement, rows: Sequence[Mapping[str, Any]]) -> None:
        made = [(params, row_of(act.table, params)) for params in rows]
        name = act.table.name
        self._link.execute(statement, [{**params, "vouched": self._vouching.vouch(name, row)} for params, row in made])
        for _, row in made:
            self._count(act, None, row)

    def _put(self, act: Act, params: Mapping[str, Any]) -> None:
        """A row that is there and does not fit counts as not there, so it is replaced as a whole."""
        table, key = act.table, {f"was_{column.name}": params[column.name] for column in act.table.primary_key}
        there = self._link.rows(act.find, key)
        was = self._checker.row(table.name, there[0]) if there else None
        if was is None:
            if there:
                self._link.execute(act.drop, (key,))
            row = row_of(table, params)
            self._link.execute(act.add, ({**params, "vouched": self._vouching.vouch(table.name, row)},))
            self._count(act, None, row)
        elif not act.keeps:
            self._write(act, was, {name: params[name] for name in act.sets})

    def _change(self, act: Act, params: Mapping[str, Any]) -> Rows:
        """Rows that do not fit are left as they are."""
        changed: Rows = []
        for values in self._link.rows(act.find, params):
            was = self._checker.row(act.table.name, values)
            if was is not None:
                now = self._write(act, was, {name: _set(given, was, name, params) for name, given in act.sets.items()})
                changed.append(tuple(now[name] for name in act.returning))
        return changed

    def _write(self, act: Act, was: Row, sets: Mapping[str, Any]) -> Row:
        table = act.table
        now = dict(was) | {name: value_of(table, name, value) for name, value in sets.items() if name in was}
        key = {f"was_{column.name}": was[column.name] for column in table.primary_key}
        values = {f"now_{name}": value for name, value in sets.items()}
        self._link.execute(act.write, ({**key, **values, "now_vouched": self._vouching.vouch(table.name, now)},))
        self._count(act, was, now)
        return now

    def _drop(self, act: Act, params: Mapping[str, Any]) -> Rows:
        """Rows that do not fit go too, and were never counted."""
        dropped: Rows = []
        names = [column.name for column in act.table.c]
        for values in self._link.rows(act.find, params):
            was, there = self._checker.row(act.table.name, values), dict(zip(names, values, strict=True))
            self._link.execute(act.drop, ({f"was_{column.name}": there[column.name] for column in act.table.primary_key},))
            if was is not None:
                self._count(act, was, None)
                dropped.append(tuple(there[name] for name in act.returning))
        return dropped

    # ---- sums ----------------------------------------------------------------------------------------

    def _count(self, act: Act, was: Row | None, now: Row | None) -> None:
        if not act.counted:
            return
        name = act.table.name
        if name not in self._changes:
            register = self.register(name)
            self._changes[name] = (register, 0, 0) if register is not None else None
        change = self._changes[name]
        if change is None:
            return  # a register that does not fit stays as it is: the difference is told until somebody looked
        register, rows, total = change
        epoch, _ = self._vouching.total(name, register.digest)
        for row, sign in ((was, -1), (now, 1)):
            if row is not None:
                rows, total = rows + sign, total + sign * self._vouching.member(epoch, name, row)
        self._changes[name] = register, rows, total

    def register(self, name: str) -> Register | None:
        """How a table stands, if the register fits."""
        return self.read(self._link.rows(_REGISTER, {"was_name": name}))

    def read(self, rows: Sequence[Sequence[Any]]) -> Register | None:
        """The register in a result."""
        return register_of(self._checker, rows[0]) if rows else None

    def finish(self) -> list[Register]:
        """Write the registers of what changed; these are what the entry of the act names."""
        made = []
        for name, change in self._changes.items():
            if change is None:
                continue
            register, rows, change_of_total = change
            epoch, total = self._vouching.total(name, register.digest)
            digest = self._vouching.hide(epoch, name, total + change_of_total, secrets.token_bytes(NONCE_BYTES))
            made.append(self.write(Register(name, register.serial + 1, register.rows + rows, digest)))
        made, self._changes, self._made = [*self._made, *made], {}, []
        return made

    def write(self, register: Register, *, new: bool = False) -> Register:
        """Keep how a table stands."""
        row = register.row()
        values = {**row, "vouched": self._vouching.vouch("authority", row)}
        if not new:
            values["register"] = values.pop("name")
        self._link.execute(_ADD_REGISTER if new else _SET_REGISTER, (values,))
        return register

    def _accept(self, name: str, serial: int) -> None:
        """Somebody takes a table as it is now; `serial` is above all that is known of it."""
        there = self._link.rows(_REGISTER, {"was_name": name})
        serial = max(serial, *(int(row[1]) + 1 for row in there)) if there else serial
        rows, total = self.sum_up(name, self._vouching.epoch)
        self._changes.pop(name, None)
        digest = self._vouching.hide(self._vouching.epoch, name, total, secrets.token_bytes(NONCE_BYTES))
        self._made.append(self.write(Register(name, serial, rows, digest), new=not there))

    def _rekey(self, name: str) -> None:
        """The sum under the newest epoch, if the table is as it was left; it stays under the older one otherwise."""
        register = self.register(name)
        if register is None:
            return
        epoch, total = self._vouching.total(name, register.digest)
        rows, found = self.sum_up(name, epoch)
        if (rows, (found - total) % self._vouching.modulus) == (register.rows, 0):
            self._accept(name, register.serial + 1)

    def sum_up(self, name: str, epoch: int) -> tuple[int, int]:
        """How many rows of a table fit, and their sum."""
        rows, total = 0, 0
        for values in self._link.rows(_ALL[name], {}):
            row = self._checker.row(name, values)
            if row is not None:
                rows, total = rows + 1, total + self._vouching.member(epoch, name, row)
        return rows, total


def register_of(checker: Checker, values: Sequence[Any]) -> Register | None:
    """The register in a row of `authority`, if it fits and its sum can be read."""
    row = checker.row("authority", values)
    if row is None:
        return None
    register = Register(**row)  # type: ignore[arg-type]
    try:
        checker.vouching.total(register.name, register.digest)
    except WrongKey:
        return None
    return register


def _set(given: object, was: Row, name: str, params: Mapping[str, Any]) -> Any:
    match given:
        case Given(name=parameter):
            return params[parameter]
        case Plus(amount=amount):
            return int(was[name] or 0) + amount
        case _:
            return given
