"""Keys of programs: a hash of the secret, owner, scopes and end. Names are sealed: people write into them what they like."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, insert, select

from auricle.access.api_keys import ApiKey
from auricle.adapters.store import sealing
from auricle.adapters.store.accounts import CHANGED
from auricle.adapters.store.part import AnyRow, Part, hold, readable
from auricle.adapters.store.schema import api_keys, standings
from auricle.adapters.store.statements import compiled
from auricle.kernel.actor import Actor
from auricle.kernel.ids import PersonId
from auricle.vault.gate import Grant, Ref
from auricle.vault.keyring import Purpose
from auricle.vault.place import Place

_ADD = compiled(insert(api_keys))
_USED = "UPDATE api_key SET last_used_at = :at WHERE id = :id"
_REVOKE = "DELETE FROM api_key WHERE id = :id"


class SavedApiKeys(Part):
    """Keys; those of a terminated owner are none."""

    async def add_api_key(self, key: ApiKey, actor: Actor) -> None:
        """Keep a new one."""
        params = {
            "id": key.id,
            "secret_hash": key.secret_hash,
            "name": self._fields.seal(Purpose.AUTH, key.name, Place("api_key", "name", key.id)),
            "owner": key.owner,
            "scopes": " ".join(sorted(key.scopes)),
            "created_at": key.created_at.timestamp(),
            "expires_at": key.expires_at.timestamp(),
            "last_used_at": None,
        }
        await self._writer.commit(((_ADD, params),), (self._entry(actor, "api-key.make", Ref("api-key", key.id)),))

    async def api_key(self, key_id: str) -> ApiKey | None:
        """One key, its name unopened."""
        rows = await self._keys(api_keys.c.id == key_id)
        return _key(rows[0], "") if rows else None

    async def api_keys(self, grant: Grant) -> list[ApiKey]:
        """All that have not expired, the newest first, with their names."""
        hold(grant, "api-key")

        def opened(row: AnyRow) -> ApiKey:
            name = self._fields.open(Purpose.AUTH, row.name, Place("api_key", "name", row.id), grant)
            return _key(row, name.decode())

        return readable(await self._keys(api_keys.c.expires_at > self._clock.now().timestamp()), opened)

    async def api_key_counts(self) -> dict[PersonId, int]:
        """How many keys people have."""
        query = select(api_keys.c.owner, func.count().label("keys")).group_by(api_keys.c.owner)
        return {PersonId(row.owner): row.keys for row in await self._rows(query)}

    async def api_key_used(self, key_id: str, at: datetime) -> None:
        """It was used."""
        await self._writer.commit(((_USED, {"id": key_id, "at": at.timestamp()}),))

    async def revoke_api_key(self, key_id: str, actor: Actor) -> None:
        """It is gone when this returns."""
        entry = self._entry(actor, "api-key.revoke", Ref("api-key", key_id))
        await self._writer.commit(((_REVOKE, {"id": key_id}), CHANGED), (entry,))

    async def _keys(self, which: ColumnElement[bool]) -> Sequence[AnyRow]:
        joined = api_keys.join(standings, standings.c.person == api_keys.c.owner, isouter=True)
        query = select(api_keys).select_from(joined).where(which, standings.c.terminated_at.is_(None))
        return await self._rows(query.order_by(api_keys.c.created_at.desc(), api_keys.c.id))


def _key(row: Any, name: str) -> ApiKey:
    used = sealing.when(row.last_used_at) if row.last_used_at is not None else None
    created, expires = sealing.when(row.created_at), sealing.when(row.expires_at)
    return ApiKey(row.id, row.secret_hash, name, PersonId(row.owner), frozenset(row.scopes.split()), created, expires, used)
