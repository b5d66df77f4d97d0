"""How people stand: who was terminated. Ending somebody's access is one transaction: state, sessions, keys, registrations, entry."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.sqlite import insert as upsert

from auricle.adapters.store import sealing
from auricle.adapters.store.accounts import CHANGED
from auricle.adapters.store.part import Part
from auricle.adapters.store.schema import identity_changes, standings
from auricle.adapters.store.statements import Op, compiled
from auricle.kernel.actor import Actor
from auricle.kernel.ids import PersonId
from auricle.vault.gate import Outcome, Ref

_put = upsert(standings)
_PUT = compiled(
    _put.on_conflict_do_update(
        index_elements=["person"], set_={name: _put.excluded[name] for name in ("terminated_at", "deleted", "changed_at")}
    )
)
_END_SESSIONS = "DELETE FROM session WHERE person = :person"
_REVOKE_KEYS = "DELETE FROM api_key WHERE owner = :person"
_REVOKE_GRANTS = (
    "UPDATE access_grant SET revoked_at = :at, revoked_by = :by WHERE person = :person AND revoked_at IS NULL AND ends_at > :at"
)
_END_GLASS = "UPDATE break_glass SET ended_at = :at WHERE person = :person AND ended_at IS NULL AND ends_at > :at"
_DROP_BINDING = "DELETE FROM binding WHERE aor = :aor"


@dataclass(frozen=True, slots=True)
class SavedStanding:
    """What is kept of a person: when access ended, and whether a directory deleted them."""

    person: PersonId
    terminated_at: datetime | None
    deleted: bool
    changed_at: datetime


class People(Part):
    """Terminating and restoring, and noticing that another process did."""

    async def terminate_person(self, person: PersonId, phones: Sequence[str], actor: Actor, reason: str, *, deleted: bool = False) -> None:
        """End all that is kept of somebody's access; `phones` are the user names of their phones, `reason` is sealed."""
        at = self._clock.now().timestamp()
        ops: list[Op] = [
            (_PUT, {"person": person, "terminated_at": at, "deleted": deleted, "changed_at": at}),
            (_END_SESSIONS, {"person": person}),
            (_REVOKE_KEYS, {"person": person}),
            (_REVOKE_GRANTS, {"person": person, "at": at, "by": actor.id}),
            (_END_GLASS, {"person": person, "at": at}),
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
        rows = await self._rows(select(standings))
        return {
            PersonId(row.person): SavedStanding(
                PersonId(row.person),
                sealing.when(row.terminated_at) if row.terminated_at is not None else None,
                bool(row.deleted),
                sealing.when(row.changed_at),
            )
            for row in rows
        }

    async def identity_changes(self) -> int:
        """A number that grows with every change a running practice must hear of."""
        rows = await self._rows(select(identity_changes.c["count"]))
        return int(rows[0][0]) if rows else 0
