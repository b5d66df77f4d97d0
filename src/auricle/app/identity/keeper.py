"""Sessions: started by whoever verified a person, found by their token, stepped up, ended. Fits `web.passkeys.ports.SessionStarter`."""

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from auricle.access.session import ABSOLUTE, STEP_UP, Session
from auricle.adapters.store import Store
from auricle.app.identity.actors import Actors
from auricle.app.identity.factors import FactorRules
from auricle.kernel.actor import Actor
from auricle.kernel.ids import PersonId
from auricle.kernel.time import Clock, Entropy
from auricle.practice.model import Practice
from auricle.web.signed_in import BadCredentials, NewAddress, SignedIn

TOKEN_BYTES = 32
TOUCH_EVERY = timedelta(seconds=30)  # a durable write for every request would cost more than it tells


class SessionKeeper:
    """All sessions of the practice. `changed` is called when sessions ended, so that streams look again."""

    def __init__(
        self,
        store: Store,
        practice: Practice,
        actors: Actors,
        rules: FactorRules,
        clock: Clock,
        entropy: Entropy,
        idle: timedelta,
        changed: Callable[[], None],
    ) -> None:
        self._store = store
        self._practice = practice
        self._actors = actors
        self._rules = rules
        self._clock = clock
        self._entropy = entropy
        self.idle = idle
        self._changed = changed

    async def start(self, person: PersonId, username: str, address: str, method: str, second_factor: str) -> SignedIn:
        """A new session of somebody who was verified, with its audit entry. Raises BadCredentials for who may not sign in.

        `method` is how (`password`, `passkey`, `sso`), `second_factor` what counted as the second one, or `none`.
        """
        if not await self._rules.may_sign_in(person):
            raise BadCredentials
        now = self._clock.now()
        session = Session(self._entropy.name("s"), username, person, now, now, address, method, second_factor)
        token = self._token()
        signed_in = await self._signed_in(token, session, address, now, fresh=True)
        new = await self._store.address_is_new(username, address)
        await self._store.add_session(hash_of(token), session, signed_in.actor, new_address=new)
        return signed_in

    async def resume(self, token: str, address: str, *, active: bool) -> SignedIn | None:
        """The live session of a token."""
        found = await self._store.session(hash_of(token))
        if found is None:
            return None
        session, fresh = found
        return await self._seen(token, session, address, active=active, fresh=fresh)

    async def still(self, signed_in: SignedIn) -> SignedIn | None:
        """The session as it is now, for what runs longer than a request."""
        session = await self._store.session_by_id(signed_in.actor.session_id)
        if session is None:
            return None
        return await self._seen(signed_in.token, session, signed_in.actor.address, active=False, fresh=True)

    async def step_up(self, signed_in: SignedIn) -> SignedIn:
        """The person has just proved again who they are: the same session with a new token, good for five minutes more."""
        return await self.renewed(signed_in, "step-up", stepped_up=True)

    async def enrolled(self, signed_in: SignedIn, factor: str) -> SignedIn:
        """A second factor was added: this session has it, under a new token; all others of the account end, they had none or another."""
        await self.end_others(signed_in, "a second factor was added")
        return await self.renewed(signed_in, f"second factor {factor} added", stepped_up=True, second_factor=factor)

    async def renewed(self, signed_in: SignedIn, why: str, *, stepped_up: bool, second_factor: str | None = None) -> SignedIn:
        """The same session under a new token; a session that ended meanwhile raises BadCredentials."""
        session = await self._store.session_by_id(signed_in.actor.session_id)
        now = self._clock.now()
        if session is None or not session.alive(now, self.idle):
            raise BadCredentials
        until = now + STEP_UP if stepped_up else session.stepped_up_until
        session = replace(session, stepped_up_until=until, second_factor=second_factor or session.second_factor)
        token = self._token()
        await self._store.new_token(session, hash_of(signed_in.token), hash_of(token), signed_in.actor, why)
        return await self._signed_in(token, session, signed_in.actor.address, now, fresh=True)

    async def end(self, ids: list[str], actor: Actor, why: str) -> None:
        """End sessions at once."""
        await self._store.end_sessions(ids, actor, why)
        self._changed()

    async def end_others(self, signed_in: SignedIn, why: str) -> int:
        """End all other sessions of the account; how many."""
        mine = await self._store.sessions_of(signed_in.person, self.idle)
        others = [one.id for one in mine if one.id != signed_in.actor.session_id and one.username == signed_in.username]
        await self.end(others, signed_in.actor, why)
        return len(others)

    async def _seen(self, token: str, session: Session, address: str, *, active: bool, fresh: bool) -> SignedIn | None:
        now = self._clock.now()
        if session.person not in self._practice.people:
            return None
        signed_in = await self._signed_in(token, session, address, now, fresh=fresh)
        if not session.alive(now, self.idle):
            await self._store.end_sessions([session.id], signed_in.actor, "idle or too old")
            return None
        if active and now - session.last_seen_at > TOUCH_EVERY:
            await self._store.touch_session(session.id, now)
        return signed_in

    async def _signed_in(self, token: str, session: Session, address: str, now: datetime, *, fresh: bool) -> SignedIn:
        """The roles are the person's of now, not of the sign-in; a token that was replaced proves no step-up."""
        stepped_up = fresh and session.stepped_up(now)
        must_enrol = session.second_factor == "none" and await self._rules.requires_second_factor(session.person)
        actor, glass = await self._actors.of_session(session, address, now, stepped_up=stepped_up, bare=must_enrol)
        new = [NewAddress(where, at) for where, at in await self._store.new_addresses(session.username)]
        return SignedIn(
            token=token,
            actor=actor,
            person=session.person,
            username=session.username,
            expires_at=session.started_at + ABSOLUTE,
            idle_s=int(self.idle.total_seconds()),
            second_factor=session.second_factor,
            stepped_up_until=session.stepped_up_until if stepped_up else None,
            must_enrol=must_enrol,
            break_glass=glass,
            new_addresses=tuple(new),
        )

    def _token(self) -> str:
        return urlsafe_b64encode(self._entropy.token(TOKEN_BYTES)).decode().rstrip("=")


def hash_of(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()
