"""The ng client against a stand-in for rtpengine that loses, delays and mixes up what it is told to."""

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest

from auricle.adapters.rtpengine import ng as client_module
from auricle.adapters.rtpengine.engine import describe
from auricle.adapters.rtpengine.ng import NgClient
from auricle.media import ng
from auricle.media.bencode import encode
from auricle.media.errors import MediaFailed

OK = encode({"result": "ok"})
WAIT_S = 2.0


class Server(asyncio.DatagramProtocol):
    """Keeps commands; answers when told."""

    def __init__(self) -> None:
        self.inbox: asyncio.Queue[tuple[bytes, bytes]] = asyncio.Queue()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.port: int = transport.get_extra_info("sockname")[1]

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.client = addr
        cookie, _, body = data.partition(b" ")
        self.inbox.put_nowait((cookie, body))

    async def next(self) -> tuple[bytes, bytes]:
        return await asyncio.wait_for(self.inbox.get(), WAIT_S)

    def answer(self, cookie: bytes, body: bytes = OK) -> None:
        self.transport.sendto(cookie + b" " + body, self.client)  # type: ignore[attr-defined]


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    transport, server = await asyncio.get_running_loop().create_datagram_endpoint(Server, local_addr=("127.0.0.1", 0))
    yield server
    transport.close()


