"""The called side against a scripted peer: reliable provisionals, session timers, refreshes, late offers."""

from itertools import product

import pytest

from auricle.sip.events import Confirmed, Offered, Terminated
from auricle.sip.incoming import INCOMING
from auricle.sip.message import parse_message
from auricle.sip.session_state import SessionInput, SessionState
from auricle.sip.transaction import IllegalMove


class Caller:
    """Side b takes the call; what b sends goes nowhere, the caller's messages are written by hand."""

    def __init__(self, network):
        self.net = network
        network.fate = lambda sender, nth, text: []
        self.b = network.b
        self.drawn = 0

    def send(self, method, number=1, extra="", body=b"", branch=None):
        self.drawn += 1
        tag = f";tag={self.b.sessions[0].local_tag}" if self.b.sessions and method != "CANCEL" else ""
        kind = "Content-Type: application/sdp\r\n" if body else ""
        text = (
            f"{method} sip:b@127.0.0.1:2 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:1;branch={branch or f'z9hG4bKc{self.drawn}'}\r\n"
            f"Max-Forwards: 70\r\nFrom: <sip:a@example.com>;tag=f1\r\nTo: <sip:b@example.com>{tag}\r\nCall-ID: c1\r\n"
            f"CSeq: {number} {method}\r\nContact: <sip:a@127.0.0.1:1>\r\n{kind}{extra}Content-Length: {len(body)}\r\n\r\n"
        )
        self.b.feed(text.encode() + body)
        return self.b.sessions[0] if self.b.sessions else None

    def respond(self, status, to_request, extra="", body=b""):
        sent = self.b.last(to_request)
        kind = "Content-Type: application/sdp\r\n" if body else ""
        text = (
            f"SIP/2.0 {status} Word\r\nVia: {sent.get('via')}\r\nFrom: {sent.get('from')}\r\nTo: {sent.get('to')}\r\nCall-ID: c1\r\n"
            f"CSeq: {sent.get('cseq')}\r\nContact: <sip:a@127.0.0.1:1>\r\n{kind}{extra}Content-Length: {len(body)}\r\n\r\n"
        )
        self.b.feed(text.encode() + body)

    def accepted(self, answer, offer, extra=""):
        session = self.send("INVITE", body=offer, extra=extra)
        session.accept(answer, self.net.now)
        self.b.flush()
        self.send("ACK")
        return session


@pytest.fixture
def caller(network):
    return Caller(network)


@pytest.fixture
def short_caller(short_network):
    return Caller(short_network)


def test_ringing_is_reliable_where_the_peer_requires_it(caller, offer, answer):
    """RFC 3262 3: repeated doubling until the PRACK."""
    session = caller.send("INVITE", body=offer, extra="Require: 100rel\r\n")
    session.ring(caller.net.now)
    session.ring(caller.net.now)
    caller.b.flush()
    caller.net.run(4)
    assert caller.b.times("180 INVITE") == pytest.approx([0, 0.5, 1.5, 3.5], abs=0.1)
    ringing = caller.b.last("180 INVITE")
    assert "100rel" in ringing.require
    caller.send("PRACK", 2, f"RAck: {int(ringing.get('rseq')) + 1} 1 INVITE\r\n")
    assert caller.b.labels()[-1] == "481 PRACK"
    caller.send("PRACK", 3, f"RAck: {ringing.get('rseq')} 1 INVITE\r\n")
    assert caller.b.labels()[-1] == "200 PRACK"
    count = len(caller.b.sent)
    caller.net.run(10)
    assert len(caller.b.sent) == count
    session.accept(answer, caller.net.now)
    caller.b.flush()
    assert caller.b.labels()[-1] == "200 INVITE"


def test_reliable_ringing_without_prack_ends_after_32_s(caller, offer):
    session = caller.send("INVITE", body=offer, extra="Require: 100rel\r\n")
    session.ring(caller.net.now)
    caller.b.flush()
    caller.net.run(33)
    assert caller.b.words == [Terminated("timeout", (), 504)]
    assert "504 INVITE" in caller.b.labels()
    caller.net.run(40)
    assert caller.b.idle


def test_answer_stops_reliable_ringing(caller, offer, answer):
    session = caller.send("INVITE", body=offer, extra="Require: 100rel\r\n")
    session.ring(caller.net.now)
    session.accept(answer, caller.net.now)
    caller.b.flush()
    caller.net.run(5)
    assert caller.b.labels().count("180 INVITE") == 1


