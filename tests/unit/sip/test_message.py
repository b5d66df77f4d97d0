"""Requests, responses, datagrams and streams."""

import pytest

from auricle.sip.errors import FramingError, HeaderInjection, MessageTooLarge, SipParseError, UnsupportedVersion
from auricle.sip.events import Reason
from auricle.sip.grammar import MAX_HEAD_BYTES, MAX_MESSAGE_BYTES
from auricle.sip.headers import CSeq
from auricle.sip.message import Request, Response, StreamParser, parse_message, response_to

HEAD = (
    b"Via: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bK1, SIP/2.0/TLS 192.0.2.20:5061;branch=z9hG4bK0\r\n"
    b"Record-Route: <sip:127.0.0.1;lr>\r\nMax-Forwards: 69\r\n"
    b'From: "Alice" <sip:+12025550142@carrier.example>;tag=f1\r\nTo: <sip:+12025550100@pbx.example>\r\n'
    b"Call-ID: c1@192.0.2.20\r\nCSeq: 7 INVITE\r\nContact: <sip:a@192.0.2.20>\r\n"
)
INVITE = (
    b"INVITE sip:+12025550100@pbx.example SIP/2.0\r\n" + HEAD + b"Content-Type: application/SDP;x=y\r\nContent-Length: 5\r\n\r\nv=0\r\n"
)


def invite(**headers: str) -> Request:
    message = parse_message(INVITE)
    assert isinstance(message, Request)
    for name, value in headers.items():
        message.set(name.replace("_", "-"), value)
    return message


def framed(method: str, length: str | None, tail: bytes = b"") -> bytes:
    head = f"{method} sip:pbx.example SIP/2.0\r\n".encode() + HEAD.replace(b"INVITE", method.encode())
    return head + (b"" if length is None else f"Content-Length: {length}\r\n".encode()) + b"\r\n" + tail


# ---- reading ---------------------------------------------------------------------------------------


def test_a_request_and_its_views() -> None:
    message = invite(
        Supported="timer, 100rel",
        Require="100REL",
        Expires="60",
        Privacy="User;ID",
        P_Asserted_Identity='<tel:+1(202)555-0142>, "Main" <sip:+12025550142@carrier.example;user=phone>, <urn:bad>',
        Reason='SIP;cause=200;text="Call completed elsewhere", Q.850;cause=16',
        Route="<sip:a;lr>, <sip:b;lr>",
    )
    assert (message.method, message.uri, message.body) == ("INVITE", "sip:+12025550100@pbx.example", b"v=0\r\n")
    assert str(message.request_uri) == message.uri
    assert message.via.branch == "z9hG4bK1"
    assert [via.branch for via in message.vias] == ["z9hG4bK1", "z9hG4bK0"]
    assert (message.from_.tag, message.from_.display, message.to.tag) == ("f1", "Alice", None)
    assert (message.call_id, message.cseq, message.max_forwards) == ("c1@192.0.2.20", CSeq(7, "INVITE"), 69)
    assert [str(c.uri) for c in message.contacts] == ["sip:a@192.0.2.20"]
    assert [str(c.uri) for c in message.routes] == ["sip:a;lr", "sip:b;lr"]
    assert [str(c.uri) for c in message.record_routes] == ["sip:127.0.0.1;lr"]
    assert (message.content_type, message.expires) == ("application/sdp", 60)
    assert message.supported == {"timer", "100rel"}
    assert message.require == {"100rel"}
    assert message.privacy == {"user", "id"}
    assert [a.uri.e164_candidate() for a in message.asserted] == ["+12025550142", "+12025550142"]
    assert message.reasons == [Reason("SIP", 200, "Call completed elsewhere"), Reason("Q.850", 16)]


def test_a_response() -> None:
    message = parse_message(b"SIP/2.0 183 Session Progress\r\n" + HEAD + b"Content-Length: 0\r\n\r\n")
    assert isinstance(message, Response)
    assert (message.status, message.reason) == (183, "Session Progress")
    assert parse_message(b"SIP/2.0 200\r\n" + HEAD + b"\r\n").head() == "SIP/2.0 200 "


