"""Signalling through the real edge: stamps, connection reuse, dialogs both ways, and nothing of the inner side outside."""

import asyncio

import pytest
from tests.real.edge.conftest import CARRIER, INSIDE, OUTSIDE, PHONE, SDP, STRANGER, Stage, leaks, phone_via, reply, request

from auricle.sip.message import Response, parse_message

pytestmark = pytest.mark.real


async def test_a_register_over_tls_is_stamped_with_where_it_came_from(stage: Stage) -> None:
    phone = await stage.phone()
    phone.send(request("REGISTER", "sip:pbx.example", phone_via("tls", "z9hG4bK1"), contact="<sip:1001@127.0.0.5;transport=tls>"))
    message = await stage.app.next("REGISTER")
    assert message.get_all("x-auricle-source") == [f"TLS;{PHONE};{phone.port}"]
    inner = f"sip:{INSIDE}:{stage.settings.internal_port};lr;received=sip:{PHONE}:{phone.port}%3Btransport%3Dtls"
    assert message.get_all("path") == [f"<{inner}>"]
    stage.app_send(reply(message, 200))
    answer = await phone.next("200")
    assert len(answer.get_all("via")) == 1
    assert leaks(stage, phone.bytes_seen) == []


async def test_stamps_and_paths_from_outside_are_taken_away(stage: Stage) -> None:
    phone = await stage.phone()
    forged = [
        "X-Auricle-Source: UDP;127.0.0.9;5060;trunk=near",
        "x-auricle-SOURCE : UDP;1.2.3.4;1",
        "X-Auricle-Other: 1",
        "Path: <sip:203.0.113.1;lr>",
    ]
    forged += ["PATH :<sip:203.0.113.2;lr>", "Route: <sip:203.0.113.3;lr>", "Record-Route: <sip:203.0.113.4;lr>", "Subject: kept"]
    phone.send(request("REGISTER", "sip:pbx.example", phone_via("tls", "z9hG4bK1"), headers=forged))
    message = await stage.app.next("REGISTER")
    assert message.get_all("x-auricle-source") == [f"TLS;{PHONE};{phone.port}"]
    assert len(message.get_all("path")) == 1
    assert [message.get(name) for name in ("x-auricle-other", "route", "record-route", "subject")] == [None, None, None, "kept"]


async def test_a_request_without_max_forwards_is_stamped_too(stage: Stage) -> None:
    phone = await stage.phone()
    phone.send(request("REGISTER", "sip:pbx.example", phone_via("tls", "z9hG4bK1"), max_forwards=None))
    message = await stage.app.next("REGISTER")
    assert message.get_all("x-auricle-source") == [f"TLS;{PHONE};{phone.port}"]
    assert message.get("max-forwards") == "70"


async def test_the_application_calls_a_phone_over_the_connection_the_phone_made(stage: Stage) -> None:
    phone = await stage.phone()
    path = await stage.registered(phone)
    via = stage.app_via("z9hG4bKinv")
    invite = request(
        "INVITE",
        "sip:1001@127.0.0.5;transport=tls",
        via,
        call_id="out1",
        headers=[f"Route: {path}"],
        contact=stage.contact("tls"),
        body=SDP,
    )
    stage.app_send(invite)
    got = await phone.next("INVITE")
    assert len(got.get_all("via")) == 1
    assert got.get("route") is None
    assert got.body == SDP
    phone.send(reply(got, 180))
    assert (await stage.app.next("180")).get_all("via") == [via]
    phone.send(reply(got, 200, contact="<sip:1001@127.0.0.5;transport=tls>", body=SDP))
    answer = await stage.app.next("200")
    assert answer.get_all("via") == [via]
    ack = request(
        "ACK", "sip:1001@127.0.0.5;transport=tls", stage.app_via("z9hG4bKack"), call_id="out1", to_tag="b", headers=[f"Route: {path}"]
    )
    stage.app_send(ack)
    await phone.next("ACK")
    bye = request(
        "BYE",
        "sip:1001@127.0.0.5;transport=tls",
        stage.app_via("z9hG4bKbye"),
        call_id="out1",
        cseq=2,
        to_tag="b",
        headers=[f"Route: {path}"],
    )
    stage.app_send(bye)
    phone.send(reply(await phone.next("BYE"), 200))
    assert (await stage.app.next("200")).get_all("via") == [stage.app_via("z9hG4bKbye")]
    assert leaks(stage, phone.bytes_seen) == []


