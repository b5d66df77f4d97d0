"""Sign-in, people and keys over memory: one password for all, and whoever has an authenticator gives the code 123456."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from auricle.access.api_keys import SCOPES, check_request
from auricle.access.model import Action
from auricle.access.password import BadPassword, check_password, strength
from auricle.access.recovery import new_code
from auricle.access.subject import SessionFacts
from auricle.access.throttle import Throttle
from auricle.kernel.actor import Actor, ActorKind
from auricle.kernel.ids import PersonId
from auricle.vault.gate import Ref
from auricle.web.api_keys.ports import KeyInfo, NewKey
from auricle.web.me.ports import Enrolled, Factors, NewTotp, SessionInfo, Strength
from auricle.web.people.ports import OwnAccess, PersonStanding
from auricle.web.ports import NotFound
from auricle.web.scim.ports import ScimPerson
from auricle.web.signed_in import (
    AccessChanged,
    BadCode,
    BadCredentials,
    EnrolmentNeeded,
    OpenGlass,
    SecondFactorNeeded,
    SignedIn,
    StepUpNeeded,
    Throttled,
    TicketOver,
    WrongPassword,
)

if TYPE_CHECKING:
    from tests.fakes.web_ports import FakeWorld

PASSWORD = "quiet-harbor-lantern-7"
CODE = "123456"
IDLE = timedelta(minutes=15)
STEP_UP = timedelta(minutes=5)
LIFE = timedelta(hours=12)


@dataclass
class Identities:
    """What the fakes below share."""

    required: bool = False
    totp: set[str] = field(default_factory=set)
    """User names with an authenticator."""
    pending: set[str] = field(default_factory=set)
    codes: dict[str, list[str]] = field(default_factory=dict)
    terminated: dict[PersonId, datetime] = field(default_factory=dict)
    deleted: set[PersonId] = field(default_factory=set)
    live: dict[str, tuple[SignedIn, datetime]] = field(default_factory=dict)
    """By token: the session and its last use."""
    keys: dict[str, KeyInfo] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)

    def sessions_of(self, person: PersonId) -> list[SessionInfo]:
        """Live sessions of a person."""
        return [
            SessionInfo(s.actor.session_id, s.username, s.actor.address, s.expires_at - LIFE, seen, s.second_factor)
            for s, seen in self.live.values()
            if s.person == person
        ]

    def drop(self, ids: Sequence[str]) -> None:
        """End sessions."""
        for token in [token for token, (session, _) in self.live.items() if session.actor.session_id in ids]:
            del self.live[token]


class FakeSessions:
    """Accounts are the ids of people with a dot; all share one password."""

    def __init__(self, world: "FakeWorld") -> None:
        self._world = world
        self._of = world.identities
        self._throttle = Throttle()
        self._tickets: dict[str, tuple[str, PersonId]] = {}

    @property
    def live(self) -> dict[str, tuple[SignedIn, datetime]]:
        """All sessions."""
        return self._of.live

    async def sign_in(self, username: str, password: str, address: str) -> SignedIn | SecondFactorNeeded:
        """A session, or a ticket."""
        now = self._world.now()
        wait = self._throttle.wait_s(username, address, now.timestamp())
        if wait > 0:
            raise Throttled(wait)
        person = PersonId(username.replace(".", "-"))
        if person not in self._world.practice.people or password != PASSWORD or person in self._of.terminated:
            self._throttle.failed(username, address, now.timestamp())
            raise BadCredentials
        if username in self._of.totp:
            ticket = secrets.token_urlsafe(16)
            self._tickets[ticket] = (username, person)
            return SecondFactorNeeded(ticket, ("totp", "recovery-code"))
        return self._start(username, person, address, "none")

    async def second_factor(self, ticket: str, address: str, *, totp: str = "", recovery_code: str = "") -> SignedIn:
        """The second step."""
        if ticket not in self._tickets:
            raise TicketOver
        username, person = self._tickets[ticket]
        codes = self._of.codes.get(username, [])
        if totp != CODE and recovery_code not in codes:
            raise BadCode
        if recovery_code in codes:
            codes.remove(recovery_code)
        del self._tickets[ticket]
        return self._start(username, person, address, "totp" if totp else "recovery-code")

    async def step_up(self, session: SignedIn, *, password: str = "", totp: str = "") -> SignedIn:
        """Stepped up."""
        if password != PASSWORD:
            raise BadCredentials
        if session.username in self._of.totp and totp != CODE:
            raise BadCode
        return self.renewed(session, stepped_up=True)

    def renewed(self, session: SignedIn, *, stepped_up: bool, second_factor: str = "") -> SignedIn:
        """A new token."""
        del self._of.live[session.token]
        until = self._world.now() + STEP_UP if stepped_up else session.stepped_up_until
        new = replace(
            session,
            token=secrets.token_urlsafe(32),
            stepped_up_until=until,
            second_factor=second_factor or session.second_factor,
            actor=replace(session.actor, stepped_up=until is not None),
            must_enrol=False,
        )
        self._of.live[new.token] = (new, self._world.now())
        return new

    async def resume(self, token: str, address: str, *, active: bool) -> SignedIn | None:
        """The session, with today's roles."""
        found = self._of.live.get(token)
        now = self._world.now()
        if found is None or now - found[1] > IDLE or now > found[0].expires_at:
            self._of.live.pop(token, None)
            return None
        session, seen = found
        fresh = session.stepped_up_until is not None and now < session.stepped_up_until
        facts = SessionFacts(session.actor.session_id, address, fresh)
        actor = self._world.actor(session.person, facts, bare=session.must_enrol)
        glass = self._world.given.standing(session.person, now).glass
        session = replace(
            session,
            actor=actor,
            stepped_up_until=session.stepped_up_until if fresh else None,
            break_glass=OpenGlass(glass.id, glass.until) if glass else None,
        )
        self._of.live[token] = (session, now if active else seen)
        return session

    async def still(self, session: SignedIn) -> SignedIn | None:
        """By its id."""
        for token, (found, _) in list(self._of.live.items()):
            if found.actor.session_id == session.actor.session_id:
                return await self.resume(token, session.actor.address, active=False)
        return None

    async def must_enrol(self, session: SignedIn, action: Action) -> None:
        """Noted, and refused."""
        self._world.note(session.actor, action.value, "route", "*", "refused")
        raise EnrolmentNeeded

    async def sign_out(self, session: SignedIn) -> None:
        """End it."""
        self._of.live.pop(session.token, None)
        self._world.note(session.actor, "session.end", "session", session.actor.session_id, "done", "")

    def _start(self, username: str, person: PersonId, address: str, factor: str) -> SignedIn:
        now = self._world.now()
        must_enrol = self._of.required and factor == "none"
        actor = self._world.actor(person, SessionFacts(secrets.token_hex(6), address), bare=must_enrol)
        session = SignedIn(
            secrets.token_urlsafe(32), actor, person, username, now + LIFE, int(IDLE.total_seconds()), factor,
            must_enrol=must_enrol,
        )  # fmt: skip
        self._of.live[session.token] = (session, now)
        self._world.note(actor, "session.start", "session", actor.session_id, "done", "")
        return session


