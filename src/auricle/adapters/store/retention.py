"""Retention: the schedule, what is due, and shredding. A hold is looked at in the transaction that deletes, by triggers of migration 0009.

A message goes in two steps, so that a crash between them is finished at the next start: its row and the entry that names record and rule in
one transaction, which also notes the shredding; then its key and sound; then the note, with a second entry.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, Table, and_, bindparam, delete, false, func, insert, select, true, update
from sqlalchemy.dialects.sqlite import insert as upsert

from auricle.adapters.store import sealing
from auricle.adapters.store.errors import WriteRefused
from auricle.adapters.store.held import call_held, voicemail_held
from auricle.adapters.store.part import Part, hold, readable
from auricle.adapters.store.schema import agreements, audit_index, calls, retention_rules, retention_state, shreddings, voicemails
from auricle.adapters.store.sealing import when
from auricle.adapters.store.statements import Op, Statement, compiled
from auricle.compliance.errors import UnderHold
from auricle.compliance.retention import SOON, KindPreview, RecordKind, Schedule, cutoff
from auricle.kernel.actor import Actor
from auricle.vault.blind import blind_index
from auricle.vault.gate import Grant, Outcome, Ref
from auricle.vault.keyring import Purpose
from auricle.vault.place import Place

_put_rule = upsert(retention_rules)
_PUT_RULE = compiled(
    _put_rule.on_conflict_do_update(
        index_elements=["kind"], set_={name: _put_rule.excluded[name] for name in ("days", "changed_at", "changed_by")}
    )
)
_FIRST_RULE = compiled(upsert(retention_rules).on_conflict_do_nothing(index_elements=["kind"]))
# a record that is gone, or not due, gives no id: a shredding without one is refused, and the whole transaction with it
_FORGET_SHREDDING = "DELETE FROM shredding WHERE kind = :kind AND record_id = :id"
_SEEN = "UPDATE retention_state SET seen_at = :at WHERE id = 1"
_RAN = """\
UPDATE retention_state SET ran_at = :at, shredded = :shredded, held = :held, failed = :failed, stopped = :stopped WHERE id = 1"""
_SET_INDEX = compiled(
    update(voicemails)
    .where(voicemails.c.id == bindparam("message"), voicemails.c.caller_index.is_(None))
    .values(caller_index=bindparam("index", type_=voicemails.c.caller_index.type))
)
EVER = 9e15
"""Seconds of the epoch that no record is younger than."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """Where a kind of record lies: its table, the column its age counts from, what is there, what is held, and how it is dropped."""

    table: Table
    age: ColumnElement[float]
    there: ColumnElement[bool]
    held: ColumnElement[bool]
    note: Statement
    drop: Statement


def _kept(table: Table, age: str, there: ColumnElement[bool], held: ColumnElement[bool]) -> _Kept:
    due = select(table.c.id).where(table.c.id == bindparam("id"), there, table.c[age] <= bindparam("limit")).scalar_subquery()
    named: dict[str, object] = {name: bindparam(name) for name in ("kind", "rule", "actor", "at")}
    voucher = bindparam("vouched", type_=shreddings.c.vouched.type)
    note = compiled(insert(shreddings).values({**named, "record_id": due, "vouched": voucher}))
    return _Kept(table, table.c[age], there, held, note, compiled(delete(table).where(table.c.id == bindparam("id"))))


_PLACES: Mapping[RecordKind, _Kept] = {
    RecordKind.VOICEMAIL: _kept(voicemails, "received_at", voicemails.c.kept, voicemail_held()),
    RecordKind.CALL: _kept(calls, "started_at", true(), call_held()),
    RecordKind.AGREEMENT: _kept(agreements, "noted_at", true(), false()),
}
WITH_SOUND = frozenset({RecordKind.VOICEMAIL})
"""Kinds of which a key and a file are left when their row is gone."""


@dataclass(frozen=True, slots=True)
class RunState:
    """What is remembered of the daily run: when the clock was last believed, and how the last run went."""

    seen_at: datetime | None
    ran_at: datetime | None
    shredded: int
    held: int
    failed: int
    stopped: str


class Retention(Part):
    """The rules are `compliance.retention`'s; this keeps the schedule and does what they say."""

    # ---- the schedule --------------------------------------------------------------------------------

    async def retention_schedule(self) -> tuple[dict[RecordKind, int], dict[RecordKind, tuple[datetime, str]]]:
        """The days of each kind, and when and by whom they were set."""
        rows = await self._vouched(select(retention_rules), retention_rules)
        days = {RecordKind(row.kind): row.days for row in rows}
        return days, {RecordKind(row.kind): (when(row.changed_at), row.changed_by) for row in rows}

    async def first_retention(self, actor: Actor, schedule: Schedule) -> None:
        """At start: kinds that have no days yet get those of the settings; what is there stays, whatever the settings say."""
        known, _ = await self.retention_schedule()
        new = {kind: days for kind, days in schedule.items() if kind not in known}
        if new:
            entry = self._entry(actor, "retention.schedule", Ref("retention", "*"), Outcome.DONE, "first values")
            await self._writer.commit(self._rule_ops(_FIRST_RULE, actor, new), (replace(entry, detail=_days(new)),))

    async def change_retention(self, actor: Actor, before: Schedule, changes: Schedule) -> None:
        """Set the days of some kinds; the entry says what they were and what they are."""
        entry = self._entry(actor, "retention.schedule", Ref("retention", "*"), Outcome.DONE, "change")
        was = {f"{kind} before": str(before.get(kind, "")) for kind in changes}
        await self._writer.commit(self._rule_ops(_PUT_RULE, actor, changes), (replace(entry, detail=_days(changes) | was),))

    def _rule_ops(self, statement: object, actor: Actor, days: Schedule) -> list[Op]:
        now = self._clock.now().timestamp()
        return [(statement, {"kind": kind.value, "days": n, "changed_at": now, "changed_by": actor.id}) for kind, n in days.items()]  # type: ignore[misc]

    # ---- what is due -----------------------------------------------------------------------------------

    async def retention_preview(self, kind: RecordKind, schedule: Schedule, now: datetime) -> KindPreview:
        """What a schedule would do to a kind; the same count as `compliance.retention.preview`."""
        limit, soon = cutoff(kind, schedule, now), cutoff(kind, schedule, now + SOON)
        place = _PLACES.get(kind)
        if place is None or limit is None or soon is None or kind is RecordKind.AGREEMENT:
            return KindPreview(kind, schedule[kind], 0, 0, 0, None)
        old, later, held = place.age <= limit.timestamp(), place.age > limit.timestamp(), place.held
        query = select(
            func.count().filter(old, ~held).label("now"),
            func.count().filter(later, place.age <= soon.timestamp(), ~held).label("later"),
            func.count().filter(place.age <= soon.timestamp(), held).label("held"),
            func.min(place.age).label("oldest"),
        ).where(place.there)
        (row,) = await self._rows(query)
        return KindPreview(kind, schedule[kind], row.now, row.later, row.held, when(row.oldest) if row.oldest is not None else None)

    async def due_records(self, kind: RecordKind, limit: datetime, count: int, *, beyond: str = "") -> list[str]:
        """Ids of the next records that were kept long enough and are under no hold, in the order of ids from `beyond` on."""
        place = _PLACES[kind]
        query = select(place.table.c.id).where(place.there, place.age <= limit.timestamp(), ~place.held, place.table.c.id > beyond)
        return [row.id for row in await self._bare(query.order_by(place.table.c.id).limit(count))]

    async def held_records(self, kind: RecordKind, limit: datetime) -> int:
        """How many records would go if no hold kept them."""
        place = _PLACES[kind]
        counted = select(func.count().label("held")).where(place.there, place.age <= limit.timestamp(), place.held)
        return int((await self._rows(counted))[0].held)

    # ---- shredding -------------------------------------------------------------------------------------

    async def shred_record(self, actor: Actor, kind: RecordKind, record: str, rule: str, limit: datetime | None = None) -> bool:
        """Delete a record with its audit entry in one transaction; False where it is gone, or younger than `limit`.

        Raises UnderHold, once the refusal is in the log. A message's key and sound are still there then: `finish_shredding` follows.
        """
        place, ref = _PLACES[kind], Ref(kind.value, record)
        known = {"kind": kind.value, "id": record}
        noted = known | {"record_id": record, "rule": rule, "actor": actor.id, "at": self._clock.now().timestamp()}
        ops: list[Op] = [(place.note, noted | {"limit": limit.timestamp() if limit else EVER}), (place.drop, {"id": record})]
        if kind not in WITH_SOUND:
            ops.append((_FORGET_SHREDDING, known))
        try:
            await self._writer.commit(ops, (self._entry(actor, "retention.shred", ref, Outcome.DONE, rule),))
        except WriteRefused:
            if not await self._bare(select(place.table.c.id).where(place.table.c.id == record, place.there, place.held)):
                return False
            entry = self._entry(actor, "retention.shred", ref, Outcome.REFUSED, rule, why="A legal hold keeps this record.")
            await self._writer.commit((), (entry,))
            raise UnderHold(f"{kind} {record}: a legal hold keeps it") from None
        return True

    async def unfinished_shreddings(self) -> list[tuple[RecordKind, str]]:
        """Records whose row is gone and whose key and sound may not be, oldest first."""
        rows = await self._vouched(select(shreddings).order_by(shreddings.c.at, shreddings.c.record_id), shreddings)
        return [(RecordKind(row.kind), row.record_id) for row in rows]

    async def finish_shredding(self, actor: Actor, kind: RecordKind, record: str) -> None:
        """Key and sound are gone too: an entry says so."""
        entry = self._entry(actor, "retention.destroyed", Ref(kind.value, record), Outcome.DONE, "key and sound are gone")
        await self._writer.commit(((_FORGET_SHREDDING, {"kind": kind.value, "id": record}),), (entry,))

    # ---- runs and the clock ----------------------------------------------------------------------------

    async def run_state(self) -> RunState:
        """What is remembered of the daily run."""
        (row,) = await self._rows(select(retention_state).where(retention_state.c.id == 1))
        seen, ran = (when(at) if at is not None else None for at in (row.seen_at, row.ran_at))
        return RunState(seen, ran, row.shredded, row.held, row.failed, row.stopped)

    async def clock_seen(self, at: datetime) -> None:
        """Remember a time that was believed."""
        await self._writer.commit(((_SEEN, {"at": at.timestamp()}),))

    async def run_ended(self, actor: Actor, *, shredded: int, held: int, failed: int, stopped: str) -> None:
        """A run is over, or did not begin because of `stopped`; an entry says so."""
        outcome = Outcome.FAILED if stopped or failed else Outcome.DONE
        action = "retention.stopped" if stopped else "retention.run"  # the first is an alert by itself
        entry = self._entry(actor, action, Ref("retention", "*"), outcome, "daily run", why=stopped)
        counts = {"shredded": str(shredded), "held": str(held), "failed": str(failed)}
        ran = {"at": self._clock.now().timestamp(), "shredded": shredded, "held": held, "failed": failed, "stopped": stopped}
        await self._writer.commit(((_RAN, ran),), (replace(entry, detail=counts | dict(entry.detail or {})),))

    async def newest_entry_at(self) -> datetime | None:
        """The time of the newest audit entry."""
        rows = await self._rows(select(audit_index.c.at).order_by(audit_index.c.number.desc()).limit(1))
        return when(rows[0].at) if rows else None

    # ---- messages of before they were found by their caller ------------------------------------------------

    async def unindexed(self, count: int) -> Sequence[str]:
        """Messages that no look-up by number finds yet."""
        query = select(voicemails.c.id).where(and_(voicemails.c.kept, voicemails.c.caller_index.is_(None))).limit(count)
        return [row.id for row in await self._rows(query)]

    async def index_callers(self, grant: Grant, messages: Sequence[str]) -> int:
        """Give messages the blind index of their caller; how many there were that could be opened."""
        hold(grant, "voicemail")
        rows = await self._rows(select(voicemails).where(voicemails.c.id.in_(messages)))

        def opened(row: object) -> Op:
            place = Place("voicemail", "sealed", row.id)  # type: ignore[attr-defined]
            message = sealing.voicemail_of(row, self._fields.open(Purpose.VOICEMAIL, row.sealed, place, grant))  # type: ignore[attr-defined]
            index = blind_index(self._keyring, "voicemail.caller", message.caller.reveal("blind index"))
            return _SET_INDEX, {"message": message.id, "index": index}

        ops = readable(rows, opened)
        if ops:
            await self._writer.commit(ops)
        return len(ops)


def _days(schedule: Schedule) -> dict[str, str]:
    return {kind.value: str(days) for kind, days in schedule.items()}