async def test_a_phone_calls_and_either_side_hangs_up(stage: Stage) -> None:
    for call_id, phone_hangs_up in (("in1", True), ("in2", False)):
        phone = await stage.phone()
        phone.send(
            request(
                "INVITE",
                "sip:1002@pbx.example",
                phone_via("tls", "z9hG4bKi"),
                call_id=call_id,
                contact="<sip:1001@127.0.0.5:9;transport=tls>",
                body=SDP,
            )
        )
        invite = await stage.app.next("INVITE")
        path = str(invite.get("path"))
        stage.app_send(reply(invite, 180))
        await phone.next("180")
        stage.app_send(reply(invite, 200, contact=stage.contact("tls"), body=SDP))
        answer = await phone.next("200")
        assert answer.get("record-route") is None
        ours = str(answer.get("contact"))[1:-1]
        phone.send(request("ACK", ours, phone_via("tls", "z9hG4bKa"), call_id=call_id, to_tag="b"))
        ack = await stage.app.next("ACK")
        assert ack.uri == ours
        if phone_hangs_up:
            phone.send(request("BYE", ours, phone_via("tls", "z9hG4bKb"), call_id=call_id, cseq=2, to_tag="b"))
            bye = await stage.app.next("BYE")
            assert bye.uri == ours
            assert bye.get_all("x-auricle-source") == [f"TLS;{PHONE};{phone.port}"]
            stage.app_send(reply(bye, 200))
        else:
            via = stage.app_via("z9hG4bKbye2")
            headers = [f"Route: {path}"]
            stage.app_send(request("BYE", "sip:1001@127.0.0.5:9;transport=tls", via, call_id=call_id, cseq=9, to_tag="a", headers=headers))
            phone.send(reply(await phone.next("BYE"), 200))
        await (phone if phone_hangs_up else stage.app).next("200")
        assert leaks(stage, phone.bytes_seen) == []


async def test_the_ack_of_a_refusal_ends_at_the_edge_for_both_sides(stage: Stage) -> None:
    """The edge ACKs the application's refusal itself (RFC 3261 17.1.1.3); none of the two ACKs is relayed."""
    phone = await stage.phone()
    phone.send(request("INVITE", "sip:1002@pbx.example", phone_via("tls", "z9hG4bKi"), call_id="no1", body=SDP))
    stage.app_send(reply(await stage.app.next("INVITE"), 486))
    await phone.next("486")
    await stage.app.next("ACK")
    phone.send(request("ACK", "sip:1002@pbx.example", phone_via("tls", "z9hG4bKi"), call_id="no1", to_tag="b"))
    assert await stage.app.silent()

    path, via = await stage.registered(phone), stage.app_via("z9hG4bKno2")
    headers = [f"Route: {path}"]
    stage.app_send(request("INVITE", "sip:1001@127.0.0.5;transport=tls", via, call_id="no2", headers=headers, body=SDP))
    phone.send(reply(await phone.next("INVITE"), 603))
    await phone.next("ACK")
    assert (await stage.app.next("603")).get_all("via") == [via]
    stage.app_send(request("ACK", "sip:1001@127.0.0.5;transport=tls", via, call_id="no2", to_tag="b", headers=headers))
    assert await stage.app.silent()


async def test_a_phone_cancels_its_call(stage: Stage) -> None:
    phone = await stage.phone()
    phone.send(request("INVITE", "sip:1002@pbx.example", phone_via("tls", "z9hG4bKc"), call_id="can1", body=SDP))
    invite = await stage.app.next("INVITE")
    stage.app_send(reply(invite, 180))
    await phone.next("180")
    phone.send(request("CANCEL", "sip:1002@pbx.example", phone_via("tls", "z9hG4bKc"), call_id="can1", headers=["Reason: SIP;cause=200"]))
    cancel = await stage.app.next("CANCEL")
    assert cancel.via.branch == invite.via.branch
    await phone.next("200")
    stage.app_send(reply(cancel, 200))
    stage.app_send(reply(invite, 487))
    await phone.next("487")
    await stage.app.next("ACK")


async def test_the_application_cancels_its_call(stage: Stage) -> None:
    phone = await stage.phone()
    path, via = await stage.registered(phone), stage.app_via("z9hG4bKcan2")
    headers = [f"Route: {path}"]
    uri = "sip:1001@127.0.0.5;transport=tls"
    stage.app_send(request("INVITE", uri, via, call_id="can2", headers=headers, body=SDP))
    invite = await phone.next("INVITE")
    phone.send(reply(invite, 180))
    await stage.app.next("180")
    reason = 'Reason: SIP;cause=200;text="Call completed elsewhere"'
    stage.app_send(request("CANCEL", uri, via, call_id="can2", headers=[*headers, reason]))
    assert (await stage.app.next("200")).get_all("via") == [via]
    cancel = await phone.next("CANCEL")
    assert cancel.via.branch == invite.via.branch
    assert cancel.get("reason") == reason.removeprefix("Reason: ")  # PBX-3e69: the other phones must not show a missed call
    phone.send(reply(cancel, 200))
    phone.send(reply(invite, 487))
    assert (await stage.app.next("487")).get_all("via") == [via]
    await phone.next("ACK")
    assert leaks(stage, phone.bytes_seen) == []


