"""What calls need of the world. Adapters have types that fit; `app/wiring.py` joins them."""

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol, TypeVar

from auricle.calls.live import LiveCall
from auricle.calls.records import CallRecord
from auricle.calls.voicemail_record import VoicemailMessage
from auricle.kernel.ids import CallId, LegId, MailboxId, VoicemailId
from auricle.sip.events import Reason
from auricle.sip.message import Request
from auricle.sip.registration import Binding
from auricle.sip.session import SessionEvent

T = TypeVar("T")

# ---- signalling ----------------------------------------------------------------------------------


ANSWERED_ELSEWHERE = (Reason("SIP", 200, "Call completed elsewhere"), Reason("Q.850", 26))


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request really came from, as the edge stamped it; never taken from the peer's own headers."""

    transport: str
    """`TLS`, `WSS`, `TCP` or `UDP`."""
    host: str
    port: int
    trunk: str | None
    """The name of the trunk whose address list holds `host`, else None."""
    route: str
    """The Route value that leads back to this peer through the edge (RFC 3327 Path with `received`)."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where an outgoing INVITE goes: the Request-URI and the Route set before the dialog's own."""

    uri: str
    routes: tuple[str, ...]
    transport: str


@dataclass(frozen=True, slots=True)
class CallerIdentity:
    """What an outgoing INVITE says of its caller: From, and whether the number is withheld (RFC 3323)."""

    user: str
    display_name: str
    withheld: bool = False


class InviteSession(Protocol):
    """One INVITE usage of a dialog (RFC 3261 12, 13). Verbs act at once; what happens comes back as `SessionEvent`s."""

    def ring(self) -> None:
        """Send 180 (incoming only)."""
        ...

    def accept(self, sdp: bytes) -> None:
        """Send 200 with this answer and repeat it until the ACK (incoming only)."""
        ...

    def reject(self, status: int, reason: str = "", headers: Sequence[tuple[str, str]] = ()) -> None:
        """Send a final non-2xx (incoming, before accept)."""
        ...

    def hang_up(self, reasons: Sequence[Reason] = ()) -> None:
        """End it by whatever its state asks for: CANCEL, BYE, or 487/603 to an incoming one not yet accepted. Idempotent."""
        ...

    def answer_offer(self, sdp: bytes) -> None:
        """Answer the peer's re-INVITE or UPDATE that came as `Offered`."""
        ...

    def refuse_offer(self, status: int, headers: Sequence[tuple[str, str]] = ()) -> None:
        """Refuse the peer's re-INVITE or UPDATE; the session stays as it was (RFC 3261 14.2)."""
        ...


SessionListener = Callable[[SessionEvent], None]


class SipPort(Protocol):
    """Places calls. Incoming ones reach `calls.switchboard.Switchboard.on_invite` with their session."""

    def invite(
        self,
        target: Target,
        caller: CallerIdentity,
        offer: bytes,
        listener: SessionListener,
        *,
        max_forwards: int = 70,
        headers: Sequence[tuple[str, str]] = (),
    ) -> InviteSession:
        """Send an INVITE with this offer; events go to `listener`."""
        ...


class Responder(Protocol):
    """Answers one request outside a dialog."""

    def __call__(self, status: int, reason: str = "", headers: Sequence[tuple[str, str]] = (), body: bytes = b"") -> None:
        """Send the final response."""
        ...


class SipHandler(Protocol):
    """What the signalling adapter hands to the calls package."""

    def on_invite(self, session: InviteSession, request: Request, origin: Origin) -> SessionListener:
        """A new call came in (100 has been sent); return who hears the session's events."""
        ...

    def on_register(self, request: Request, origin: Origin, respond: Responder) -> None:
        """A REGISTER came in."""
        ...


# ---- media -----------------------------------------------------------------------------------------


class MediaProfile(StrEnum):
    """The media profile offered to an outgoing leg."""

    SDES_SRTP = "RTP/SAVP"
    PLAIN_RTP = "RTP/AVP"
    DTLS_SRTP = "UDP/TLS/RTP/SAVPF"


class AudioSink(Protocol):
    """Takes one leg's audio while it is recorded: contiguous 8 kHz G.711 mu-law, gaps already filled."""

    def write(self, pcmu: bytes) -> None:
        """Take the next bytes (8000 = one second). Must not block."""
        ...


