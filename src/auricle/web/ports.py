"""What the web needs of the rest; `app.wiring` fills it from the store, the gate and the board.

Every method that shows or changes something of a patient takes the Actor, passes the gate (policy, durable audit entry) inside,
and raises `vault.gate.NotPermitted`. Values stay in their Phi boxes; the schemas of this package reveal them at the border.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Protocol

from auricle.access.model import Action
from auricle.audit.entry import Entry
from auricle.calls.live import LiveCall
from auricle.calls.records import CallRecord
from auricle.calls.voicemail_record import TranscriptState, VoicemailMessage
from auricle.kernel.actor import Actor
from auricle.kernel.errors import PeerError
from auricle.kernel.ids import PersonId, VoicemailId
from auricle.practice.model import Practice
from auricle.speech.transcript import Transcript


class BadCredentials(PeerError):
    """The user name and password do not belong together; which one is wrong is not said."""

    code: ClassVar[str] = "session.bad_credentials"


class Throttled(PeerError):
    """Too many wrong passwords; the same try is taken again after `retry_after_s`."""

    code: ClassVar[str] = "session.throttled"
    retryable: ClassVar[bool] = True

    def __init__(self, retry_after_s: float) -> None:
        super().__init__("throttled")
        self.retry_after_s = retry_after_s


class NotFound(PeerError):
    """There is no such thing, or its key was shredded."""

    code: ClassVar[str] = "web.not_found"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A live session. `token` is the cookie's value; the actor's `session_id` is what logs and the audit know."""

    token: str = field(repr=False)
    actor: Actor
    person: PersonId
    username: str
    expires_at: datetime
    """The end, however busy the session is."""
    idle_s: int
    """Seconds without use after which it ends sooner."""


class Sessions(Protocol):
    """Accounts and their sessions."""

    async def sign_in(self, username: str, password: str, address: str) -> SignedIn:
        """A new session. Raises BadCredentials or Throttled; both are audited inside."""
        ...

    async def resume(self, token: str, address: str, *, active: bool) -> SignedIn | None:
        """The session of a cookie, with the person's roles of now; `active` False does not count as use."""
        ...

    async def sign_out(self, session: SignedIn) -> None:
        """End it at once."""
        ...


class Access(Protocol):
    """The policy, as routes ask for it."""

    async def require(self, actor: Actor, action: Action) -> None:
        """Raise NotPermitted, with a durable audit entry, where the roles do not give this; say nothing otherwise."""
        ...

    def permissions(self, actor: Actor) -> Sequence[str]:
        """Every action the actor may do."""
        ...


class Calls(Protocol):
    """Call records and running calls."""

    async def page(self, actor: Actor, before: tuple[datetime, str] | None, limit: int) -> Sequence[CallRecord]:
        """Finished calls, newest first, those before a start time and id."""
        ...

    async def live(self, actor: Actor) -> Sequence[LiveCall]:
        """Running calls, oldest first."""
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

    async def messages(self, actor: Actor) -> Sequence[VoicemailMessage]:
        """The messages the actor may see, newest first."""
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
class AuditLine:
    """One entry and its number in the log."""

    number: int
    entry: Entry


class Audit(Protocol):
    """The audit log, for those who may read it."""

    async def page(self, actor: Actor, before: int | None, limit: int) -> Sequence[AuditLine]:
        """Entries, newest first, those before a number."""
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


Happening = LiveCall | ServiceState | VoicemailChanged


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
    system: System
    watch: Watch
