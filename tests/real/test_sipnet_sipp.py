"""Real SIPp, as caller and as called, against the endpoint over loopback. Scenarios are named by what they expect of us."""

import asyncio
import shutil
import socket
import time
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_bytes, token_hex
from typing import Any

import pytest

from auricle.adapters.sipnet import Identity, SipEndpoint
from auricle.calls.ports import ANSWERED_ELSEWHERE, CallerIdentity, Target
from auricle.sip.events import Accepted, Confirmed, Info, Offered, Progress, Redirected, Rejected, Terminated

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(shutil.which("sipp") is None, reason="SIPp is not installed (apt-get install sip-tester)"),
]

SCENARIOS = Path(__file__).parent / "sipp"
HOST = "127.0.0.1"
SDP = b"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 7000 RTP/AVP 0\r\n"
CALLER = CallerIdentity("2000", "Front desk")
TARGET = Target("sip:1001@192.0.2.20:5070", ("<sip:127.0.0.1:5080;lr>",), "UDP")
IDENTITY = Identity("pbx.example", {"UDP": "192.0.2.1:5060;transport=udp"})
ENDED = (Terminated, Rejected, Redirected)


class Clock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()


class Entropy:
    def token(self, size: int) -> bytes:
        return token_bytes(size)

    def name(self, prefix: str = "") -> str:
        return prefix + token_hex(8)


class Answering:
    """A UAS: rings, then answers everything, its offers too."""

    def __init__(self, *, ring_only: bool = False, answer_after_s: float = 0.0) -> None:
        self.ring_only = ring_only
        self.answer_after_s = answer_after_s
        self.words: list[Any] = []
        self.calls = 0

    def on_invite(self, session: Any, request: Any, origin: Any) -> Any:
        assert (origin.transport, origin.host, origin.trunk) == ("UDP", "192.0.2.9", "carrier")
        self.calls += 1
        session.ring()
        if not self.ring_only:
            asyncio.get_running_loop().call_later(self.answer_after_s, session.accept, SDP)

        def listen(word: Any) -> None:
            self.words.append(word)
            if isinstance(word, Offered):
                session.answer_offer(SDP)

        return listen

    def on_register(self, request: Any, origin: Any, respond: Any) -> None:
        respond(200)


class Bridging:
    """A B2BUA of ten lines: each call from the front is placed again at the back."""

    def __init__(self, back: SipEndpoint) -> None:
        self.back = back
        self.ended = 0

    def on_invite(self, session: Any, request: Any, origin: Any) -> Any:
        def from_called(word: Any) -> None:
            match word:
                case Progress():
                    session.ring()
                case Accepted(sdp):
                    session.accept(sdp)
                case Rejected(status):
                    session.reject(status)
                case Terminated():
                    session.hang_up()

        called = self.back.invite(TARGET, CALLER, request.body, from_called, max_forwards=request.max_forwards - 1)

        def from_caller(word: Any) -> None:
            if isinstance(word, Terminated):
                self.ended += 1
                called.hang_up(word.reasons)

        return from_caller

    def on_register(self, request: Any, origin: Any, respond: Any) -> None:
        respond(403)


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((HOST, 0))
        return sock.getsockname()[1]


@asynccontextmanager
async def endpoint(edge_port: int, handler: Any):
    """An endpoint whose edge is SIPp at `edge_port`."""
    sip = SipEndpoint(bind=(HOST, free_port()), edge=(HOST, edge_port), identity=IDENTITY, clock=Clock(), entropy=Entropy())
    await sip.start(handler)
    try:
        yield sip
    finally:
        await sip.stop()


async def sipp(scenario: str, port: int, tmp: Path, *arguments: str, calls: int = 1, timeout_s: int = 20) -> asyncio.subprocess.Process:
    """Start SIPp with a scenario; it exits 0 when every call went as the scenario says."""
    errors, messages = tmp / f"{scenario}.errors", tmp / f"{scenario}.messages"
    return await asyncio.create_subprocess_exec(
        "sipp", *arguments, "-sf", str(SCENARIOS / f"{scenario}.xml"), "-i", HOST, "-p", str(port), "-m", str(calls), "-nostdin",
        "-timeout", f"{timeout_s}s", "-timeout_error", "-skip_rlimit",
        "-trace_err", "-error_file", str(errors),
        "-trace_msg", "-message_file", str(messages),
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL, cwd=tmp,
    )  # fmt: skip


