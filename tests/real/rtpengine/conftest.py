"""A real rtpengine between phones that speak real RTP and SRTP (pylibsrtp), each with a tone of its own.

Phones live on 127.0.0.2, rtpengine's outer side too, its hub on 127.0.0.1: a packet on the wrong network shows as silence.
"""

import asyncio
import base64
import os
import re
import socket
import struct
import wave
from collections.abc import AsyncIterator, Callable
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from pylibsrtp import Error, Policy, Session

from auricle.adapters.process import ServiceState
from auricle.adapters.rtpengine import EngineSettings, RtpEngine
from auricle.adapters.rtpengine.leg import RtpLeg
from auricle.calls.ports import MediaProfile
from auricle.kernel.ids import LegId
from auricle.media.mulaw import decode_mulaw, encode_mulaw

OUTSIDE = "127.0.0.2"
WAIT_S = 5.0
FRAME = 160
PROFILES = {
    "AES_CM_128_HMAC_SHA1_80": Policy.SRTP_PROFILE_AES128_CM_SHA1_80,
    "AES_CM_128_HMAC_SHA1_32": Policy.SRTP_PROFILE_AES128_CM_SHA1_32,
}
SUITE = "AES_CM_128_HMAC_SHA1_80"
EVENTS = "0123456789*#ABCD"


def tone(frequency: float, seconds: float = 1.0, rate: int = 8000) -> np.ndarray:
    """16-bit samples of a sine."""
    return (8000 * np.sin(2 * np.pi * frequency * np.arange(int(seconds * rate)) / rate)).astype(np.int16)


def pitch(pcmu: bytes) -> int:
    """The loudest frequency in Hz, rounded to 10; 0 for silence."""
    samples = decode_mulaw(pcmu).astype(float)
    if not len(samples) or np.abs(samples).max() < 500:
        return 0
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), 8000))
    return int(round(int(spectrum.argmax()), -1))


def wav(path: Path, frequency: float, seconds: float) -> str:
    """A prompt as `adapters.speech` makes them: 48 kHz mono 16-bit."""
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(48000)
        sound.writeframes(tone(frequency, seconds, 48000).tobytes())
    path.chmod(0o644)
    return str(path)