async def test_a_cancel_of_nothing_is_answered(stage: Stage) -> None:
    phone = await stage.phone()
    phone.send(request("CANCEL", "sip:1002@pbx.example", phone_via("tls", "z9hG4bKnone"), call_id="none"))
    await phone.next("481")
    stage.app_send(request("CANCEL", "sip:1001@127.0.0.5", stage.app_via("z9hG4bKnone2"), call_id="none2"))
    assert (await stage.app.next("481")).get_all("via") == [stage.app_via("z9hG4bKnone2")]


async def test_a_trunk_is_known_by_its_address(stage: Stage) -> None:
    carrier = await stage.udp(CARRIER)
    via = f"SIP/2.0/UDP {CARRIER}:{carrier.port};branch=z9hG4bKt;rport"
    forged = ["X-Auricle-Source: TLS;127.0.0.5;1", "Path: <sip:203.0.113.1;lr>"]
    invite = request(
        "INVITE", "sip:+12025550142@pbx.example", via, call_id="t1", contact=f"<sip:gw@{CARRIER}:{carrier.port}>", headers=forged, body=SDP
    )
    stage.carrier_send(carrier, invite)
    got = await stage.app.next("INVITE")
    assert got.get_all("x-auricle-source") == [f"UDP;{CARRIER};{carrier.port};trunk=near"]
    assert got.get_all("path") == [f"<sip:{INSIDE}:{stage.settings.internal_port};lr;received=sip:{CARRIER}:{carrier.port}>"]
    stage.carrier_send(carrier, invite)  # SIP-565d c: a repeat is the edge's to absorb
    stage.app_send(reply(got, 200, contact=stage.contact("udp"), body=SDP))
    assert await carrier.next("200")
    stage.carrier_send(carrier, request("ACK", stage.contact("udp")[1:-1], via + "2", call_id="t1", to_tag="b"))
    await stage.app.next("ACK")
    bye_via = stage.app_via("z9hG4bKtbye")
    route = [f"Route: {got.get('path')}"]
    stage.app_send(request("BYE", f"sip:gw@{CARRIER}:{carrier.port}", bye_via, call_id="t1", cseq=2, to_tag="a", headers=route))
    raw = await carrier.raw()
    while raw.startswith(b"SIP/2.0 200"):  # the repeated INVITE may meet the 200 already, and then has it repeated
        raw = await carrier.raw()
    assert raw.startswith(b"BYE ")
    assert leaks(stage, raw) == []
    assert f"Via: SIP/2.0/UDP {OUTSIDE}:{stage.settings.udp_port};".encode() in raw


async def test_the_application_calls_a_carrier_by_its_uri(stage: Stage) -> None:
    carrier = await stage.udp(CARRIER)
    uri, via = f"sip:+12025550199@{CARRIER}:{carrier.port}", stage.app_via("z9hG4bKto")
    stage.app_send(request("INVITE", uri, via, call_id="t2", contact=stage.contact("udp"), body=SDP))
    raw = await carrier.raw()
    assert raw.startswith(f"INVITE {uri} SIP/2.0".encode())
    assert leaks(stage, raw) == []
    got = parse_message(raw)
    stage.carrier_send(carrier, reply(got, 183, body=SDP))
    await stage.app.next("183")
    stage.carrier_send(carrier, reply(got, 200, contact=f"<sip:gw@{CARRIER}:{carrier.port}>", body=SDP))
    assert (await stage.app.next("200")).get_all("via") == [via]
    stage.app_send(request("ACK", uri, stage.app_via("z9hG4bKtoack"), call_id="t2", to_tag="b"))
    await carrier.next("ACK")
    stage.carrier_send(
        carrier,
        request("BYE", stage.contact("udp")[1:-1], f"SIP/2.0/UDP {CARRIER}:{carrier.port};branch=z9hG4bKtb", call_id="t2", to_tag="a"),
    )
    bye = await stage.app.next("BYE")
    stage.app_send(reply(bye, 200))
    await carrier.next("200")


