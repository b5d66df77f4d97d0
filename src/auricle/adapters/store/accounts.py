"""Console accounts, the addresses they are used from, and the wrong tries that slow down guessers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, bindparam, delete, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from auricle.access.subject import COMMAND_LINE
from auricle.access.throttle import FORGET_S, Tries
from auricle.adapters.store import sealing
from auricle.adapters.store.part import Part
from auricle.adapters.store.schema import accounts, sessions, sign_in_addresses, sign_in_tries
from auricle.adapters.store.statements import Op, compiled
from auricle.kernel.actor import Actor
from auricle.kernel.ids import PersonId
from auricle.vault.gate import Outcome, Ref

ADDRESS_FORGOTTEN = timedelta(days=180)
CHANGED: Op = ("UPDATE identity_change SET count = count + 1 WHERE id = 1", {})
"""Part of every write that a running practice must hear of, whoever writes."""

_put_account = upsert(accounts)
_PUT_ACCOUNT = compiled(
    _put_account.on_conflict_do_update(
        index_elements=["username"],
        set_={"person": _put_account.excluded.person, "password_hash": _put_account.excluded.password_hash},
    )
)
_put_tries = upsert(sign_in_tries)
_PUT_TRIES = compiled(
    _put_tries.on_conflict_do_update(
        index_elements=["account", "address"], set_={"count": _put_tries.excluded["count"], "at": _put_tries.excluded["at"]}
    )
)
_put_address = upsert(sign_in_addresses)
_PUT_ADDRESS = compiled(
    _put_address.on_conflict_do_update(index_elements=["username", "address"], set_={"last_at": _put_address.excluded.last_at})
)
_KNOW_ADDRESSES = "UPDATE sign_in_address SET known = :known WHERE username = :username"
_FORGET_ADDRESSES = "DELETE FROM sign_in_address WHERE last_at < :before"
_END_SESSIONS_OF = compiled(delete(sessions).where(sessions.c.username == bindparam("username")))
_CHANGE_PASSWORD = compiled(
    update(accounts).where(accounts.c.username == bindparam("whose")).values(password_hash=bindparam("password_hash"))
)
_END_OTHER_SESSIONS = compiled(delete(sessions).where(sessions.c.username == bindparam("username"), sessions.c.id != bindparam("id")))
_FORGET_TRIES = "DELETE FROM sign_in_try WHERE at < :before"
_FORGET_PAIR = "DELETE FROM sign_in_try WHERE account = :account AND address = :address"


@dataclass(frozen=True, slots=True)
class Account:
    """A console account as sign-in sees it."""

    username: str
    person: PersonId
    password_hash: str
    terminated: bool


class Accounts(Part):
    """What signing in needs."""

    async def put_account(self, username: str, person: PersonId, password_hash: str, actor: Actor = COMMAND_LINE) -> None:
        """Make or replace a console account; sessions under the old password end."""
        ops = (
            (_PUT_ACCOUNT, {"username": username, "person": person, "password_hash": password_hash}),
            (_END_SESSIONS_OF, {"username": username}),
            CHANGED,
        )
        await self._writer.commit(ops, (self._entry(actor, "account.put", Ref("account", username)),))

    async def change_password(self, username: str, password_hash: str, actor: Actor) -> None:
        """Its owner took a new password: all other sessions of the account end."""
        ops: tuple[Op, ...] = (
            (_CHANGE_PASSWORD, {"whose": username, "password_hash": password_hash}),
            (_END_OTHER_SESSIONS, {"username": username, "id": actor.session_id}),
            CHANGED,
        )
        await self._writer.commit(ops, (self._entry(actor, "account.put", Ref("account", username), Outcome.DONE, "password changed"),))

    async def account(self, username: str) -> Account | None:
        """The account of a user name."""
        found = await self._accounts(self._with_standing(accounts, accounts.c.person).where(accounts.c.username == username))
        return found[0] if found else None

    async def accounts(self) -> list[Account]:
        """All of them, by user name."""
        return await self._accounts(self._with_standing(accounts, accounts.c.person).order_by(accounts.c.username))

    async def _accounts(self, query: Select[*tuple[Any, ...]]) -> list[Account]:
        rows = await self._vouched(query, accounts)
        return [Account(row.username, PersonId(row.person), row.password_hash, self._terminated(row)) for row in rows]

    # ---- where accounts are used from ----------------------------------------------------------------

    async def address_is_new(self, username: str, address: str) -> bool:
        """Whether this account was used before, but never from this address."""
        rows = await self._rows(select(sign_in_addresses.c.address).where(sign_in_addresses.c.username == username))
        return bool(rows) and address not in {row.address for row in rows}

    async def new_addresses(self, username: str) -> list[tuple[str, datetime]]:
        """Addresses that the account's owner has not yet said to know, the newest first."""
        query = select(sign_in_addresses.c.address, sign_in_addresses.c.first_at).where(
            sign_in_addresses.c.username == username, sign_in_addresses.c.known.is_(False)
        )
        rows = await self._rows(query.order_by(sign_in_addresses.c.first_at.desc()))
        return [(row.address, sealing.when(row.first_at)) for row in rows]

    async def know_addresses(self, username: str, actor: Actor) -> None:
        """All of them are the owner's own."""
        entry = self._entry(actor, "account.know-addresses", Ref("account", username))
        await self._writer.commit(((_KNOW_ADDRESSES, {"username": username, "known": True}),), (entry,))

    def _address_ops(self, username: str, address: str, at: datetime, *, new: bool) -> list[Op]:
        """Note a sign-in's address; those long unused are forgotten."""
        times = {"first_at": at.timestamp(), "last_at": at.timestamp()}
        return [
            (_PUT_ADDRESS, {"username": username, "address": address, "known": not new, **times}),
            (_FORGET_ADDRESSES, {"before": (at - ADDRESS_FORGOTTEN).timestamp()}),
        ]

    # ---- wrong tries ---------------------------------------------------------------------------------

    async def try_refused(self, actor: Actor, action: str, ref: Ref, why: str, tries: Sequence[Tries]) -> None:
        """A wrong secret: the throttle's counts and the audit entry together. `ref` names no account that may not exist, only its hash."""
        entry = self._entry(actor, action, ref, Outcome.REFUSED, why)
        await self._writer.commit([self._tries_op(counted) for counted in tries], (entry,))

    async def try_succeeded(self, pairs: Sequence[tuple[str, str]]) -> None:
        """These pairs start anew."""
        await self._writer.commit([(_FORGET_PAIR, {"account": account, "address": address}) for account, address in pairs])

    async def sign_in_tries(self) -> list[Tries]:
        """The counts that are not yet forgotten, on today's monotonic clock; the others are deleted."""
        now = self._clock.now().timestamp()
        await self._writer.commit(((_FORGET_TRIES, {"before": now - FORGET_S}),))
        ahead = self._ahead_s()
        rows = await self._rows(select(sign_in_tries).order_by(sign_in_tries.c["at"]))
        return [Tries(row.account, row.address, row[2], row[3] - ahead) for row in rows]

    def _tries_op(self, tries: Tries) -> Op:
        return _PUT_TRIES, {
            "account": tries.account,
            "address": tries.address,
            "count": tries.count,
            "at": tries.at + self._ahead_s(),
        }
