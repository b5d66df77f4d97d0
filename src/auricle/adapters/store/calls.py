"""Call records: sealed as one text each, found again by time or by blind index."""

from datetime import datetime
from typing import Any

from sqlalchemy import insert, or_, select, tuple_

from auricle.adapters.store import sealing
from auricle.adapters.store.call_names import calls_named, name_ops
from auricle.adapters.store.part import SWITCHBOARD, AnyRow, Part, hold, readable
from auricle.adapters.store.record_facts import ListScope, calls_within, present_ops
from auricle.adapters.store.schema import calls
from auricle.adapters.store.statements import compiled
from auricle.calls.records import CallRecord
from auricle.kernel.ids import CallId
from auricle.kernel.normal import NAMES_VERSION
from auricle.vault.blind import blind_index, blind_indexes
from auricle.vault.errors import SealingRefused
from auricle.vault.gate import Grant, Outcome, Ref
from auricle.vault.keyring import Purpose
from auricle.vault.place import Place

_ADD_CALL = compiled(insert(calls))
_NEWEST_FIRST = (calls.c.started_at.desc(), calls.c.id.desc())
WHY = "blind index"


class CallRecords(Part):
    """Fits part of `calls.ports.CallStore`."""

    async def add_call(self, record: CallRecord) -> None:
        """Keep a finished call; while the keys' provider refuses, only that there was one, if it began after that."""
        entry = self._entry(SWITCHBOARD, "call.record", Ref("call", record.id), Outcome.DONE, record.disposition.value)
        try:
            row = self._call_row(record)
        except SealingRefused as error:
            refused = self._entry(SWITCHBOARD, "call.record", Ref("call", record.id), Outcome.REFUSED, error.code)
            await self._writer.commit((), (refused,))
            return
        await self._writer.commit(((_ADD_CALL, row), *present_ops(record), *name_ops(self._keyring, record)), (entry,))

    async def calls_page(
        self, grant: Grant, *, before: tuple[datetime, str] | None = None, limit: int = 50, scope: ListScope | None = None
    ) -> list[CallRecord]:
        """Calls, newest first, those before a time and id; of a scope or all."""
        hold(grant, "call")
        query = select(calls).order_by(*_NEWEST_FIRST).limit(limit)
        query = query if scope is None else query.where(calls_within(scope))
        if before is not None:
            query = query.where(tuple_(calls.c.started_at, calls.c.id) < tuple_(before[0].timestamp(), before[1]))
        return readable(await self._rows(query), lambda row: self._call(row, grant))

    async def calls_of_number(self, grant: Grant, number: str, limit: int = 50) -> list[CallRecord]:
        """Calls from or to one number (E.164) or extension, newest first."""
        hold(grant, "call")
        caller, called = (blind_indexes(self._keyring, context, number) for context in ("call.caller", "call.called"))
        theirs = or_(calls.c.caller_index.in_(caller), calls.c.called_index.in_(called))
        query = select(calls).where(theirs).order_by(*_NEWEST_FIRST).limit(limit)
        return readable(await self._rows(query), lambda row: self._call(row, grant))

    async def calls_by_name(self, grant: Grant, name: str, limit: int = 50) -> list[CallRecord]:
        """Calls whose caller's name has every word of `name`, newest first; case, accents and punctuation do not matter."""
        hold(grant, "call")
        theirs = calls_named(self._keyring, name)
        if theirs is None:
            return []
        query = select(calls).where(calls.c.id.in_(theirs)).order_by(*_NEWEST_FIRST).limit(limit)
        return readable(await self._rows(query), lambda row: self._call(row, grant))

    async def call(self, grant: Grant, call: CallId) -> CallRecord | None:
        """One call. Raises Corrupt naming the row where it was changed."""
        hold(grant, "call", call)
        rows = await self._rows(select(calls).where(calls.c.id == call))
        return self._call(rows[0], grant) if rows else None

    def _call_row(self, record: CallRecord) -> dict[str, Any]:
        return {
            "id": record.id,
            "direction": record.direction.value,
            "started_at": record.started_at.timestamp(),
            "ended_at": record.ended_at.timestamp(),
            "disposition": record.disposition.value,
            "protection": record.protection.value,
            "caller_index": blind_index(self._keyring, "call.caller", record.caller.reveal(WHY)),
            "called_index": blind_index(self._keyring, "call.called", record.called.reveal(WHY)),
            "names": NAMES_VERSION,
            "sealed": self._fields.seal(
                Purpose.CALL_RECORD, sealing.call_text(record), Place("call", "sealed", record.id), began=record.started_at
            ),
        }

    def _call(self, row: AnyRow, grant: Grant) -> CallRecord:
        record = sealing.call_of(row, self._fields.open(Purpose.CALL_RECORD, row.sealed, Place("call", "sealed", row.id), grant))
        grant.touch(f"call:{row.id}")
        return record
