"""Care teams and restricted patients by phone number; numbers and labels are sealed, and found again by blind indexes."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from msgspec import json
from sqlalchemy import bindparam, delete, insert, select
from sqlalchemy.dialects.sqlite import insert as upsert

from auricle.access.patients import PatientMark
from auricle.adapters.store.part import AnyRow, Part, hold, readable
from auricle.adapters.store.record_facts import Care
from auricle.adapters.store.schema import patient_carers, patient_marks, patient_numbers
from auricle.adapters.store.schema.columns import NUMBER_CONTEXTS
from auricle.adapters.store.sealing import when
from auricle.adapters.store.statements import Op, compiled
from auricle.kernel.actor import Actor
from auricle.kernel.phi import Phi
from auricle.vault.blind import blind_indexes
from auricle.vault.gate import Grant, Outcome, Ref
from auricle.vault.keyring import Purpose
from auricle.vault.place import Place

WHY = "sealing a patient's mark"
PERSON, TEAM = "person", "team"
_ADD = compiled(insert(patient_marks))
_ADD_NUMBER = compiled(upsert(patient_numbers).on_conflict_do_nothing(index_elements=["mark", "number_index"]))
_ADD_CARER = compiled(insert(patient_carers))
_DROP = (
    compiled(delete(patient_carers).where(patient_carers.c.mark == bindparam("mark"))),
    compiled(delete(patient_numbers).where(patient_numbers.c.mark == bindparam("mark"))),
    compiled(delete(patient_marks).where(patient_marks.c.id == bindparam("mark"))),
)


class Patients(Part):
    """Marks, one a number."""

    async def put_mark(self, mark: PatientMark, actor: Actor, why: str) -> None:
        """Keep a mark in place of the one its number had."""
        number = mark.number.reveal(WHY)
        old = await self.mark_of_number(mark.number)
        text = json.encode({"number": number, "label": mark.label.reveal(WHY)})
        row = {
            "id": mark.id,
            "restricted": mark.restricted,
            "marked_by": mark.marked_by,
            "marked_at": mark.marked_at.timestamp(),
            "sealed": self._fields.seal(Purpose.CALL_RECORD, text, Place("patient_mark", "sealed", mark.id)),
        }
        carers = [(PERSON, name) for name in sorted(mark.people)] + [(TEAM, name) for name in sorted(mark.teams)]
        ops: list[Op] = [(sql, {"mark": dropped}) for dropped in old for sql in _DROP]
        ops += [(_ADD, row), *self._mark_number_ops(mark.id, number)]
        ops += [(_ADD_CARER, {"mark": mark.id, "kind": kind, "name": name}) for kind, name in carers]
        purpose = f"{'restricted' if mark.restricted else 'open'}, care team: {', '.join(name for _, name in carers) or 'nobody'}"
        entry = self._entry(actor, "access.mark-patient", Ref("patient", mark.id), Outcome.DONE, purpose, why=why, private=number)
        await self._writer.commit(ops, (entry,))

    async def drop_mark(self, mark: str, actor: Actor, why: str) -> None:
        """Forget one."""
        entry = self._entry(actor, "access.unmark-patient", Ref("patient", mark), why=why)
        await self._writer.commit([(sql, {"mark": mark}) for sql in _DROP], (entry,))

    async def has_mark(self, mark: str) -> bool:
        """Whether there is one of this id."""
        return bool(await self._vouched(select(patient_marks).where(patient_marks.c.id == mark), patient_marks))

    async def mark_of_number(self, number: Phi[str]) -> list[str]:
        """The ids of the marks a number has: none or one."""
        indexes = [index for context in NUMBER_CONTEXTS for index in blind_indexes(self._keyring, context, number.reveal("blind index"))]
        query = select(patient_numbers).where(patient_numbers.c.number_index.in_(indexes))
        return sorted({row.mark for row in await self._vouched(query, patient_numbers)})

    async def marks(self, proof: Grant) -> list[PatientMark]:
        """All of them, newest first."""
        hold(proof, "patient")
        carers = await self._carers()
        query = select(patient_marks).order_by(patient_marks.c.marked_at.desc(), patient_marks.c.id)
        found = readable(await self._vouched(query, patient_marks), lambda row: self._mark_opened(row, carers, proof))
        proof.touch(*(f"patient:{mark.id}" for mark in found))
        return found

    async def care(self) -> dict[bytes, Care]:
        """What is known about each number, by its blind indexes; nothing is opened for it."""
        carers = await self._carers()
        marks = {row.id: row.restricted for row in await self._vouched(select(patient_marks), patient_marks)}
        numbers = await self._vouched(select(patient_numbers), patient_numbers)
        known = ((row.number_index, row.mark) for row in numbers if row.mark in marks)
        return {bytes(index): Care(mark, marks[mark], *_both(carers[mark])) for index, mark in known}

    def indexes_of(self, number: Phi[str]) -> list[bytes]:
        """The blind indexes by which `care` finds a number."""
        return [bytes(index) for index in blind_indexes(self._keyring, "call.caller", number.reveal("blind index"))]

    async def _carers(self) -> dict[str, list[tuple[str, str]]]:
        found: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for row in await self._vouched(select(patient_carers), patient_carers):
            found[row.mark].append((row.kind, row.name))
        return found

    def _mark_number_ops(self, mark: str, number: str) -> list[Op]:
        indexes = [index for context in NUMBER_CONTEXTS for index in blind_indexes(self._keyring, context, number)]
        return [(_ADD_NUMBER, {"mark": mark, "number_index": index}) for index in indexes]

    def _mark_opened(self, row: AnyRow, carers: dict[str, list[tuple[str, str]]], proof: Grant) -> PatientMark:
        text = self._fields.open(Purpose.CALL_RECORD, row.sealed, Place("patient_mark", "sealed", row.id), proof)
        data: dict[str, Any] = json.decode(text)
        people, teams = _both(carers[row.id])
        number, label = Phi(data["number"]), Phi(data["label"])
        return PatientMark(row.id, number, label, row.restricted, people, teams, row.marked_by, when(row.marked_at))


def _both(carers: Sequence[tuple[str, str]]) -> tuple[frozenset[str], frozenset[str]]:
    people = frozenset(name for kind, name in carers if kind == PERSON)
    return people, frozenset(name for kind, name in carers if kind == TEAM)
