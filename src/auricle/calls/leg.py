"""A leg: one SIP dialog with one party, and its media. Call logic uses its verbs; SDP and headers stay in here.

A hang-up by the party raises LegEnded out of whatever verb is running on the leg.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from auricle.calls.errors import LegEnded
from auricle.calls.moves import LegState, move
from auricle.calls.ports import AudioSink, CallerIdentity, Inbox, InviteSession, MediaLeg, MediaProfile, SipPort, Target
from auricle.calls.records import LegRecord, Protection
from auricle.calls.words import Answered, Confirmed, Digit, Ended, Failed, Redirected, Reoffered, Ringing, Trying, Word
from auricle.kernel.ids import LegId, PersonId, TrunkName
from auricle.kernel.phi import Phi
from auricle.kernel.time import Clock
from auricle.media.errors import MediaError, UnusableKeys
from auricle.media.policy import ENCRYPTED_SIGNALLING, MediaFacts, check_answer, check_offer
from auricle.practice.model import MediaRule
from auricle.sip import session as sip
from auricle.sip.events import Reason

HANG_UP_STATUS, CANCELLED_STATUS = 200, 487
STATUS_OF_CAUSE = {"peer-bye": 200, "local": 200, "cancelled": 487, "timeout": 408, "no-ack": 408, "error": 500}


@dataclass(frozen=True, slots=True)
class Party:
    """Who is at the other end, and how we reach them."""

    address: Phi[str]
    """A number, an extension or `anonymous`."""
    display_name: Phi[str]
    transport: str
    rule: MediaRule
    person: PersonId | None = None
    trunk: TrunkName | None = None


class Leg:
    """One party of a call."""

    __slots__ = (
        "_clock", "_facts", "_inbox", "_media", "_profile", "_session", "answered_at", "digits", "end_status", "ended_at",
        "ended_elsewhere", "id", "outgoing", "party", "started_at", "state",
    )  # fmt: skip

    def __init__(self, leg_id: LegId, party: Party, media: MediaLeg, inbox: "CallInbox", clock: Clock, *, outgoing: bool) -> None:
        self.id = leg_id
        self.party = party
        self.outgoing = outgoing
        self.state = LegState.CALLING if outgoing else LegState.ARRIVED
        self.digits: deque[str] = deque()
        self.started_at: datetime = clock.now()
        self.answered_at: datetime | None = None
        self.ended_at: datetime | None = None
        self.end_status = 0
        self.ended_elsewhere = False
        self._media = media
        self._inbox = inbox
        self._clock = clock
        self._session: InviteSession | None = None
        self._profile: MediaProfile | None = None
        self._facts: MediaFacts | None = None

    # ---- setting up --------------------------------------------------------------------------------

    def attach(self, session: InviteSession) -> None:
        """Bind an incoming leg to the INVITE it came with."""
        self._session = session

    async def take_offer(self, offer: bytes) -> None:
        """Check an incoming leg's offer against its rule and give it to the media plane.

        Raises media.errors.MediaRefused (with the SIP status) for one we may not take, MediaFailed when rtpengine does not serve.
        """
        self._facts = check_offer(offer, self.party.rule, self.party.transport)
        await self._media.take_offer(offer)

    async def call(self, sip_port: SipPort, target: Target, caller: CallerIdentity, *, toward: int | None, max_forwards: int) -> None:
        """Place an outgoing leg. `toward` is the pbx port of the leg this party shall be heard by, once there is one."""
        self._profile = profile_for(self.party)
        if self._profile is MediaProfile.SDES_SRTP and self.party.transport not in ENCRYPTED_SIGNALLING:
            raise UnusableKeys("SRTP keys would leave over clear signalling")  # RFC 4568 8
        offer = await self._media.make_offer(self._profile, toward)
        self._session = sip_port.invite(target, caller, offer, self.on_session_event, max_forwards=max_forwards)

    async def settle(self, word: Answered) -> None:
        """Complete the media of an outgoing leg that answered. Raises MediaError when its answer may not be used."""
        assert self._profile is not None
        self._facts = check_answer(word.answer, self._profile.value, self.party.rule)
        await self._media.take_answer(word.answer)

    # ---- words in ----------------------------------------------------------------------------------

    def on_session_event(self, event: sip.SessionEvent) -> None:
        """Put what the SIP session says into the call's inbox, in the vocabulary of legs."""
        if isinstance(event, sip.Info) and self._facts is not None and self._facts.telephone_event:
            return  # one source of keys a leg: RFC 4733 where it was agreed, INFO only elsewhere
        word = _word_of(event)
        if word is not None:
            self._inbox.put((self, word))

    def on_digit(self, key: str) -> None:
        """A key by RFC 4733, from the media plane."""
        self._inbox.put((self, Digit(key)))

    def note(self, word: Word) -> None:
        """Move to the state after `word` and keep what the record needs. Raises IllegalMove."""
        before, self.state = self.state, move(self.state, word)
        match word:
            case Answered() if before is not LegState.ENDED:
                self.answered_at = self._clock.now()
            case Failed(status) | Ended(status) if before is not LegState.ENDED:
                if status == CANCELLED_STATUS:
                    self.answered_at = None  # a CANCEL that crossed our answer won: nobody talked
                self._over(status)
            case Digit(key):
                self.digits.append(key)

    # ---- verbs -------------------------------------------------------------------------------------

    @property
    def pbx_port(self) -> int:
        """Where this party takes audio from other legs."""
        return self._media.pbx_port

    @property
    def live(self) -> bool:
        """True until it ended."""
        return self.state is not LegState.ENDED

    @property
    def answered(self) -> bool:
        """True while there is a conversation or could be one."""
        return self.state is LegState.ANSWERED

    def ring(self) -> None:
        """Tell an incoming party that somebody is being alerted."""
        if self.state is LegState.ARRIVED and self._session is not None:
            self._session.ring()

    async def answer(self, toward: int | None = None) -> None:
        """Answer an incoming leg; with `toward` the party is heard there at once. Nothing happens when it is answered already."""
        if self.state is LegState.ARRIVED and self._session is not None:
            self._session.accept(await self._media.make_answer(toward))
            self.state = LegState.ANSWERED
            self.answered_at = self._clock.now()

    async def connect(self, other: "Leg") -> None:
        """Let the two parties hear each other."""
        await self._media.point(other.pbx_port)
        await other._media.point(self.pbx_port)

    async def play(self, file: str, *, until_key: bool = False, times: int = 1) -> None:
        """Play a file to its end. With `until_key` a key ends it at once (barge-in). Raises LegEnded on hang-up."""
        if until_key and self.digits:
            return
        lasts_s = await self._media.play(file, times)
        end = self._clock.monotonic() + lasts_s * times
        try:
            while (left := end - self._clock.monotonic()) > 0:
                word = await self.listen(left)
                if isinstance(word, Digit) and until_key:
                    break
        finally:
            if self.live:
                await self._media.stop_playing()

    async def start_playing(self, file: str, times: int) -> None:
        """Begin playing in the background, for a caller who waits."""
        await self._media.play(file, times)

    async def stop_playing(self) -> None:
        """End what start_playing began."""
        await self._media.stop_playing()

    async def collect(self, *, count: int, timeout_s: float) -> str:
        """The next keys: `count` of them, or fewer when `timeout_s` passed since the last; earlier ones count too. Raises LegEnded."""
        while len(self.digits) < count:
            if await self.listen(timeout_s) is None:
                break
        return "".join(self.digits.popleft() for _ in range(min(count, len(self.digits))))

    async def record(self, sink: AudioSink) -> None:
        """Start forking what the party says to `sink`."""
        await self._media.start_recording(sink)

    async def stop_record(self) -> None:
        """End the fork; the sink has all of it."""
        await self._media.stop_recording()

    async def listen(self, timeout_s: float | None) -> Word | None:
        """The next word of this leg, None after `timeout_s`. Words of other legs are noted on the way. Raises LegEnded."""
        if not self.live:
            raise LegEnded(self.id)
        end = None if timeout_s is None else self._clock.monotonic() + timeout_s
        while True:
            heard = await hear(self._inbox, None if end is None else max(0.0, end - self._clock.monotonic()))
            if not self.live:
                raise LegEnded(self.id)
            if heard is None:
                return None
            if heard[0] is self:
                return heard[1]

    def refuse(self, status: int, reason: str = "", headers: Sequence[tuple[str, str]] = ()) -> None:
        """End an incoming leg that was not answered with a SIP status."""
        if self.state is LegState.ARRIVED and self._session is not None:
            self._session.reject(status, reason, headers)
            self.state = LegState.ENDED
            self._over(status)

    def hang_up(self, reasons: Sequence[Reason] = (), *, elsewhere: bool = False) -> None:
        """End the leg by whatever its state asks for. Idempotent."""
        if self.state is LegState.ENDED:
            return
        answered = self.state is LegState.ANSWERED
        self.state = LegState.ENDED
        self.ended_elsewhere = elsewhere
        self._over(HANG_UP_STATUS if answered else CANCELLED_STATUS)
        if self._session is not None:
            self._session.hang_up(reasons)

    def dismiss(self) -> None:
        """End the leg from outside the call's own task, which hears of it as if the party had hung up."""
        if self.live:
            self.hang_up()
            self._inbox.put((self, Ended(HANG_UP_STATUS)))

    async def release(self) -> None:
        """Free the media. Idempotent; safe at any time."""
        await self._media.delete()

    async def renegotiate(self, offer: bytes) -> None:
        """Answer the party's wish for other media, or refuse it and keep what was (RFC 3261 14.2)."""
        if self._session is None or not self.live:
            return
        try:
            self._facts = check_offer(offer, self.party.rule, self.party.transport)
            answer = await self._media.renegotiate(offer)
        except MediaError as error:
            self._session.refuse_offer(error.sip_status, error.headers)
        else:
            self._session.answer_offer(answer)

    # ---- the record ----------------------------------------------------------------------------------

    def protection(self) -> Protection:
        """What protects this leg now."""
        encrypted = self._facts is not None and self._facts.protection_word != "RTP" and self.party.transport in {"TLS", "WSS"}
        if not encrypted:
            return Protection.UNPROTECTED
        return Protection.PUBLIC_NETWORK if self.party.trunk else Protection.TO_GATEWAY

    def record_entry(self) -> LegRecord:
        """What the call record keeps of this leg."""
        return LegRecord(
            id=self.id,
            outgoing=self.outgoing,
            party=self.party.address,
            display_name=self.party.display_name,
            person=self.party.person,
            started_at=self.started_at,
            answered_at=self.answered_at,
            ended_at=self.ended_at or self._clock.now(),
            signalling=self.party.transport,
            media=self._facts.protection_word if self._facts else "none",
            protection=self.protection(),
            end_status=self.end_status,
            answered_elsewhere=self.ended_elsewhere,
        )

    def _over(self, status: int) -> None:
        self.ended_at = self._clock.now()
        self.end_status = status


