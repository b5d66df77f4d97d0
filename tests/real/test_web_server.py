"""The real HTTPS server on the loopback, over the fakes: what is not HTTP, old TLS, slow and huge requests, stopping."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.fakes.web_ports import FakeWorld

from auricle.adapters.certificates import ensure_demo_ca
from auricle.web import server as serving
from auricle.web.app import create_app

pytestmark = pytest.mark.real

ROOT = Path(__file__).parents[2]


class Peer:
    """tests/real/console_peer.py as a child."""

    def __init__(self, process: asyncio.subprocess.Process, told: dict[str, str]) -> None:
        self.process = process
        self.told = told
        self.host, _, port = told["url"].removeprefix("https://").rpartition(":")
        self.port = int(port)
        self.context = ssl.create_default_context()
        self.context.check_hostname = False
        self.context.verify_mode = ssl.CERT_NONE  # a certificate of the test's own, on the loopback

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(self.host, self.port, ssl=self.context)

    async def exchange(self, sent: bytes) -> bytes:
        reader, writer = await self.connect()
        writer.write(sent)
        async with asyncio.timeout(5):
            answer = await reader.read()
        writer.close()
        return answer

    async def sign_in(self) -> str:
        body = json.dumps({"username": self.told["username"], "password": self.told["password"]})
        head = f"POST /api/v1/session HTTP/1.1\r\nHost: {self.host}:{self.port}\r\nOrigin: {self.told['url']}\r\nConnection: close\r\n"
        answer = await self.exchange(f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
        (line,) = [line for line in answer.decode().split("\r\n") if line.startswith("set-cookie: ")]
        return line.removeprefix("set-cookie: ").split(";")[0]


@pytest.fixture
async def peer() -> AsyncIterator[Peer]:
    python = str(ROOT / ".venv" / "bin" / "python")
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(python, "-m", "tests.real.console_peer", cwd=ROOT, stdin=pipe, stdout=pipe, stderr=pipe)
    assert process.stdin is not None
    assert process.stdout is not None
    yield Peer(process, json.loads(await process.stdout.readline()))
    process.stdin.close()
    async with asyncio.timeout(20):
        await process.wait()


GARBAGE = [
    b"\x00\x01\x02\x03\r\n\r\n",
    b"GET\r\n\r\n",
    b"GET / HTTP/9.9\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost : a\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n",
    b"GET / HTTP/1.1\r\nX: " + b"a" * 200_000 + b"\r\n\r\n",
    b"INVITE sip:101@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TLS 127.0.0.1\r\n\r\n",
]


async def test_what_is_not_http_is_answered_as_a_problem_and_logged_without_a_traceback(peer: Peer) -> None:
    for sent in GARBAGE:
        answer = await peer.exchange(sent)
        assert answer.startswith(b"HTTP/1.1 4"), sent[:60]
        assert b"application/problem+json" in answer, sent[:60]
        assert b"Traceback" not in answer
    healthy = await peer.exchange(b"GET /api/v1/health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    assert b'{"status":"ok"}' in healthy
    assert b"server:" not in healthy.lower()
    assert peer.process.stdin is not None
    assert peer.process.stderr is not None
    peer.process.stdin.close()
    assert b"Traceback" not in await peer.process.stderr.read()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
async def test_old_tls_is_refused(peer: Peer) -> None:
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname = False
    old.verify_mode = ssl.CERT_NONE
    old.set_ciphers("ALL:@SECLEVEL=0")
    old.minimum_version = ssl.TLSVersion.TLSv1
    old.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises((ssl.SSLError, ConnectionError)):
        await asyncio.open_connection(peer.host, peer.port, ssl=old)


async def test_the_server_stops_at_once_with_streams_open(peer: Peer) -> None:
    cookie = await peer.sign_in()
    reader, writer = await peer.connect()
    writer.write(f"GET /api/v1/events HTTP/1.1\r\nHost: a\r\nCookie: {cookie}\r\n\r\n".encode())
    async with asyncio.timeout(5):
        await reader.readuntil(b"event: system")
    assert peer.process.stdin is not None
    peer.process.stdin.close()
    async with asyncio.timeout(2):
        await reader.read()
        assert await peer.process.wait() == 0
    writer.close()


SLOW_BODY = b"POST /api/v1/session HTTP/1.1\r\nHost: a\r\nOrigin: https://a\r\nContent-Length: 9\r\n\r\n{"


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nX: ", SLOW_BODY])
async def test_a_connection_that_dawdles_is_closed(sent: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "REQUEST_S", 0.3)
    certificates = ensure_demo_ca(tmp_path, ["127.0.0.1"], datetime.now(UTC))
    server = serving.server(create_app(FakeWorld().ports(), tmp_path), "127.0.0.1", 0, certificates.certificate, certificates.private_key)
    running = asyncio.ensure_future(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    context = ssl.create_default_context(cafile=str(certificates.ca))
    reader, writer = await asyncio.open_connection("127.0.0.1", server.servers[0].sockets[0].getsockname()[1], ssl=context)
    writer.write(sent)
    async with asyncio.timeout(5):
        assert (await reader.read()).startswith(b"HTTP/1.1 408 ")
    writer.close()
    server.should_exit = True
    await running