async def went_well(process: asyncio.subprocess.Process, scenario: str, tmp: Path) -> None:
    """Wait for SIPp; fail with what it complained about."""
    try:
        code = await asyncio.wait_for(process.wait(), 60)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    errors = tmp / f"{scenario}.errors"
    assert code == 0, (scenario, code, errors.read_text()[-1500:] if errors.exists() else "")


async def call_us(scenario: str, handler: Any, tmp: Path) -> None:
    port = free_port()
    async with endpoint(port, handler) as sip:
        await went_well(await sipp(scenario, port, tmp, f"{HOST}:{sip.address[1]}"), scenario, tmp)


async def call_them(scenario: str, tmp: Path, act: Any) -> list[Any]:
    """Place one call at SIPp; `act(session, word)` answers its words. Gives the words once SIPp is satisfied."""
    port, words = free_port(), []
    ended = asyncio.Event()
    process = await sipp(scenario, port, tmp)
    async with endpoint(port, None) as sip:
        session: Any = None

        def listen(word: Any) -> None:
            words.append(word)
            act(session, word)
            if isinstance(word, ENDED):
                ended.set()

        session = sip.invite(TARGET, CALLER, SDP, listen)  # SIPp may need a moment to listen: Timer A carries us over
        await went_well(process, scenario, tmp)
        await asyncio.wait_for(ended.wait(), 5)
    return words


@pytest.mark.parametrize(
    "scenario",
    [
        "uac-options-expect-200",
        "uac-bye-of-unknown-dialog-expect-481",
        "uac-unknown-require-expect-420",
        "uac-unstamped-invite-expect-403",
        "uac-max-forwards-0-expect-483",
        "uac-short-session-expect-422",
    ],
)
async def test_requests_we_answer_by_ourselves(scenario, tmp_path):
    handler = Answering()
    await call_us(scenario, handler, tmp_path)
    assert handler.calls == 0


async def test_call_answered_and_hung_up(tmp_path):
    handler = Answering()
    await call_us("uac-call-expect-answer-and-bye", handler, tmp_path)
    assert handler.words == [Confirmed(), Terminated("peer-bye", (), 200)]


async def test_the_200_is_repeated_until_the_ack(tmp_path):
    """SIP-565d."""
    handler = Answering()
    await call_us("uac-withholds-ack-expect-200-again", handler, tmp_path)
    log = (tmp_path / "uac-withholds-ack-expect-200-again.messages").read_text()
    assert log.count("SIP/2.0 200 OK") == 4  # at 0, 0.5 and 1.5 s, and the one for the BYE
    assert handler.words == [Confirmed(), Terminated("peer-bye", (), 200)]


async def test_a_repeated_invite_is_absorbed():
    """SIP-565d: three copies of one INVITE are one call."""
    handler = Answering(ring_only=True)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as edge:
        edge.bind((HOST, 0))
        edge.setblocking(False)
        async with endpoint(edge.getsockname()[1], handler) as sip:
            invite = (
                f"INVITE sip:1001@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP {HOST};branch=z9hG4bK1\r\nMax-Forwards: 70\r\n"
                "From: <sip:2000@192.0.2.9>;tag=1\r\nTo: <sip:1001@192.0.2.1>\r\nCall-ID: repeated\r\nCSeq: 1 INVITE\r\n"
                "Contact: <sip:2000@192.0.2.9>\r\nX-Auricle-Source: UDP;192.0.2.9;5060;trunk=carrier\r\nContent-Length: 0\r\n\r\n"
            )
            loop, answers = asyncio.get_running_loop(), []
            for _ in range(3):
                await loop.sock_sendto(edge, invite.encode(), sip.address)
            while len(answers) < 4:
                answers.append((await asyncio.wait_for(loop.sock_recv(edge, 4096), 5))[:11])
    assert set(answers) == {b"SIP/2.0 100", b"SIP/2.0 180"}
    assert handler.calls == 1


