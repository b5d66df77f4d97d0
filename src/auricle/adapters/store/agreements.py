"""Business associate agreements, kept six years after their last effect (45 CFR 164.316(b)(2)(i)), and which alarms were raised."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from sqlalchemy import bindparam, insert, select, update

from auricle.adapters.store.part import AnyRow, Part
from auricle.adapters.store.schema import agreement_alarms, agreements
from auricle.adapters.store.sealing import when
from auricle.adapters.store.statements import Op, compiled
from auricle.audit.entry import Entry
from auricle.compliance.agreements import Agreement, Alarm
from auricle.compliance.parties import Party
from auricle.kernel.actor import Actor
from auricle.vault.gate import Outcome, Ref

_ADD = compiled(insert(agreements))
_ADD_ALARM = compiled(insert(agreement_alarms))
_END = compiled(
    update(agreements)
    .where(agreements.c.id == bindparam("which"), agreements.c.ended_on.is_(None))
    .values(ended_on=bindparam("day"), ended_by=bindparam("by"))
)


class Agreements(Part):
    """They name companies and contracts, no patient; reading them needs no grant, changing them is audited."""

    async def agreements(self) -> list[Agreement]:
        """All of them, oldest first."""
        query = select(agreements).order_by(agreements.c.noted_at, agreements.c.id)
        return [_agreement(row) for row in await self._vouched(query, agreements)]

    async def add_agreement(self, actor: Actor, agreement: Agreement) -> None:
        """Note an agreement."""
        detail = {
            "reference": agreement.reference,
            "signed_on": agreement.signed_on.isoformat(),
            "in_force_from": agreement.starts_on.isoformat(),
            "expires_on": agreement.expires_on.isoformat() if agreement.expires_on else "",
        }
        entry = replace(self._entry(actor, "agreement.note", Ref("agreement", agreement.party.id)), detail=detail)
        await self._writer.commit(((_ADD, _row(agreement, actor)),), (entry,))

    async def end_agreements(self, actor: Actor, ending: Sequence[Agreement], day: date) -> None:
        """End some agreements: `day` is the first on which they no longer count."""
        ops: list[Op] = [(_END, {"which": agreement.id, "day": day.isoformat(), "by": actor.id}) for agreement in ending]
        entries = [
            replace(self._entry(actor, "agreement.end", Ref("agreement", agreement.party.id)), detail={"reference": agreement.reference})
            for agreement in ending
        ]
        await self._writer.commit(ops, entries)

    async def raise_alarms(self, actor: Actor, found: Sequence[Alarm]) -> list[Alarm]:
        """Note alarms that were not raised before, each with an entry; those are returned."""
        raised = {(row.agreement_id, row.days) for row in await self._rows(select(agreement_alarms))}
        fresh = [alarm for alarm in found if (alarm.agreement.id, alarm.days) not in raised]
        if fresh:
            now = self._clock.now().timestamp()
            ops: list[Op] = [(_ADD_ALARM, {"agreement_id": alarm.agreement.id, "days": alarm.days, "raised_at": now}) for alarm in fresh]
            await self._writer.commit(ops, [self._alarm_entry(actor, alarm) for alarm in fresh])
        return fresh

    def _alarm_entry(self, actor: Actor, alarm: Alarm) -> Entry:
        last = alarm.agreement.last_day
        why = f"the agreement ends on {last.isoformat() if last else 'no day'}"
        return self._entry(
            actor, "agreement.expiring", Ref("agreement", alarm.agreement.party.id), Outcome.DONE, f"{alarm.days} days", why=why
        )


def _row(agreement: Agreement, actor: Actor) -> dict[str, object]:
    return {
        "id": agreement.id,
        "party": agreement.party.id,
        "reference": agreement.reference,
        "signed_on": agreement.signed_on.isoformat(),
        "starts_on": agreement.starts_on.isoformat(),
        "expires_on": agreement.expires_on.isoformat() if agreement.expires_on else None,
        "noted_at": agreement.noted_at.timestamp(),
        "noted_by": actor.id,
        "ended_on": None,
        "ended_by": None,
    }


def _agreement(row: AnyRow) -> Agreement:
    return Agreement(
        id=row.id,
        party=Party.parse(row.party),
        reference=row.reference,
        signed_on=date.fromisoformat(row.signed_on),
        starts_on=date.fromisoformat(row.starts_on),
        expires_on=date.fromisoformat(row.expires_on) if row.expires_on else None,
        noted_at=when(row.noted_at),
        ended_on=date.fromisoformat(row.ended_on) if row.ended_on else None,
    )