CallInbox = Inbox[tuple[Leg, Word]]


async def hear(inbox: CallInbox, timeout_s: float | None) -> tuple[Leg, Word] | None:
    """Take the next word of any leg and note it on that leg; media changes a party asks for are answered on the way."""
    item = await inbox.take(timeout_s)
    if item is None:
        return None
    leg, word = item
    leg.note(word)
    if isinstance(word, Reoffered):
        await leg.renegotiate(word.offer)
    return item


def profile_for(party: Party) -> MediaProfile:
    """The media profile to offer: encrypted unless the party is allowed, by its own setting, to go without."""
    if party.transport == "WSS":
        return MediaProfile.DTLS_SRTP
    return MediaProfile.PLAIN_RTP if party.rule is MediaRule.UNPROTECTED_ALLOWED else MediaProfile.SDES_SRTP


def _word_of(event: sip.SessionEvent) -> Word | None:
    match event:
        case sip.Trying():
            return Trying()
        case sip.Progress():
            return Ringing()
        case sip.Accepted(sdp):
            return Answered(sdp)
        case sip.Rejected(status):
            return Failed(status)
        case sip.Redirected(uris):
            return Redirected(uris)
        case sip.Confirmed():
            return Confirmed()
        case sip.Offered(sdp):
            return Reoffered(sdp)
        case sip.Info(content_type, body):
            key = dtmf_of_info(content_type, body)
            return Digit(key) if key else None
        case sip.Terminated(cause):
            return Ended(STATUS_OF_CAUSE[cause])


def dtmf_of_info(content_type: str, body: bytes) -> str | None:
    """The key an INFO carries (application/dtmf-relay or application/dtmf), None for anything else."""
    text = body[:200].decode("ascii", "replace").strip()
    if content_type == "application/dtmf-relay":
        lines = (line.partition("=") for line in text.splitlines())
        text = next((value.strip() for name, _, value in lines if name.strip().lower() == "signal"), "")
    elif content_type != "application/dtmf":
        return None
    text = {"10": "*", "11": "#"}.get(text, text.upper())
    return text if len(text) == 1 and text in "0123456789*#ABCD" else None
