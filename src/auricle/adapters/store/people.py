"""How people stand: who was terminated. Ending somebody's access is one transaction: state, sessions, keys, registrations, entry."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from auricle.adapters.store import sealing
from auricle.adapters.store.accounts import CHANGED
from auricle.adapters.store.part import AnyRow, Part
from auricle.adapters.store.schema import access_grants, api_keys, broken_glass, identity_changes, sessions, standings
from auricle.adapters.store.statements import Op, compiled
from auricle.kernel.actor import Actor
from auricle.kernel.ids import PersonId
from auricle.vault.gate import Outcome, Ref

_put = upsert(standings)
DISMISS = _PUT = compiled(
    _put.on_conflict_do_update(
        index_elements=["person"], set_={name: _put.excluded[name] for name in ("terminated_at", "deleted", "changed_at")}
    )
)
_END_SESSIONS = compiled(delete(sessions).where(sessions.c.person == bindparam("whose")))
_REVOKE_KEYS = compiled(delete(api_keys).where(api_keys.c.owner == bindparam("whose")))
_granted, _broken = access_grants.c, broken_glass.c
_REVOKE_GRANTS = compiled(
    update(access_grants)
    .where(_granted.person == bindparam("whose"), _granted.revoked_at.is_(None), _granted.ends_at > bindparam("at"))
    .values(revoked_at=bindparam("at"), revoked_by=bindparam("by"))
)
_END_GLASS = compiled(
    update(broken_glass)
    .where(_broken.person == bindparam("whose"), _broken.ended_at.is_(None), _broken.ends_at > bindparam("at"))
    .values(ended_at=bindparam("at"))
)
_DROP_BINDING = "DELETE FROM binding WHERE aor = :aor"


@dataclass(frozen=True, slots=True)
class SavedStanding:
    """What is kept of a person: when access ended, and whether a directory deleted them."""

    person: PersonId
    terminated_at: datetime | None
    deleted: bool
    changed_at: datetime


NOBODY = SavedStanding(PersonId(""), None, False, datetime.fromtimestamp(0, UTC))


class People(Part):
    """Terminating and restoring, and noticing that another process did."""

    async def terminate_person(self, person: PersonId, phones: Sequence[str], actor: Actor, reason: str, *, deleted: bool = False) -> None:
        """End all that is kept of somebody's access; `phones` are the user names of their phones, `reason` is sealed."""
        at = self._clock.now().timestamp()
        ops: list[Op] = [
            (_PUT, {"person": person, "terminated_at": at, "deleted": deleted, "changed_at": at}),
            (_END_SESSIONS, {"whose": person}),
            (_REVOKE_KEYS, {"whose": person}),
            (_REVOKE_GRANTS, {"whose": person, "at": at, "by": actor.id}),
            (_END_GLASS, {"whose": person, "at": at}),
            *((_DROP_BINDING, {"aor": phone}) for phone in phones),
            CHANGED,
        ]
        entry = self._entry(actor, "people.terminate", Ref("person", person), Outcome.DONE, "access ended", private=reason)
        await self._writer.commit(ops, (entry,))

    async def restore_person(self, person: PersonId, actor: Actor, reason: str) -> None:
        """Let somebody in again; what was ended stays ended."""
        at = self._clock.now().timestamp()
        entry = self._entry(actor, "people.restore", Ref("person", person), Outcome.DONE, "access given back", private=reason)
        params = {"person": person, "terminated_at": None, "deleted": False, "changed_at": at}
        await self._writer.commit(((_PUT, params), CHANGED), (entry,))

    async def standings(self) -> dict[PersonId, SavedStanding]:
        """Everybody who was ever terminated, restored people included."""
        rows = await self._checked(select(standings), standings)
        found = {PersonId(row.person): self._standing_of(row, fits=fits) for row, fits in rows}
        now = self._clock.now()
        gone = {person: SavedStanding(PersonId(person), now, False, now) for person in self._gone}
        return found | {PersonId(person): one for person, one in gone.items() if not found.get(PersonId(person), NOBODY).terminated_at}

    def _standing_of(self, row: AnyRow, *, fits: bool) -> SavedStanding:
        """Somebody whose row was changed by somebody else counts as terminated, until a person says otherwise."""
        if not fits:
            return SavedStanding(PersonId(row.person), self._clock.now(), False, self._clock.now())
        ended = sealing.when(row.terminated_at) if row.terminated_at is not None else None
        return SavedStanding(PersonId(row.person), ended, bool(row.deleted), sealing.when(row.changed_at))

    async def identity_changes(self) -> int:
        """A number that grows with every change a running practice must hear of."""
        rows = await self._rows(select(identity_changes.c["count"]))
        return int(rows[0][0]) if rows else 0
