"""Alerts and the durable positions of those that read the log: what a watcher found is kept in one transaction with how far it has read."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from auricle.adapters.store import sealing
from auricle.adapters.store.part import AnyRow, Part, hold
from auricle.adapters.store.schema import alerts, audit_readers, networks
from auricle.adapters.store.statements import Op, compiled
from auricle.audit.rules import Alert, Rule
from auricle.kernel.actor import Actor, ActorKind
from auricle.vault.errors import VaultError
from auricle.vault.gate import Grant, Ref
from auricle.vault.keyring import Purpose
from auricle.vault.place import Place

WATCH = Actor(ActorKind.SERVICE, "audit-watch")
READER = "alerts"
_ADD_ALERT = compiled(upsert(alerts).on_conflict_do_nothing(index_elements=["id"]))
_ADD_NETWORK = compiled(upsert(networks).on_conflict_do_nothing(index_elements=["actor", "network"]))
_position = upsert(audit_readers)
_SET_POSITION = compiled(_position.on_conflict_do_update(index_elements=["name"], set_={"number": _position.excluded.number}))
_ACKNOWLEDGE = compiled(
    update(alerts)
    .where(alerts.c.id == bindparam("alert"), alerts.c.acknowledged_at.is_(None))
    .values(acknowledged_at=bindparam("acknowledged_at"), acknowledged_by=bindparam("acknowledged_by"), note=bindparam("note"))
)


@dataclass(frozen=True, slots=True)
class KeptAlert:
    """An alert as it is kept; `note` is opened, None while nobody acknowledged it or where it does not open."""

    alert: Alert
    acknowledged_at: datetime | None
    acknowledged_by: str
    note: str | None


class AlertRecords(Part):
    """What the rules found."""

    async def alerts_page(self, grant: Grant, before: int | None, limit: int, *, unseen: bool) -> list[KeptAlert]:
        """Alerts, newest first, about entries before a number; all alerts of one entry are on one page."""
        hold(grant, "alert")
        query = select(alerts).order_by(alerts.c.entry.desc(), alerts.c.id)
        query = query.where(alerts.c.acknowledged_at.is_(None)) if unseen else query
        query = query if before is None else query.where(alerts.c.entry < before)
        rows = list(await self._rows(query.limit(limit)))
        if len(rows) == limit:
            last = rows[-1].entry
            rows = [row for row in rows if row.entry != last] + list(await self._rows(query.where(alerts.c.entry == last)))
        return [self._kept_alert(row, grant) for row in rows]

    async def alert(self, ident: str) -> Alert | None:
        """One alert."""
        rows = await self._rows(select(alerts).where(alerts.c.id == ident))
        return _alert(rows[0]) if rows else None

    async def acknowledge_alert(self, grant: Grant, ident: str, note: str) -> None:
        """Keep who looked into it and what they found, sealed; a second acknowledgement changes nothing."""
        hold(grant, "alert", ident, exactly=True)
        sealed = self._fields.seal(Purpose.AUDIT_DETAIL, note, Place("alert", "note", ident))
        values = {"alert": ident, "acknowledged_at": self._clock.now().timestamp(), "acknowledged_by": grant.actor.id, "note": sealed}
        await self._writer.commit(((_ACKNOWLEDGE, values),), (self._entry(grant.actor, "alerts.acknowledge", Ref("alert", ident)),))

    async def keep_alerts(self, found: Sequence[Alert], learnt: Iterable[tuple[str, str, int]], read_to: int) -> None:
        """What a stretch of the log raised, an entry for each, the networks it taught, and how far the log was read: all or nothing."""
        ops: list[Op] = [(_ADD_ALERT, _values(alert)) for alert in found]
        ops += [(_ADD_NETWORK, {"actor": actor, "network": network, "entry": number}) for actor, network, number in learnt]
        ops.append((_SET_POSITION, {"name": READER, "number": read_to}))
        await self._writer.commit(ops, [self._entry(WATCH, "alert.raise", Ref("alert", alert.id)) for alert in found])

    async def alerts_read_to(self) -> int:
        """The number of the first entry no rule has seen."""
        rows = await self._rows(select(audit_readers.c.number).where(audit_readers.c.name == READER))
        return int(rows[0].number) if rows else 0

    async def alerts_since(self, at: datetime) -> list[Alert]:
        """Alerts from a time on, oldest first."""
        rows = await self._rows(select(alerts).where(alerts.c.at >= at.timestamp()).order_by(alerts.c.entry))
        return [_alert(row) for row in rows]

    async def known_networks(self) -> list[tuple[str, str]]:
        """The networks each person signed in from."""
        return [(row.actor, row.network) for row in await self._rows(select(networks))]

    def _kept_alert(self, row: AnyRow, grant: Grant) -> KeptAlert:
        seen = sealing.when(row.acknowledged_at) if row.acknowledged_at is not None else None
        try:
            note = self._fields.open(Purpose.AUDIT_DETAIL, row.note, Place("alert", "note", row.id), grant).decode() if row.note else None
        except VaultError:
            note = None  # the alert itself must be shown whatever became of a note
        return KeptAlert(_alert(row), seen, row.acknowledged_by or "", note)


def _values(alert: Alert) -> dict[str, object]:
    return {
        "id": alert.id,
        "entry": alert.entry,
        "rule": alert.rule.value,
        "at": alert.at.timestamp(),
        "actor": alert.actor,
        "subject": alert.subject,
        "count": alert.count,
        "acknowledged_at": None,
        "acknowledged_by": None,
        "note": None,
    }


def _alert(row: AnyRow) -> Alert:
    return Alert(Rule(row.rule), row.entry, sealing.when(row.at), row.actor, row.subject, row._mapping["count"])
