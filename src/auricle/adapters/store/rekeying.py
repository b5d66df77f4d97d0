"""Sealing rows anew under the newest epoch: which columns there are is read from the schema, so a table that comes later is covered.

Small batches; each row is written only if it still holds the bytes that were opened, so nothing newer is ever overwritten.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import Column, ColumnElement, LargeBinary, Row, Select, Table, bindparam, func, literal, select, type_coerce, update
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.exc import DBAPIError

from auricle.adapters.store.errors import StoreFailed
from auricle.adapters.store.part import Part, hold
from auricle.adapters.store.schema.columns import MARK, metadata
from auricle.adapters.store.schema.keys import key_files, rekey_progress
from auricle.adapters.store.statements import Op, Statement, compiled
from auricle.vault.errors import VaultError
from auricle.vault.gate import Grant
from auricle.vault.keyring import Purpose
from auricle.vault.place import Place

log = structlog.get_logger(__name__)
PROBED_ROWS = 20
AnyRow = Row[*tuple[Any, ...]]
_note = upsert(rekey_progress)
_newer = {column.name: _note.excluded[column.name] for column in rekey_progress.c if not column.primary_key}
_NOTE = compiled(_note.on_conflict_do_update(index_elements=["purpose"], set_=_newer))
_seen = upsert(key_files)
_SEEN = compiled(
    _seen.on_conflict_do_update(index_elements=["id"], set_={name: _seen.excluded[name] for name in ("generation", "seen_at")})
)


@dataclass(frozen=True, slots=True)
class SealedColumn:
    """A sealed column and its table's key; the key's value is the row of every seal's place."""

    table: Table
    column: Column[Any]
    key: Column[Any]
    write: Statement

    @property
    def name(self) -> str:
        """`table.column`."""
        return f"{self.table.name}.{self.column.name}"

    def not_of(self, epoch: int) -> ColumnElement[bool]:
        """Rows that hold something sealed under another epoch."""
        return self.column.isnot(None) & other_epoch(self.column, epoch)


@dataclass(frozen=True, slots=True)
class Step:
    """What one batch did: the last key looked at (None where no row was left), rows written, rows that do not open."""

    last: Any
    done: int = 0
    damaged: int = 0


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one purpose is. `state` is `running`, `done`, or `stopped` where damaged rows were left. Times are Unix seconds."""

    purpose: str
    epoch: int
    state: str
    done: int
    total: int
    damaged: int
    started_at: float
    finished_at: float | None = None


def other_epoch(column: Column[Any], epoch: int) -> ColumnElement[bool]:
    """Whether a protected value does not begin with this epoch."""
    head = func.substr(type_coerce(column, LargeBinary), 1, 2, type_=LargeBinary)
    return head != literal(epoch.to_bytes(2, "big"), LargeBinary)


def sealed_columns() -> tuple[SealedColumn, ...]:
    """Every sealed column of the schema. Raises ValueError for a table whose rows have no single name."""
    found = []
    for table in metadata.sorted_tables:
        for column in table.columns:
            if column.info.get(MARK) != "sealed":
                continue
            keys = list(table.primary_key)
            if len(keys) != 1:
                raise ValueError(f"{table.name}.{column.name}: a sealed column needs a table with one key column")
            same = type_coerce(column, LargeBinary) == bindparam("was", type_=LargeBinary)
            write = update(table).where(keys[0] == bindparam("row"), same).values({column.name: bindparam("sealed")})
            found.append(SealedColumn(table, column, keys[0], compiled(write)))
    return tuple(found)


class SealedReading(Part):
    """Reads rows as they lie there, vouched for or not: what is sealed is bound to its place, and says itself whether it is ours."""

    async def _lying(self, query: Select[*tuple[Any, ...]]) -> Sequence[AnyRow]:
        """Raises StoreFailed."""
        return await asyncio.to_thread(self._fetch, query)

    def _fetch(self, query: Select[*tuple[Any, ...]]) -> Sequence[AnyRow]:
        try:
            with self._engine.connect() as connection:
                return connection.execute(query).all()
        except DBAPIError:
            raise StoreFailed("the database cannot be read; is its disk there, does its server run?") from None


class Rekeying(SealedReading):
    """Re-encryption as the job sees it. Methods that open rows take a grant for `keys`."""

    async def purpose_of(self, grant: Grant, column: SealedColumn) -> Purpose | None:
        """The purpose a column is sealed for, found by opening some of its rows; None for one without a row that opens."""
        hold(grant, "keys", grant.ref.id)
        query = select(column.key.label("row"), column.column.label("was")).where(column.column.isnot(None)).limit(PROBED_ROWS)
        for row in await self._lying(query):
            purpose = self._fields.purpose_of(row.was, Place(column.table.name, column.column.name, str(row.row)), grant)
            if purpose is not None:
                return purpose
        return None

    async def any_row(self, columns: Sequence[SealedColumn]) -> bool:
        """Whether one of these columns holds anything."""
        for column in columns:
            if await self._lying(select(column.key).where(column.column.isnot(None)).limit(1)):
                return True
        return False

    async def behind(self, column: SealedColumn, purpose: Purpose) -> int:
        """How many rows of a column are not sealed as they would be now."""
        query = select(func.count()).select_from(column.table).where(column.not_of(self._fields.current(purpose)))
        return int((await self._lying(query))[0][0])

    async def seal_anew(self, grant: Grant, column: SealedColumn, purpose: Purpose, after: Any, limit: int) -> Step:
        """Open and seal the next rows behind a key; damaged ones are named in the log and left."""
        hold(grant, "keys", purpose.value)
        epoch = self._fields.current(purpose)
        query = select(column.key.label("row"), column.column.label("was")).where(column.not_of(epoch))
        query = query if after is None else query.where(column.key > after)
        rows = await self._lying(query.order_by(column.key).limit(limit))
        if not rows:
            return Step(None)
        ops = await asyncio.to_thread(self._resealed, grant, column, purpose, rows)
        if ops:
            await self._writer.commit(ops)
        return Step(rows[-1].row, len(ops), len(rows) - len(ops))

    def _resealed(self, grant: Grant, column: SealedColumn, purpose: Purpose, rows: Sequence[AnyRow]) -> list[Op]:
        ops: list[Op] = []
        for row in rows:
            place = Place(column.table.name, column.column.name, str(row.row))
            try:
                value = self._fields.open(purpose, row.was, place, grant)
                ops.append((column.write, {"row": row.row, "was": row.was, "sealed": self._fields.seal(purpose, value, place)}))
            except VaultError as error:
                log.error("sealed_row_unreadable", error=type(error).__name__, place=str(place))  # noqa: TRY400 - places are identifiers
        return ops

    # ---- what is remembered --------------------------------------------------------------------------

    async def rekey_progress(self) -> list[Progress]:
        """How far each purpose is."""
        names = [column.name for column in rekey_progress.c]
        return [Progress(**{name: getattr(row, name) for name in names}) for row in await self._lying(select(rekey_progress))]

    async def note_progress(self, progress: Progress) -> None:
        """Remember how far one purpose is."""
        row = {column.name: getattr(progress, column.name) for column in rekey_progress.c}
        await self._writer.commit(((_NOTE, row),))

    async def key_generation(self) -> int:
        """The highest generation of the key file that was used with this database; 0 before the first."""
        rows = await self._lying(select(key_files.c.generation))
        return int(rows[0].generation) if rows else 0

    async def note_key_generation(self, generation: int) -> None:
        """Remember the generation of the key file in use."""
        await self._writer.commit(((_SEEN, {"id": 1, "generation": generation, "seen_at": self._clock.now().timestamp()}),))