class FakeMe:
    """One's own."""

    def __init__(self, world: "FakeWorld", sessions: FakeSessions) -> None:
        self._world = world
        self._of = world.identities
        self._sessions = sessions

    async def sessions(self, me: SignedIn) -> Sequence[SessionInfo]:
        """Mine."""
        return [replace(one, current=one.id == me.actor.session_id) for one in self._of.sessions_of(me.person)]

    async def end_session(self, me: SignedIn, session: str) -> None:
        """One of mine."""
        if session not in {one.id for one in self._of.sessions_of(me.person)}:
            raise NotFound
        self._of.drop([session])
        self._world.tell(AccessChanged())

    async def end_other_sessions(self, me: SignedIn) -> int:
        """All others of mine."""
        others = [one.id for one in self._of.sessions_of(me.person) if one.id != me.actor.session_id]
        self._of.drop(others)
        self._world.tell(AccessChanged())
        return len(others)

    async def change_password(self, me: SignedIn, old: str, new: str) -> SignedIn:
        """Checked, and not kept: all share one."""
        if old != PASSWORD:
            raise WrongPassword
        check_password(new, [me.username, self._world.practice.name], second_factor=self._of.required)
        await self.end_other_sessions(me)
        return self._sessions.renewed(me, stepped_up=False)

    async def strength(self, me: SignedIn, password: str) -> Strength:
        """The real hint."""
        context = [me.username, self._world.practice.name]
        found = strength(password, context)
        try:
            check_password(password, context, second_factor=self._of.required)
        except BadPassword as error:
            return Strength(found.score, found.warning, found.suggestions, str(error))
        return Strength(found.score, found.warning, found.suggestions, "")

    async def factors(self, me: SignedIn) -> Factors:
        """What there is."""
        since = self._world.now() if me.username in self._of.totp else None
        return Factors(self._of.required, since, len(self._of.codes.get(me.username, [])), 0)

    async def begin_totp(self, me: SignedIn) -> NewTotp:
        """A secret."""
        if me.username in self._of.totp and not me.actor.stepped_up:
            raise StepUpNeeded
        self._of.pending.add(me.username)
        return NewTotp(
            "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", "otpauth://totp/Harbor:dana?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Harbor"
        )

    async def confirm_totp(self, me: SignedIn, code: str) -> Enrolled:
        """123456."""
        if me.username not in self._of.pending:
            raise NotFound
        if code != CODE:
            raise BadCode
        self._of.pending.discard(me.username)
        self._of.totp.add(me.username)
        return Enrolled(self._sessions.renewed(me, stepped_up=True, second_factor="totp"), self._codes(me))

    async def remove_totp(self, me: SignedIn) -> None:
        """Gone."""
        self._proved(me)
        self._of.totp.discard(me.username)
        self._of.codes.pop(me.username, None)

    async def new_recovery_codes(self, me: SignedIn) -> tuple[str, ...]:
        """Ten."""
        self._proved(me)
        return self._codes(me)

    async def know_addresses(self, me: SignedIn) -> None:
        """Known."""

    def _codes(self, me: SignedIn) -> tuple[str, ...]:
        codes = [new_code(secrets.token_bytes(15)) for _ in range(10)]
        self._of.codes[me.username] = codes
        return tuple(codes)

    def _proved(self, me: SignedIn) -> None:
        if not me.actor.stepped_up:
            raise StepUpNeeded
        if me.username not in self._of.totp:
            raise NotFound


