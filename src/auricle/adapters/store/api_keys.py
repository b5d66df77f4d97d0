"""Keys of programs: a hash of the secret, owner, scopes and end. Names are sealed: people write into them what they like."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, bindparam, delete, insert, select, update

from auricle.access.api_keys import ApiKey
from auricle.adapters.store import sealing
from auricle.adapters.store.accounts import CHANGED
from auricle.adapters.store.part import AnyRow, Part, hold, readable
from auricle.adapters.store.schema import api_keys
from auricle.adapters.store.statements import compiled
from auricle.kernel.actor import Actor
from auricle.kernel.ids import PersonId
from auricle.vault.gate import Grant, Ref
from auricle.vault.keyring import Purpose
from auricle.vault.place import Place

_ADD = compiled(insert(api_keys))
_USED = compiled(update(api_keys).where(api_keys.c.id == bindparam("key")).values(last_used_at=bindparam("at")))
_REVOKE = compiled(delete(api_keys).where(api_keys.c.id == bindparam("key")))


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
        return Counter(PersonId(row.owner) for row in await self._vouched(select(api_keys), api_keys))

    async def api_key_used(self, key_id: str, at: datetime) -> None:
        """It was used."""
        await self._writer.commit(((_USED, {"key": key_id, "at": at.timestamp()}),))

    async def revoke_api_key(self, key_id: str, actor: Actor) -> None:
        """It is gone when this returns."""
        entry = self._entry(actor, "api-key.revoke", Ref("api-key", key_id))
        await self._writer.commit(((_REVOKE, {"key": key_id}), CHANGED), (entry,))

    async def _keys(self, which: ColumnElement[bool]) -> Sequence[AnyRow]:
        query = self._with_standing(api_keys, api_keys.c.owner).where(which).order_by(api_keys.c.created_at.desc(), api_keys.c.id)
        return [row for row in await self._vouched(query, api_keys) if not self._terminated(row)]


def _key(row: Any, name: str) -> ApiKey:
    used = sealing.when(row.last_used_at) if row.last_used_at is not None else None
    created, expires = sealing.when(row.created_at), sealing.when(row.expires_at)
    return ApiKey(row.id, row.secret_hash, name, PersonId(row.owner), frozenset(row.scopes.split()), created, expires, used)
