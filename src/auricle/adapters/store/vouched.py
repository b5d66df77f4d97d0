"""Reading tables of authority: a row that does not fit its voucher counts as not there, and is an entry of the audit log, once."""

import asyncio
from collections.abc import Sequence
from typing import Any

import structlog
from sqlalchemy import Engine, FromClause, Join, Row, Select, Table, select
from sqlalchemy.exc import DBAPIError

from auricle.adapters.store.acts import vouched_columns
from auricle.adapters.store.clerk import Checker
from auricle.adapters.store.errors import StoreFailed, StoreUnusable, VoucherMissing
from auricle.adapters.store.schema import standings
from auricle.adapters.store.schema.authority import COUNTED, VOUCHED
from auricle.adapters.store.writer import Writer
from auricle.audit.entry import Entry
from auricle.kernel.actor import Actor, ActorKind
from auricle.kernel.time import Clock
from auricle.vault.gate import Outcome
from auricle.vault.vouch import Vouching

log = structlog.get_logger(__name__)
READER = Actor(ActorKind.SERVICE, "store")
MAX_REPORTED = 10000
SHOWN = 80
AnyRow = Row[*tuple[Any, ...]]
AnyQuery = Select[*tuple[Any, ...]]
_WITH_STANDING: dict[str, AnyQuery] = {}  # made once: sessions are looked at with every request


class Reading:
    """What reads the database, in threads. `_gone` and `_with_…` are what the audit log says while a table is not as it was left."""

    _writer: Writer
    _clock: Clock
    _engine: Engine

    def __init__(self, engine: Engine, vouching: Vouching) -> None:
        self._engine = engine
        self._checker = Checker(vouching)
        self._reported: set[str] = set()
        self._gone: frozenset[str] = frozenset()
        self._with_totp: frozenset[str] = frozenset()
        self._with_passkey: frozenset[str] = frozenset()

    async def _rows(self, query: AnyQuery) -> Sequence[AnyRow]:
        return await asyncio.to_thread(self._read, query)

    async def _bare(self, query: AnyQuery) -> Sequence[AnyRow]:
        """Rows of whatever table, for what opens the sealed values it reads, counts, or writes by the clerk, who looks at the vouchers."""
        return await asyncio.to_thread(self._fetched, query)

    async def _vouched(self, query: AnyQuery, table: Table) -> list[AnyRow]:
        """Rows of a query whose first columns are all of `table`; those that do not fit are left out."""
        return [row for row, fits in await self._checked(query, table) if fits]

    async def _checked(self, query: AnyQuery, table: Table) -> list[tuple[AnyRow, bool]]:
        """The same, each with whether it fits, for where a row that is not there would open a door."""
        checked = await asyncio.to_thread(self._read_checked, query, table)
        for row, fits in checked:
            if not fits:
                await self._tell_forged(table, row[: len(table.c)])
            standing = self._standing_in(row)
            if standing is not None and self._checker.row(standings.name, standing) is None:
                await self._tell_forged(standings, standing)
        return checked

    def _read(self, query: AnyQuery) -> Sequence[AnyRow]:
        """Raises VoucherMissing where a vouched table would be read past its vouchers."""
        for name in _tables_of(query.get_final_froms()):
            if name in COUNTED or name in VOUCHED:
                raise VoucherMissing(f"{name} is read with its vouchers, by `_vouched`")
        return self._fetched(query)

    def _read_checked(self, query: AnyQuery, table: Table) -> list[tuple[AnyRow, bool]]:
        return [(row, self._checker.row(table.name, row) is not None) for row in self._fetched(query)]

    def _fetched(self, query: AnyQuery) -> Sequence[AnyRow]:
        """Raises StoreFailed; the driver's own text may hold values, so it goes no further."""
        try:
            with self._engine.connect() as connection:
                return connection.execute(query).all()
        except (DBAPIError, StoreUnusable) as error:
            log.error("store_read_failed", error=type(error).__name__)  # noqa: TRY400 - the text may hold values
            raise StoreFailed("the database cannot be read; is its disk there, does its server run?") from None

    # ---- who is terminated ---------------------------------------------------------------------------

    def _with_standing(self, table: Table, person: Any) -> AnyQuery:
        """A query for `_vouched` whose rows bring the standing of their person."""
        key = f"{table.name}.{person.name}"
        if key not in _WITH_STANDING:
            joined = table.join(standings, standings.c.person == person, isouter=True)
            whose = person.label("theirs_of")
            theirs = (column.label(f"theirs_{column.name}") for column in standings.c)
            _WITH_STANDING[key] = select(table, *theirs, whose).select_from(joined)
        return _WITH_STANDING[key]

    def _terminated(self, row: AnyRow) -> bool:
        """Whether the person of such a row is; somebody whose standing was changed by somebody else is."""
        if row.theirs_of in self._gone:
            return True
        standing = self._standing_in(row)
        found = self._checker.row(standings.name, standing) if standing is not None else {"terminated_at": None}
        return found is None or found["terminated_at"] is not None

    def _standing_in(self, row: AnyRow) -> Sequence[Any] | None:
        """The row of `standing` that a row of `_with_standing` brings, if there is one."""
        return row[-1 - len(standings.c) : -1] if getattr(row, "theirs_person", None) is not None else None

    # ---- what does not fit ---------------------------------------------------------------------------

    async def _tell_forged(self, table: Table, values: Sequence[Any]) -> None:
        """An entry, once a row while we run: `integrity.damaged` is an alert by itself."""
        there = dict(zip((column.name for column in table.c), values, strict=True))
        known = f"{table.name} {[str(value) for value in values]}"
        if known in self._reported or len(self._reported) >= MAX_REPORTED:
            return
        self._reported.add(known)
        keys = ["id"] if "id" in there else [column.name for column in table.primary_key if column.name in vouched_columns(table)]
        name = " ".join("".join(c for c in str(there[key])[:SHOWN] if c.isprintable()) for key in keys)
        await self._tell(table.name, name, f"a row of {table.name} is not one that was written here: it counts as not there")

    async def _tell(self, kind: str, ref: str, why: str) -> None:
        log.error("authority_damaged", kind=kind)
        entry = Entry(
            self._clock.now(), READER.kind.value, READER.id, "", "", "integrity.damaged", kind, ref, Outcome.FAILED.value, "",
            detail={"why": why},
        )  # fmt: skip
        await self._writer.commit((), (entry,))


def _tables_of(froms: Sequence[FromClause]) -> set[str]:
    found: set[str] = set()
    for one in froms:
        if isinstance(one, Join):
            found |= _tables_of((one.left, one.right))
        elif isinstance(one, Table):
            found.add(one.name)
    return found
