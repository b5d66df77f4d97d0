"""Passkeys over memory, with real ceremonies, so that the console can be tried with a browser's own; and a provider that says yes."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from auricle.access.passkeys import (
    CeremonyOver,
    Passkey,
    PasskeyKnown,
    PasskeyRefused,
    PasskeysUnavailable,
    RelyingParty,
    clean_name,
)
from auricle.access.sso import Problem, SsoRefused
from auricle.adapters.webauthn import creation_options, credential_id_of, request_options, verify_assertion, verify_registration
from auricle.kernel.actor import Actor, ActorKind
from auricle.kernel.ids import PersonId
from auricle.web.passkeys.ports import Json
from auricle.web.ports import NotFound
from auricle.web.signed_in import SignedIn
from auricle.web.sso.ports import Departure, ProviderName

if TYPE_CHECKING:
    from fakes.web_ports import FakeSessions, FakeWorld

STEP_UP = timedelta(minutes=5)


def started(world: "FakeWorld", sessions: "FakeSessions", person: PersonId, address: str, factor: str) -> SignedIn:
    """A session of somebody who needed no password."""
    now, token = world.now(), secrets.token_urlsafe(32)
    actor = Actor(ActorKind.PERSON, person, world.practice.people[person].roles, secrets.token_hex(6), address)
    session = SignedIn(token, actor, person, person.replace("-", "."), now + timedelta(hours=12), 900, second_factor=factor)
    sessions.live[token] = (session, now)
    world.note(actor, "session.start", "session", actor.session_id, "done", factor)
    return session


@dataclass
class FakePasskeys:
    """One challenge at a time for each session or cookie; `party` None means a console without a name."""

    world: "FakeWorld"
    sessions: "FakeSessions"
    party: RelyingParty | None = None
    kept: dict[str, Passkey] = field(default_factory=dict)
    challenges: dict[str, bytes] = field(default_factory=dict)

    def available(self) -> bool:
        """Whether there is a name."""
        return self.party is not None

    async def mine(self, me: SignedIn) -> Sequence[Passkey]:
        """Those of the person."""
        return [passkey for passkey in self.kept.values() if passkey.person == me.person]

    async def registration_options(self, me: SignedIn) -> Json:
        """Begin."""
        party, challenge = self._party(), self._challenge(me.actor.session_id)
        return creation_options(party, me.person.encode(), me.username, me.username, challenge, await self.mine(me))

    async def register(self, me: SignedIn, name: str, credential: Json) -> tuple[Passkey, SignedIn | None]:
        """Keep it."""
        found = verify_registration(self._party(), self._taken(me.actor.session_id), credential)
        if any(passkey.credential_id == found.credential_id for passkey in self.kept.values()):
            raise PasskeyKnown("known")
        passkey = Passkey(
            id=f"pk{secrets.token_hex(4)}",
            credential_id=found.credential_id,
            person=me.person,
            name=clean_name(name),
            public_key=found.public_key,
            sign_count=found.sign_count,
            backup_eligible=found.backup_eligible,
            backed_up=found.backed_up,
            transports=found.transports,
            created_at=self.world.now(),
            last_used_at=None,
            suspect=False,
        )
        self.kept[passkey.id] = passkey
        return passkey, None

    async def rename(self, me: SignedIn, passkey: str, name: str) -> Passkey:
        """Another name."""
        found = self._own(me, passkey)
        self.kept[passkey] = replace(found, name=clean_name(name))
        return self.kept[passkey]

    async def remove(self, me: SignedIn, passkey: str) -> None:
        """Forget it."""
        del self.kept[self._own(me, passkey).id]

    async def sign_in_options(self, address: str) -> tuple[str, Json]:
        """Begin."""
        party, binding = self._party(), secrets.token_hex(16)
        return binding, request_options(party, self._challenge(binding))

    async def sign_in(self, binding: str, credential: Json, address: str) -> SignedIn:
        """A session."""
        return started(self.world, self.sessions, self._used(binding, credential).person, address, "passkey")

    async def step_up_options(self, me: SignedIn) -> Json:
        """Begin."""
        return request_options(self._party(), self._challenge(me.actor.session_id), await self.mine(me))

    async def step_up(self, me: SignedIn, credential: Json) -> SignedIn:
        """The same session, proved again."""
        if self._used(me.actor.session_id, credential).person != me.person:
            raise PasskeyRefused("somebody else's")
        now = self.world.now()
        session = replace(me, actor=replace(me.actor, stepped_up=True), stepped_up_until=now + STEP_UP)
        self.sessions.live[me.token] = (session, now)
        return session

    def _used(self, binding: str, credential: Json) -> Passkey:
        party, challenge, wanted = self._party(), self._taken(binding), credential_id_of(credential)
        for passkey in self.kept.values():
            if passkey.credential_id == wanted:
                said = verify_assertion(party, challenge, credential, passkey)
                self.kept[passkey.id] = replace(passkey, sign_count=said.sign_count, last_used_at=self.world.now())
                return passkey
        raise PasskeyRefused("unknown")

    def _party(self) -> RelyingParty:
        if self.party is None:
            raise PasskeysUnavailable("no name")
        return self.party

    def _challenge(self, binding: str) -> bytes:
        self.challenges[binding] = secrets.token_bytes(32)
        return self.challenges[binding]

    def _taken(self, binding: str) -> bytes:
        if binding not in self.challenges:
            raise CeremonyOver("over")
        return self.challenges.pop(binding)

    def _own(self, me: SignedIn, passkey: str) -> Passkey:
        found = self.kept.get(passkey)
        if found is None or found.person != me.person:
            raise NotFound(passkey)
        return found


@dataclass
class FakeSso:
    """A provider whose way back is taken at once: everybody is Dana, unless `problem` says what goes wrong."""

    world: "FakeWorld"
    sessions: "FakeSessions"
    names: tuple[ProviderName, ...] = (ProviderName("clinic", "Clinic account"),)
    problem: Problem | None = None

    def providers(self) -> Sequence[ProviderName]:
        """One."""
        return self.names

    async def depart(self, provider: str, address: str) -> Departure:
        """Straight back."""
        if provider not in {name.id for name in self.names}:
            raise NotFound(provider)
        return Departure(f"/api/v1/session/sso/{provider}/callback?state=s&code=c", "binding")

    async def arrive(self, provider: str, answer: Mapping[str, str], binding: str, address: str) -> SignedIn:
        """Dana."""
        if self.problem is not None or binding != "binding":
            raise SsoRefused(self.problem or Problem.OVER, "as the test wants")
        return started(self.world, self.sessions, PersonId("dana-reyes"), address, "sso")

    async def logout(self, provider: str, token: str, address: str) -> None:
        """The word `good` is a good token."""
        if token != "good":
            raise SsoRefused(Problem.WRONG_ANSWER, "no good token")
        self.sessions.live.clear()