async def test_a_cancelled_call_is_487(tmp_path):
    handler = Answering(ring_only=True)
    await call_us("uac-cancel-expect-487", handler, tmp_path)
    assert handler.words == [Terminated("cancelled", (), 487)]


async def test_hold_by_reinvite_and_update_is_answered(tmp_path):
    handler = Answering()
    await call_us("uac-hold-expect-answer", handler, tmp_path)
    assert [type(word) for word in handler.words] == [Confirmed, Offered, Offered, Terminated]
    assert b"a=sendonly" in handler.words[1].sdp


async def test_ringing_is_reliable_where_it_is_required(tmp_path):
    await call_us("uac-requires-100rel-expect-reliable-180", Answering(answer_after_s=0.2), tmp_path)


async def test_info_digit(tmp_path):
    handler = Answering()
    await call_us("uac-info-digit-expect-200", handler, tmp_path)
    (info,) = [word for word in handler.words if isinstance(word, Info)]
    assert b"Signal=5" in info.body


def hang_up_once_accepted(session: Any, word: Any) -> None:
    if isinstance(word, Accepted):
        asyncio.get_running_loop().call_later(0.2, session.hang_up)


def hang_up_once_ringing(session: Any, word: Any) -> None:
    if isinstance(word, Progress):
        session.hang_up(ANSWERED_ELSEWHERE)


async def test_we_call_and_hang_up(tmp_path):
    words = await call_them("uas-answers-expect-bye", tmp_path, hang_up_once_accepted)
    assert [type(word) for word in words] == [Progress, Accepted, Terminated]


async def test_busy_is_acked_and_told(tmp_path):
    words = await call_them("uas-busy-expect-ack", tmp_path, hang_up_once_accepted)
    assert words == [Rejected(486, "Busy Here", None)]


async def test_a_second_fork_is_acked_and_ended(tmp_path):
    """SIP-e115."""
    words = await call_them("uas-second-fork-expect-ack-and-bye", tmp_path, hang_up_once_accepted)
    assert [type(word) for word in words] == [Progress, Accepted, Terminated]


async def test_a_200_that_crosses_our_cancel_is_ended(tmp_path):
    """SIP-7f5c."""
    words = await call_them("uas-200-crosses-cancel-expect-ack-and-bye", tmp_path, hang_up_once_ringing)
    assert words == [Progress(180, None), Terminated("local", (), 487)]


async def test_a_cancel_says_why(tmp_path):
    """PBX-3e69."""
    words = await call_them("uas-cancelled-expect-cancel-with-reason", tmp_path, hang_up_once_ringing)
    assert words == [Progress(180, None), Terminated("local", (), 487)]


async def test_a_reliable_183_is_pracked(tmp_path):
    words = await call_them("uas-reliable-183-expect-prack", tmp_path, hang_up_once_accepted)
    assert [type(word) for word in words] == [Progress, Accepted, Terminated]


@pytest.mark.parametrize(
    ("loss", "called_by"),
    [((), "uas-answers-expect-bye"), (("-lost", "10"), "uas-may-miss-the-ack-expect-bye")],
    ids=["clean", "a tenth of the datagrams lost"],
)
async def test_bridged_calls(loss, called_by, tmp_path):
    """SIPp calls SIPp through two endpoints; with loss, the repeats of either side make every call complete."""
    uac_port, uas_port, calls, calling = free_port(), free_port(), 60, "uac-call-expect-answer-and-bye"
    called = await sipp(called_by, uas_port, tmp_path, *loss, calls=calls, timeout_s=50)
    async with endpoint(uas_port, None) as back:
        handler = Bridging(back)
        async with endpoint(uac_port, handler) as front:
            us = f"{HOST}:{front.address[1]}"
            caller = await sipp(calling, uac_port, tmp_path, us, "-r", "30", *loss, calls=calls, timeout_s=50)
            await went_well(caller, calling, tmp_path)
            await went_well(called, called_by, tmp_path)
            assert handler.ended == calls
            async with asyncio.timeout(40):  # where the answer to a last BYE was lost, its timer F (32 s) ends the session
                while front.sessions:
                    await asyncio.sleep(0.1)
            assert (front.malformed, back.malformed) == (0, 0)
