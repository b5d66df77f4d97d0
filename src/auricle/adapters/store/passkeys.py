"""Passkeys of staff. Only public keys are here; what signs in is the authenticator's."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from auricle.access.passkeys import Assertion, Passkey
from auricle.adapters.store import sealing
from auricle.adapters.store.part import AnyRow, Part
from auricle.adapters.store.schema import passkey_handles, passkeys
from auricle.adapters.store.statements import compiled
from auricle.kernel.actor import Actor
from auricle.kernel.ids import PersonId
from auricle.vault.gate import Ref

_ADD = compiled(insert(passkeys))
_KEEP_HANDLE = compiled(upsert(passkey_handles).on_conflict_do_nothing(index_elements=["person"]))
_this = passkeys.c.id == bindparam("passkey")
_RENAME = compiled(update(passkeys).where(_this).values(name=bindparam("name")))
_REMOVE = compiled(delete(passkeys).where(_this))
_USED = compiled(
    update(passkeys).where(_this).values(sign_count=bindparam("sign_count"), backed_up=bindparam("backed_up"), last_used_at=bindparam("at"))
)
_SUSPECT = compiled(update(passkeys).where(_this).values(suspect=bindparam("suspect")))


class PasskeyRecords(Part):
    """Everything about passkeys; every change is one transaction with its audit entry."""

    async def passkeys_of(self, person: PersonId) -> list[Passkey]:
        """The passkeys of a person, oldest first."""
        query = select(passkeys).where(passkeys.c.person == person).order_by(passkeys.c.created_at, passkeys.c.id)
        rows = await self._vouched(query, passkeys)
        return [_passkey(row) for row in rows]

    async def passkey_count(self, person: PersonId) -> int:
        """How many a person has, also of those that were changed by somebody else: then a password alone is still not enough."""
        rows = await self._checked(select(passkeys).where(passkeys.c.person == person), passkeys)
        return max(len(rows), person in self._with_passkey)

    async def passkey(self, credential_id: bytes) -> Passkey | None:
        """The passkey an authenticator answers with."""
        rows = await self._vouched(select(passkeys).where(passkeys.c.credential_id == _text(credential_id)), passkeys)
        return _passkey(rows[0]) if rows else None

    async def passkey_handle(self, person: PersonId) -> bytes | None:
        """The random user handle of a person, once one was kept."""
        rows = await self._vouched(select(passkey_handles).where(passkey_handles.c.person == person), passkey_handles)
        return _bytes(rows[0].handle) if rows else None

    async def keep_passkey_handle(self, person: PersonId, handle: bytes) -> bytes:
        """Keep `handle` for the person unless there is one already; the one that counts."""
        await self._writer.commit(((_KEEP_HANDLE, {"person": person, "handle": _text(handle)}),))
        return await self.passkey_handle(person) or handle

    async def add_passkey(self, passkey: Passkey, actor: Actor) -> None:
        """Keep a new one."""
        params = {
            "credential_id": _text(passkey.credential_id),
            "id": passkey.id,
            "person": passkey.person,
            "name": passkey.name,
            "public_key": passkey.public_key,
            "sign_count": passkey.sign_count,
            "backup_eligible": passkey.backup_eligible,
            "backed_up": passkey.backed_up,
            "transports": " ".join(passkey.transports),
            "created_at": passkey.created_at.timestamp(),
            "last_used_at": None,
            "suspect": False,
        }
        await self._writer.commit(((_ADD, params),), (self._entry(actor, "passkey.add", Ref("passkey", passkey.id)),))

    async def rename_passkey(self, passkey: str, name: str, actor: Actor) -> None:
        """Give it another name."""
        await self._writer.commit(
            ((_RENAME, {"passkey": passkey, "name": name}),), (self._entry(actor, "passkey.rename", Ref("passkey", passkey)),)
        )

    async def remove_passkey(self, passkey: str, actor: Actor) -> None:
        """Forget it."""
        await self._writer.commit(((_REMOVE, {"passkey": passkey}),), (self._entry(actor, "passkey.remove", Ref("passkey", passkey)),))

    async def passkey_used(self, passkey: str, said: Assertion, at: datetime, actor: Actor) -> None:
        """What the authenticator said last is what the next answer is held to."""
        params = {"passkey": passkey, "sign_count": said.sign_count, "backed_up": said.backed_up, "at": at.timestamp()}
        await self._writer.commit(((_USED, params),), (self._entry(actor, "passkey.use", Ref("passkey", passkey)),))

    async def mark_passkey_suspect(self, passkey: str, actor: Actor) -> None:
        """Its counter went back: somebody may hold a copy. It stays marked until its person removes it."""
        entry = self._entry(actor, "passkey.suspect", Ref("passkey", passkey), why="the counter went back")
        await self._writer.commit(((_SUSPECT, {"passkey": passkey, "suspect": True}),), (entry,))


def _passkey(row: AnyRow) -> Passkey:
    return Passkey(
        id=row.id,
        credential_id=_bytes(row.credential_id),
        person=PersonId(row.person),
        name=row.name,
        public_key=bytes(row.public_key),
        sign_count=row.sign_count,
        backup_eligible=bool(row.backup_eligible),
        backed_up=bool(row.backed_up),
        transports=tuple(row.transports.split()),
        created_at=sealing.when(row.created_at),
        last_used_at=sealing.when(row.last_used_at) if row.last_used_at is not None else None,
        suspect=bool(row.suspect),
    )


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
