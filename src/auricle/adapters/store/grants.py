"""Time-boxed grants and broken glass: what is in force is asked anew for every request; reasons are sealed."""

from datetime import datetime

from sqlalchemy import and_, bindparam, insert, select, update

from auricle.access.break_glass import BreakGlass, Review, Verdict
from auricle.access.grants import TimeGrant
from auricle.access.subject import Standing
from auricle.adapters.store.accounts import CHANGED
from auricle.adapters.store.part import AnyRow, Part, hold, readable
from auricle.adapters.store.schema import access_grants, broken_glass
from auricle.adapters.store.sealing import when
from auricle.adapters.store.statements import compiled
from auricle.kernel.actor import Actor
from auricle.kernel.ids import PersonId
from auricle.kernel.phi import Phi
from auricle.vault.gate import Grant, Outcome, Ref
from auricle.vault.keyring import Purpose
from auricle.vault.place import Place

MAX_LISTED = 500
WHY = "sealing a reason"
_ADD_GRANT = compiled(insert(access_grants))
_REVOKE = compiled(
    update(access_grants)
    .where(access_grants.c.id == bindparam("which"), access_grants.c.revoked_at.is_(None), access_grants.c.ends_at > bindparam("at"))
    .values(revoked_at=bindparam("at"), revoked_by=bindparam("by"), end_noted=True)
)
_ADD_GLASS = compiled(insert(broken_glass))
_END_GLASS = compiled(
    update(broken_glass)
    .where(broken_glass.c.id == bindparam("which"), broken_glass.c.ended_at.is_(None))
    .values(ended_at=bindparam("at"), end_noted=True)
)
_NOTE_GRANT = compiled(update(access_grants).where(access_grants.c.id == bindparam("which")).values(end_noted=True))
_NOTE_GLASS = compiled(update(broken_glass).where(broken_glass.c.id == bindparam("which")).values(end_noted=True))
_REVIEW = compiled(
    update(broken_glass)
    .values(reviewed_at=bindparam("at"), reviewed_by=bindparam("by"), verdict=bindparam("verdict_"), note=bindparam("note"))
    .where(broken_glass.c.id == bindparam("glass"), broken_glass.c.reviewed_at.is_(None))
)