def free_port(host: str = "127.0.0.1") -> int:
    """A UDP port nobody listens on just now."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((host, 0))
        port: int = sock.getsockname()[1]
        return port


async def until(condition: Callable[[], bool], what: str, seconds: float = WAIT_S) -> None:
    """Wait for something that packets bring about."""
    try:
        async with asyncio.timeout(seconds):
            while not condition():
                await asyncio.sleep(0.01)
    except TimeoutError:
        pytest.fail(f"never: {what}")


class Phone(asyncio.DatagramProtocol):
    """Sends its tone every 20 ms once started, and keeps what it hears."""

    def __init__(self, frequency: int, *, srtp: bool, codec: str, suite: str) -> None:
        self.frequency, self.srtp, self.codec, self.suite = frequency, srtp, codec, suite
        self.key = os.urandom(30)
        self.tag = "1"
        self.heard: list[tuple[int, int, int, bytes]] = []
        """(SSRC, sequence, timestamp, payload) of audio."""
        self.events: list[bytes] = []
        self.bad = 0
        self.sources: set[tuple[str, int]] = set()
        self.sequence, self.timestamp, self.ssrc = 1000, 50_000, int.from_bytes(os.urandom(4), "big")
        self.target: tuple[str, int] | None = None
        self.version = 0
        self._audio = tone(frequency)
        self._inbound: Session | None = None
        self._outbound: Session | None = None
        self._their_key = b""
        self._task: asyncio.Task[None] | None = None
        self._queue: list[tuple[bytes, int, int]] = []
        """Key packets to send: payload, copies, and which of its key it is."""

    @classmethod
    async def open(cls, frequency: int = 600, *, srtp: bool = True, codec: str = "PCMU", suite: str = SUITE) -> "Phone":
        phone = cls(frequency, srtp=srtp, codec=codec, suite=suite)
        loop = asyncio.get_running_loop()
        phone.transport, _ = await loop.create_datagram_endpoint(lambda: phone, (OUTSIDE, 0))
        phone.port = phone.transport.get_extra_info("sockname")[1]
        return phone

    def sdp(self, direction: str = "a=sendrecv", *, address: str = OUTSIDE, session_lines: str = "", profile: str = "") -> bytes:
        """This phone's description."""
        self.version += 1
        number, name = {"PCMU": (0, "PCMU/8000"), "PCMA": (8, "PCMA/8000"), "G722": (9, "G722/8000")}[self.codec]
        profile = profile or ("RTP/SAVP" if self.srtp else "RTP/AVP")
        lines = [
            "v=0", f"o=- {self.port} {self.version} IN IP4 {OUTSIDE}", "s=-", f"c=IN IP4 {address}", "t=0 0", *session_lines.split(),
            f"m=audio {self.port} {profile} {number} 101", f"a=rtpmap:{number} {name}", "a=rtpmap:101 telephone-event/8000",
            "a=fmtp:101 0-15",
        ]  # fmt: skip
        if self.srtp:
            lines.append(f"a=crypto:{self.tag} {self.suite} inline:{base64.b64encode(self.key).decode()}")
        lines += [direction] if direction else []
        return ("\r\n".join([*lines, "a=ptime:20"]) + "\r\n").encode()

    def take(self, sdp: bytes) -> None:
        """Take rtpengine's description: where to send, and its key."""
        text = sdp.decode()
        section = next(part for part in re.split(r"(?m)^m=", text)[1:] if not part.startswith(("audio 0 ", "video ")))
        port = re.match(r"audio (\d+)", section)
        address = re.search(r"(?m)^c=IN IP4 (\S+)", section) or re.search(r"(?m)^c=IN IP4 (\S+)", text)
        assert port is not None
        assert address is not None
        self.target = (address[1], int(port[1]))
        line = re.search(rf"(?m)^a=crypto:(\d+) {self.suite} inline:([A-Za-z0-9+/=]+)", section)
        if self.srtp:
            assert line is not None, "no key in the description"
            self.tag = line[1]
            self.take_key(base64.b64decode(line[2]))

    def take_key(self, key: bytes) -> None:
        profile = PROFILES[self.suite]
        if key != self._their_key:  # RFC 3711 3.2.3: the same key goes on with its rollover counter
            self._their_key = key
            self._inbound = Session(Policy(key=key, ssrc_type=Policy.SSRC_ANY_INBOUND, srtp_profile=profile))
        if self._outbound is None:
            self._outbound = Session(Policy(key=self.key, ssrc_type=Policy.SSRC_ANY_OUTBOUND, srtp_profile=profile))

    def new_key(self) -> None:
        """Use another key from now on."""
        self.key = os.urandom(30)
        self._outbound = Session(Policy(key=self.key, ssrc_type=Policy.SSRC_ANY_OUTBOUND, srtp_profile=PROFILES[self.suite]))

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if 192 <= data[1] <= 223:
            return
        self.sources.add(addr)
        if self._inbound is not None:
            try:
                data = self._inbound.unprotect(data)
            except Error:
                self.bad += 1
                return
        sequence, timestamp, ssrc = struct.unpack("!HII", data[2:12])
        if data[1] & 0x7F == 101:
            self.events.append(data[12:])
        else:
            self.heard.append((ssrc, sequence, timestamp, data[12:]))

    def send(self, payload: bytes, payload_type: int | None = None, timestamp: int | None = None, marker: bool = False) -> None:
        """One packet, protected if this phone does that."""
        kind = {"PCMU": 0, "PCMA": 8, "G722": 9}[self.codec] if payload_type is None else payload_type
        stamp = (self.timestamp if timestamp is None else timestamp) & 0xFFFFFFFF
        data = struct.pack("!BBHII", 0x80, kind | (marker << 7), self.sequence, stamp, self.ssrc) + payload
        self.sequence = (self.sequence + 1) & 0xFFFF
        self.transport.sendto(self._outbound.protect(data) if self._outbound is not None else data, self.target)

    def start(self) -> "Phone":
        self._task = self._task or asyncio.ensure_future(self._run())
        return self

    def mute(self) -> None:
        if self._task is not None:
            self._task.cancel()
            self._task = None

    def close(self) -> None:
        self.mute()
        self.transport.close()

    def press(self, key: str, packets: int = 6, ends: int = 3) -> None:
        """Queue an RFC 4733 key; it takes the place of audio."""
        event = EVENTS.index(key)
        for i in range(packets):
            last = i == packets - 1
            payload = struct.pack("!BBH", event, (0x80 if last else 0) | 10, FRAME * (i + 1))
            self._queue.append((payload, ends if last else 1, i))

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        frames = [self._frame(i) for i in range(50)]
        event_start = 0
        for i in count():
            if self._queue:
                payload, copies, index = self._queue.pop(0)
                event_start = self.timestamp if index == 0 else event_start
                for _ in range(copies):
                    self.send(payload, 101, event_start, marker=index == 0)
            else:
                self.send(frames[i % 50])
            self.timestamp += FRAME
            due += 0.02
            await asyncio.sleep(max(0.0, due - loop.time()))

    def _frame(self, index: int) -> bytes:
        samples = self._audio[index * FRAME : (index + 1) * FRAME]
        return encode_mulaw(samples) if self.codec == "PCMU" else _encode_alaw(samples)

    def forget(self) -> None:
        """Begin listening anew."""
        self.heard.clear()
        self.events.clear()
        self.sources.clear()
        self.bad = 0

    @property
    def pitch(self) -> int:
        """The tone in the last 0.3 s heard."""
        audio = b"".join(payload for *_, payload in self.heard[-15:])
        return pitch(audio if self.codec == "PCMU" else encode_mulaw(_decode_alaw(audio)))

    async def hears(self, frequency: int) -> None:
        """Wait until 0.3 s of this tone and nothing else came in."""
        self.forget()
        await until(lambda: len(self.heard) >= 15 and self.pitch == frequency, f"{self.frequency} hears {frequency}, last {self.pitch}")
        assert self.bad == 0

    async def silence(self, seconds: float = 0.4) -> None:
        """Assert that nothing comes in (after what was on its way)."""
        await asyncio.sleep(0.06)
        self.forget()
        await asyncio.sleep(seconds)
        assert len(self.heard) == 0, f"{self.frequency} hears {self.pitch}"