def test_views_are_read_once_and_again_after_a_change() -> None:
    message = invite()
    assert message.to is message.to
    assert message.contacts is message.contacts
    message.set("t", "<sip:b@pbx.example>;tag=9")
    assert message.to.tag == "9"
    message.prepend("via", "SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKtop")
    assert message.via.branch == "z9hG4bKtop"
    assert len(message.vias) == 3
    message.remove("m")
    assert message.contacts == []


def test_absent_and_odd_values() -> None:
    message = invite(Contact="*", Expires="soon")
    assert message.contacts == []
    assert message.expires is None
    assert message.get("subject") is None
    assert message.get_all("subject") == []
    assert (message.supported, message.privacy, message.asserted, message.reasons) == (frozenset(), frozenset(), [], [])
    message.remove("Max-Forwards")
    assert message.max_forwards is None
    message.set("Max-Forwards", "-1")
    for view in ("max_forwards",):
        with pytest.raises(SipParseError):
            getattr(message, view)
    message.set("Via", ",")
    with pytest.raises(SipParseError):
        message.via  # noqa: B018


def test_names_are_case_blind_and_compact_forms_are_folded() -> None:
    message = invite()
    assert message.get("f") == message.get("FROM") == message.get("from")
    assert message.get_all("V") == message.get_all("via") != message.lines("via")
    message.add("k", "timer")
    message.add("SUPPORTED", "100rel")
    assert message.get_all("supported") == ["timer", "100rel"]


def test_authorization_is_not_split_at_its_commas() -> None:
    message = invite(Authorization='Digest username="a", realm="b"')
    assert message.get_all("authorization") == ['Digest username="a", realm="b"']


def test_folds_become_one_space() -> None:
    """SIP-6d10: folded headers are joined before anything is read, and never written."""
    data = INVITE.replace(b";branch=z9hG4bK1,", b"\r\n ;branch=z9hG4bK1\r\n\t ,").replace(b"CSeq: 7 INVITE", b"CSeq: 7\r\n   INVITE")
    message = parse_message(data)
    assert message.via.branch == "z9hG4bK1"
    assert message.cseq == CSeq(7, "INVITE")
    assert message.get("cseq") == "7 INVITE"
    assert b"\r\n " not in message.to_bytes()
    assert b"\r\n\t" not in message.to_bytes()


def test_datagram_length_rules() -> None:
    """SIP-896a: on UDP extra bytes are dropped, a short body is refused, and without a length the body is the rest."""
    assert parse_message(INVITE + b"INVITE sip:911@pbx.example SIP/2.0\r\n").body == b"v=0\r\n"
    assert parse_message(INVITE.replace(b"Content-Length: 5\r\n", b"")).body == b"v=0\r\n"
    with pytest.raises(SipParseError) as caught:
        parse_message(INVITE[:-1])
    assert caught.value.request is not None
    assert caught.value.request.body == b"v=0\r"


def test_limits() -> None:
    with pytest.raises(MessageTooLarge):
        parse_message(b"x" * (MAX_MESSAGE_BYTES + 1))
    with pytest.raises(MessageTooLarge):
        parse_message(INVITE.replace(b"Via", b"X: " + b"x" * MAX_HEAD_BYTES + b"\r\nVia", 1))
    with pytest.raises(MessageTooLarge):
        parse_message(INVITE.replace(b"Via", b"X: y\r\n" * 201 + b"Via", 1))


def test_another_version_can_be_answered_with_505() -> None:
    with pytest.raises(UnsupportedVersion) as caught:
        parse_message(INVITE.replace(b"SIP/2.0\r\nVia", b"SIP/7.0\r\nVia", 1))
    assert caught.value.request is not None
    assert caught.value.sip_status == 505


