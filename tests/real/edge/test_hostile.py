"""What the edge refuses: malformed messages, smuggled ones, floods, old TLS, idle strangers."""

import asyncio
import socket
import ssl
from collections.abc import Callable

import pytest
from tests.real.edge.conftest import OUTSIDE, PHONE, SDP, Stage, phone_via, reply, request

from auricle.adapters.sipnet.identity import origin_of
from auricle.sip.errors import SipParseError
from auricle.sip.message import Request, parse_message

pytestmark = pytest.mark.real

OPTIONS = request("OPTIONS", "sip:pbx.example", phone_via("tls", "z9hG4bKo"))
MALFORMED = {
    "no Call-ID": OPTIONS.replace(b"Call-ID: c1\r\n", b""),
    "no From": OPTIONS.replace(b"From: <sip:1001@pbx.example>;tag=a\r\n", b""),
    "CSeq of another method": OPTIONS.replace(b"1 OPTIONS", b"1 INVITE"),
    "CSeq too large": OPTIONS.replace(b"CSeq: 1", b"CSeq: 99999999999"),
    "other version": OPTIONS.replace(b"SIP/2.0\r\n", b"SIP/3.0\r\n", 1),
    "unreadable URI": OPTIONS.replace(b"sip:pbx.example SIP", b"sip:@: SIP"),
    "no hops left": OPTIONS.replace(b"Max-Forwards: 70", b"Max-Forwards: 0"),
}


@pytest.mark.parametrize("fault", MALFORMED)
async def test_malformed_requests_are_refused_before_the_application(stage: Stage, fault: str) -> None:
    phone = await stage.phone()
    phone.send(MALFORMED[fault])
    assert await stage.app.silent()


@pytest.mark.parametrize(
    "stream",
    {
        "no length": request("OPTIONS", "sip:pbx.example", phone_via("tls", "z9hG4bKa"), length=False),
        "negative length": OPTIONS.replace(b"Content-Length: 0", b"Content-Length: -1"),
        "two lengths": OPTIONS.replace(b"Content-Length: 0", b"Content-Length: 0\r\nl: 5"),
        "words behind the body": OPTIONS.replace(b"Content-Length: 0\r\n\r\n", b"Content-Length: 4\r\n\r\nhello "),
        "huge length": OPTIONS.replace(b"Content-Length: 0", b"Content-Length: 99999999999999999999"),
    }.items(),
    ids=lambda item: item[0],
)
async def test_nothing_is_read_out_of_a_broken_stream(stage: Stage, stream: tuple[str, bytes]) -> None:
    """SIP-896a: on TLS the length is the framing. Bytes behind a wrong one never become a request."""
    phone = await stage.phone()
    phone.send(stream[1] + request("INVITE", "sip:911@pbx.example", phone_via("tls", "z9hG4bKsmuggled"), call_id="smuggled", body=SDP))
    assert b"smuggled" not in await stage.app.all(0.3)
    if stream[0] != "huge length":  # there the rest is swallowed as body until the idle time ends it
        assert await phone.closed()


SMUGGLED = "X-Auricle-Source: UDP;127.0.0.9;5060;trunk=near"


@pytest.mark.parametrize(
    "header",
    [
        f"Subject: a\r{SMUGGLED}",
        f"Subject: a\n{SMUGGLED}",
        f"Subject: a\r\n {SMUGGLED}",
        f"Subject: a\x00{SMUGGLED}",
        f"Subject: a\x0b{SMUGGLED}",
        f"Subject: a\x85{SMUGGLED}",
        f"Subject: a\u2028{SMUGGLED}",
        f"\t{SMUGGLED}",
        f"{SMUGGLED}\r\n ;folded",
        SMUGGLED.replace(":", " \t:"),
        SMUGGLED.replace(":", "\r\n :"),
        SMUGGLED.replace("-", "\u2010"),
    ],
    ids=ascii,
)
async def test_no_writing_of_a_header_smuggles_a_stamp(stage: Stage, header: str) -> None:
    """Kamailio and our own parser must agree where a header begins: else a stranger could stamp itself as a trunk."""
    phone = await stage.phone()
    path = header.replace(SMUGGLED, "Path: <sip:203.0.113.1;lr>")
    phone.send(request("REGISTER", "sip:pbx.example", phone_via("tls", "z9hG4bK1"), headers=[header, path]))
    try:
        data = await asyncio.wait_for(stage.app.inbox.get(), 1.0)
    except TimeoutError:
        return  # refused outright
    try:
        message = parse_message(data[0])
    except SipParseError:
        return
    assert isinstance(message, Request)
    origin = origin_of(message)
    if origin is not None:
        assert (origin.transport, origin.host, origin.port, origin.trunk) == ("TLS", PHONE, phone.port, None)
        assert origin.route.startswith(f"<sip:127.0.0.1:{stage.settings.internal_port};lr;received=sip:{PHONE}:{phone.port}%3B")


