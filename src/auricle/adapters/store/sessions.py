"""Sessions of the console. Of a token only a hash is here; a session of a terminated person is no session, whatever else the table says."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Integer, and_, bindparam, delete, insert, or_, select, update

from auricle.access.session import ABSOLUTE, MAX_SESSIONS, TOKEN_GRACE, Session
from auricle.adapters.store import sealing
from auricle.adapters.store.accounts import CHANGED, Accounts
from auricle.adapters.store.part import AnyRow
from auricle.adapters.store.schema import sessions
from auricle.adapters.store.statements import Op, compiled
from auricle.kernel.actor import Actor
from auricle.kernel.ids import PersonId
from auricle.vault.gate import Outcome, Ref

_ADD_SESSION = compiled(insert(sessions))
_TOUCH_SESSION = compiled(update(sessions).where(sessions.c.id == bindparam("session")).values(last_seen_at=bindparam("at")))
_END_SESSION = compiled(delete(sessions).where(sessions.c.id == bindparam("session")))
_END_OLD_SESSIONS = compiled(delete(sessions).where(sessions.c.started_at < bindparam("before")))
_newest = sessions.alias("newest")
_kept = select(_newest.c.id).where(_newest.c.username == bindparam("username")).order_by(_newest.c.started_at.desc(), _newest.c.id)
_END_SURPLUS = compiled(
    delete(sessions).where(
        sessions.c.username == bindparam("username"), sessions.c.id.not_in(_kept.limit(bindparam("kept", type_=Integer())))
    )
)
_RENEW = compiled(
    update(sessions)
    .where(sessions.c.id == bindparam("session"))
    .values(
        {
            name: bindparam(name)
            for name in ("token_hash", "previous_hash", "previous_until", "stepped_up_until", "second_factor", "last_seen_at")
        }
    )
)


class SavedSessions(Accounts):
    """Starting, finding and ending sessions."""

    async def add_session(self, token_hash: str, session: Session, actor: Actor, *, new_address: bool = False) -> None:
        """Start a session; those too old to be alive, and the oldest beyond MAX_SESSIONS of the account, are swept out."""
        at = session.started_at
        params = {
            "token_hash": token_hash,
            "id": session.id,
            "username": session.username,
            "person": session.person,
            "started_at": at.timestamp(),
            "last_seen_at": session.last_seen_at.timestamp(),
            "address": session.address,
            "method": session.method,
            "second_factor": session.second_factor,
            "stepped_up_until": session.stepped_up_until.timestamp() if session.stepped_up_until else None,
            "previous_hash": None,
            "previous_until": None,
        }
        ops: list[Op] = [
            (_END_OLD_SESSIONS, {"before": (at - ABSOLUTE).timestamp()}),
            (_END_SURPLUS, {"username": session.username, "kept": MAX_SESSIONS - 1}),
            (_ADD_SESSION, params),
            *self._address_ops(session.username, session.address, at, new=new_address),
        ]
        how = f"{session.method}, second factor {session.second_factor}" + (", from a new address" if new_address else "")
        entry = self._entry(actor, "session.start", Ref("session", session.id), Outcome.DONE, how)
        await self._writer.commit(ops, (entry,))

    async def session(self, token_hash: str) -> tuple[Session, bool] | None:
        """The session of a token, and whether the token is its newest; one just replaced is good for TOKEN_GRACE more."""
        now = self._clock.now().timestamp()
        replaced = and_(sessions.c.previous_hash == token_hash, sessions.c.previous_until > now)
        rows = await self._found(or_(sessions.c.token_hash == token_hash, replaced))
        return (_session(rows[0]), rows[0].token_hash == token_hash) if rows else None

    async def session_by_id(self, session_id: str) -> Session | None:
        """The session of an id."""
        rows = await self._found(sessions.c.id == session_id)
        return _session(rows[0]) if rows else None

    async def sessions_of(self, person: PersonId, idle: timedelta) -> list[Session]:
        """The live sessions of a person, the newest first."""
        now = self._clock.now()
        found = [_session(row) for row in await self._found(sessions.c.person == person)]
        return [session for session in found if session.alive(now, idle)]

    async def live_sessions(self, idle: timedelta) -> list[Session]:
        """All live sessions."""
        now = self._clock.now()
        found = [_session(row) for row in await self._found(sessions.c.started_at > (now - ABSOLUTE).timestamp())]
        return [session for session in found if session.alive(now, idle)]

    async def touch_session(self, session_id: str, at: datetime) -> None:
        """The session was used."""
        await self._writer.commit(((_TOUCH_SESSION, {"session": session_id, "at": at.timestamp()}),))

    async def new_token(self, session: Session, old_hash: str, token_hash: str, actor: Actor, why: str) -> None:
        """Give a session another token, with its step-up and second factor as in `session`; the old token has its grace."""
        now = self._clock.now()
        params = {
            "session": session.id,
            "token_hash": token_hash,
            "previous_hash": old_hash,
            "previous_until": (now + TOKEN_GRACE).timestamp(),
            "stepped_up_until": session.stepped_up_until.timestamp() if session.stepped_up_until else None,
            "second_factor": session.second_factor,
            "last_seen_at": now.timestamp(),
        }
        entry = self._entry(actor, "session.step-up", Ref("session", session.id), Outcome.DONE, why)
        await self._writer.commit(((_RENEW, params),), (entry,))

    async def end_sessions(self, ids: Sequence[str], actor: Actor, why: str) -> None:
        """End sessions, with an entry each."""
        if not ids:
            return
        ops: list[Op] = [*((_END_SESSION, {"session": session_id}) for session_id in ids), CHANGED]
        entries = [self._entry(actor, "session.end", Ref("session", session_id), Outcome.DONE, why) for session_id in ids]
        await self._writer.commit(ops, entries)

    async def end_account_sessions(self, username: str, actor: Actor, why: str) -> None:
        """End all sessions of an account, whatever else it may do."""
        rows = await self._vouched(select(sessions).where(sessions.c.username == username), sessions)
        await self.end_sessions([row.id for row in rows], actor, why)

    async def _found(self, which: ColumnElement[bool]) -> Sequence[AnyRow]:
        query = self._with_standing(sessions, sessions.c.person).where(which).order_by(sessions.c.started_at.desc(), sessions.c.id)
        return [row for row in await self._vouched(query, sessions) if not self._terminated(row)]


def _session(row: AnyRow) -> Session:
    until = sealing.when(row.stepped_up_until) if row.stepped_up_until is not None else None
    started_at, last_seen_at = sealing.when(row.started_at), sealing.when(row.last_seen_at)
    return Session(
        row.id, row.username, PersonId(row.person), started_at, last_seen_at, row.address, row.method, row.second_factor, until
    )  # fmt: skip