class MediaLeg(Protocol):
    """The media of one leg: one rtpengine call with the sides `leg` (the phone) and `pbx` (plain PCMU on loopback).

    `toward` is the `pbx_port` of another leg whose party shall be heard, or None for nobody.
    Every method raises `media.errors.MediaFailed` when rtpengine refuses or does not answer.
    """

    @property
    def pbx_port(self) -> int:
        """The loopback UDP port where this leg takes audio for its party. Known after take_offer or take_answer."""
        ...

    async def take_offer(self, offer: bytes) -> None:
        """Incoming leg: hand over the phone's offer."""
        ...

    async def make_answer(self, toward: int | None = None) -> bytes:
        """Incoming leg: the SDP for the 200."""
        ...

    async def make_offer(self, profile: MediaProfile, toward: int | None = None) -> bytes:
        """Outgoing leg: the SDP for the INVITE."""
        ...

    async def take_answer(self, answer: bytes) -> None:
        """Outgoing leg: hand over the phone's answer."""
        ...

    async def renegotiate(self, offer: bytes) -> bytes:
        """The phone re-offered (hold, resume, new address): the SDP for the answer."""
        ...

    async def point(self, toward: int | None) -> None:
        """Let this party hear another leg (or nobody) without a re-INVITE. Both legs must be pointed for a conversation."""
        ...

    async def play(self, file: str, times: int = 1) -> float:
        """Start playing a WAV file to the party; returns the seconds of one pass. Replaces what was playing."""
        ...

    async def stop_playing(self) -> None:
        """Stop at once (barge-in); also fine when nothing plays."""
        ...

    async def start_recording(self, sink: AudioSink) -> None:
        """Fork the party's own audio to `sink` until stop_recording or delete."""
        ...

    async def stop_recording(self) -> None:
        """End the fork; everything received has been written to the sink when this returns."""
        ...

    async def delete(self) -> None:
        """Free ports and forks. Idempotent; never raises: a leg must always end."""
        ...


class MediaPort(Protocol):
    """Makes the media of legs."""

    def leg(self, leg: LegId, on_digit: Callable[[str], None]) -> MediaLeg:
        """A leg not yet known to rtpengine; RFC 4733 keys of its party go to `on_digit` as one of `0-9*#A-D`."""
        ...


# ---- what a call plays, keeps and waits for ----------------------------------------------------------


class Prompts(Protocol):
    """Spoken texts as files rtpengine can play."""

    async def file_for(self, text: str) -> str:
        """The path of a 48 kHz mono WAV that speaks this text, rendered once and cached by content."""
        ...

    def sound(self, name: str) -> str:
        """The path of a fixed sound: `beep` or `ringback`."""
        ...


class SealedRecording(AudioSink, Protocol):
    """A sealed blob being written."""

    @property
    def failed(self) -> bool:
        """True once a write could not be kept (disk full); what was sealed before stays readable."""
        ...

    async def close(self) -> float:
        """Seal the end durably; returns the seconds of audio kept."""
        ...

    async def abandon(self) -> None:
        """Remove it: nothing worth keeping was said."""
        ...


class RecordingRefused(Exception):
    """There is no room for a new recording; existing ones are untouched. The call goes on without it."""


class Recordings(Protocol):
    """Opens sealed blobs."""

    async def open(self, voicemail: VoicemailId) -> SealedRecording:
        """Start a sealed recording. Raises RecordingRefused when the disk has no room for it."""
        ...


class CallStore(Protocol):
    """Keeps what calls leave behind. Each method returns once it is durable, with its audit entry in the same transaction."""

    async def add_call(self, record: CallRecord) -> None:
        """Keep a finished call's record."""
        ...

    async def begin_voicemail(self, message: VoicemailMessage) -> None:
        """Note a message before its first second is recorded, so that a crash loses neither audio nor caller."""
        ...

    async def add_voicemail(self, message: VoicemailMessage) -> None:
        """Keep a finished message and queue its transcription."""
        ...

    async def refuse_voicemail(self, mailbox: MailboxId, why: str) -> None:
        """Note that no message was taken, and why."""
        ...

    async def discard_voicemail(self, message: VoicemailId) -> None:
        """Forget a message that held nothing."""
        ...

    async def mailbox_counts(self, mailbox: MailboxId) -> tuple[int, int]:
        """How many messages are new and old, for the message-waiting light (RFC 3842)."""
        ...


class BindingStore(Protocol):
    """Keeps where phones are registered."""

    async def save_bindings(self, aor: str, bindings: Sequence[Binding]) -> None:
        """Replace the bindings of one address-of-record; durable when it returns."""
        ...


class PhoneAudit(Protocol):
    """Keeps refusals of phones (45 CFR 164.308(a)(5)(ii)(C))."""

    async def phone_refused(self, address: str, why: str = "wrong credentials", phone: str = "*") -> None:
        """A phone was refused at this network address; `phone` is its user name where the secret was right."""
        ...

    async def call_ended(self, call: CallId, why: str) -> None:
        """A running call was ended by us."""
        ...


class CallObserver(Protocol):
    """Told of every change of a running call, for the console and the demo; must not block."""

    def changed(self, call: LiveCall) -> None:
        """The call is now like this; `call.over` is True the last time."""
        ...


class Inbox(Protocol[T]):
    """The one queue of a call: everything that happens to any of its legs, in order."""

    def put(self, item: T) -> None:
        """Add at the end; never blocks."""
        ...

    async def take(self, timeout_s: float | None = None) -> T | None:
        """The next item, or None when `timeout_s` passed without one."""
        ...


class Loop(Protocol):
    """Tasks and queues, lent by the event loop."""

    def inbox(self) -> "Inbox[Any]":
        """A new, empty inbox."""
        ...

    def spawn(self, name: str, work: Coroutine[object, object, None]) -> None:
        """Run a task of its own; what it raises is logged by type and ends that task only."""
        ...
