"""What policies ask about a call or a message, from clear columns and blind indexes: nothing is opened before it is decided."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.dialects.sqlite import insert as upsert

from auricle.access.patients import Facts
from auricle.adapters.store.part import Part
from auricle.adapters.store.schema import call_people, calls, patient_numbers, voicemails
from auricle.adapters.store.statements import Op, compiled
from auricle.calls.records import CallRecord

_ADD_PRESENT = compiled(upsert(call_people).on_conflict_do_nothing(index_elements=["call", "person"]))


@dataclass(frozen=True, slots=True)
class Care:
    """One patient's mark, its number unopened."""

    mark: str
    restricted: bool
    people: frozenset[str]
    teams: frozenset[str]


@dataclass(frozen=True, slots=True)
class ListScope:
    """Which rows of a list are somebody's to know of, where not all are: by box, by having been on the call, by patient's mark, by id."""

    mailboxes: tuple[str, ...] = ()
    present: str = ""
    marks: tuple[str, ...] = ()
    records: tuple[str, ...] = ()


def present_ops(record: CallRecord) -> list[Op]:
    """Which staff were on a call or rung for it, and who of them talked; part of the write that keeps the call."""
    talked = {leg.person for leg in record.legs if leg.answered_at is not None} | {record.answered_by}
    everybody = {leg.person for leg in record.legs} | {record.answered_by}
    found = sorted(person for person in everybody if person is not None)
    return [(_ADD_PRESENT, {"call": record.id, "person": person, "talked": person in talked}) for person in found]


def calls_within(scope: ListScope) -> ColumnElement[bool]:
    """The rows of `call` in a scope."""
    row, numbers = calls.c, _numbers(scope)
    own = select(call_people.c.call).where(call_people.c.person == scope.present)
    return or_(row.id.in_(own), row.caller_index.in_(numbers), row.called_index.in_(numbers), row.id.in_(scope.records))


def voicemails_within(scope: ListScope) -> ColumnElement[bool]:
    """The rows of `voicemail` in a scope."""
    row = voicemails.c
    talked = select(call_people.c.call).where(call_people.c.person == scope.present, call_people.c.talked)
    return or_(row.mailbox.in_(scope.mailboxes), row.call.in_(talked), row.caller_index.in_(_numbers(scope)), row.id.in_(scope.records))


class RecordFacts(Part):
    """Facts of records, many at a time; `care` is `Patients.care` of now."""

    async def call_facts(self, ids: Sequence[str], care: Mapping[bytes, Care]) -> dict[str, Facts]:
        """Of those calls that there are."""
        if not ids:
            return {}
        rows = await self._rows(select(calls.c.id, calls.c.caller_index, calls.c.called_index).where(calls.c.id.in_(ids)))
        people = await self._present([row.id for row in rows], talked=False)
        return {row.id: _facts("", people[row.id], care, (row.caller_index, row.called_index)) for row in rows}

    async def voicemail_facts(self, ids: Sequence[str], care: Mapping[bytes, Care]) -> dict[str, Facts]:
        """Of those messages that there are; only those who talked with the caller count as having been on the call."""
        if not ids:
            return {}
        columns = (
            voicemails.c.id,
            voicemails.c.mailbox,
            voicemails.c.call,
            voicemails.c.caller_index,
            calls.c.caller_index.label("by_call"),
        )
        joined = voicemails.join(calls, calls.c.id == voicemails.c.call, isouter=True)
        rows = await self._rows(select(*columns).select_from(joined).where(voicemails.c.id.in_(ids), voicemails.c.kept))
        people = await self._present([row.call for row in rows], talked=True)
        return {row.id: _facts(row.mailbox, people[row.call], care, (row.caller_index, row.by_call)) for row in rows}

    async def _present(self, ids: Sequence[str], *, talked: bool) -> dict[str, frozenset[str]]:
        query = select(call_people.c.call, call_people.c.person).where(call_people.c.call.in_(ids))
        found: dict[str, frozenset[str]] = defaultdict(frozenset)
        for row in await self._rows(query.where(call_people.c.talked) if talked else query):
            found[row.call] |= {row.person}
        return found


def _facts(mailbox: str, present: frozenset[str], care: Mapping[bytes, Care], indexes: Iterable[bytes | None]) -> Facts:
    found = [care[bytes(index)] for index in indexes if index is not None and bytes(index) in care]
    people, teams = (frozenset[str]().union(*(getattr(one, part) for one in found)) for part in ("people", "teams"))
    return Facts(mailbox, present, people, teams, any(one.restricted for one in found))


def _numbers(scope: ListScope) -> Select[tuple[bytes]]:
    return select(patient_numbers.c.number_index).where(patient_numbers.c.mark.in_(scope.marks))