class FakePeople:
    """The practice's people."""

    def __init__(self, world: "FakeWorld") -> None:
        self._world = world
        self._of = world.identities

    async def people(self, actor: Actor) -> Sequence[PersonStanding]:
        """All."""
        self._world.gate(actor, Action.PEOPLE_READ, "person", "*")
        return [
            PersonStanding(
                id=one.id,
                name=one.name,
                extension=one.extension,
                roles=tuple(sorted(one.roles)),
                terminated_at=self._of.terminated.get(one.id),
                sessions=len(self._of.sessions_of(one.id)),
                phones=1,
                api_keys=sum(key.owner == one.id for key in self._of.keys.values()),
                has_account=True,
                second_factor="totp" if one.id.replace("-", ".") in self._of.totp else "none",
            )
            for one in sorted(self._world.practice.people.values(), key=lambda one: one.name)
        ]

    async def terminate(self, actor: Actor, person: PersonId, reason: str) -> None:
        """End it all."""
        self._world.gate(actor, Action.PEOPLE_TERMINATE, self._ref(person))
        if person == actor.id:
            raise OwnAccess
        self.end(person)

    def end(self, person: PersonId) -> None:
        """Sessions, keys, streams."""
        self._of.terminated.setdefault(person, self._world.now())
        self._of.drop([one.id for one in self._of.sessions_of(person)])
        for key in [key for key, info in self._of.keys.items() if info.owner == person]:
            del self._of.keys[key]
        self._world.tell(AccessChanged())

    async def restore(self, actor: Actor, person: PersonId, reason: str) -> None:
        """Back."""
        self._world.gate(actor, Action.PEOPLE_TERMINATE, self._ref(person))
        self._of.terminated.pop(person, None)
        self._of.deleted.discard(person)

    async def sessions(self, actor: Actor, person: PersonId) -> Sequence[SessionInfo]:
        """Theirs."""
        self._world.gate(actor, Action.SESSIONS_REVOKE, self._ref(person))
        return self._of.sessions_of(person)

    async def end_session(self, actor: Actor, person: PersonId, session: str) -> None:
        """One of theirs."""
        if session not in {one.id for one in await self.sessions(actor, person)}:
            raise NotFound
        self._of.drop([session])
        self._world.tell(AccessChanged())

    async def end_sessions(self, actor: Actor, person: PersonId) -> int:
        """All of theirs."""
        ids = [one.id for one in await self.sessions(actor, person)]
        self._of.drop(ids)
        self._world.tell(AccessChanged())
        return len(ids)

    def _ref(self, person: PersonId) -> Ref:
        if person not in self._world.practice.people:
            raise NotFound
        return Ref("person", person, owner=person)


