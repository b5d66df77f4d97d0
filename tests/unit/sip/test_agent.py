"""What the user agent says to requests by themselves: validation, OPTIONS, REGISTER, strays, merged requests."""

import pytest

from auricle.sip.errors import SipParseError
from auricle.sip.message import parse_message


def request(method="OPTIONS", *, branch="z9hG4bK-1", to="<sip:b@example.com>", cseq="1", extra="", body=b"", seq_method=None):
    text = (
        f"{method} sip:b@example.com SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:1;branch={branch}\r\nMax-Forwards: 70\r\n"
        f"From: <sip:a@example.com>;tag=f1\r\nTo: {to}\r\nCall-ID: call1\r\nCSeq: {cseq} {seq_method or method}\r\n"
        f"Contact: <sip:a@127.0.0.1:1>\r\n{extra}Content-Length: {len(body)}\r\n\r\n"
    )
    return text.encode() + body


SDP_TYPE = "Content-Type: application/sdp\r\n"
TAGGED = "<sip:b@example.com>;tag=nobody"


def sole(network):
    assert len(network.b.sent) == 1, network.b.labels()
    return parse_message(network.b.sent[0][2])


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (request("OPTIONS"), 200),
        (request("INVITE", extra="Max-Forwards: 70\r\nRequire: teleport, 100rel\r\n"), 420),
        (request("REGISTER", extra="Require: teleport\r\n"), 420),
        (request("OPTIONS", to=TAGGED), 481),
        (request("BYE", to=TAGGED), 481),
        (request("BYE"), 481),
        (request("INVITE", to=TAGGED, extra=SDP_TYPE, body=b"v=0\r\n"), 481),
        (request("CANCEL"), 481),
        (request("PRACK"), 481),
        (request("REFER"), 405),
        (request("SUBSCRIBE"), 405),
        (request("NOTIFY"), 405),
        (request("MESSAGE"), 405),
        (request("DANCE"), 501),
        (request("DANCE", to=TAGGED), 481),
        (request("OPTIONS", extra="Content-Encoding: gzip\r\n", body=b"x"), 415),
    ],
)
def test_one_final_response(network, data, status):
    network.b.feed(data)
    response = sole(network)
    assert response.status == status
    if status in (405, 501, 200):
        assert "INVITE" in response.get("allow")
    if status == 420:
        assert response.get("unsupported") == "teleport"
    network.run(40)
    assert network.b.idle


def test_options_tells_what_we_can(network):
    network.b.feed(request("OPTIONS"))
    response = sole(network)
    assert response.get("accept") == "application/sdp"
    assert response.supported == {"100rel", "timer"}
    assert response.to.tag


def test_max_forwards_zero_is_483_except_for_options(network):
    """SIP-4250: a loop ends here at the latest."""
    for method, status in (("INVITE", "483 INVITE"), ("REGISTER", "483 REGISTER"), ("OPTIONS", "200 OPTIONS")):
        network.b.feed(request(method, branch=f"z9hG4bK{method}").replace(b"Max-Forwards: 70", b"Max-Forwards: 0"))
        assert network.b.labels()[-1] == status


def test_outgoing_invite_carries_the_max_forwards_it_was_given(network):
    """SIP-4250: the B2BUA passes the decremented number on."""
    network.a.invite(max_forwards=17)
    assert network.a.last("INVITE").max_forwards == 17


@pytest.mark.parametrize("body_type", ["text/plain", "multipart/mixed;boundary=x"])
def test_invite_with_a_body_that_is_no_sdp_is_415(network, body_type):
    network.b.feed(request("INVITE", extra=f"Content-Type: {body_type}\r\n", body=b"hello"))
    assert network.b.labels() == ["100 INVITE", "415 INVITE"]
    assert network.b.sessions == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"From: <sip:a@example.com>;tag=f1", b"From: <sip:a@exa mple>;tag=f1"),
        (b"CSeq: 1 INVITE", b"CSeq: 1 OPTIONS"),
        (b"CSeq: 1 INVITE", b"CSeq: 99999999999 INVITE"),
        (b"Contact: <sip:a@127.0.0.1:1>\r\n", b""),
        (b"Contact: <sip:a@127.0.0.1:1>", b"Contact: <nonsense>"),
        (b"Max-Forwards: 70", b"Max-Forwards: many"),
        (b"Content-Length", b"Session-Expires: soon\r\nContent-Length"),
    ],
)
def test_unreadable_header_is_400_and_leaves_nothing(network, old, new):
    network.fate = lambda sender, nth, text: []
    with pytest.raises(SipParseError):
        network.b.feed(request("INVITE").replace(old, new))
    network.b.flush()
    assert network.b.labels()[-1].startswith("400")
    assert network.b.sessions == []
    network.run(40)
    assert network.b.idle


