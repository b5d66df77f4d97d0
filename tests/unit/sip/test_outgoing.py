"""The calling side against a scripted peer: forks, reliable provisionals, crossing and senseless responses, session timers."""

import pytest

from auricle.sip.dialog import Dialog
from auricle.sip.events import Accepted, Progress, Rejected, Terminated, Trying
from auricle.sip.message import parse_message
from auricle.sip.outgoing import OUTGOING
from auricle.sip.session_state import SessionInput, SessionState


@pytest.fixture
def peer(network):
    """Side a has sent an INVITE; what it sends goes nowhere, responses are written by hand."""
    network.fate = lambda sender, nth, text: []
    return Peer(network)


class Peer:
    def __init__(self, network, **invite):
        self.net = network
        self.a = network.a
        self.session = network.a.invite(**invite)

    def respond(self, status, tag="t1", body=b"", extra="", to_request="INVITE", contact=True):
        invite = self.a.last(to_request)
        to = invite.get("to") + (f";tag={tag}" if tag and ";tag=" not in invite.get("to") else "")
        where = f"Contact: <sip:{tag}@192.0.2.1>\r\n" if contact else ""
        kind = "Content-Type: application/sdp\r\n" if body else ""
        text = (
            f"SIP/2.0 {status} Word\r\nVia: {invite.get('via')}\r\nFrom: {invite.get('from')}\r\nTo: {to}\r\nCall-ID: {invite.call_id}\r\n"
            f"CSeq: {invite.get('cseq')}\r\n{where}{kind}{extra}Content-Length: {len(body)}\r\n\r\n"
        )
        self.a.feed(text.encode() + body)

    def sent(self, method):
        return [parse_message(data) for _, text, data in self.a.sent if text == method]


def test_further_2xx_of_a_fork_is_acked_and_ended_in_its_own_dialog(peer, answer):
    """SIP-e115: first 200 wins; target and route set come from the 2xx that won, not from the 180."""
    peer.respond(180, "t1")
    peer.respond(180, "t2")
    peer.respond(200, "t2", answer, "Record-Route: <sip:p2;lr>, <sip:p1;lr>\r\n")
    peer.respond(200, "t1", answer, "Record-Route: <sip:q;lr>\r\n")
    peer.respond(200, "t1", answer)
    peer.respond(200, "t2", answer)
    won, other, other_again, won_again = peer.sent("ACK")
    assert (won.uri, won.get_all("route"), won.to.tag) == ("sip:t2@192.0.2.1", ["<sip:p1;lr>", "<sip:p2;lr>"], "t2")
    assert (other.uri, other.get_all("route"), other.to.tag) == ("sip:t1@192.0.2.1", ["<sip:q;lr>"], "t1")
    assert other_again.to_bytes() == other.to_bytes()
    assert won_again.to_bytes() == won.to_bytes()
    (bye,) = peer.sent("BYE")
    assert (bye.to.tag, bye.uri) == ("t1", "sip:t1@192.0.2.1")
    assert [type(word) for word in peer.a.words].count(Accepted) == 1
    peer.respond(200, "t1", to_request="BYE")
    assert peer.a.agent.sessions == 1
    peer.session.hang_up((), peer.net.now)
    peer.a.flush()
    assert peer.sent("BYE")[-1].to.tag == "t2"


def test_200_after_our_bye_is_still_acked(peer, answer):
    """SIP-565d: even after the BYE, with the same CSeq number."""
    peer.respond(200, "t1", answer)
    peer.session.hang_up((), peer.net.now)
    peer.a.flush()
    peer.respond(200, "t1", answer)
    acks = peer.sent("ACK")
    assert len(acks) == 2
    assert {ack.cseq.number for ack in acks} == {1}
    assert len(peer.sent("BYE")) == 1


def test_trying_is_said_once_and_each_progress(peer, answer):
    peer.respond(100, "")
    peer.respond(100, "")
    peer.respond(180)
    peer.respond(183, body=answer)
    assert peer.a.words == [Trying(), Progress(180, None), Progress(183, answer)]


def test_reliable_provisionals_are_pracked_in_order_and_once(peer, answer):
    """RFC 3262 4."""
    for rseq in (7, 7, 9, 8):
        peer.respond(183, body=answer, extra=f"Require: 100rel\r\nRSeq: {rseq}\r\n")
    pracks = peer.sent("PRACK")
    assert [prack.get("rack") for prack in pracks] == ["7 1 INVITE", "8 1 INVITE"]
    assert [prack.cseq.number for prack in pracks] == [2, 3]
    assert peer.a.words == [Progress(183, answer)] * 2
    peer.respond(200)  # no SDP: the answer came reliably before
    assert peer.a.words[-1] == Accepted(answer)
    peer.session.hang_up((), peer.net.now)
    peer.a.flush()
    assert peer.sent("BYE")[0].cseq.number == 4
    assert peer.sent("ACK")[0].cseq.number == 1


