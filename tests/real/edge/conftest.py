"""The real Kamailio between a tiny application (UDP on 127.0.0.1) and phones and carriers on other loopback addresses.

Outside parties live on 127.0.0.2 and up, so a `127.0.0.1` in bytes they receive can only be a leak of the inner side.
"""

import asyncio
import shutil
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path

import pytest

from auricle.adapters.certificates import Certificates, ensure_demo_ca
from auricle.adapters.kamailio import Edge, EdgeSettings
from auricle.adapters.process import ServiceState
from auricle.kernel.ids import TrunkName
from auricle.practice.model import MediaRule, Trunk
from auricle.sip.message import Request, Response, StreamParser, parse_message

INSIDE, OUTSIDE, PHONE, CARRIER, STRANGER = "127.0.0.1", "127.0.0.2", "127.0.0.5", "127.0.0.9", "127.0.0.66"
WAIT_S = 5.0
SDP = b"v=0\r\no=- 1 1 IN IP4 127.0.0.5\r\ns=-\r\nc=IN IP4 127.0.0.5\r\nt=0 0\r\nm=audio 4000 RTP/SAVP 0\r\n"

Message = Request | Response


def free_port(host: str, kind: socket.SocketKind) -> int:
    """A port nobody listens on just now."""
    with socket.socket(socket.AF_INET, kind) as sock:
        sock.bind((host, 0))
        port: int = sock.getsockname()[1]
        return port


def trunk(name: str, *networks: str, gateway: str = "sip:127.0.0.9") -> Trunk:
    """A carrier known by these networks."""
    return Trunk(TrunkName(name), tuple(ip_network(network) for network in networks), gateway, MediaRule.SRTP_REQUIRED)


class UdpParty(asyncio.DatagramProtocol):
    """A SIP socket that keeps what it gets: the application, a carrier, or a stranger."""

    def __init__(self) -> None:
        self.inbox: asyncio.Queue[tuple[bytes, tuple[str, int]]] = asyncio.Queue()

    @classmethod
    async def open(cls, host: str, port: int = 0) -> "UdpParty":
        party = cls()
        party.transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: party, (host, port))
        party.host, party.port = party.transport.get_extra_info("sockname")
        return party

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if len(data) > 4:
            self.inbox.put_nowait((data, addr))

    def send(self, data: bytes, to: tuple[str, int]) -> None:
        self.transport.sendto(data, to)

    async def raw(self) -> bytes:
        data, self.peer = await asyncio.wait_for(self.inbox.get(), WAIT_S)
        return data

    async def next(self, wanted: str) -> Message:
        """The next message of this method or status; provisional 100s are passed over."""
        while True:
            message = parse_message(await self.raw())
            if isinstance(message, Response) and message.status == 100:
                continue
            assert _kind(message) == wanted
            return message

    async def all(self, quiet_s: float) -> bytes:
        """Everything that comes until nothing has come for so long."""
        came = b""
        while True:
            try:
                came += (await asyncio.wait_for(self.inbox.get(), quiet_s))[0]
            except TimeoutError:
                return came

    async def silent(self, seconds: float = 0.4) -> bool:
        """Whether nothing comes in this time."""
        try:
            await asyncio.wait_for(self.inbox.get(), seconds)
        except TimeoutError:
            return True
        return False


class TlsPhone:
    """A phone on a TLS connection; `bytes_seen` is all it was ever sent."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.port: int = writer.get_extra_info("sockname")[1]
        self.bytes_seen = b""
        self._parser = StreamParser()
        self._ready: list[Message] = []

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def next(self, wanted: str) -> Message:
        while True:
            while not self._ready:
                data = await asyncio.wait_for(self.reader.read(65536), WAIT_S)
                assert data, "the edge closed the connection"
                self.bytes_seen += data
                self._ready += self._parser.feed(data)
            message = self._ready.pop(0)
            if isinstance(message, Response) and message.status == 100:
                continue
            assert _kind(message) == wanted
            return message

    async def closed(self, wait_s: float = WAIT_S) -> bool:
        """Whether the edge ends the connection (what it says before does not count)."""
        try:
            while await asyncio.wait_for(self.reader.read(65536), wait_s):
                pass
        except (ConnectionError, ssl.SSLError):
            return True
        except TimeoutError:
            return False
        return True


def _kind(message: Message) -> str:
    return message.method if isinstance(message, Request) else str(message.status)


class Stage:
    """One running edge and the parties around it."""

    def __init__(self, settings: EdgeSettings, certificates: Certificates) -> None:
        self.settings = settings
        self.certificates = certificates
        self.states: asyncio.Queue[ServiceState] = asyncio.Queue()
        self.edge = Edge(settings, lambda _name, state: self.states.put_nowait(state))
        self.app: UdpParty
        self._parties: list[UdpParty] = []
        self._phones: list[TlsPhone] = []

    async def open(self) -> None:
        self.app = await self.udp(INSIDE, self.settings.app_port)
        await self.edge.start()

    async def close(self) -> None:
        for phone in self._phones:
            phone.writer.transport.abort()
        for party in self._parties:
            party.transport.close()
        await self.edge.stop()

    def tls_context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.certificates.ca))

    async def phone(self, context: ssl.SSLContext | None = None, port: int = 0) -> TlsPhone:
        reader, writer = await asyncio.open_connection(
            OUTSIDE, port or self.settings.tls_port, ssl=context or self.tls_context(), local_addr=(PHONE, 0)
        )
        phone = TlsPhone(reader, writer)
        self._phones.append(phone)
        return phone

    async def udp(self, host: str, port: int = 0) -> UdpParty:
        party = await UdpParty.open(host, port)
        self._parties.append(party)
        return party

    def app_send(self, data: bytes) -> None:
        self.app.send(data, (INSIDE, self.settings.internal_port))

    def carrier_send(self, party: UdpParty, data: bytes) -> None:
        party.send(data, (OUTSIDE, self.settings.udp_port))

    def contact(self, transport: str, token: str = "tok1") -> str:
        """Our Contact as the application writes it: the edge's public side."""
        port = {"tls": self.settings.tls_port, "ws": self.settings.wss_port, "udp": self.settings.udp_port}[transport]
        return f"<sip:{token}@{OUTSIDE}:{port};transport={transport}>"

    def app_via(self, branch: str) -> str:
        return f"SIP/2.0/UDP {INSIDE}:{self.settings.app_port};branch={branch}"

    async def registered(self, phone: TlsPhone, call_id: str = "reg1") -> str:
        """Register a phone; returns the Path, which is the Route back to it."""
        phone.send(
            request(
                "REGISTER",
                "sip:pbx.example",
                phone_via("tls", "z9hG4bKreg" + call_id),
                call_id=call_id,
                contact="<sip:1001@127.0.0.5;transport=tls>",
            )
        )
        message = await self.app.next("REGISTER")
        self.app_send(reply(message, 200))
        await phone.next("200")
        return str(message.get("path"))


