"""Signalling, media and storage for whole calls in memory. The peer's side of a session is spoken by the test.

Fakes are strict: a verb that the real thing would refuse or that no caller should use is kept in `faults`, media of a deleted leg fails.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from auricle.calls.live import LiveCall
from auricle.calls.ports import AudioSink, CallerIdentity, MediaProfile, RecordingRefused, SessionListener, Target
from auricle.calls.records import CallRecord
from auricle.calls.voicemail_record import VoicemailMessage
from auricle.kernel.ids import CallId, LegId, MailboxId, VoicemailId
from auricle.media.errors import MediaFailed
from auricle.sip.events import Accepted, Confirmed, Info, Offered, Progress, Reason, Redirected, Rejected, Terminated, Trying
from auricle.sip.registration import Binding

KEY = "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz"
SECOND = 8000
LOUD, QUIET = b"\x10" * SECOND, b"\xff" * SECOND


def sdp(profile: str = "RTP/SAVP", *, direction: str = "sendrecv") -> bytes:
    """A description as a phone writes it."""
    crypto = f"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}\r\n" if "SAVP" in profile and "TLS" not in profile else ""
    return (
        "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n"
        f"m=audio 40000 {profile} 0 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\n"
        f"{crypto}a={direction}\r\n"
    ).encode()


@dataclass
class FakeSession:
    """Fits `calls.ports.InviteSession`. `log` holds the verbs as the wire would show them: 180, 200, 486, CANCEL, BYE."""

    outgoing: bool
    target: Target | None = None
    caller: CallerIdentity | None = None
    offer: bytes = b""
    max_forwards: int = 70
    listener: SessionListener | None = None
    log: list[str] = field(default_factory=list)
    reasons: tuple[Reason, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    phrase: str = ""
    answer: bytes = b""
    accepted: bool = False
    over: bool = False
    faults: list[str] = field(default_factory=list)

    # ---- verbs of the call logic

    def ring(self) -> None:
        if not self.over and "180" not in self.log:
            self.log.append("180")

    def accept(self, sdp: bytes) -> None:
        if self.over:
            return  # the real one ignores it: the CANCEL was faster
        if self.accepted or self.outgoing:
            self.faults.append("accept")
        self.accepted, self.answer = True, sdp
        self.log.append("200")
        self._later(Confirmed())

    def reject(self, status: int, reason: str = "", headers: Sequence[tuple[str, str]] = ()) -> None:
        if self.over:
            return
        if self.accepted or self.outgoing:
            self.faults.append("reject")
        self.over, self.phrase, self.headers = True, reason, tuple(headers)
        self.log.append(str(status))
        self._later(Terminated("local", (), status))

    def hang_up(self, reasons: Sequence[Reason] = ()) -> None:
        if self.over:
            return
        self.over, self.reasons = True, tuple(reasons)
        self.log.append("BYE" if self.accepted else "CANCEL" if self.outgoing else "487")
        self._later(Rejected(487, "", None) if self.outgoing and not self.accepted else Terminated("local", (), 200))

    def answer_offer(self, sdp: bytes) -> None:
        self.log.append("answer")

    def refuse_offer(self, status: int, headers: Sequence[tuple[str, str]] = ()) -> None:
        self.log.append(f"refuse {status}")

    # ---- what the peer does

    @property
    def last(self) -> str:
        """The last verb, empty before the first."""
        return self.log[-1] if self.log else ""

    def rings(self) -> None:
        self.say(Trying())
        self.say(Progress(180, None))

    def answers(self, answer: bytes | None = None) -> None:
        self.accepted = True
        self.say(Accepted(sdp() if answer is None else answer))

    def refuses(self, status: int) -> None:
        self.over = True
        self.say(Rejected(status, "", None))

    def redirects(self, uri: str) -> None:
        self.over = True
        self.say(Redirected((uri,)))

    def hangs_up(self) -> None:
        """BYE, or CANCEL before it was answered."""
        if self.over:
            self.faults.append("hangs up twice")
        self.over = True
        self.say(Terminated("peer-bye", (), 200) if self.accepted else Terminated("cancelled", (), 487))

    def offers(self, offer: bytes) -> None:
        self.say(Offered(offer))

    def sends_info(self, key: str) -> None:
        self.say(Info("application/dtmf-relay", f"Signal={key}\r\nDuration=160\r\n".encode()))

    def say(self, event: Any) -> None:
        assert self.listener is not None
        self.listener(event)

    def _later(self, event: Any) -> None:
        asyncio.get_running_loop().call_soon(lambda: self.listener and self.listener(event))


class FakeSip:
    """Fits `calls.ports.SipPort`; `placed` holds the calls that went out, in order."""

    def __init__(self) -> None:
        self.placed: list[FakeSession] = []
        self.news = asyncio.Event()

    def invite(
        self,
        target: Target,
        caller: CallerIdentity,
        offer: bytes,
        listener: SessionListener,
        *,
        max_forwards: int = 70,
        headers: Sequence[tuple[str, str]] = (),
    ) -> FakeSession:
        session = FakeSession(True, target, caller, offer, max_forwards, listener, headers=tuple(headers))
        self.placed.append(session)
        return session


class FakeMediaLeg:
    """Fits `calls.ports.MediaLeg`."""

    def __init__(self, leg: LegId, on_digit: Callable[[str], None], port: int, media: "FakeMedia") -> None:
        self.id = leg
        self.press = on_digit
        self.played: list[str] = []
        self.playing = ""
        self.hears: int | None = None
        self.sink: AudioSink | None = None
        self.profile: MediaProfile | None = None
        self.allocated = False
        self.deleted = False
        self.faults: list[str] = []
        self._port = port
        self._media = media

    @property
    def pbx_port(self) -> int:
        return self._port

    async def take_offer(self, offer: bytes) -> None:
        self._use("take_offer")
        self.allocated = True

    async def make_answer(self, toward: int | None = None) -> bytes:
        self._use("make_answer")
        self.hears = toward
        return sdp()

    async def make_offer(self, profile: MediaProfile, toward: int | None = None) -> bytes:
        self._use("make_offer")
        self.allocated, self.profile, self.hears = True, profile, toward
        return sdp(profile.value)

    async def take_answer(self, answer: bytes) -> None:
        self._use("take_answer")

    async def renegotiate(self, offer: bytes) -> bytes:
        self._use("renegotiate")
        return sdp()

    async def point(self, toward: int | None) -> None:
        self._use("point")
        self.hears = toward

    async def play(self, file: str, times: int = 1) -> float:
        self._use("play")
        self.played.append(file)
        self.playing = file
        return self._media.lasts_s.get(file, self._media.default_s)

    async def stop_playing(self) -> None:
        self._use("stop_playing")
        self.playing = ""

    async def start_recording(self, sink: AudioSink) -> None:
        self._use("start_recording")
        self.sink = sink

    async def stop_recording(self) -> None:
        self._use("stop_recording")
        self.sink = None

    async def delete(self) -> None:
        self.deleted, self.sink, self.playing = True, None, ""

    def speaks(self, seconds: float, sound: bytes = LOUD) -> None:
        """Audio of this length reaches the fork now, if there is one."""
        if self.sink is not None:
            for _ in range(int(seconds)):
                self.sink.write(sound)
            if rest := sound[: round(seconds % 1 * SECOND)]:
                self.sink.write(rest)

    def _use(self, verb: str) -> None:
        if self.deleted:
            self.faults.append(f"{verb} after delete")
            raise MediaFailed(verb)
        if verb in self._media.broken:
            raise MediaFailed(verb)


class FakeMedia:
    """Fits `calls.ports.MediaPort`. `broken` names verbs that rtpengine refuses."""

    def __init__(self) -> None:
        self.legs: list[FakeMediaLeg] = []
        self.default_s = 3.0
        self.lasts_s = {"sound:beep": 0.5, "sound:ringback": 6.0}
        self.broken: set[str] = set()

    def leg(self, leg: LegId, on_digit: Callable[[str], None]) -> FakeMediaLeg:
        self.legs.append(FakeMediaLeg(leg, on_digit, 30000 + 2 * len(self.legs), self))
        return self.legs[-1]


class FakePrompts:
    """Fits `calls.ports.Prompts`: the file of a text is the text."""

    async def file_for(self, text: str) -> str:
        return text

    def sound(self, name: str) -> str:
        return f"sound:{name}"


class FakeRecording:
    """Fits `calls.ports.SealedRecording`."""

    def __init__(self) -> None:
        self.audio = bytearray()
        self.closed = False
        self.abandoned = False
        self.full_after: int | None = None

    @property
    def failed(self) -> bool:
        return self.full_after is not None and len(self.audio) >= self.full_after

    def write(self, pcmu: bytes) -> None:
        assert not self.closed
        self.audio += pcmu
        if self.full_after is not None:
            del self.audio[self.full_after :]

    async def close(self) -> float:
        self.closed = True
        return len(self.audio) / SECOND

    async def abandon(self) -> None:
        self.abandoned = True


class FakeRecordings:
    """Fits `calls.ports.Recordings`; `full` refuses, `full_after` fills the disk that many bytes into the next one."""

    def __init__(self) -> None:
        self.opened: dict[VoicemailId, FakeRecording] = {}
        self.full = False
        self.full_after: int | None = None

    async def open(self, voicemail: VoicemailId) -> FakeRecording:
        if self.full:
            raise RecordingRefused
        self.opened[voicemail] = recording = FakeRecording()
        recording.full_after = self.full_after
        return recording


class FakeStore:
    """Fits `calls.ports.CallStore`, `BindingStore` and `PhoneAudit`."""

    def __init__(self) -> None:
        self.records: list[CallRecord] = []
        self.begun: list[VoicemailMessage] = []
        self.messages: list[VoicemailMessage] = []
        self.discarded: list[VoicemailId] = []
        self.not_taken: list[tuple[MailboxId, str]] = []
        self.bindings: dict[str, list[Binding]] = {}
        self.refused: list[str] = []
        self.refusals: list[tuple[str, str]] = []
        self.ended_calls: list[CallId] = []

    async def add_call(self, record: CallRecord) -> None:
        self.records.append(record)

    async def begin_voicemail(self, message: VoicemailMessage) -> None:
        self.begun.append(message)

    async def add_voicemail(self, message: VoicemailMessage) -> None:
        self.messages.append(message)

    async def refuse_voicemail(self, mailbox: MailboxId, why: str) -> None:
        self.not_taken.append((mailbox, why))

    async def discard_voicemail(self, message: VoicemailId) -> None:
        self.discarded.append(message)

    async def mailbox_counts(self, mailbox: MailboxId) -> tuple[int, int]:
        return len([m for m in self.messages if m.mailbox == mailbox]), 0

    async def save_bindings(self, aor: str, bindings: Sequence[Binding]) -> None:
        self.bindings[aor] = list(bindings)

    async def phone_refused(self, address: str, why: str = "wrong credentials", phone: str = "*") -> None:
        self.refused.append(address)
        self.refusals.append((why, phone))

    async def call_ended(self, call: CallId, why: str) -> None:
        self.ended_calls.append(call)


class FakeObserver:
    """Fits `calls.ports.CallObserver`."""

    def __init__(self) -> None:
        self.seen: list[LiveCall] = []

    def changed(self, call: LiveCall) -> None:
        self.seen.append(call)