def test_bye_in_the_early_dialog_ends_it(caller, offer):
    session = caller.send("INVITE", body=offer)
    session.ring(caller.net.now)
    caller.send("BYE", 2, 'Reason: SIP;cause=200;text="a, b", Q.850;cause=16\r\n')
    assert caller.b.labels()[-2:] == ["200 BYE", "487 INVITE"]
    assert [(reason.protocol, reason.cause) for reason in caller.b.words[0].reasons] == [("SIP", 200), ("Q.850", 16)]
    assert (caller.b.words[0].cause, caller.b.words[0].status) == ("peer-bye", 487)


def test_update_with_an_offer_before_our_answer_is_put_off(caller, offer):
    """RFC 3311 5.2: 500 with Retry-After while the INVITE's offer is open."""
    session = caller.send("INVITE", body=offer)
    session.ring(caller.net.now)
    caller.send("UPDATE", 2, body=offer)
    assert 0 <= int(caller.b.last("500 UPDATE").get("retry-after")) <= 10


@pytest.mark.parametrize(
    ("asked", "expected", "required"),
    [
        ("Supported: timer\r\nSession-Expires: 600;refresher=uas\r\n", "600;refresher=uas", False),
        ("Supported: timer\r\nSession-Expires: 600;refresher=uac\r\n", "600;refresher=uac", True),
        ("Supported: timer\r\nx: 600\r\n", "600;refresher=uac", True),
        ("Supported: timer\r\nSession-Expires: 7200\r\n", "1800;refresher=uac", True),
        ("Supported: timer\r\nSession-Expires: 7200\r\nMin-SE: 3600\r\n", "3600;refresher=uac", True),
        ("Supported: timer\r\n", "1800;refresher=uac", True),
        ("", "1800;refresher=uas", False),
    ],
)
def test_session_timer_terms_of_an_incoming_call(caller, offer, answer, asked, expected, required):
    """RFC 4028 9, table 2."""
    caller.accepted(answer, offer, asked)
    ok = caller.b.last("200 INVITE")
    assert ok.get("session-expires") == expected
    assert ("timer" in ok.require) is required


def test_peer_that_does_not_refresh_is_hung_up(short_caller, offer, answer):
    """RFC 4028 10: BYE a third of the interval (at most 32 s) before it expires."""
    short_caller.accepted(answer, offer, "Supported: timer\r\nSession-Expires: 90;refresher=uac\r\n")
    short_caller.net.run(91)
    assert short_caller.b.times("BYE")[0] == pytest.approx(60, abs=0.1)
    assert short_caller.b.words == [Confirmed(), Terminated("timeout", (), 408)]
    short_caller.net.run(60)
    assert short_caller.b.idle


def test_we_refresh_by_update_where_the_peer_allows_it(short_caller, offer, answer):
    short_caller.accepted(answer, offer, "Supported: timer\r\nSession-Expires: 90;refresher=uas\r\nAllow: INVITE, UPDATE\r\n")
    short_caller.net.run(45.1)
    update = short_caller.b.last("UPDATE")
    assert update.get("session-expires") == "90;refresher=uac"
    assert update.body == b""
    short_caller.respond(200, "UPDATE", "Session-Expires: 90;refresher=uac\r\n")
    short_caller.net.run(45.1)
    assert short_caller.b.times("UPDATE") == pytest.approx([45, 90], abs=0.2)
    assert short_caller.b.words == [Confirmed()]


def test_we_refresh_by_reinvite_with_what_was_agreed_where_update_is_unknown(short_caller, offer, answer):
    short_caller.accepted(answer, offer, "Session-Expires: 90\r\n")
    short_caller.net.run(45.1)
    assert short_caller.b.last("INVITE").body == answer
    short_caller.respond(200, "INVITE", "Session-Expires: 90;refresher=uac\r\n", offer)
    short_caller.respond(200, "INVITE", "Session-Expires: 90;refresher=uac\r\n", offer)
    acks = [data for _, text, data in short_caller.b.sent if text == "ACK"]
    assert len(acks) == 2
    assert acks[0] == acks[1]
    assert short_caller.b.words == [Confirmed()]