def leaks(stage: Stage, data: bytes) -> list[str]:
    """What of the inner side these bytes show."""
    inner = [INSIDE, f":{stage.settings.app_port}", f":{stage.settings.internal_port}", "X-Auricle", "\r\nPath:"]
    return [word for word in inner if word.encode() in data]


def phone_via(transport: str, branch: str) -> str:
    return f"SIP/2.0/{transport.upper()} 192.0.2.7:4444;branch={branch};rport"


def request(
    method: str,
    uri: str,
    via: str,
    *,
    call_id: str = "c1",
    cseq: int = 1,
    to_tag: str = "",
    from_tag: str = "a",
    contact: str = "",
    headers: Sequence[str] = (),
    body: bytes = b"",
    max_forwards: int | None = 70,
    length: bool = True,
) -> bytes:
    """The bytes of one request."""
    lines = [f"{method} {uri} SIP/2.0", f"Via: {via}", f"From: <sip:1001@pbx.example>;tag={from_tag}"]
    lines += [f"To: <sip:1002@pbx.example>{';tag=' + to_tag if to_tag else ''}", f"Call-ID: {call_id}", f"CSeq: {cseq} {method}"]
    lines += [f"Max-Forwards: {max_forwards}"] if max_forwards is not None else []
    lines += [f"Contact: {contact}"] if contact else []
    lines += [*headers]
    lines += ["Content-Type: application/sdp"] if body else []
    lines += [f"Content-Length: {len(body)}"] if length else []
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def reply(to: Message, status: int, *, to_tag: str = "b", contact: str = "", body: bytes = b"") -> bytes:
    """The bytes of a response with the request's Vias, as every user agent copies them."""
    lines = [f"SIP/2.0 {status} Whatever", *(f"Via: {via}" for via in to.get_all("via"))]
    to_value = str(to.get("to"))
    lines += [f"From: {to.get('from')}", f"To: {to_value if ';tag=' in to_value else f'{to_value};tag={to_tag}'}"]
    lines += [f"Call-ID: {to.get('call-id')}", f"CSeq: {to.get('cseq')}"]
    lines += [f"Contact: {contact}"] if contact else []
    lines += ["Content-Type: application/sdp"] if body else []
    return "\r\n".join([*lines, f"Content-Length: {len(body)}"]).encode() + b"\r\n\r\n" + body


@pytest.fixture
def edge_settings(tmp_path: Path) -> EdgeSettings:
    """Settings on free ports; skips where Kamailio is not installed."""
    if shutil.which("kamailio") is None:
        pytest.skip("kamailio is not installed")
    certificates = ensure_demo_ca(tmp_path / "ca", [OUTSIDE, "localhost"], datetime.now(UTC))
    return EdgeSettings(
        listen_ip=OUTSIDE,
        tls_port=free_port(OUTSIDE, socket.SOCK_STREAM),
        wss_port=free_port(OUTSIDE, socket.SOCK_STREAM),
        udp_port=free_port(OUTSIDE, socket.SOCK_DGRAM),
        tcp_port=0,
        internal_port=free_port(INSIDE, socket.SOCK_DGRAM),
        app_port=free_port(INSIDE, socket.SOCK_DGRAM),
        certificate=certificates.certificate,
        private_key=certificates.private_key,
        trunks=[trunk("near", f"{CARRIER}/32")],
    )


@pytest.fixture
async def make_stage(edge_settings: EdgeSettings) -> AsyncIterator[Callable[..., object]]:
    """Starts edges with changed settings; all are stopped at the end."""
    stages: list[Stage] = []

    async def make(**changes: object) -> Stage:
        ca = edge_settings.certificate.parent / "ca.pem"
        certificates = Certificates(ca, edge_settings.certificate, edge_settings.private_key)
        stage = Stage(replace(edge_settings, **changes), certificates)
        stages.append(stage)
        await stage.open()
        return stage

    yield make
    for stage in stages:
        await stage.close()


@pytest.fixture
async def stage(make_stage: Callable[..., object]) -> Stage:
    """An edge as it is set up by default."""
    return await make_stage()
