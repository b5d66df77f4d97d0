"""Accounts and sessions behind `web.ports.Sessions` and `Access`: every sign-in and refusal is audited."""

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from datetime import datetime, timedelta

from auricle.access.decision import Policies
from auricle.access.model import Action
from auricle.access.session import ABSOLUTE, Session
from auricle.access.throttle import Throttle
from auricle.adapters.passwords import Passwords
from auricle.adapters.store import Store
from auricle.kernel.actor import Actor, ActorKind
from auricle.kernel.ids import PersonId
from auricle.kernel.time import Clock, Entropy
from auricle.practice.model import Practice
from auricle.vault.errors import NotPermitted
from auricle.vault.gate import Outcome, Ref
from auricle.web.ports import BadCredentials, SignedIn, Throttled

TOKEN_BYTES = 32
TOUCH_EVERY = timedelta(seconds=30)  # a durable write for every request would cost more than it tells


class WebSessions:
    """Fits `web.ports.Sessions`."""

    def __init__(self, store: Store, practice: Practice, passwords: Passwords, clock: Clock, entropy: Entropy, idle: timedelta) -> None:
        self._store = store
        self._practice = practice
        self._passwords = passwords
        self._clock = clock
        self._entropy = entropy
        self._idle = idle
        self._throttle = Throttle()

    async def restore(self) -> None:
        """Take up the wrong tries counted before a restart."""
        self._throttle.restore(await self._store.sign_in_tries())

    async def sign_in(self, username: str, password: str, address: str) -> SignedIn:
        """A new session. Raises BadCredentials or Throttled."""
        key = hashlib.sha256(username.lower().encode()).hexdigest()[:16]
        wait_s = self._throttle.admit(key, address, self._clock.monotonic())
        if wait_s > 0:
            raise Throttled(wait_s)
        account = await self._store.account(username)
        right = await self._passwords.right(password, account[1] if account else None)
        if account is None or not right or account[0] not in self._practice.people:
            await self._store.sign_in_refused(address, key, self._throttle.tries(key, address))
            raise BadCredentials
        self._throttle.succeeded(key, address, admitted=True)
        await self._store.sign_in_succeeded(key, address)
        return await self._started(username, account[0], address)

    async def resume(self, token: str, address: str, *, active: bool) -> SignedIn | None:
        """The live session of a token."""
        hashed = _hash(token)
        session = await self._store.session(hashed)
        now = self._clock.now()
        if session is None or session.person not in self._practice.people:
            return None
        if not session.alive(now, self._idle):
            await self._store.end_session(hashed, session.id, self._actor(session, address))
            return None
        if active and now - session.last_seen_at > TOUCH_EVERY:
            await self._store.touch_session(hashed, now)
        return self._signed_in(token, session, address)

    async def sign_out(self, session: SignedIn) -> None:
        """End it."""
        await self._store.end_session(_hash(session.token), session.actor.session_id, session.actor)

    async def _started(self, username: str, person: PersonId, address: str) -> SignedIn:
        token = urlsafe_b64encode(self._entropy.token(TOKEN_BYTES)).decode().rstrip("=")
        now = self._clock.now()
        session = Session(self._entropy.name("s"), username, person, now, now)
        signed_in = self._signed_in(token, session, address)
        await self._store.add_session(_hash(token), session, signed_in.actor)
        return signed_in

    def _signed_in(self, token: str, session: Session, address: str) -> SignedIn:
        expires: datetime = session.started_at + ABSOLUTE
        idle_s = int(self._idle.total_seconds())
        return SignedIn(token, self._actor(session, address), session.person, session.username, expires, idle_s)

    def _actor(self, session: Session, address: str) -> Actor:
        """The roles are the person's of now, not of the sign-in."""
        roles = self._practice.people[session.person].roles
        return Actor(ActorKind.PERSON, session.person, roles, session.id, address)


class WebAccess:
    """Fits `web.ports.Access`."""

    def __init__(self, policies: Policies, store: Store) -> None:
        self._policies = policies
        self._store = store

    async def require(self, actor: Actor, action: Action) -> None:
        """Raise NotPermitted with a durable entry."""
        ref = Ref("route", "*")
        decision = self._policies.decide(actor, action.value, ref)
        if not decision.allowed:
            await self._store.record(actor, action.value, ref, Outcome.REFUSED, "console")
            raise NotPermitted(action.value, decision.reason)

    def permissions(self, actor: Actor) -> Sequence[str]:
        """Every action the actor may do."""
        return self._policies.permissions(actor)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