def test_update_that_is_refused_as_unknown_is_followed_by_reinvite(short_caller, offer, answer):
    short_caller.accepted(answer, offer, "Session-Expires: 90\r\nAllow: UPDATE\r\n")
    short_caller.net.run(45.1)
    short_caller.respond(405, "UPDATE")
    assert short_caller.b.labels()[-1] == "INVITE"


@pytest.mark.parametrize("status", [408, 481])
def test_refresh_that_finds_no_dialog_ends_the_session(short_caller, offer, answer, status):
    short_caller.accepted(answer, offer, "Session-Expires: 90\r\nAllow: UPDATE\r\n")
    short_caller.net.run(45.1)
    short_caller.respond(status, "UPDATE")
    assert short_caller.b.words == [Confirmed(), Terminated("timeout", (), 408)]
    assert short_caller.b.labels()[-1] == "BYE"


def test_refresh_that_collides_is_tried_again_within_two_seconds(short_caller, offer, answer):
    """SIP-52bc: we do not own the Call-ID here."""
    short_caller.accepted(answer, offer, "Session-Expires: 90\r\nAllow: UPDATE\r\n")
    short_caller.net.run(45.1)
    short_caller.respond(491, "UPDATE")
    short_caller.net.run(2.1)
    branches = {parse_message(data).via.branch for _, text, data in short_caller.b.sent if text == "UPDATE"}
    assert len(branches) == 2


def test_invite_without_offer_gets_ours_and_the_answer_comes_with_the_ack(caller, offer, answer):
    session = caller.send("INVITE")
    session.accept(offer, caller.net.now)
    caller.b.flush()
    caller.send("ACK", body=answer)
    assert caller.b.words == [Confirmed(), Offered(answer)]
    session.refuse_offer(488, (), caller.net.now)
    caller.b.flush()
    assert caller.b.labels()[-1] == "BYE"


def test_cancel_of_a_reinvite_ends_only_that(caller, offer, answer):
    session = caller.accepted(answer, offer)
    caller.send("INVITE", 2, body=offer, branch="z9hG4bK-re")
    tag = caller.b.sessions[0].local_tag
    text = (
        "CANCEL sip:b@127.0.0.1:2 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:1;branch=z9hG4bK-re\r\nFrom: <sip:a@example.com>;tag=f1\r\n"
        f"To: <sip:b@example.com>;tag={tag}\r\nCall-ID: c1\r\nCSeq: 2 CANCEL\r\nContent-Length: 0\r\n\r\n"
    )
    caller.b.feed(text.encode())
    assert caller.b.labels()[-2:] == ["200 CANCEL", "487 INVITE"]
    session.answer_offer(answer, caller.net.now)
    caller.b.flush()
    assert caller.b.labels()[-1] == "487 INVITE"
    assert caller.b.words == [Confirmed(), Offered(offer)]


WAYS = {
    SessionState.ARRIVED: lambda c, o, a: c.send("INVITE", body=o),
    SessionState.ACCEPTED: lambda c, o, a: _accept(c, c.send("INVITE", body=o), a),
    SessionState.LEAVING: lambda c, o, a: _leave(c, _accept(c, c.send("INVITE", body=o), a)),
    SessionState.CONFIRMED: lambda c, o, a: c.accepted(a, o),
    SessionState.ENDED: lambda c, o, a: _leave(c, c.accepted(a, o)),
}
ARGUMENTS = {
    SessionInput.ACCEPT: (b"v=0\r\n",),
    SessionInput.REJECT: (486, "", ""),
    SessionInput.CANCEL: ((),),
    SessionInput.BYE: ((),),
}


def _accept(caller, session, answer):
    session.accept(answer, caller.net.now)
    return session


def _leave(caller, session):
    session.hang_up((), caller.net.now)
    return session


@pytest.mark.parametrize(("state", "what"), list(product(WAYS, SessionInput)))
def test_every_pair_moves_as_listed_or_raises(caller, offer, answer, state, what):
    session = WAYS[state](caller, offer, answer)
    assert session.state is state
    if (state, what) not in INCOMING:
        with pytest.raises(IllegalMove):
            session._feed(what, caller.net.now, *ARGUMENTS.get(what, ()))
        return
    session._feed(what, caller.net.now, *ARGUMENTS.get(what, ()))
    assert session.state is INCOMING[state, what][0]
    assert sum(isinstance(word, Terminated) for _, word in caller.b.agent.outbox.words) <= 1