async def test_a_flood_is_cut_off_and_others_still_served(make_stage: Callable[..., Stage]) -> None:
    stage = await make_stage(flood_requests_per_2s=20)
    phone = await stage.phone()
    for number in range(200):
        phone.send(request("OPTIONS", "sip:pbx.example", phone_via("tls", f"z9hG4bKf{number}"), call_id=f"f{number}"))
    came = 0
    while not await stage.app.silent(0.5):
        came += 1
    assert 10 < came < 60
    assert (await stage.edge.counters()).flooded >= 100
    carrier = await stage.udp("127.0.0.9")
    for number in range(200):  # trunks are known and not counted
        via = f"SIP/2.0/UDP 127.0.0.9:{carrier.port};branch=z9hG4bKt{number};rport"
        stage.carrier_send(carrier, request("OPTIONS", "sip:pbx.example", via, call_id=f"t{number}"))
        await stage.app.next("OPTIONS")


async def test_old_tls_is_refused(stage: Stage) -> None:
    context = stage.tls_context()
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises((ssl.SSLError, ConnectionError)):
        await stage.phone(context)
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        context = stage.tls_context()
        context.minimum_version = context.maximum_version = version
        await stage.phone(context)


async def test_strangers_idle_connections_end_and_registered_ones_stay(make_stage: Callable[..., Stage]) -> None:
    stage = await make_stage(idle_s=2)
    stranger, phone = await stage.phone(), await stage.phone()
    path = await stage.registered(phone)
    assert await stranger.closed(12)  # Kamailio looks every five seconds
    await asyncio.sleep(1.5)  # well past the stranger's time
    headers = [f"Route: {path}"]
    stage.app_send(request("OPTIONS", "sip:1001@127.0.0.5;transport=tls", stage.app_via("z9hG4bKo"), call_id="o", headers=headers))
    await phone.next("OPTIONS")


async def test_keep_alives_are_answered(stage: Stage) -> None:
    """RFC 5626 3.5.1: a double CRLF is answered by one CRLF."""
    phone = await stage.phone()
    phone.send(b"\r\n\r\n")
    assert await asyncio.wait_for(phone.reader.read(10), 5) == b"\r\n"


async def test_nobody_but_the_application_speaks_to_the_inner_socket(stage: Stage) -> None:
    """Another process on this machine sends to the internal port: nothing is relayed, nothing answered."""
    intruder = await stage.udp("127.0.0.1")
    carrier = await stage.udp("127.0.0.9")
    to = ("127.0.0.1", stage.settings.internal_port)
    via = f"SIP/2.0/UDP 127.0.0.1:{intruder.port};branch=z9hG4bKx"
    intruder.send(request("INVITE", f"sip:+12025550199@127.0.0.9:{carrier.port}", via, body=SDP), to)
    assert await carrier.silent()
    assert await intruder.silent(0.05)
    assert await stage.app.silent(0.05)


async def test_the_inner_side_is_not_open_to_the_network(stage: Stage) -> None:
    """Nothing but the announced ports listens on the public address."""
    for port, kind in ((stage.settings.internal_port, socket.SOCK_STREAM), (stage.settings.app_port, socket.SOCK_STREAM)):
        with socket.socket(socket.AF_INET, kind) as sock:
            assert sock.connect_ex((OUTSIDE, port)) != 0


async def test_responses_carry_no_stamps_either(stage: Stage) -> None:
    """A peer's response is not stamped; a stamp of its own must not reach what reads stamps of requests."""
    phone = await stage.phone()
    path, via = await stage.registered(phone), stage.app_via("z9hG4bKr")
    stage.app_send(request("OPTIONS", "sip:1001@127.0.0.5;transport=tls", via, call_id="o", headers=[f"Route: {path}"]))
    answer = reply(await phone.next("OPTIONS"), 200).replace(b"Call-ID", b"Via: SIP/2.0/UDP 203.0.113.9;branch=z9hG4bKevil\r\nCall-ID")
    phone.send(answer)
    got = await stage.app.next("200")
    assert got.get_all("via")[0] == via
