"""Console accounts, their sessions, and the wrong sign-ins that slow down guessers. Of a session token only a hash is here."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.dialects.sqlite import insert as upsert

from auricle.access.session import ABSOLUTE, Session
from auricle.access.throttle import FORGET_S, Tries
from auricle.adapters.store import sealing
from auricle.adapters.store.part import Part
from auricle.adapters.store.schema import accounts, sessions, sign_in_tries
from auricle.adapters.store.statements import Op, compiled
from auricle.kernel.actor import Actor, ActorKind
from auricle.kernel.ids import PersonId
from auricle.vault.gate import Outcome, Ref

COMMAND_LINE = Actor(ActorKind.SERVICE, "cli")

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
_ADD_SESSION = compiled(insert(sessions))
_TOUCH_SESSION = "UPDATE session SET last_seen_at = :at WHERE token_hash = :token_hash"
_END_SESSION = "DELETE FROM session WHERE token_hash = :token_hash"
_END_SESSIONS_OF = "DELETE FROM session WHERE username = :username"
_END_OLD_SESSIONS = "DELETE FROM session WHERE started_at < :before"
_FORGET_TRIES = "DELETE FROM sign_in_try WHERE at < :before"
_FORGET_PAIR = "DELETE FROM sign_in_try WHERE account = :account AND address = :address"


class Accounts(Part):
    """What signing in needs."""

    async def put_account(self, username: str, person: PersonId, password_hash: str) -> None:
        """Make or replace a console account; sessions under the old password end."""
        ops = (
            (_PUT_ACCOUNT, {"username": username, "person": person, "password_hash": password_hash}),
            (_END_SESSIONS_OF, {"username": username}),
        )
        await self._writer.commit(ops, (self._entry(COMMAND_LINE, "account.put", Ref("account", username)),))

    async def account(self, username: str) -> tuple[PersonId, str] | None:
        """Person and password hash of an account."""
        rows = await self._rows(select(accounts).where(accounts.c.username == username))
        return (PersonId(rows[0].person), rows[0].password_hash) if rows else None

    # ---- sessions ------------------------------------------------------------------------------------

    async def add_session(self, token_hash: str, session: Session, actor: Actor) -> None:
        """Start a session; those too old to be alive are swept out."""
        params = {
            "token_hash": token_hash,
            "id": session.id,
            "username": session.username,
            "person": session.person,
            "started_at": session.started_at.timestamp(),
            "last_seen_at": session.last_seen_at.timestamp(),
        }
        old = {"before": (session.started_at - ABSOLUTE).timestamp()}
        entry = self._entry(actor, "session.start", Ref("session", session.id))
        await self._writer.commit(((_END_OLD_SESSIONS, old), (_ADD_SESSION, params)), (entry,))

    async def session(self, token_hash: str) -> Session | None:
        """The session of a token."""
        rows = await self._rows(select(sessions).where(sessions.c.token_hash == token_hash))
        if not rows:
            return None
        row = rows[0]
        return Session(row.id, row.username, PersonId(row.person), sealing.when(row.started_at), sealing.when(row.last_seen_at))

    async def touch_session(self, token_hash: str, at: datetime) -> None:
        """The session was used."""
        await self._writer.commit(((_TOUCH_SESSION, {"token_hash": token_hash, "at": at.timestamp()}),))

    async def end_session(self, token_hash: str, session_id: str, actor: Actor) -> None:
        """Sign out."""
        entry = self._entry(actor, "session.end", Ref("session", session_id))
        await self._writer.commit(((_END_SESSION, {"token_hash": token_hash}),), (entry,))

    # ---- wrong sign-ins ------------------------------------------------------------------------------

    async def sign_in_refused(self, address: str, account: str, tries: Sequence[Tries]) -> None:
        """A wrong password: the throttle's counts and the audit entry together. `account` is no user name but its hash."""
        actor = Actor(ActorKind.ANONYMOUS, "anonymous", address=address)
        entry = self._entry(actor, "session.start", Ref("account", account), Outcome.REFUSED, "wrong user name or password")
        await self._writer.commit([self._tries_op(counted) for counted in tries], (entry,))

    async def sign_in_succeeded(self, account: str, address: str) -> None:
        """The pair starts anew."""
        await self._writer.commit(((_FORGET_PAIR, {"account": account, "address": address}),))

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
