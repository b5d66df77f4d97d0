"""Writing blind indexes anew after their key was rotated: values come from the sealed column that the schema names (`columns.Indexed`).

A table of its own for indexes (a hold's numbers) gets the new ones first and loses the old ones last: in between it meets both.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from msgspec import DecodeError, json
from sqlalchemy import Column, LargeBinary, Table, and_, bindparam, delete, false, func, or_, select, type_coerce, update
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.sql.elements import ColumnElement

from auricle.adapters.store.part import hold
from auricle.adapters.store.rekeying import AnyRow, SealedReading, Step, other_epoch
from auricle.adapters.store.schema.columns import MARK, Indexed, metadata
from auricle.adapters.store.statements import Op, Statement, compiled
from auricle.kernel.normal import name_tokens
from auricle.vault.blind import INDEX_BYTES, blind_index, blind_indexes
from auricle.vault.errors import Corrupt, VaultError
from auricle.vault.gate import Grant
from auricle.vault.keyring import Purpose
from auricle.vault.place import Place

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class BlindColumn:
    """A blind column, the column that names its source row, and the source. `apart`: the table holds indexes and nothing else."""

    table: Table
    column: Column[Any]
    by: Column[Any]
    source: Table
    sealed: Column[Any]
    of: Indexed
    apart: bool
    write: Statement
    drop: Statement | None
    """Removes one old index of a table apart."""

    @property
    def name(self) -> str:
        """`table.column`."""
        return f"{self.table.name}.{self.column.name}"

    def not_of(self, epoch: int) -> ColumnElement[bool]:
        """Rows whose index is of another epoch, or of before epochs were written; a table apart may have those while epoch 1 seals."""
        bare = func.length(type_coerce(self.column, LargeBinary)) != INDEX_BYTES
        if self.apart and epoch == 1:
            return false()
        return and_(self.column.isnot(None), or_(bare, other_epoch(self.column, epoch)))


def blind_columns() -> tuple[BlindColumn, ...]:
    """Every blind column of the schema, tables of indexes first. Raises ValueError, KeyError for a source that is none."""
    found = []
    for table in metadata.sorted_tables:
        for column in table.columns:
            if column.info.get(MARK) == "blind":
                found.append(_blind_column(table, column, column.info["of"]))
    return tuple(sorted(found, key=lambda one: not one.apart))


def _blind_column(table: Table, column: Column[Any], of: Indexed) -> BlindColumn:
    source = metadata.tables[of.table] if of.table else table
    by = table.c[of.by]
    was = type_coerce(column, LargeBinary) == bindparam("was", type_=LargeBinary)
    write = compiled(
        upsert(table).on_conflict_do_nothing(index_elements=[key.name for key in table.primary_key])
        if of.table
        else update(table).where(by == bindparam("row"), was).values({column.name: bindparam("index")})
    )
    drop = compiled(delete(table).where(by == bindparam("row"), was)) if of.table else None
    if len(list(source.primary_key)) != 1:
        raise ValueError(f"{source.name}: the source of an index needs a table with one key column")
    return BlindColumn(table, column, by, source, source.c[of.column], of, bool(of.table), write, drop)


class Reindexing(SealedReading):
    """Blind indexes as the re-encryption job sees them."""

    async def indexes_behind(self, column: BlindColumn) -> int:
        """How many rows have an index of another epoch in this column; of a table apart, how many rows its indexes are of."""
        count = func.count(column.by.distinct()) if column.apart else func.count()
        late = column.not_of(self._keyring.epoch(Purpose.BLIND_INDEX))
        return int((await self._lying(select(count).select_from(column.table).where(late)))[0][0])

    async def index_anew(
        self, grant: Grant, column: BlindColumn, purpose: Purpose, after: Any, limit: int, *, dropping: bool = False
    ) -> Step:
        """Write the next indexes behind a row. `purpose` is the source's; `dropping` removes old indexes of a table apart instead."""
        hold(grant, "keys", Purpose.BLIND_INDEX.value)
        key = next(iter(column.source.primary_key))
        late = column.not_of(self._keyring.epoch(Purpose.BLIND_INDEX))
        query = select(key.label("row"), column.sealed.label("sealed")).where(
            key.in_(select(column.by).where(late)) if column.apart else late
        )
        query = query if after is None else query.where(key > after)
        rows = await self._lying(query.order_by(key).limit(limit))
        if not rows:
            return Step(None)
        ops, damaged = await asyncio.to_thread(self._reindexed, grant, column, purpose, rows, dropping)
        if ops:
            await self._writer.commit(ops)
        return Step(rows[-1].row, len(rows) - damaged, damaged)

    async def drop_orphans(self, grant: Grant, column: BlindColumn) -> None:
        """Remove old indexes from a table apart whose source row is gone: nobody can find anything by them."""
        hold(grant, "keys", Purpose.BLIND_INDEX.value)
        if not column.apart:
            return
        key = next(iter(column.source.primary_key))
        late = and_(column.not_of(self._keyring.epoch(Purpose.BLIND_INDEX)), column.by.not_in(select(key)))
        rows = await self._lying(select(column.by.label("row"), type_coerce(column.column, LargeBinary).label("was")).where(late))
        if rows and column.drop is not None:
            await self._writer.commit([(column.drop, {"row": row.row, "was": row.was}) for row in rows])

    def _reindexed(
        self, grant: Grant, column: BlindColumn, purpose: Purpose, rows: Sequence[AnyRow], dropping: bool
    ) -> tuple[list[Op], int]:
        ops: list[Op] = []
        damaged = 0
        for row in rows:
            place = Place(column.source.name, column.sealed.name, str(row.row))
            try:
                values = _values(self._fields.open(purpose, row.sealed, place, grant), column.of)
            except VaultError as error:
                log.error("sealed_row_unreadable", error=type(error).__name__, place=str(place))  # noqa: TRY400 - places are identifiers
                damaged += 1
                continue
            for context in column.of.contexts:
                for value in values:
                    ops += self._ops(column, row.row, context, value, dropping)
        return ops, damaged

    def _ops(self, column: BlindColumn, row: Any, context: str, value: str, dropping: bool) -> list[Op]:
        newest, *older = blind_indexes(self._keyring, context, value)
        if column.drop is not None and dropping:
            return [(column.drop, {"row": row, "was": bytes(old)}) for old in older]
        if column.apart:
            return [(column.write, {column.by.name: row, column.column.name: blind_index(self._keyring, context, value)})]
        return [(column.write, {"row": row, "was": bytes(old), "index": newest}) for old in older]


def _values(text: bytes, of: Indexed) -> list[str]:
    try:
        found = json.decode(text).get(of.field)
    except (DecodeError, AttributeError) as error:
        raise Corrupt("the sealed text is not of this version") from error
    values = [value for value in (found if isinstance(found, list) else [found]) if isinstance(value, str)]
    return [word for value in values for word in name_tokens(value)] if of.words else values