def test_errors_do_not_repeat_what_the_peer_sent() -> None:
    with pytest.raises(SipParseError) as caught:
        parse_message(INVITE.replace(b"Record-Route: <sip:127.0.0.1;lr>", b"secret-patient-name"))
    assert str(caught.value) == "bad header line"


@pytest.mark.parametrize("header", ["Call-ID: c1", "From: <sip:a@h>;tag=1", "To: <sip:b@h>", "Via: SIP/2.0/UDP h;x=", "CSeq: 7"])
def test_a_bare_line_feed_in_what_a_response_copies_is_not_reflected(header: str) -> None:
    name = header.partition(":")[0].encode()
    lines = [line for line in HEAD.split(b"\r\n") if not line.startswith(name)]
    data = b"INVITE sip:pbx.example SIP/2.0\r\n" + header.encode() + b"\nEvil: 1\r\n" + b"\r\n".join(lines) + b"\r\n"
    with pytest.raises(SipParseError) as caught:
        parse_message(data)
    assert caught.value.reason == "stray control character"
    assert caught.value.request is None


# ---- writing ---------------------------------------------------------------------------------------


def test_round_trip() -> None:
    message = invite()
    again = parse_message(message.to_bytes())
    assert again == message
    assert again is not message
    again.add("Subject", "x")
    assert again != message
    assert message != "a message"


def test_content_length_is_always_right() -> None:
    message = invite()
    message.body = b"longer than it was"
    message.set("Content-Length", "3")
    assert b"Content-Length: 18\r\n\r\nlonger than it was" in message.to_bytes()
    assert message.to_bytes().count(b"Content-Length") == 1


@pytest.mark.parametrize("evil", ["x\r\nEvil: 1", "x\nEvil: 1", "x\r", "x\0"])
def test_header_injection_is_impossible(evil: str) -> None:
    """SIP-6d10: a value that reaches us by API with raw CR/LF is refused, by every way in."""
    message = invite()
    ways = (
        lambda: message.add("Subject", evil),
        lambda: message.set("Subject", evil),
        lambda: message.prepend("Subject", evil),
        lambda: message.add(evil, "x"),
        lambda: message.set(evil, "x"),
        lambda: Request("INVITE", f"sip:{evil}"),
        lambda: Request(evil, "sip:a"),
        lambda: Response(200, evil),
        lambda: Request("INVITE", "sip:a", [("Subject", evil)]),
        lambda: response_to(message, 200, evil),
        lambda: response_to(message, 200, to_tag=evil),
        lambda: response_to(message, 200, headers=[("Subject", evil)]),
        lambda: response_to(message, 200, headers=[(evil, "x")]),
    )
    for way in ways:
        with pytest.raises(HeaderInjection):
            way()
    assert message == invite()
    message.uri = evil
    with pytest.raises(HeaderInjection):
        message.to_bytes()


def test_headers_are_named_as_people_write_them() -> None:
    message = Request("OPTIONS", "sip:pbx.example", [("v", "SIP/2.0/UDP h"), ("x-made-up", "1"), ("call-id", "c")])
    assert message.headers == [("Via", "SIP/2.0/UDP h"), ("X-Made-Up", "1"), ("Call-ID", "c")]
    assert (
        message.to_bytes()
        == b"OPTIONS sip:pbx.example SIP/2.0\r\nVia: SIP/2.0/UDP h\r\nX-Made-Up: 1\r\nCall-ID: c\r\nContent-Length: 0\r\n\r\n"
    )


def test_response_to_copies_what_it_must() -> None:
    request = invite()
    response = response_to(request, 180, to_tag="t1", headers=[("Contact", "<sip:b@pbx.example>"), ("k", "timer")])
    again = parse_message(response.to_bytes())
    assert isinstance(again, Response)
    assert (again.status, again.reason, again.body) == (180, "Ringing", b"")
    for name in ("via", "from", "call-id", "cseq", "record-route"):
        assert again.lines(name) == request.lines(name)
    assert again.get("to") == "<sip:+12025550100@pbx.example>;tag=t1"
    assert again.supported == {"timer"}
    response.add("Via", "SIP/2.0/UDP other")
    assert len(request.vias) == 2