def _encode_alaw(samples: np.ndarray) -> bytes:
    """G.711 A-law: the code whose value is nearest."""
    return bytes(int(np.abs(_ALAW - sample).argmin()) for sample in samples.astype(int))


def _decode_alaw(data: bytes) -> np.ndarray:
    out = []
    for code in data:
        code ^= 0x55
        exponent, mantissa = (code >> 4) & 7, code & 15
        magnitude = (mantissa << 4) + 8 if exponent == 0 else ((mantissa << 4) + 0x108) << (exponent - 1)
        out.append(magnitude if code & 0x80 else -magnitude)
    return np.array(out, dtype=np.int16)


_ALAW = _decode_alaw(bytes(range(256))).astype(int)


class Sink:
    """Keeps what is recorded."""

    def __init__(self) -> None:
        self.audio = b""

    def write(self, pcmu: bytes) -> None:
        self.audio += pcmu


class Stage:
    """The engine, and legs made in the ways calls make them."""

    def __init__(self, **settings: object) -> None:
        self.states: list[tuple[str, ServiceState]] = []
        low = 40_000 + os.getpid() % 100 * 200
        ports = {"port_min": low, "port_max": low + 199, **settings}
        self.engine = RtpEngine(EngineSettings(listen_ip=OUTSIDE, ng_port=free_port(), **ports), self._on_state)
        self.phones: list[Phone] = []
        self.digits: dict[str, str] = {}
        self._numbers = count()

    def _on_state(self, name: str, state: ServiceState) -> None:
        self.states.append((name, state))

    async def phone(self, frequency: int = 600, **how: object) -> Phone:
        self.phones.append(await Phone.open(frequency, **how))
        return self.phones[-1]

    def leg(self) -> RtpLeg:
        name = LegId(f"leg-{next(self._numbers)}")
        self.digits[name] = ""

        def on_digit(key: str) -> None:
            self.digits[name] += key

        return self.engine.leg(name, on_digit)

    async def incoming(self, phone: Phone, toward: int | None = None, offer: bytes | None = None) -> RtpLeg:
        """A phone that called us and was answered."""
        leg = self.leg()
        await leg.take_offer(offer or phone.sdp())
        phone.take(await leg.make_answer(toward))
        return leg

    async def outgoing(self, phone: Phone, toward: int | None = None) -> RtpLeg:
        """A phone that we called and that answered."""
        leg = self.leg()
        phone.take(await leg.make_offer(MediaProfile.SDES_SRTP if phone.srtp else MediaProfile.PLAIN_RTP, toward))
        await leg.take_answer(phone.sdp())
        return leg

    async def bridge(self, a: Phone, b: Phone) -> tuple[RtpLeg, RtpLeg]:
        """`a` calls, `b` is called, in the four messages of calls.bridge."""
        caller = self.leg()
        await caller.take_offer(a.sdp())
        called = await self.outgoing(b, caller.pbx_port)
        a.take(await caller.make_answer(called.pbx_port))
        return caller, called

    def open_sockets(self) -> int:
        """Sockets rtpengine has open."""
        found = 0
        for entry in Path(f"/proc/{self.engine.pid}/fd").iterdir():
            try:
                found += os.readlink(entry).startswith("socket:")
            except FileNotFoundError:
                continue
        return found

    async def drained(self) -> None:
        """Wait until rtpengine holds no call."""
        async with asyncio.timeout(WAIT_S):
            while await self.engine.calls():
                await asyncio.sleep(0.02)


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    stage = Stage()
    await stage.engine.start()
    try:
        yield stage
    finally:
        for phone in stage.phones:
            phone.close()
        await stage.engine.stop()


@pytest.fixture
def prompt(tmp_path: Path) -> Callable[[float, float], str]:
    """Makes WAV files that rtpengine's account can read."""
    for parent in (tmp_path, *list(tmp_path.parents)[:2]):
        parent.chmod(0o755)
    return lambda frequency, seconds: wav(tmp_path / f"{frequency}-{seconds}.wav", frequency, seconds)
