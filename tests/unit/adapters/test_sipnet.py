"""The endpoint over real loopback sockets: who is heard, what is answered, and that one bad message or listener harms nobody else."""

import asyncio
import socket
import time
from datetime import UTC, datetime
from itertools import count

import pytest
from structlog.testing import capture_logs

from auricle.adapters.sipnet import Identity, SipEndpoint
from auricle.adapters.sipnet.identity import origin_of
from auricle.calls.ports import CallerIdentity, Origin, Target
from auricle.sip.errors import HeaderInjection
from auricle.sip.events import Confirmed, Rejected, Terminated
from auricle.sip.message import parse_message

HOST = "127.0.0.1"
STAMP = "X-Auricle-Source: TLS;192.0.2.9;40123\r\nPath: <sip:127.0.0.1:5080;lr;received=sip:192.0.2.9:40123%3Btransport%3Dtls>\r\n"
IDENTITY = Identity("pbx.example", {"TLS": "pbx.example:5061;transport=tls", "UDP": "pbx.example:5060;transport=udp"})
SDP = b"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 6000 RTP/AVP 0\r\n"


class Clock:
    def now(self):
        return datetime.now(UTC)

    def monotonic(self):
        return time.monotonic()


class Entropy:
    def __init__(self):
        self._next = count(1)

    def token(self, size):
        return next(self._next).to_bytes(size, "big")

    def name(self, prefix=""):
        return f"{prefix}{next(self._next)}"


class Handler:
    """Does with each call what the test says."""

    def __init__(self, act=lambda session: None):
        self.act = act
        self.origins = []
        self.sessions = []
        self.words = []

    def on_invite(self, session, request, origin):
        self.origins.append(origin)
        self.sessions.append(session)
        self.act(session)
        return self.words.append

    def on_register(self, request, origin, respond):
        respond(200, "Fine", [("Contact", "<sip:a@192.0.2.9>;expires=60")])


