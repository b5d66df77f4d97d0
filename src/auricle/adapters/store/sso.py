"""Which sessions an identity provider opened, so that it can end them. Its names for people are kept as hashes only."""

import hashlib

from sqlalchemy import bindparam, delete, insert, select

from auricle.access.session import ABSOLUTE
from auricle.access.sso import Identity, Logout
from auricle.adapters.store.part import Part
from auricle.adapters.store.schema import accounts, sessions, sso_sessions
from auricle.adapters.store.statements import compiled
from auricle.kernel.ids import PersonId

_ADD = compiled(insert(sso_sessions))
_FORGET_OLD = compiled(delete(sso_sessions).where(sso_sessions.c.started_at < bindparam("before")))


class SsoRecords(Part):
    """Sessions by provider."""

    async def usernames_of(self, person: PersonId) -> list[str]:
        """The accounts of a person; none for somebody who has no password here."""
        rows = await self._vouched(select(accounts).where(accounts.c.person == person).order_by(accounts.c.username), accounts)
        return [str(row.username) for row in rows]

    async def add_sso_session(self, session: str, provider: str, identity: Identity) -> None:
        """The provider opened this session; those too old to be alive are forgotten."""
        now = self._clock.now()
        params = {
            "session": session,
            "provider": provider,
            "subject_hash": _hash(provider, "sub", identity.subject),
            "sid_hash": _hash(provider, "sid", identity.session) if identity.session else "",
            "started_at": now.timestamp(),
        }
        await self._writer.commit(((_FORGET_OLD, {"before": (now - ABSOLUTE).timestamp()}), (_ADD, params)))

    async def sso_sessions(self, provider: str, logout: Logout) -> list[str]:
        """The ids of the live sessions that a logout means: those of its `sid` and its `sub`, as far as it names them."""
        query = select(sso_sessions).join(sessions, sessions.c.id == sso_sessions.c.session)
        query = query.where(sso_sessions.c.provider == provider)
        if logout.session:
            query = query.where(sso_sessions.c.sid_hash == _hash(provider, "sid", logout.session))
        if logout.subject:
            query = query.where(sso_sessions.c.subject_hash == _hash(provider, "sub", logout.subject))
        return [str(row.session) for row in await self._vouched(query.order_by(sso_sessions.c.session), sso_sessions)]


def _hash(provider: str, kind: str, value: str) -> str:
    """Of a provider's own words, which may be an e-mail address."""
    return hashlib.sha256(f"{provider}\0{kind}\0{value}".encode()).hexdigest()
