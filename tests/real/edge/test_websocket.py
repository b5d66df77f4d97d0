"""SIP over WebSocket (RFC 7118) through the real edge."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from tests.real.edge.conftest import OUTSIDE, PHONE, SDP, Stage, leaks, reply, request
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.frames import Frame, Opcode
from websockets.typing import Subprotocol

from auricle.sip.message import parse_message

pytestmark = pytest.mark.real

VIA = "SIP/2.0/WSS df7jal23ls0d.invalid;branch=z9hG4bK{};rport"
CONTACT = "<sip:1001@df7jal23ls0d.invalid;transport=ws>"


Open = Callable[..., Awaitable[ClientConnection]]


@pytest.fixture
async def browser() -> AsyncIterator[Open]:
    """Opens WebSocket connections; all are closed at the end."""
    open_ones: list[ClientConnection] = []

    async def to(stage: Stage, *, protocols: tuple[str, ...] = ("sip",), origin: str | None = None) -> ClientConnection:
        url = f"wss://{OUTSIDE}:{stage.settings.wss_port}/"
        wanted = [Subprotocol(name) for name in protocols] or None
        connection = await connect(
            url, ssl=stage.tls_context(), subprotocols=wanted, origin=origin, proxy=None, ping_interval=None, local_addr=(PHONE, 0)
        )
        open_ones.append(connection)
        return connection

    yield to
    for connection in open_ones:
        connection.transport.abort()


async def received(browser: ClientConnection) -> bytes:
    data = await asyncio.wait_for(browser.recv(), 5)
    return data.encode() if isinstance(data, str) else data


async def test_a_browser_registers_is_called_and_hangs_up(stage: Stage, browser: Open) -> None:
    """Nothing of the inner side shows, and requests go back over the connection the browser made (RFC 7118 5)."""
    page = await browser(stage)
    assert page.subprotocol == "sip"
    host, port = page.local_address
    await page.send(request("REGISTER", "sip:pbx.example", VIA.format("r"), contact=CONTACT).decode())
    register = await stage.app.next("REGISTER")
    assert register.get_all("x-auricle-source") == [f"WSS;{host};{port}"]
    path = str(register.get("path"))
    stage.app_send(reply(register, 200))
    answer = await received(page)
    assert answer.startswith(b"SIP/2.0 200")

    via, headers = stage.app_via("z9hG4bKw"), [f"Route: {path}"]
    uri = CONTACT[1:-1]
    stage.app_send(request("INVITE", uri, via, call_id="w", headers=headers, contact=stage.contact("ws"), body=SDP))
    raw = await received(page)
    invite = parse_message(raw)
    assert invite.uri == uri
    assert leaks(stage, answer + raw) == []
    await page.send(reply(invite, 200, contact=CONTACT, body=SDP))
    assert (await stage.app.next("200")).get_all("via") == [via]
    stage.app_send(request("ACK", uri, stage.app_via("z9hG4bKwa"), call_id="w", to_tag="b", headers=headers))
    assert (await received(page)).startswith(b"ACK ")
    await page.send(request("BYE", stage.contact("ws")[1:-1], VIA.format("b"), call_id="w", cseq=2, from_tag="b", to_tag="a"))
    bye = await stage.app.next("BYE")
    assert bye.uri == stage.contact("ws")[1:-1]
    stage.app_send(reply(bye, 200))
    assert (await received(page)).startswith(b"SIP/2.0 200")


@pytest.mark.parametrize("protocols", [(), ("chat",), ("sipx",), ("xsip", "chat")])
async def test_only_the_sub_protocol_sip_is_taken(stage: Stage, browser: Open, protocols: tuple[str, ...]) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await browser(stage, protocols=protocols)
    assert refused.value.response.status_code == 404


async def test_sip_among_other_sub_protocols_is_taken(stage: Stage, browser: Open) -> None:
    page = await browser(stage, protocols=("chat", "sip"))
    assert page.subprotocol == "sip"


async def test_only_our_own_pages_may_open_a_connection(make_stage: Callable[..., Stage], browser: Open) -> None:
    stage = await make_stage(origins=["https://pbx.example", "https://pbx.example:8443"])
    for origin in (None, "https://evil.example", "https://pbx-example", "https://pbx.example.evil.example", "http://pbx.example"):
        with pytest.raises(InvalidStatus):
            await browser(stage, origin=origin)
    for origin in stage.settings.origins:
        await browser(stage, origin=origin)


async def test_frames_of_all_kinds(stage: Stage, browser: Open) -> None:
    """SIP-541b: binary as well as text, pings answered at once, no Content-Length needed."""
    page = await browser(stage)
    pong = await page.ping(b"hb")
    await asyncio.wait_for(pong, 5)
    await page.send(request("REGISTER", "sip:pbx.example", VIA.format("b1"), contact=CONTACT))
    stage.app_send(reply(await stage.app.next("REGISTER"), 200))
    await received(page)
    await page.send(request("REGISTER", "sip:pbx.example", VIA.format("b2"), cseq=2, contact=CONTACT, length=False).decode())
    stage.app_send(reply(await stage.app.next("REGISTER"), 200))
    await received(page)


async def test_one_message_a_frame(stage: Stage, browser: Open) -> None:
    """SIP-541b 5: a second message in one WebSocket message is never run."""
    page = await browser(stage)
    first = request("OPTIONS", "sip:pbx.example", VIA.format("m1"))
    second = request("INVITE", "sip:911@pbx.example", VIA.format("m2"), call_id="smuggled", body=SDP)
    await page.send((first + second).decode())
    assert b"smuggled" not in await stage.app.all(0.4)


def put(page: ClientConnection) -> None:
    """Write what the protocol object was asked to send."""
    for data in page.protocol.data_to_send():
        page.transport.write(data)


async def test_fragments_are_put_together_around_a_ping(stage: Stage, browser: Open) -> None:
    """SIP-541b 1-3."""
    page = await browser(stage)
    text = request("REGISTER", "sip:pbx.example", VIA.format("f"), contact=CONTACT)
    page.protocol.send_text(text[:40], fin=False)
    put(page)
    await asyncio.wait_for(await page.ping(b"hb"), 5)
    page.protocol.send_continuation(text[40:], fin=True)
    put(page)
    register = await stage.app.next("REGISTER")
    assert register.get_all("contact") == [CONTACT]


@pytest.mark.parametrize("fragments", [False, True])
async def test_too_much_of_one_message_ends_that_connection_only(stage: Stage, browser: Open, fragments: bool) -> None:
    """SIP-541b 6."""
    page, other = await browser(stage), await browser(stage)
    if fragments:
        page.protocol.send_text(b"INVITE sip:1@pbx.example SIP/2.0\r\nX: ", fin=False)
        for _ in range(40):
            page.protocol.send_continuation(b"x" * 20_000, fin=False)
    else:
        page.protocol.send_text(b"x" * 200_000)
    put(page)
    with pytest.raises(ConnectionClosed):
        await asyncio.wait_for(page.recv(), 8)
    await other.send(request("REGISTER", "sip:pbx.example", VIA.format("h"), contact=CONTACT))
    await stage.app.next("REGISTER")


async def test_an_unmasked_frame_ends_the_connection(stage: Stage, browser: Open) -> None:
    """RFC 6455 5.1: a client masks its frames."""
    page = await browser(stage)
    frame = Frame(Opcode.TEXT, request("REGISTER", "sip:pbx.example", VIA.format("u"), contact=CONTACT))
    page.transport.write(frame.serialize(mask=False))
    assert await stage.app.silent()
