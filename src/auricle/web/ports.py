"""What the web needs of the rest; `app.wiring` fills it from the store, the gate and the board.

Every method that shows or changes something of a patient takes the Actor, passes the gate (policy, durable audit entry) inside,
and raises `vault.gate.NotPermitted`. Values stay in their Phi boxes; the schemas of this package reveal them at the border.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Generic, Protocol, TypeVar

from auricle.access.model import Action
from auricle.calls.live import LiveCall
from auricle.calls.records import CallRecord
from auricle.calls.voicemail_record import TranscriptState, VoicemailMessage
from auricle.kernel.actor import Actor
from auricle.kernel.errors import PeerError
from auricle.kernel.ids import VoicemailId
from auricle.practice.model import Practice
from auricle.speech.transcript import Transcript
from auricle.web.access.ports import AccessAdmin
from auricle.web.alerts.ports import AlertRaised, Alerts
from auricle.web.api_keys.ports import ApiKeys
from auricle.web.audit.ports import Audit
from auricle.web.break_glass.ports import BreakGlasses, GlassChanged
from auricle.web.compliance.ports import Compliance
from auricle.web.keys.ports import Keys, KeysChanged
from auricle.web.me.ports import Me
from auricle.web.passkeys.ports import Passkeys
from auricle.web.people.ports import People
from auricle.web.scim.ports import ScimPeople
from auricle.web.signed_in import AccessChanged as AccessChanged
from auricle.web.signed_in import BadCredentials as BadCredentials
from auricle.web.signed_in import SecondFactorNeeded as SecondFactorNeeded
from auricle.web.signed_in import SignedIn as SignedIn
from auricle.web.signed_in import Throttled as Throttled
from auricle.web.sso.ports import SingleSignOn

T = TypeVar("T")


class NotFound(PeerError):
    """There is no such thing, or its key was shredded."""

    code: ClassVar[str] = "web.not_found"


class Sessions(Protocol):
    """Accounts and their sessions."""

    async def sign_in(self, username: str, password: str, address: str) -> SignedIn | SecondFactorNeeded:
        """A new session, or the ticket of the second step. Raises BadCredentials or Throttled; both are audited inside."""
        ...

    async def second_factor(self, ticket: str, address: str, *, totp: str = "", recovery_code: str = "") -> SignedIn:
        """The second step, by exactly one of both codes. Raises TicketOver, BadCode or Throttled."""
        ...

    async def step_up(self, session: SignedIn, *, password: str = "", totp: str = "") -> SignedIn:
        """The same session with a new token, stepped up for five minutes. Raises BadCredentials, BadCode or Throttled."""
        ...

    async def resume(self, token: str, address: str, *, active: bool) -> SignedIn | None:
        """The session of a cookie, with the person's roles of now; `active` False does not count as use."""
        ...

    async def still(self, session: SignedIn) -> SignedIn | None:
        """The session as it is now, whatever its token is by now; for what runs longer than a request. None once it ended."""
        ...

    async def must_enrol(self, session: SignedIn, action: Action) -> None:
        """Audit that somebody without a second factor asked for more than setting one up, and raise EnrolmentNeeded."""
        ...

    async def sign_out(self, session: SignedIn) -> None:
        """End it at once."""
        ...


class Access(Protocol):
    """The policy, as routes ask for it."""

    async def require(self, actor: Actor, action: Action, record: str = "") -> None:
        """Raise NotPermitted, with a durable audit entry of the `record` asked for, where the roles do not give this at all."""
        ...

    def permissions(self, actor: Actor) -> Sequence[str]:
        """Every action the actor may do."""
        ...


@dataclass(frozen=True, slots=True)
class Seen(Generic[T]):
    """A record as this actor may see it: `masked` is without numbers and names (45 CFR 164.502(b), minimum necessary)."""

    what: T
    masked: bool


class Calls(Protocol):
    """Call records and running calls. What the actor may not even know of is left out."""

    async def page(self, actor: Actor, before: tuple[datetime, str] | None, limit: int) -> Sequence[Seen[CallRecord]]:
        """Finished calls, newest first, those before a start time and id; as many as `limit` where there are more."""
        ...

    async def live(self, actor: Actor) -> Sequence[Seen[LiveCall]]:
        """Running calls, oldest first."""
        ...

    async def seen(self, actor: Actor, call: LiveCall) -> Seen[LiveCall] | None:
        """One change of a running call, for the live stream; its opening was audited by `live`."""
        ...


@dataclass(frozen=True, slots=True)
class TranscriptOf:
    """A transcript and where it stands; the text is None unless the state is `done`."""

    state: TranscriptState
    transcript: Transcript | None


class AudioReader(Protocol):
    """Opened audio, G.711 mu-law at 8000 bytes a second. Methods must not block the loop."""

    @property
    def size(self) -> int:
        """Bytes of audio."""
        ...

    async def read(self, offset: int, count: int) -> bytes:
        """`count` bytes from `offset`. Raises vault.errors.Corrupt for a damaged segment."""
        ...


class Voicemails(Protocol):
    """Messages. Methods about one message raise NotFound where there is none."""

    async def messages(self, actor: Actor) -> Sequence[Seen[VoicemailMessage]]:
        """The messages the actor may know of, newest first."""
        ...

    async def known_to(self, actor: Actor, message: VoicemailId) -> bool:
        """Whether the actor's list has this message, for the live stream."""
        ...

    async def transcript(self, actor: Actor, message: VoicemailId) -> TranscriptOf:
        """The text of one message."""
        ...

    async def audio(self, actor: Actor, message: VoicemailId) -> AudioReader:
        """The sound of one message."""
        ...

    async def mark_listened(self, actor: Actor, message: VoicemailId) -> None:
        """Note that it was heard; the first time counts."""
        ...


@dataclass(frozen=True, slots=True)
class ServiceState:
    """A part of the system and where it stands: `starting`, `up`, `restarting` or `stopped`."""

    name: str
    state: str


@dataclass(frozen=True, slots=True)
class VoicemailChanged:
    """A message arrived, was transcribed or was heard."""

    id: VoicemailId


Happening = AccessChanged | LiveCall | ServiceState | VoicemailChanged | AlertRaised | GlassChanged | KeysChanged


class System(Protocol):
    """The parts of the system."""

    async def services(self, actor: Actor) -> Sequence[ServiceState]:
        """Every supervised part."""
        ...

    def healthy(self) -> bool:
        """Whether all parts are up; for a probe that may know nothing more."""
        ...


Watch = Callable[[Callable[[Happening], None]], Callable[[], None]]
"""Adds a watcher that is called on the loop and must not block; the returned call removes it."""


@dataclass(frozen=True, slots=True)
class WebPorts:
    """All of it."""

    practice: Practice
    sessions: Sessions
    access: Access
    calls: Calls
    voicemails: Voicemails
    audit: Audit
    alerts: Alerts
    system: System
    watch: Watch
    compliance: Compliance
    me: Me
    people: People
    api_keys: ApiKeys
    scim: ScimPeople
    passkeys: Passkeys
    sso: SingleSignOn
    keys: Keys
    access_admin: AccessAdmin
    break_glass: BreakGlasses