class Edge:
    """A bare UDP socket where the edge would be."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((HOST, 0))
        self.socket.setblocking(False)
        self.address = self.socket.getsockname()
        self._drawn = count(1)

    async def send(self, sip, data):
        await asyncio.get_running_loop().sock_sendto(self.socket, data, sip.address)

    async def receive(self, timeout_s=2.0):
        return parse_message(await asyncio.wait_for(asyncio.get_running_loop().sock_recv(self.socket, 65535), timeout_s))

    def request(self, method, *, to="<sip:b@pbx.example>", cseq=1, extra=STAMP, branch=None, body=b""):
        kind = "Content-Type: application/sdp\r\n" if body else ""
        branch = branch or f"z9hG4bK{next(self._drawn)}"
        text = (
            f"{method} sip:b@pbx.example SIP/2.0\r\nVia: SIP/2.0/UDP {HOST}:{self.address[1]};branch={branch}\r\n"
            f"Max-Forwards: 70\r\nFrom: <sip:a@pbx.example>;tag=1\r\nTo: {to}\r\nCall-ID: c1\r\nCSeq: {cseq} {method}\r\n"
            f"Contact: <sip:a@192.0.2.9:40123;transport=tls>\r\n{extra}{kind}Content-Length: {len(body)}\r\n\r\n"
        )
        return text.encode() + body


@pytest.fixture
async def edge():
    edge = Edge()
    yield edge
    edge.socket.close()


@pytest.fixture
async def start(edge):
    started = []

    async def start(handler, **more):
        sip = SipEndpoint(bind=(HOST, 0), edge=edge.address, identity=IDENTITY, clock=Clock(), entropy=Entropy(), **more)
        await sip.start(handler)
        started.append(sip)
        return sip

    yield start
    for sip in started:
        await sip.stop()
        await sip.stop()


async def test_a_call_knows_where_it_came_from_and_how_to_reach_back(edge, start):
    handler = Handler(lambda session: session.accept(SDP))
    sip = await start(handler)
    await edge.send(sip, edge.request("INVITE", body=SDP))
    assert (await edge.receive()).status == 100
    ok = await edge.receive()
    path = "<sip:127.0.0.1:5080;lr;received=sip:192.0.2.9:40123%3Btransport%3Dtls>"
    assert handler.origins == [Origin("TLS", "192.0.2.9", 40123, None, path)]
    assert ok.get("contact") == "<sip:auricle@pbx.example:5061;transport=tls>"
    await edge.send(sip, edge.request("ACK", to=f"<sip:b@pbx.example>;tag={ok.to.tag}"))
    await edge.send(sip, edge.request("OPTIONS", to=f"<sip:b@pbx.example>;tag={ok.to.tag}", cseq=2))
    assert (await edge.receive()).status == 200
    assert handler.words == [Confirmed()]
    handler.sessions[0].hang_up()
    bye = await edge.receive()
    assert (bye.method, bye.uri, bye.get("route")) == ("BYE", "sip:a@192.0.2.9:40123;transport=tls", path)


async def test_only_the_edge_is_heard(edge, start):
    handler = Handler()
    sip = await start(handler)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.bind((HOST, 0))
        stranger.sendto(edge.request("INVITE", body=SDP), sip.address)
    await edge.send(sip, edge.request("OPTIONS", branch="z9hG4bKlast"))
    assert (await edge.receive()).cseq.method == "OPTIONS"
    assert handler.origins == []


@pytest.mark.parametrize(
    "stamp",
    ["", "X-Auricle-Source: TLS;192.0.2.9\r\n", "X-Auricle-Source: SCTP;192.0.2.9;5\r\n", "X-Auricle-Source: UDP;192.0.2.9;5\r\n" * 2],
)
async def test_requests_without_one_good_stamp_are_forbidden(edge, start, stamp):
    sip = await start(Handler())
    for method in ("INVITE", "REGISTER"):
        await edge.send(sip, edge.request(method, extra=stamp, branch=f"z9hG4bK{method}"))
    statuses = sorted([(await edge.receive()).status for _ in range(3)])
    assert statuses == [100, 403, 403]


def test_stamps():
    text = "OPTIONS sip:b@c SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:b@c>\r\nCall-ID: c\r\n"
    text += "CSeq: 1 OPTIONS\r\nX-Auricle-Source: UDP;192.0.2.1;5060;trunk=carrier\r\n\r\n"
    request = parse_message(text.encode())
    assert origin_of(request) == Origin("UDP", "192.0.2.1", 5060, "carrier", "")


async def test_register_is_answered_once_the_handler_says_so(edge, start):
    sip = await start(Handler())
    await edge.send(sip, edge.request("REGISTER"))
    response = await edge.receive()
    assert (response.status, response.reason, response.get("contact")) == (200, "Fine", "<sip:a@192.0.2.9>;expires=60")


async def test_malformed_datagrams_get_one_log_line_and_400_where_possible(edge, start):
    sip = await start(Handler())
    with capture_logs() as logs:
        for data in (b"hello, is anybody there", b"\r\n\r\n", edge.request("OPTIONS").replace(b"CSeq: 1 OPTIONS", b"CSeq: 1 INVITE"),
                     edge.request("OPTIONS").replace(b"Content-Length: 0", b"Content-Length: 999")):  # fmt: skip
            await edge.send(sip, data)
        assert [(await edge.receive()).status for _ in range(2)] == [400, 400]
    lines = [line for line in logs if line["event"] == "sip_malformed"]
    assert len(lines) == 3
    assert sip.malformed == 3
    assert "pbx.example" not in str(lines)


async def test_a_failing_listener_ends_its_own_call_only(edge, start):
    def act(session):
        if len(handler.sessions) == 1:
            raise RuntimeError("patient's name")
        session.reject(486)

    handler = Handler(act)
    sip = await start(handler)
    with capture_logs() as logs:
        for number in (1, 2):
            await edge.send(sip, edge.request("INVITE", body=SDP, branch=f"z9hG4bKi{number}", cseq=number))
        statuses = sorted([(await edge.receive()).status for _ in range(4)])
    assert statuses == [100, 100, 486, 603]
    assert [line for line in logs if line["log_level"] == "error"] == [
        {"event": "sip_fault", "where": "listener", "error": "RuntimeError", "log_level": "error"}
    ]


async def test_an_outgoing_call_says_who_calls_and_goes_to_the_edge(edge, start):
    sip, words = await start(Handler()), []
    target = Target("sip:anna@192.0.2.5:40000;transport=tls", ("<sip:127.0.0.1:5080;lr>",), "TLS")
    session = sip.invite(
        target, CallerIdentity("+12025550123", 'Ann "A"'), SDP, words.append, max_forwards=20, headers=[("Alert-Info", "<urn:x>")]
    )
    invite = await edge.receive()
    assert invite.uri == target.uri
    assert invite.get("from").startswith('"Ann \\"A\\"" <sip:+12025550123@pbx.example>;tag=')
    assert invite.get("contact") == "<sip:auricle@pbx.example:5061;transport=tls>"
    assert (invite.get("route"), invite.get("alert-info"), invite.max_forwards) == ("<sip:127.0.0.1:5080;lr>", "<urn:x>", 20)
    assert invite.body == SDP
    session.hang_up()
    session.hang_up()
    assert words == [Terminated("local", (), 487)]


async def test_a_withheld_caller_is_named_nowhere(edge, start):
    sip = await start(Handler())
    sip.invite(Target("sip:x@192.0.2.5", (), "UDP"), CallerIdentity("+12025550123", "Ann", withheld=True), SDP, lambda word: None)
    invite = await edge.receive()
    assert invite.get("from").startswith('"Anonymous" <sip:anonymous@anonymous.invalid>;tag=')
    assert invite.get("privacy") == "id"
    assert b"5550123" not in invite.to_bytes()
    assert b'Ann"' not in invite.to_bytes()


@pytest.mark.parametrize(
    ("caller", "headers", "uri"),
    [
        (CallerIdentity("1", "x\r\nEvil: 1"), (), "sip:x@192.0.2.5"),
        (CallerIdentity("1\n", ""), (), "sip:x@192.0.2.5"),
        (CallerIdentity("1", ""), [("X", "a\r\nEvil: 1")], "sip:x@192.0.2.5"),
        (CallerIdentity("1", ""), (), "sip:x@192.0.2.5\r\nEvil: 1"),
    ],
)
async def test_texts_that_would_break_a_line_are_refused(start, caller, headers, uri):
    sip = await start(Handler())
    with pytest.raises(HeaderInjection):
        sip.invite(Target(uri, (), "UDP"), caller, SDP, lambda word: None, headers=headers)


async def test_retransmissions_obey_timer_a_on_the_wire(edge, start):
    sip, words = await start(Handler()), []
    started = time.monotonic()
    sip.invite(Target("sip:x@192.0.2.5", (), "UDP"), CallerIdentity("1", ""), SDP, words.append)
    copies = []
    for _ in range(3):
        copies.append((round(time.monotonic() - started, 1), (await edge.receive()).to_bytes()))
    assert len({data for _, data in copies}) == 1
    assert time.monotonic() - started == pytest.approx(1.5, abs=0.3)
    response = parse_message(copies[0][1])
    lines = "".join(f"{name}: {response.get(name)}\r\n" for name in ("via", "from", "call-id", "cseq"))
    await edge.send(sip, f"SIP/2.0 486 Busy\r\n{lines}To: {response.get('to')};tag=9\r\nContent-Length: 0\r\n\r\n".encode())
    assert (await edge.receive()).method == "ACK"
    assert words == [Rejected(486, "Busy", None)]


async def test_a_stream_is_answered_on_itself_and_closed_when_out_of_step(edge, start):
    """SIP-896a: after bytes that are no message nothing of the stream is believed."""
    sip = await start(Handler(), tcp=True)
    reader, writer = await asyncio.open_connection(*sip.address)
    data = edge.request("OPTIONS")
    writer.write(b"\r\n\r\n")
    assert await asyncio.wait_for(reader.readexactly(2), 2) == b"\r\n"
    writer.write(data[:50])
    await writer.drain()
    writer.write(data[50:])
    assert (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 2)).startswith(b"SIP/2.0 200 OK")
    writer.write(b"nonsense\r\n\r\n" + edge.request("OPTIONS"))
    rest = await asyncio.wait_for(reader.read(), 2)
    assert b"200 OK" not in rest
    writer.close()
    assert sip.malformed >= 1