class Grants(Part):
    """Grants and broken glass of people."""

    async def standing(self, person: PersonId, now: datetime) -> Standing:
        """What is in force for a person at this moment, its reasons unopened."""
        at = now.timestamp()
        granted = and_(access_grants.c.person == person, access_grants.c.ends_at > at, access_grants.c.revoked_at.is_(None))
        broken = and_(broken_glass.c.person == person, broken_glass.c.ends_at > at, broken_glass.c.ended_at.is_(None))
        grants = [
            _grant(row, None)
            for row in await self._vouched(select(access_grants).where(granted).order_by(access_grants.c.id), access_grants)
        ]
        glass = [_glass(row, None, None) for row in await self._vouched(select(broken_glass).where(broken), broken_glass)]
        return Standing(tuple(grants), next((found for found in glass if found.in_force(now)), None))

    async def note_ends(self, actor: Actor) -> tuple[list[TimeGrant], list[BreakGlass]]:
        """Those whose time ran out since this was last asked, each with an entry in the same transaction as the note of it."""
        at = self._clock.now().timestamp()
        over = and_(~access_grants.c.end_noted, access_grants.c.ends_at <= at)
        grants = [_grant(row, None) for row in await self._vouched(select(access_grants).where(over), access_grants)]
        ended = and_(~broken_glass.c.end_noted, broken_glass.c.ends_at <= at)
        glasses = [_glass(row, None, None) for row in await self._vouched(select(broken_glass).where(ended), broken_glass)]
        if not grants and not glasses:
            return [], []
        ops = [*((_NOTE_GRANT, {"which": one.id}) for one in grants), *((_NOTE_GLASS, {"which": one.id}) for one in glasses), CHANGED]
        entries = [
            self._entry(actor, "access.grant-ended", Ref("grant", one.id), purpose=f"{one.action} for {one.person}") for one in grants
        ]
        entries += [self._entry(actor, "break-glass.end", Ref("break-glass", one.id), purpose="its time ran out") for one in glasses]
        await self._writer.commit(ops, entries)
        return grants, glasses

    # ---- grants --------------------------------------------------------------------------------------

    async def add_grant(self, grant: TimeGrant, reason: Phi[str], actor: Actor, why: str) -> None:
        """Keep a grant; it is in force when this returns."""
        text = reason.reveal(WHY)
        row = {
            "id": grant.id,
            "person": grant.person,
            "action": grant.action,
            "record": grant.record,
            "mailbox": grant.mailbox,
            "granted_by": grant.granted_by,
            "granted_at": grant.granted_at.timestamp(),
            "ends_at": grant.until.timestamp(),
            "revoked_at": None,
            "revoked_by": None,
            "end_noted": False,
            "sealed": self._fields.seal(Purpose.AUDIT_DETAIL, text, Place("access_grant", "sealed", grant.id)),
        }
        purpose = f"{grant.action} for {grant.person} until {grant.until.isoformat(timespec='seconds')}"
        entry = self._entry(actor, "access.grant", Ref("grant", grant.id), Outcome.DONE, purpose, why=why, private=text)
        await self._writer.commit(((_ADD_GRANT, row), CHANGED), (entry,))

    async def revoke_grant(self, grant: str, actor: Actor) -> None:
        """End a grant at once; one that is over stays as it is."""
        entry = self._entry(actor, "access.revoke", Ref("grant", grant))
        at = self._clock.now().timestamp()
        await self._writer.commit(((_REVOKE, {"which": grant, "at": at, "by": actor.id}), CHANGED), (entry,))

    async def grant(self, grant: str) -> TimeGrant | None:
        """One grant, its reason unopened."""
        rows = await self._vouched(select(access_grants).where(access_grants.c.id == grant), access_grants)
        return _grant(rows[0], None) if rows else None

    async def grants(self, proof: Grant, *, reasons: bool) -> list[TimeGrant]:
        """Grants, newest first; reasons are opened only where asked for."""
        hold(proof, "grant")
        rows = await self._vouched(
            select(access_grants).order_by(access_grants.c.granted_at.desc(), access_grants.c.id).limit(MAX_LISTED), access_grants
        )
        return readable(
            rows, lambda row: _grant(row, self._reason("access_grant", "sealed", row.id, row.sealed, proof) if reasons else None)
        )

    # ---- broken glass --------------------------------------------------------------------------------

    async def add_glass(self, glass: BreakGlass, reason: Phi[str], actor: Actor, why: str) -> None:
        """Keep it; it is in force when this returns."""
        text = reason.reveal(WHY)
        row = {
            "id": glass.id,
            "person": glass.person,
            "record": glass.record,
            "started_at": glass.started_at.timestamp(),
            "ends_at": glass.until.timestamp(),
            "ended_at": None,
            "end_noted": False,
            "reviewed_at": None,
            "reviewed_by": None,
            "verdict": None,
            "sealed": self._fields.seal(Purpose.AUDIT_DETAIL, text, Place("break_glass", "sealed", glass.id)),
            "note": None,
        }
        purpose = f"until {glass.until.isoformat(timespec='seconds')}{f', {glass.record} alone' if glass.record else ''}"
        entry = self._entry(actor, "break-glass.use", Ref("break-glass", glass.id), Outcome.DONE, purpose, why=why, private=text)
        await self._writer.commit(((_ADD_GLASS, row), CHANGED), (entry,))

    async def end_glass(self, glass: str, actor: Actor) -> None:
        """End it now."""
        entry = self._entry(actor, "break-glass.end", Ref("break-glass", glass))
        await self._writer.commit(((_END_GLASS, {"which": glass, "at": self._clock.now().timestamp()}), CHANGED), (entry,))

    async def glass(self, glass: str) -> BreakGlass | None:
        """One of them, nothing opened."""
        rows = await self._vouched(select(broken_glass).where(broken_glass.c.id == glass), broken_glass)
        return _glass(rows[0], None, None) if rows else None

    async def glasses(self, proof: Grant) -> list[BreakGlass]:
        """All of them, those without a verdict first, newest first."""
        hold(proof, "break-glass")
        order = (broken_glass.c.reviewed_at.isnot(None), broken_glass.c.started_at.desc(), broken_glass.c.id)
        rows = await self._vouched(select(broken_glass).order_by(*order).limit(MAX_LISTED), broken_glass)
        return readable(rows, lambda row: self._broken_glass_opened(row, proof))

    async def review_glass(self, glass: str, review: Review, actor: Actor, why: str) -> None:
        """Keep a verdict; one that stands is not changed."""
        text = review.note.reveal(WHY)
        params = {
            "glass": glass,
            "at": review.at.timestamp(),
            "by": review.by,
            "verdict_": review.verdict.value,
            "note": self._fields.seal(Purpose.AUDIT_DETAIL, text, Place("break_glass", "note", glass)),
        }
        ref = Ref("break-glass", glass)
        entry = self._entry(actor, "break-glass.review", ref, Outcome.DONE, review.verdict.value, why=why, private=text)
        await self._writer.commit(((_REVIEW, params),), (entry,))

    def _broken_glass_opened(self, row: AnyRow, proof: Grant) -> BreakGlass:
        note = self._reason("break_glass", "note", row.id, row.note, proof) if row.note is not None else None
        return _glass(row, self._reason("break_glass", "sealed", row.id, row.sealed, proof), note)

    def _reason(self, table: str, column: str, ident: str, sealed: bytes, proof: Grant) -> Phi[str]:
        return Phi(self._fields.open(Purpose.AUDIT_DETAIL, sealed, Place(table, column, ident), proof).decode())


def _grant(row: AnyRow, reason: Phi[str] | None) -> TimeGrant:
    revoked = when(row.revoked_at) if row.revoked_at is not None else None
    granted_at, until = when(row.granted_at), when(row.ends_at)
    place = (PersonId(row.person), row.action, row.record, row.mailbox)
    return TimeGrant(row.id, *place, row.granted_by, granted_at, until, revoked, row.revoked_by or "", reason)


def _glass(row: AnyRow, reason: Phi[str] | None, note: Phi[str] | None) -> BreakGlass:
    ended = when(row.ended_at) if row.ended_at is not None else None
    review = None
    if row.reviewed_at is not None:
        review = Review(Verdict(row.verdict), row.reviewed_by, when(row.reviewed_at), note or Phi(""))
    return BreakGlass(row.id, PersonId(row.person), row.record, when(row.started_at), when(row.ends_at), ended, reason, review)