async def test_every_repeat_of_a_200_reaches_the_application_even_after_a_restart_of_the_edge(stage: Stage) -> None:
    """SIP-565d: each 2xx must be ACKed again; one whose transaction is gone finds its way by what our Via carries."""
    carrier = await stage.udp(CARRIER)
    via = stage.app_via("z9hG4bKAb-1.2")
    stage.app_send(request("INVITE", f"sip:+12025550199@{CARRIER}:{carrier.port}", via, call_id="again", body=SDP))
    ok = reply(await carrier.next("INVITE"), 200, contact=f"<sip:gw@{CARRIER}:{carrier.port}>", body=SDP)
    for _ in range(2):
        stage.carrier_send(carrier, ok)
        assert (await stage.app.next("200")).get_all("via") == [via]
    await stage.edge.stop()
    await stage.edge.start()
    stage.carrier_send(carrier, ok)
    answer = await stage.app.next("200")
    assert answer.get_all("via") == [via]
    assert answer.body == SDP
    assert stage.app.peer == (INSIDE, stage.settings.internal_port)


@pytest.mark.parametrize("carried", ["", ";app=", ";app=a%0d%0aX", ';app="a b"', ";app=a/b"])
async def test_a_response_to_nothing_goes_nowhere(stage: Stage, carried: str) -> None:
    carrier = await stage.udp(CARRIER)
    via = f"SIP/2.0/UDP {OUTSIDE}:{stage.settings.udp_port};branch=z9hG4bKa1f.0123abcd.0{carried}"
    lines = ["SIP/2.0 200 OK", f"Via: {via}", "From: <sip:1001@pbx.example>;tag=a", "To: <sip:x@pbx.example>;tag=b", "Call-ID: gone"]
    stage.carrier_send(carrier, "\r\n".join([*lines, "CSeq: 1 INVITE", "Content-Length: 0", "", ""]).encode())
    assert await stage.app.silent()


async def test_a_phone_whose_connection_is_gone_fails_at_once_and_once(stage: Stage) -> None:
    phone = await stage.phone()
    path, via = await stage.registered(phone), stage.app_via("z9hG4bKgone")
    phone.writer.close()
    await phone.writer.wait_closed()
    uri = "sip:1001@127.0.0.5;transport=tls"
    async with asyncio.timeout(10):
        while True:  # until Kamailio has read the end of the connection
            stage.app_send(request("INVITE", uri, via, call_id="gone", headers=[f"Route: {path}"], body=SDP))
            answer = parse_message(await stage.app.raw())
            if isinstance(answer, Response) and answer.status == 100:
                answer = parse_message(await stage.app.raw())
            if isinstance(answer, Response) and answer.status == 477:
                break
            via += "x"
    assert answer.get_all("via") == [via]
    assert await stage.app.silent(0.3)


async def test_a_carrier_whose_name_is_not_known_fails_at_once_and_once(stage: Stage) -> None:
    via = stage.app_via("z9hG4bKname")
    stage.app_send(request("INVITE", "sip:+12025550199@carrier.invalid", via, call_id="name", body=SDP))
    assert (await stage.app.next("478")).get_all("via") == [via]
    assert await stage.app.silent(0.3)


async def test_messages_far_larger_than_a_packet_pass_both_ways(stage: Stage) -> None:
    body = SDP + b"a=candidate:1 1 udp 1 192.0.2.1 4000 typ host\r\n" * 500
    phone = await stage.phone()
    phone.send(request("INVITE", "sip:1002@pbx.example", phone_via("tls", "z9hG4bKbig"), call_id="big1", body=body))
    invite = await stage.app.next("INVITE")
    assert invite.body == body
    stage.app_send(reply(invite, 183, body=body))
    assert (await phone.next("183")).body == body
    carrier = await stage.udp(CARRIER)
    via = f"SIP/2.0/UDP {CARRIER}:{carrier.port};branch=z9hG4bKbig2;rport"
    stage.carrier_send(carrier, request("INVITE", "sip:+12025550142@pbx.example", via, call_id="big2", body=body))
    assert (await stage.app.next("INVITE")).body == body


async def test_strangers_get_no_answer_over_udp(stage: Stage) -> None:
    stranger = await stage.udp(STRANGER)
    via = f"SIP/2.0/UDP {STRANGER}:{stranger.port};branch=z9hG4bKs;rport"
    stage.carrier_send(stranger, request("OPTIONS", "sip:pbx.example", via, call_id="s1"))
    stage.carrier_send(stranger, request("INVITE", "sip:+12025550142@pbx.example", via, call_id="s2"))
    stage.carrier_send(stranger, b"SIP/2.0 200 OK\r\n\r\n")
    assert await stranger.silent()
    assert await stage.app.silent(0.05)
    assert (await stage.edge.counters()).refused == 2