def test_response_to_details() -> None:
    tagged = invite(To="sip:b@pbx.example ; Tag = t0", Timestamp="54")
    assert response_to(tagged, 200, to_tag="t1").to.tag == "t0"
    assert response_to(invite(To='"tag" <sip:tag=1@pbx.example>'), 200, to_tag="t1").to.tag == "t1"
    assert response_to(tagged, 100).get("timestamp") == "54"
    assert response_to(tagged, 200).get("timestamp") is None
    assert response_to(tagged, 486).get("record-route") is None
    assert response_to(tagged, 299).reason == "Unknown"
    assert response_to(tagged, 200, "Fine", body=b"x").to_bytes().startswith(b"SIP/2.0 200 Fine\r\n")


# ---- streams ---------------------------------------------------------------------------------------


def test_a_stream_in_any_pieces() -> None:
    data = b"\r\n\r\n" + INVITE + b"\r\n" + framed("OPTIONS", "0") + INVITE
    for size in (1, 3, 100, len(data)):
        parser = StreamParser()
        messages = [m for at in range(0, len(data), size) for m in parser.feed(data[at : at + size])]
        assert messages == [parse_message(INVITE), parse_message(framed("OPTIONS", "0")), parse_message(INVITE)]


@pytest.mark.parametrize(
    "broken",
    [
        framed("OPTIONS", None) + framed("REGISTER", "0"),
        framed("OPTIONS", "-1"),
        framed("OPTIONS", "0\r\nl: 5", b"hello"),
        framed("OPTIONS", "4", b"hello INVITE sip:911@pbx.example SIP/2.0\r\n" + HEAD + b"Content-Length: 0\r\n\r\n"),
        framed("OPTIONS", "99999999999999999999"),
        framed("OPTIONS", str(MAX_MESSAGE_BYTES + 1)),
        framed("OPTIONS", "0\nContent-Length: 5", b"hello"),
        framed("OPTIONS", "+1", b"x"),
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"OPTIONS  sip:pbx.example SIP/2.0\r\n" + HEAD + b"Content-Length: 0\r\n\r\n",
        b"x" * (MAX_HEAD_BYTES + 1),
    ],
)
def test_lost_framing_closes_the_stream(broken: bytes) -> None:
    """SIP-896a: no boundary is left to resync on: nothing built from later bytes is delivered, earlier messages are."""
    parser = StreamParser()
    with pytest.raises(FramingError) as caught:
        parser.feed(INVITE + broken + framed("INVITE", "0"))
    delivered = [m.method for m in caught.value.messages if isinstance(m, Request)]
    assert delivered in (["INVITE"], ["INVITE", "OPTIONS"])
    assert not any(isinstance(m, Request) and "911" in m.uri for m in caught.value.messages)
    with pytest.raises(FramingError):
        parser.feed(INVITE)


def test_a_missing_length_can_be_answered() -> None:
    with pytest.raises(FramingError) as caught:
        StreamParser().feed(framed("OPTIONS", None))
    assert caught.value.request is not None
    assert caught.value.request.method == "OPTIONS"


def test_a_malformed_message_of_known_length_does_not_close_the_stream() -> None:
    """One peer's bad message must not cut the connection that all of the edge's peers share."""
    parser = StreamParser()
    bad = framed("OPTIONS", "2", b"ab").replace(b"Max-Forwards: 69", b"no colon")
    assert parser.feed(bad + INVITE) == [parse_message(INVITE)]
    assert [(error.reason, error.request is not None) for error in parser.refused] == [("bad header line", True)]
    assert parser.feed(INVITE) == [parse_message(INVITE)]
    assert parser.refused == []