def test_2xx_without_any_answer_is_ended(peer):
    peer.respond(180)
    peer.respond(200)
    assert peer.a.words[-1] == Terminated("error", (), 488)
    assert [request.method for request in map(parse_message, (data for _, _, data in peer.a.sent[1:]))] == ["ACK", "BYE"]


def test_2xx_without_contact_goes_to_the_uri_we_called(peer, answer):
    peer.respond(200, body=answer, contact=False)
    assert peer.sent("ACK")[0].uri == "sip:callee@127.0.0.1:2"


def test_422_is_tried_again_with_the_wanted_interval(peer):
    """RFC 4028 7.3: same Call-ID, next CSeq."""
    peer.respond(422, extra="Min-SE: 3600\r\n")
    first, second = peer.sent("INVITE")
    assert second.get("session-expires") == "3600"
    assert (second.call_id, second.from_.tag, second.cseq.number) == (first.call_id, first.from_.tag, 2)
    assert second.via.branch != first.via.branch
    peer.respond(422, extra="Min-SE: 3600\r\n")
    assert peer.a.words == [Rejected(422, "Word", None)]


def test_provisional_after_the_end_and_failure_after_success_mean_nothing(peer, answer):
    peer.respond(200, body=answer)
    peer.respond(180)
    peer.respond(486)
    assert peer.a.words == [Accepted(answer)]


def test_callee_may_not_hang_up_an_early_dialog(peer):
    """RFC 3261 15: BYE on an early dialog is not the callee's; UPDATE in it collides with our open offer (RFC 3311 5.2)."""
    peer.respond(180, "t1")
    invite = peer.a.last("INVITE")
    for method, body, expected in (("BYE", "", "481 BYE"), ("UPDATE", "v=0\r\n", "491 UPDATE"), ("UPDATE", "", "200 UPDATE")):
        text = (
            f"{method} sip:a@127.0.0.1:1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:2;branch=z9hG4bK{method}{len(body)}\r\n"
            f"From: {invite.get('to')};tag=t1\r\nTo: {invite.get('from')}\r\nCall-ID: {invite.call_id}\r\nCSeq: 5 {method}\r\n"
            f"Content-Type: application/sdp\r\nContent-Length: {len(body)}\r\n\r\n{body}"
        )
        peer.a.feed(text.encode())
        assert peer.a.labels()[-1] == expected
    peer.net.run(31)
    assert peer.a.agent.sessions == 1


def test_unreadable_contacts_of_a_redirection_leave_none(peer):
    peer.respond(302, contact=False, extra="Contact: <nonsense\r\n")
    assert peer.a.words[-1].uris == ()


@pytest.mark.parametrize(
    ("value", "seconds"), [("30", 30), ("18000;duration=3600", 18000), ("120 (busy)", 120), ("soon", None), ("99999999", 86400)]
)
def test_retry_after(peer, value, seconds):
    peer.respond(503, extra=f"Retry-After: {value}\r\n")
    assert peer.a.words == [Rejected(503, "Word", seconds)]


def test_routes_and_extra_headers_of_the_invite(network):
    network.a.invite(routes=("<sip:127.0.0.1:9;lr;received=sip:192.0.2.5:5061%3Btransport%3Dtls>",), lines="Alert-Info: <urn:x>\r\n")
    invite = network.a.last("INVITE")
    assert invite.get("route").startswith("<sip:127.0.0.1:9;lr;received=")
    assert invite.get("alert-info") == "<urn:x>"
    assert invite.get("session-expires") == "1800"
    assert invite.get("min-se") == "90"


def test_table_covers_what_can_happen_in_each_state():
    """Verbs of outgoing calls in every state, and every kind of response while the INVITE's transaction lives."""
    states = {state for state, _ in OUTGOING}
    assert states == {SessionState(name) for name in ("calling", "proceeding", "given up", "cancelled", "confirmed", "ended")}
    for state in states:
        assert (state, SessionInput.HANG_UP) in OUTGOING
        assert (state, SessionInput.SUCCESS) in OUTGOING
    for state in states - {SessionState.CONFIRMED, SessionState.ENDED}:
        for what in (SessionInput.PROVISIONAL, SessionInput.FAILURE):
            assert (state, what) in OUTGOING


def test_dialog_refuses_to_write_a_broken_line():
    from auricle.sip.errors import HeaderInjection

    dialog = Dialog("c", "<sip:a@b>;tag=1", "1", "<sip:c@d>;tag=2\r\nX: y", "2", "127.0.0.1:1")
    with pytest.raises(HeaderInjection):
        dialog.lead_through(())