def test_merged_request_is_482(network):
    """RFC 3261 8.2.2.2: the same request by another way."""
    network.b.feed(request("INVITE", extra=SDP_TYPE, body=b"v=0\r\n"))
    network.b.feed(request("INVITE", branch="z9hG4bK-2", extra=SDP_TYPE, body=b"v=0\r\n"))
    assert network.b.labels() == ["100 INVITE", "482 INVITE"]
    assert len(network.b.sessions) == 1


def test_a_request_of_the_next_number_is_not_merged(network):
    network.b.feed(request("OPTIONS"))
    network.b.feed(request("OPTIONS", branch="z9hG4bK-2", cseq="2"))
    assert network.b.labels() == ["200 OPTIONS", "200 OPTIONS"]


def test_register_waits_for_its_answer_and_repeats_get_it_again(network):
    data = request("REGISTER")
    network.b.feed(data)
    network.b.feed(data)
    assert len(network.b.requests) == 1
    network.b.requests[0].tx.reply(200, network.now, "Contact: <sip:a@127.0.0.1:1>;expires=60\r\n")
    network.b.flush()
    network.b.feed(data)
    assert network.b.labels() == ["200 REGISTER", "200 REGISTER"]


def test_ack_and_responses_for_nobody_are_dropped(network):
    network.b.feed(request("ACK", to=TAGGED))
    network.b.feed(request("ACK"))
    network.b.feed(b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 127.0.0.1:2;branch=z9hG4bKx\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:c@d>;tag=2\r\n"
                   b"Call-ID: x\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n")  # fmt: skip
    assert network.b.sent == []
    assert network.b.idle


def test_in_dialog_request_of_a_stranger_is_481(network, answer):
    """Our tag alone is not enough: Call-ID and the peer's tag must fit (RFC 3261 12.2.2)."""
    network.b.on_call = lambda session: session.accept(answer, network.now)
    network.a.invite()
    network.run(0.2)
    tag = network.b.last("200 INVITE").to.tag
    network.b.feed(request("BYE", to=f"<sip:b@example.com>;tag={tag}"))
    assert network.b.labels()[-1] == "481 BYE"
    assert network.b.agent.sessions == 1


def test_session_interval_below_90_s_is_422(network):
    """RFC 4028 8.1, 9."""
    network.b.feed(request("INVITE", extra="Session-Expires: 60\r\nSupported: timer\r\n"))
    assert network.b.labels() == ["100 INVITE", "422 INVITE"]
    assert network.b.last("422 INVITE").get("min-se") == "90"


def test_record_route_and_contact_make_the_route_back(network, answer):
    """RFC 3261 12.1.1: the route set in order, the edge's Path before it, the Contact as target."""
    network.b.on_call = lambda session: (
        session.adopt(network.b.contact_line, ("<sip:127.0.0.1:9;lr>",)),
        session.accept(answer, network.now),
    )
    network.b.feed(request("INVITE", extra="Record-Route: <sip:p1.example;lr>, <sip:p2.example;lr>\r\n"))
    ok = network.b.last("200 INVITE")
    assert ok.get_all("record-route") == ["<sip:p1.example;lr>", "<sip:p2.example;lr>"]
    network.b.feed(request("ACK", branch="z9hG4bK-a", to=f"<sip:b@example.com>;tag={ok.to.tag}"))
    network.b.sessions[0].hang_up((), network.now)
    network.b.flush()
    bye = network.b.last("BYE")
    assert bye.get_all("route") == ["<sip:127.0.0.1:9;lr>", "<sip:p1.example;lr>", "<sip:p2.example;lr>"]
    assert bye.uri == "sip:a@127.0.0.1:1"
    assert bye.get("from") == f"<sip:b@example.com>;tag={ok.to.tag}"
    assert bye.get("to") == "<sip:a@example.com>;tag=f1"
