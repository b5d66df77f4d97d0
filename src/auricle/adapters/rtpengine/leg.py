"""The media of one leg (fits `calls.ports.MediaLeg`)."""

import asyncio
import re
import wave
from collections.abc import Callable, Mapping
from typing import Any
from zlib import crc32

from auricle.adapters.rtpengine.ng import NgClient
from auricle.adapters.rtpengine.recorder import ForkReceiver
from auricle.calls.ports import AudioSink, MediaProfile
from auricle.kernel.ids import LegId
from auricle.media import ng
from auricle.media.errors import MediaFailed, NoCommonCodec
from auricle.media.ng import Command, HubSide
from auricle.media.policy import check_keys, read_description
from auricle.media.sections import DTLS_PROFILES, PLAIN_PROFILES, Section, choose, narrowed, read_section, widened
from auricle.sip.sdp import Direction, SessionDescription

_PORT = re.compile(rb"^m=audio (\d+)", re.MULTILINE)
_EVENT = re.compile(rb"^a=rtpmap:(\d+) telephone-event/8000", re.MULTILINE)
DEFAULT_EVENT_TYPE = 101
HEARS = frozenset({Direction.SENDRECV, Direction.SENDONLY})
"""Directions of the hub side in which the party gets audio."""


class RtpLeg:
    """One rtpengine call. Its commands run one after the other; each raises MediaFailed once the process that knew the leg is gone."""

    __slots__ = (
        "_again",
        "_client",
        "_codec",
        "_deleted",
        "_direction",
        "_event",
        "_forget",
        "_fork",
        "_generation",
        "_hears",
        "_known",
        "_offer",
        "_pbx_port",
        "_plain",
        "_playing",
        "_profile",
        "_session",
        "_sounding",
        "_toward",
        "_version",
        "_widen",
        "id",
    )

    def __init__(self, leg: LegId, client: NgClient, forget: Callable[[LegId], None]) -> None:
        self.id = leg
        self._client = client
        self._forget = forget
        self._generation = client.generation
        self._session = crc32(leg.encode())
        self._version = 0
        self._profile = MediaProfile.PLAIN_RTP
        self._plain = False
        self._codec = "PCMU"
        self._event: int | None = DEFAULT_EVENT_TYPE
        self._direction = Direction.SENDRECV
        self._hears = True
        self._pbx_port = 0
        self._toward = ng.DISCARD_PORT
        self._widen: tuple[SessionDescription, Section] | None = None
        self._offer = b""
        self._again: Command | None = None
        """For a leg we called: its answer, to be repeated after an offer of ours. None once the phone has offered."""
        self._playing: tuple[str, int, float] | None = None
        self._sounding = False
        self._fork: ForkReceiver | None = None
        self._known = False
        self._deleted = False

    @property
    def pbx_port(self) -> int:
        """Where this leg takes audio for its party."""
        return self._pbx_port

    async def take_offer(self, offer: bytes) -> None:
        """The phone's offer of an incoming leg; of several audio sections the best protected one is taken."""
        self._known = True
        self._read_hub(await self._sdp(self._from_phone(offer, again=False)))

    async def make_answer(self, toward: int | None = None) -> bytes:
        """The SDP for the 200."""
        answer = await self._answer(toward or ng.DISCARD_PORT)
        await self._follow_direction()
        return answer

    async def make_offer(self, profile: MediaProfile, toward: int | None = None) -> bytes:
        """The SDP for the INVITE."""
        self._profile = profile
        self._plain = profile is MediaProfile.PLAIN_RTP
        self._known = True
        self._offer = await self._sdp(ng.offer_to_phone(self.id, self._hub(toward or ng.DISCARD_PORT), profile.value))
        return self._offer

    async def take_answer(self, answer: bytes) -> None:
        """The phone's answer of an outgoing leg. Raises AnswerDowngraded when its key does not belong to our offer."""
        session = read_description(answer)
        if not session.media:
            raise NoCommonCodec("Audio refused")
        section = read_section(session.media[0])
        if self._profile is MediaProfile.SDES_SRTP:
            check_keys(self._offer, section)
        self._codec = section.codec or "PCMU"
        self._direction = section.media.direction(session).mirrored
        self._again = ng.answer_from_phone(self.id, narrowed(session, section, answer), plain=self._plain)
        self._read_hub(await self._sdp(self._again))
        await self._follow_direction()

    async def renegotiate(self, offer: bytes) -> bytes:
        """The phone's re-INVITE: the same ports and keys on our side, direction mirrored.

        A party that has us on hold is sent nothing (RFC 3264 8.4); what was playing begins anew when it hears again.
        """
        await self._sdp(self._from_phone(offer, again=True))
        self._again = None
        answer = await self._answer(self._toward)
        await self._follow_direction()
        return answer

    async def point(self, toward: int | None) -> None:
        """Send the party's audio elsewhere; its own ports and keys stay, so it needs no re-INVITE."""
        hub = self._hub(toward or ng.DISCARD_PORT)
        if self._again is None:
            await self._ask(ng.answer_to_phone(self.id, hub, plain=self._plain))
            return
        await self._ask(ng.offer_to_phone(self.id, hub, self._profile.value, again=True))
        await self._ask(self._again)

    async def play(self, file: str, times: int = 1) -> float:
        """Start a file, in place of what was playing; the seconds of one pass.

        To a party that has us on hold it is silent, and begins when it hears again before its end.
        """
        if self._hears:
            lasts_s = await self._begin(file, times)
        else:
            lasts_s = await asyncio.to_thread(_seconds_of, file)
        self._playing = (file, times, asyncio.get_running_loop().time() + lasts_s * times)
        return lasts_s

    async def stop_playing(self) -> None:
        """Stop at once; fine when nothing plays."""
        self._playing = None
        await self._stop()

    async def start_recording(self, sink: AudioSink) -> None:
        """Fork what the party says."""
        if self._fork is not None:
            raise MediaFailed("already recorded")
        self._fork = fork = ForkReceiver(sink)
        try:
            offer = await self._sdp(ng.fork_request(self.id, transcode=self._codec != "PCMU"))
            await self._ask(ng.fork_answer(self.id, fork.answer(offer)))
        except BaseException:  # also when the call is over meanwhile: no socket may be left
            self._fork = None
            fork.close()
            raise

    async def stop_recording(self) -> None:
        """End the fork; all that was received is in the sink, also when rtpengine fails."""
        fork = self._fork
        if fork is None:
            return
        try:
            await self._ask(ng.fork_end(self.id))
        finally:
            self._fork = None
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
        if self._known and self._generation == self._client.generation:
            self._client.post(ng.delete(self.id))

    def _from_phone(self, offer: bytes, *, again: bool) -> Command:
        """Take what the offer says of its best section, and make the command of it."""
        session = read_description(offer)
        section = choose(session)
        if section is None:
            raise NoCommonCodec("No audio offered")
        profile = section.media.profile
        self._widen = (session, section)
        self._plain = profile in PLAIN_PROFILES
        self._codec = section.codec or "PCMU"
        self._direction = section.media.direction(session).mirrored
        sdp = narrowed(session, section, offer)
        return ng.offer_from_phone(self.id, sdp, self._codec, dtls=profile in DTLS_PROFILES, plain=self._plain, again=again)

    async def _answer(self, toward: int) -> bytes:
        answer = await self._sdp(ng.answer_to_phone(self.id, self._hub(toward), plain=self._plain))
        return widened(*self._widen, answer) if self._widen is not None else answer

    async def _follow_direction(self) -> None:
        """Stop sending to a party that no longer hears us, and begin again when it does."""
        hears = self._direction in HEARS
        if hears == self._hears:
            return
        self._hears = hears
        if not hears:
            await self._stop()
            await self._ask(ng.block(self.id))
            return
        await self._ask(ng.unblock(self.id))
        if self._playing is not None:
            file, times, end = self._playing
            if asyncio.get_running_loop().time() < end:
                await self._begin(file, times)

    async def _begin(self, file: str, times: int) -> float:
        duration = (await self._ask(ng.play(self.id, file, times))).get("duration")
        self._sounding = True
        if not isinstance(duration, int):
            raise MediaFailed("play media: no duration")
        return duration / 1000

    async def _stop(self) -> None:
        """rtpengine refuses to stop what never began (verified)."""
        if self._sounding:
            self._sounding = False
            await self._ask(ng.stop_playing(self.id))

    def _hub(self, toward: int) -> HubSide:
        self._toward = toward
        self._version += 1
        return HubSide(toward, self._session, self._version, self._event, self._direction.value)

    def _read_hub(self, sdp: bytes) -> None:
        """Take the inner port, and the payload type of keys, from the description rtpengine made for the hub."""
        port = _PORT.search(sdp)
        event = _EVENT.search(sdp)
        if port is None or not int(port.group(1)):
            raise MediaFailed("no inner port")
        self._pbx_port = int(port.group(1))
        self._event = int(event.group(1)) if event else None

    async def _ask(self, command: Command) -> Mapping[str, Any]:
        if self._deleted:
            raise MediaFailed("the leg is over")
        if self._generation != self._client.generation:
            raise MediaFailed("rtpengine was restarted")
        return await self._client.ask(command)

    async def _sdp(self, command: Command) -> bytes:
        sdp = (await self._ask(command)).get("sdp")
        if not isinstance(sdp, bytes):
            raise MediaFailed(f"{command.name}: no description in the reply")
        return sdp


def _seconds_of(file: str) -> float:
    """How long a WAV file lasts. Raises MediaFailed for one that cannot be read."""
    try:
        with wave.open(file, "rb") as sound:
            return sound.getnframes() / sound.getframerate()
    except (OSError, EOFError, wave.Error, ZeroDivisionError) as error:
        raise MediaFailed("play media: the file cannot be read") from error