class FakeScim:
    """The same people for a directory."""

    def __init__(self, world: "FakeWorld", people: FakePeople) -> None:
        self._world = world
        self._of = world.identities
        self._people = people

    async def people(self, actor: Actor) -> Sequence[ScimPerson]:
        """All but the deleted."""
        self._world.gate(actor, Action.PEOPLE_DEPROVISION, "person", "*")
        people = sorted(self._world.practice.people.values(), key=lambda one: one.id)
        return [
            ScimPerson(one.id, one.id.replace("-", "."), one.name, one.id not in self._of.terminated, self._of.terminated.get(one.id))
            for one in people
            if one.id not in self._of.deleted
        ]

    async def person(self, actor: Actor, person: PersonId) -> ScimPerson:
        """One."""
        for one in await self.people(actor):
            if one.id == person:
                return one
        raise NotFound

    async def deactivate(self, actor: Actor, person: PersonId, *, delete: bool = False) -> ScimPerson:
        """End it all."""
        found = await self.person(actor, person)
        self._people.end(person)
        if delete:
            self._of.deleted.add(person)
        return replace(found, active=False)


class FakeApiKeys:
    """Keys in a dict."""

    def __init__(self, world: "FakeWorld") -> None:
        self._world = world
        self._of = world.identities

    async def resume(self, key: str, address: str) -> SignedIn | None:
        """Who it is."""
        info = self._of.keys.get(self._of.secrets.get(key, ""))
        if info is None or info.expires_at <= self._world.now():
            return None
        person = self._world.practice.people[info.owner]
        actor = Actor(ActorKind.API_CLIENT, info.id, person.roles, info.id, address, scopes=frozenset(info.scopes))
        return SignedIn("", actor, info.owner, info.id, info.expires_at, 0)

    async def keys(self, me: SignedIn) -> Sequence[KeyInfo]:
        """All."""
        self._world.gate(me.actor, Action.API_KEYS_MANAGE, "api-key", "*")
        return sorted(self._of.keys.values(), key=lambda key: key.created_at, reverse=True)

    async def scopes(self, me: SignedIn) -> Sequence[str]:
        """What I may."""
        return sorted(SCOPES & frozenset(self._world.policies.permissions(me.actor)))

    async def make(self, me: SignedIn, name: str, scopes: Sequence[str], expires_at: datetime) -> NewKey:
        """A key."""
        self._world.gate(me.actor, Action.API_KEYS_MANAGE, "api-key", "*")
        now = self._world.now()
        check_request(frozenset(scopes), frozenset(self._world.policies.permissions(me.actor)), expires_at, now)
        info = KeyInfo("k" + secrets.token_hex(10), name, me.person, tuple(sorted(scopes)), now, expires_at, None)
        key = f"auricle_{info.id}_{secrets.token_urlsafe(32)}"
        self._of.keys[info.id], self._of.secrets[key] = info, info.id
        return NewKey(info, key)

    async def revoke(self, me: SignedIn, key: str) -> None:
        """Gone."""
        self._world.gate(me.actor, Action.API_KEYS_MANAGE, "api-key", key)
        if self._of.keys.pop(key, None) is None:
            raise NotFound
