"""Legal holds: name, reason and number sealed, the number also as blind indexes, so that the database itself can keep what is held."""

from dataclasses import dataclass
from datetime import datetime

from msgspec import json
from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from auricle.adapters.store.held import NUMBER_CONTEXTS, calls_kept, messages_kept
from auricle.adapters.store.part import AnyRow, Part, hold, readable
from auricle.adapters.store.reindexing import BlindColumn, blind_columns
from auricle.adapters.store.schema import calls, held_numbers, legal_holds, voicemails
from auricle.adapters.store.sealing import when
from auricle.adapters.store.statements import Op, compiled
from auricle.compliance.holds import HeldKind
from auricle.kernel.actor import Actor
from auricle.kernel.phi import Phi
from auricle.vault.blind import blind_indexes
from auricle.vault.gate import Grant, Outcome, Ref
from auricle.vault.keyring import Purpose
from auricle.vault.place import Place

_ADD = compiled(insert(legal_holds))
_ADD_NUMBER = compiled(upsert(held_numbers).on_conflict_do_nothing(index_elements=["hold_id", "number_index"]))
_RELEASE = compiled(
    update(legal_holds)
    .where(legal_holds.c.id == bindparam("which"), legal_holds.c.released_at.is_(None))
    .values(released_at=bindparam("at"), released_by=bindparam("by"))
)
WHY = "sealing a legal hold"


@dataclass(frozen=True, slots=True)
class KeptHold:
    """A hold as it is kept. `number` is normalised (E.164, or an extension); `keeps` counts the records it keeps now."""

    id: str
    name: Phi[str]
    reason: Phi[str]
    kind: HeldKind
    record: str = ""
    number: Phi[str] | None = None
    mailbox: str = ""
    since: datetime | None = None
    until: datetime | None = None
    placed_by: str = ""
    placed_at: datetime | None = None
    released_by: str = ""
    released_at: datetime | None = None
    keeps: int = 0


class Holds(Part):
    """Holds; they end by release and are never deleted."""

    async def place_hold(self, actor: Actor, placed: KeptHold) -> None:
        """Keep what it covers from now on; its reason is in the audit entry too, sealed."""
        number = placed.number.reveal(WHY) if placed.number else ""
        text = json.encode({"name": placed.name.reveal(WHY), "reason": placed.reason.reveal(WHY), "number": number})
        row = {
            "id": placed.id,
            "kind": placed.kind.value,
            "record_id": placed.record or None,
            "mailbox": placed.mailbox or None,
            "starts_at": placed.since.timestamp() if placed.since else None,
            "ends_at": placed.until.timestamp() if placed.until else None,
            "by_number": bool(number),
            "sealed": self._fields.seal(Purpose.AUDIT_DETAIL, text, Place("legal_hold", "sealed", placed.id)),
            "placed_by": actor.id,
            "placed_at": self._clock.now().timestamp(),
            "released_by": None,
            "released_at": None,
        }
        private = f"{placed.name.reveal(WHY)}: {placed.reason.reveal(WHY)}"
        entry = self._entry(actor, "hold.place", Ref("hold", placed.id), Outcome.DONE, placed.kind.value, private=private)
        numbers = await self._number_ops(placed.id, number)
        await self._writer.commit(((_ADD, row), *numbers), (entry,))

    async def release_hold(self, actor: Actor, hold_id: str) -> bool:
        """End a hold; False where there is none in force of this id."""
        in_force = select(legal_holds).where(legal_holds.c.id == hold_id, legal_holds.c.released_at.is_(None))
        found = await self._vouched(in_force, legal_holds)
        if not found:
            return False
        entry = self._entry(actor, "hold.release", Ref("hold", hold_id))
        await self._writer.commit(((_RELEASE, {"which": hold_id, "at": self._clock.now().timestamp(), "by": actor.id}),), (entry,))
        return True

    async def legal_holds(self, grant: Grant) -> list[KeptHold]:
        """All holds, those in force first, newest first."""
        hold(grant, "hold")
        query = select(legal_holds, messages_kept().label("messages"), calls_kept().label("calls"))
        query = query.order_by(legal_holds.c.released_at.isnot(None), legal_holds.c.placed_at.desc(), legal_holds.c.id)
        found = readable(await self._vouched(query, legal_holds), lambda row: self._open_hold(row, grant))
        grant.touch(*(f"hold:{kept.id}" for kept in found))
        return found

    async def has_record(self, kind: HeldKind, record: str) -> bool:
        """Whether there is such a record."""
        table = voicemails if kind is HeldKind.VOICEMAIL else calls
        return bool(await self._rows(select(table.c.id).where(table.c.id == record)))

    async def _number_ops(self, hold_id: str, number: str) -> list[Op]:
        """The index of the number in each context; while rows of before a rotation are written anew, their older indexes too."""
        if not number:
            return []
        epoch = self._keyring.epoch(Purpose.BLIND_INDEX)
        late = [column for column in blind_columns() if not column.apart and await self._has_late(column, epoch)]
        found = [blind_indexes(self._keyring, context, number) for context in NUMBER_CONTEXTS]
        indexes = [index for all_epochs in found for index in (all_epochs if late else all_epochs[:1])]
        return [(_ADD_NUMBER, {"hold_id": hold_id, "number_index": index}) for index in indexes]

    async def _has_late(self, column: BlindColumn, epoch: int) -> bool:
        return bool(await self._bare(select(column.by).where(column.not_of(epoch)).limit(1)))

    def _open_hold(self, row: AnyRow, grant: Grant) -> KeptHold:
        text = self._fields.open(Purpose.AUDIT_DETAIL, row.sealed, Place("legal_hold", "sealed", row.id), grant)
        data = json.decode(text)
        return KeptHold(
            id=row.id,
            name=Phi(data["name"]),
            reason=Phi(data["reason"]),
            kind=HeldKind(row.kind),
            record=row.record_id or "",
            number=Phi(data["number"]) if data["number"] else None,
            mailbox=row.mailbox or "",
            since=when(row.starts_at) if row.starts_at is not None else None,
            until=when(row.ends_at) if row.ends_at is not None else None,
            placed_by=row.placed_by,
            placed_at=when(row.placed_at),
            released_by=row.released_by or "",
            released_at=when(row.released_at) if row.released_at is not None else None,
            keeps=getattr(row, "messages", 0) + getattr(row, "calls", 0),
        )