@pytest.fixture
async def client(server: Server) -> AsyncIterator[NgClient]:
    client = NgClient()
    client.connect(server.port)
    yield client
    client.close()


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits a hundredth as long."""
    for name in ("SWEEP_S", "GIVE_UP_S"):
        monkeypatch.setattr(client_module, name, getattr(client_module, name) / 100)
    monkeypatch.setattr(client_module, "RESENDS_S", tuple(wait / 100 for wait in client_module.RESENDS_S))


async def test_replies_find_their_commands_in_any_order(server: Server, client: NgClient) -> None:
    asked = [asyncio.ensure_future(client.ask(ng.delete(f"leg-{i}"))) for i in range(3)]
    cookies = [(await server.next())[0] for _ in range(3)]
    assert len(set(cookies)) == 3
    for i in (2, 0, 1):
        server.answer(cookies[i], encode({"result": "ok", "number": i}))
    assert [reply["number"] for reply in await asyncio.gather(*asked)] == [0, 1, 2]
    assert client._pending == {}


async def test_unanswered_command_is_repeated_with_its_cookie_and_then_fails(server: Server, client: NgClient, hurried: None) -> None:
    asked = asyncio.ensure_future(client.ask(ng.delete("leg-1")))
    with pytest.raises(MediaFailed, match="does not answer"):
        await asked
    sent = [server.inbox.get_nowait() for _ in range(server.inbox.qsize())]
    assert len(sent) == 1 + len(client_module.RESENDS_S)
    assert len(set(sent)) == 1
    assert client._pending == {}


async def test_late_copy_of_a_reply_is_dropped(server: Server, client: NgClient) -> None:
    asked = asyncio.ensure_future(client.ask(ng.ping()))
    cookie, _ = await server.next()
    server.answer(cookie)
    server.answer(cookie, encode({"result": "error"}))
    assert (await asked)["result"] == b"ok"
    again = asyncio.ensure_future(client.ask(ng.ping()))
    cookie, _ = await server.next()
    server.answer(cookie)
    assert (await again)["result"] == b"ok"


@pytest.mark.parametrize(
    "body", [b"d", b"dx", b"de", encode({"result": "load limit"}), encode({"result": "error", "error-reason": "x" * 999})]
)
async def test_refusals_and_unreadable_replies_fail_the_command(server: Server, client: NgClient, body: bytes) -> None:
    asked = asyncio.ensure_future(client.ask(ng.ping()))
    server.answer((await server.next())[0], body)
    with pytest.raises(MediaFailed) as failed:
        await asked
    assert len(str(failed.value)) < 120


async def test_what_cannot_be_a_reply_is_ignored(server: Server, client: NgClient) -> None:
    asked = asyncio.ensure_future(client.ask(ng.ping()))
    cookie, _ = await server.next()
    for junk in (b"", b" ", cookie, cookie + b" ", cookie + b" pong", b"\xff" * 100, b"unknown d6:result2:oke"):
        server.transport.sendto(junk, server.client)  # type: ignore[attr-defined]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.bind(("127.0.0.1", 0))
        stranger.sendto(cookie + b" " + encode({"result": "error"}), server.client)
    server.answer(cookie)
    assert (await asked)["result"] == b"ok"


async def test_delete_waits_for_the_offer_a_cancelled_caller_left(server: Server, client: NgClient) -> None:
    """With several threads rtpengine could do them the other way round, and the call would stay for an hour."""
    asked = asyncio.ensure_future(client.ask(ng.offer_from_phone("leg-1", b"v=0\r\n", "PCMU", dtls=False, plain=True)))
    cookie, _ = await server.next()
    asked.cancel()
    await asyncio.gather(asked, return_exceptions=True)
    client.post(ng.delete("leg-1"))
    client.post(ng.delete("leg-2"))
    assert (await server.next())[1] == ng.delete("leg-2").body
    assert server.inbox.empty()
    server.answer(cookie)
    delete, body = await server.next()
    assert body == ng.delete("leg-1").body
    server.answer(delete)
    assert client._abandoned == {}


async def test_delete_goes_when_the_abandoned_offer_is_given_up(server: Server, client: NgClient, hurried: None) -> None:
    asked = asyncio.ensure_future(client.ask(ng.ping()._replace(call="leg-1")))
    await server.next()
    asked.cancel()
    await asyncio.gather(asked, return_exceptions=True)
    client.post(ng.delete("leg-1"))
    while (await server.next())[1] != ng.delete("leg-1").body:
        continue
    assert client._abandoned == {}


async def test_posted_command_is_repeated_until_answered(server: Server, client: NgClient, hurried: None) -> None:
    client.post(ng.delete("leg-1"))
    first, second = await server.next(), await server.next()
    assert first == second
    server.answer(first[0], encode({"result": "error", "error-reason": "Unknown call-id"}))
    await asyncio.sleep(0.02)
    assert client._pending == {}


async def test_lost_engine_fails_all_that_wait_and_is_another_generation(server: Server, client: NgClient) -> None:
    asked = asyncio.ensure_future(client.ask(ng.ping()))
    client.post(ng.delete("leg-1"))
    await server.next()
    before = client.generation
    client.engine_lost()
    with pytest.raises(MediaFailed, match="gone"):
        await asked
    assert client.generation == before + 1
    assert client._pending == {}


async def test_nothing_listening_is_no_error_until_the_time_is_over(hurried: None) -> None:
    """rtpengine restarts: the kernel says `port unreachable`, and the command is repeated all the same."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    client = NgClient()
    client.connect(port)
    with pytest.raises(MediaFailed, match="does not answer"):
        await client.ask(ng.ping())
    client.close()
    client.close()
    with pytest.raises(MediaFailed):
        await client.ask(ng.ping())
    client.post(ng.delete("leg-1"))


def test_lines_of_rtpengine_are_logged_without_their_text() -> None:
    """Its texts quote descriptions, and those hold keys."""
    assert describe("[1795590314.239067] ERR: [core] Failed to resolve 'x'") == {"severity": "ERR", "part": "core"}
    found = describe("[1795590314.2] ERR: [leg-1]: [ng] Error parsing SDP near 'a=crypto:1 X inline:ypeBEsobvcr6wjGzmiPcTaeG7'")
    assert found == {"severity": "ERR", "part": "ng"}
    assert describe("a=crypto:1 AES inline:ypeBEsobvcr6wjGzmiPcTaeG7") is None
