"""The media of one leg (fits `calls.ports.MediaLeg`)."""

import re
from collections.abc import Callable

from auricle.adapters.rtpengine.ng import NgClient
from auricle.adapters.rtpengine.recorder import ForkReceiver, fork_sdp
from auricle.calls.ports import AudioSink, MediaProfile
from auricle.kernel.ids import LegId
from auricle.media import ng
from auricle.media.errors import MediaFailed
from auricle.media.ng import Command, HubSide

_PORT = re.compile(rb"^m=audio (\d+)", re.MULTILINE)
_EVENT = re.compile(rb"^a=rtpmap:(\d+) telephone-event/8000", re.MULTILINE)
_DIRECTION = re.compile(rb"^a=(sendonly|recvonly|inactive)", re.MULTILINE)
_NULL_ADDRESS = re.compile(rb"^c=IN IP4 0\.0\.0\.0", re.MULTILINE)
_CODEC = re.compile(rb"^a=rtpmap:\d+ (PCMA|G722|opus)/", re.MULTILINE | re.IGNORECASE)
_PCMA_OFFERED = re.compile(rb"^m=audio \d+ \S+(?: \d+)*? 8(?: |\r?$)", re.MULTILINE)
_PCMU_OFFERED = re.compile(rb"^m=audio \d+ \S+(?: \d+)*? 0(?: |\r?$)", re.MULTILINE)
MIRROR = {b"sendonly": "recvonly", b"recvonly": "sendonly", b"inactive": "inactive"}
DEFAULT_EVENT_TYPE = 101


class RtpLeg:
    """One rtpengine call."""

    __slots__ = (
        "_client",
        "_codec",
        "_deleted",
        "_dtls",
        "_event",
        "_forget",
        "_fork",
        "_incoming",
        "_known",
        "_last_answer",
        "_pbx_port",
        "_profile",
        "_toward",
        "_version",
        "id",
    )  # fmt: skip

    def __init__(self, leg: LegId, client: NgClient, forget: Callable[[LegId], None]) -> None:
        self.id = leg
        self._client = client
        self._forget = forget
        self._incoming = True
        self._dtls = False
        self._profile = MediaProfile.PLAIN_RTP
        self._codec = "PCMU"
        self._event: int | None = DEFAULT_EVENT_TYPE
        self._pbx_port = 0
        self._toward = ng.DISCARD_PORT
        self._version = 0
        self._last_answer = b""
        self._fork: ForkReceiver | None = None
        self._known = False
        self._deleted = False

    @property
    def pbx_port(self) -> int:
        """Where this leg takes audio for its party."""
        return self._pbx_port

    async def take_offer(self, offer: bytes) -> None:
        """The phone's offer of an incoming leg."""
        self._dtls = b"UDP/TLS/" in offer
        self._codec = _codec_of(offer)
        self._known = True
        self._read_hub(await self._sdp(ng.offer_from_phone(self.id, offer, self._codec, dtls=self._dtls)))

    async def make_answer(self, toward: int | None = None) -> bytes:
        """The SDP for the 200."""
        return await self._sdp(ng.answer_to_phone(self.id, self._hub(toward)))

    async def make_offer(self, profile: MediaProfile, toward: int | None = None) -> bytes:
        """The SDP for the INVITE."""
        self._incoming = False
        self._profile = profile
        self._known = True
        return await self._sdp(ng.offer_to_phone(self.id, self._hub(toward), profile.value))

    async def take_answer(self, answer: bytes) -> None:
        """The phone's answer of an outgoing leg."""
        self._last_answer = answer
        self._codec = _codec_of(answer)
        self._read_hub(await self._sdp(ng.answer_from_phone(self.id, answer)))

    async def renegotiate(self, offer: bytes) -> bytes:
        """The phone's re-INVITE: the same ports and keys on our side, direction mirrored."""
        await self._sdp(ng.offer_from_phone(self.id, offer, self._codec, dtls=self._dtls, again=True))
        direction = _DIRECTION.search(offer)
        wanted = MIRROR[direction.group(1)] if direction else "recvonly" if _NULL_ADDRESS.search(offer) else "sendrecv"
        hub = self._hub(None if self._toward == ng.DISCARD_PORT else self._toward, wanted)
        return await self._sdp(ng.answer_to_phone(self.id, hub))

    async def point(self, toward: int | None) -> None:
        """Send the party's audio elsewhere; its own ports and keys stay, so it needs no re-INVITE."""
        hub = self._hub(toward)
        if self._incoming:
            await self._client.ask(ng.answer_to_phone(self.id, hub))
            return
        await self._client.ask(ng.offer_to_phone(self.id, hub, self._profile.value, again=True))
        await self._client.ask(ng.answer_from_phone(self.id, self._last_answer))

    async def play(self, file: str, times: int = 1) -> float:
        """Start a file; the seconds of one pass."""
        reply = await self._client.ask(ng.play(self.id, file, times))
        duration = reply.get("duration")
        if not isinstance(duration, int):
            raise MediaFailed("play media: no duration")
        return duration / 1000

    async def stop_playing(self) -> None:
        """Stop at once."""
        await self._client.ask(ng.stop_playing(self.id))

    async def start_recording(self, sink: AudioSink) -> None:
        """Fork what the party says."""
        fork = ForkReceiver(sink)
        port = await fork.open()
        try:
            reply = await self._client.ask(ng.fork_request(self.id, transcode=self._codec != "PCMU"))
            await self._client.ask(ng.fork_answer(self.id, fork_sdp(bytes(reply["sdp"]).decode(), port)))
        except MediaFailed:
            fork.close()
            raise
        self._fork = fork

    async def stop_recording(self) -> None:
        """End the fork."""
        fork, self._fork = self._fork, None
        if fork is None:
            return
        try:
            await self._client.ask(ng.fork_end(self.id))
        finally:
            fork.close()

    async def delete(self) -> None:
        """Free everything. A dead engine has freed it already."""
        if self._deleted:
            return
        self._deleted = True
        self._forget(self.id)
        if self._fork is not None:
            self._fork.close()
            self._fork = None
        if self._known:
            self._client.post(ng.delete(self.id))

    def _hub(self, toward: int | None, direction: str = "sendrecv") -> HubSide:
        self._toward = toward or ng.DISCARD_PORT
        self._version += 1
        return HubSide(self._toward, self._version, self._event, direction)

    def _read_hub(self, sdp: bytes) -> None:
        """Take the inner port, and the payload type of keys, from the description rtpengine made for the hub."""
        port = _PORT.search(sdp)
        event = _EVENT.search(sdp)
        if port is None or not int(port.group(1)):
            raise MediaFailed("no inner port")
        self._pbx_port = int(port.group(1))
        self._event = int(event.group(1)) if event else None

    async def _sdp(self, command: Command) -> bytes:
        sdp = (await self._client.ask(command)).get("sdp")
        if not isinstance(sdp, bytes):
            raise MediaFailed(f"{command['command']!r}: no description in the reply")
        return sdp


def _codec_of(sdp: bytes) -> str:
    """PCMU when it is there, else the first codec that can be turned into it."""
    if _PCMU_OFFERED.search(sdp):
        return "PCMU"
    other = _CODEC.search(sdp)
    if other is not None:
        return other.group(1).decode().upper()
    return "PCMA" if _PCMA_OFFERED.search(sdp) else "PCMU"
