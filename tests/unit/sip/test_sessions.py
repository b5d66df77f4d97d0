"""Whole calls between two user agents: the good case, every race, and hangs-up at every moment."""

from itertools import pairwise

import pytest

from auricle.sip.events import Accepted, Confirmed, Offered, Progress, Reason, Redirected, Rejected, Terminated, Trying


def answering(side, answer, ring=True):
    def on_call(session):
        if ring:
            session.ring(side.net.now)
        session.accept(answer, side.net.now)

    side.on_call = on_call


def established(network, answer):
    """A confirmed call; gives both sessions."""
    answering(network.b, answer)
    network.a.invite()
    network.run(0.2)
    assert network.b.words == [Confirmed()]
    return network.a.sessions[0], network.b.sessions[0]


def kinds(side):
    return [type(word).__name__ for word in side.words]


def test_a_call_from_invite_to_bye(network, offer, answer):
    _, b = established(network, answer)
    assert network.a.words == [Trying(), Progress(180, None), Accepted(answer)]
    b.hang_up((), network.now)
    network.b.flush()
    network.run(60)
    assert network.b.words[-1] == Terminated("local", (), 200)
    assert network.a.words[-1] == Terminated("peer-bye", (), 200)
    assert network.a.labels() == ["INVITE", "ACK", "200 BYE"]
    assert network.b.labels() == ["100 INVITE", "180 INVITE", "200 INVITE", "BYE"]
    assert network.a.idle
    assert network.b.idle


def test_every_response_of_a_call_has_the_same_to_tag_and_100_has_none(network, answer):
    established(network, answer)
    tags = {text: network.b.last(text).to.tag for text in ("100 INVITE", "180 INVITE", "200 INVITE")}
    assert tags["100 INVITE"] is None
    assert tags["180 INVITE"] == tags["200 INVITE"]
    assert len(tags["200 INVITE"]) >= 16


def test_lost_ack_is_answered_by_the_same_ack_again(network, answer):
    """SIP-565d: the UAC re-ACKs each 2xx repeat with the same CSeq; the UAS repeats until then."""
    lost = []

    def fate(sender, nth, text):
        if text == "ACK" and len(lost) < 3:
            lost.append(nth)
            return []
        return [0.01]

    network.fate = fate
    answering(network.b, answer)
    network.a.invite()
    network.run(20)
    assert network.b.times("200 INVITE") == pytest.approx([0.01, 0.52, 1.53, 3.54], abs=0.05)
    acks = [data for _, text, data in network.a.sent if text == "ACK"]
    assert len(acks) == 4
    assert len(set(acks)) == 1
    assert kinds(network.a).count("Accepted") == 1
    assert network.b.words == [Confirmed()]
    network.b.sessions[0].hang_up((), network.now)
    network.b.flush()
    network.run(60)
    assert network.a.idle


def test_ack_that_never_comes_ends_the_call_after_32_s_with_bye(network, answer):
    """SIP-565d: 2xx repeats at T1 doubling to T2, then BYE."""
    network.fate = lambda sender, nth, text: [] if text == "ACK" else [0.01]
    answering(network.b, answer)
    network.a.invite()
    network.run(100)
    times = network.b.times("200 INVITE")
    gaps = [round(b - a, 1) for a, b in pairwise(times)]
    assert gaps[:4] == [0.5, 1.0, 2.0, 4.0]
    assert set(gaps[4:]) == {4.0}
    assert network.b.times("BYE")[0] == pytest.approx(32.0, abs=0.1)
    assert network.b.words == [Terminated("no-ack", (), 408)]
    assert network.a.words[-1].cause == "peer-bye"
    assert network.a.idle
    assert network.b.idle


def test_repeated_invite_makes_no_second_call(network, answer):
    """SIP-565d: an INVITE repeat is absorbed before, during and after the answer."""
    network.b.on_call = lambda session: session.ring(network.now)
    network.a.invite()
    invite = network.a.sent[0][2]
    network.run(1)
    for _ in range(2):
        network.b.feed(invite)
    network.b.sessions[0].accept(answer, network.now)
    network.b.flush()
    network.run(1)
    network.b.feed(invite)
    network.run(1)
    assert len(network.b.sessions) == 1
    assert network.b.labels() == ["100 INVITE", "180 INVITE", "180 INVITE", "180 INVITE", "200 INVITE"]


def test_cancel_while_ringing(network):
    """PBX-3e69: the CANCEL carries its Reasons, and the called side hears them."""
    reasons = (Reason("SIP", 200, "Call completed elsewhere"), Reason("Q.850", 26))
    network.b.on_call = lambda session: session.ring(network.now)
    a = network.a.invite()
    network.run(1)
    a.hang_up(reasons, network.now)
    a.hang_up((), network.now)
    network.a.flush()
    network.run(60)
    assert network.a.words == [Trying(), Progress(180, None), Terminated("local", (), 487)]
    assert network.b.words == [Terminated("cancelled", reasons, 487)]
    cancel, invite = network.a.last("CANCEL"), network.a.last("INVITE")
    assert (cancel.get("via"), cancel.uri, cancel.cseq.number) == (invite.get("via"), invite.uri, invite.cseq.number)
    assert network.b.labels()[-2:] == ["200 CANCEL", "487 INVITE"]
    assert network.a.labels() == ["INVITE", "CANCEL", "ACK"]
    assert network.a.idle
    assert network.b.idle


def test_cancel_waits_for_the_first_provisional(network):
    """RFC 3261 9.1."""
    network.fate = lambda sender, nth, text: [] if text == "100 INVITE" else [0.01]
    a = network.a.invite()
    network.run(0.2)
    a.hang_up((), network.now)
    network.a.flush()
    network.run(0.2)
    assert "CANCEL" not in network.a.labels()
    network.b.sessions[0].ring(network.now)
    network.b.flush()
    network.run(60)
    assert network.a.labels().count("CANCEL") == 1
    assert network.a.words == [Terminated("local", (), 487)]
    assert network.a.idle
    assert network.b.idle


def test_200_that_crosses_the_cancel_is_acked_and_ended_unheard(network, answer):
    """SIP-7f5c: ACK, then BYE, and no Accepted; CANCEL after the 200 gets 200 and changes nothing at the called side."""
    network.b.on_call = lambda session: session.ring(network.now)
    a = network.a.invite()
    network.run(1)
    network.b.sessions[0].accept(answer, network.now)
    a.hang_up((), network.now)
    network.b.flush()
    network.a.flush()
    network.run(60)
    assert "Accepted" not in kinds(network.a)
    assert network.a.labels() == ["INVITE", "CANCEL", "ACK", "BYE"]
    assert network.b.labels()[2:] == ["200 INVITE", "200 CANCEL", "200 BYE"]
    assert network.b.words == [Confirmed(), Terminated("peer-bye", (), 200)]
    assert network.a.idle
    assert network.b.idle


def test_bye_before_the_ack_is_taken(network, answer):
    """SIP-7f5c: the ACK is late, the BYE overtakes it."""
    network.fate = lambda sender, nth, text: [3.0] if text == "ACK" else [0.01]
    answering(network.b, answer)
    a = network.a.invite()
    network.run(0.1)
    a.hang_up((), network.now)
    network.a.flush()
    network.run(60)
    assert network.b.words == [Terminated("peer-bye", (), 200)]
    assert network.b.labels().count("200 INVITE") == 1
    assert network.a.idle
    assert network.b.idle


def test_hang_up_before_the_ack_waits_for_it(network, answer):
    """RFC 3261 15: the called side may not send BYE before the ACK."""
    network.fate = lambda sender, nth, text: [1.0] if text == "ACK" else [0.01]
    answering(network.b, answer)
    network.a.invite()
    network.run(0.1)
    network.b.sessions[0].hang_up((), network.now)
    network.b.flush()
    assert network.b.words == [Terminated("local", (), 200)]
    assert "BYE" not in network.b.labels()
    network.run(60)
    assert network.b.times("BYE") == pytest.approx([1.03], abs=0.05)
    assert network.b.words == [Terminated("local", (), 200)]
    assert network.a.idle
    assert network.b.idle


def test_both_hang_up_at_once(network, answer):
    """RFC 5407 3.2.2: crossing BYEs both get 200."""
    a, b = established(network, answer)
    a.hang_up((), network.now)
    b.hang_up((), network.now)
    network.a.flush()
    network.b.flush()
    network.run(60)
    assert network.a.labels()[-2:] == ["BYE", "200 BYE"]
    assert network.b.labels()[-2:] == ["BYE", "200 BYE"]
    assert network.a.words[-1] == network.b.words[-1] == Terminated("local", (), 200)
    assert network.a.idle
    assert network.b.idle


def test_rejection_carries_status_reason_and_headers(network):
    network.b.on_call = lambda session: session.reject(486, "", [("Retry-After", "30")], network.now)
    network.a.invite()
    network.run(60)
    assert network.a.words == [Trying(), Rejected(486, "Busy Here", 30)]
    assert network.b.words == [Terminated("local", (), 486)]
    assert network.a.labels() == ["INVITE", "ACK"]
    assert network.a.idle
    assert network.b.idle


def test_hang_up_of_an_unanswered_incoming_call_declines_it(network):
    network.b.on_call = lambda session: session.hang_up((), network.now)
    network.a.invite()
    network.run(60)
    assert network.a.words[-1] == Rejected(603, "Decline", None)


def test_redirection_gives_contacts_by_preference(network):
    contacts = [("Contact", "<sip:second@192.0.2.2>;q=0.3"), ("Contact", "<sip:first@192.0.2.1>;q=0.9")]
    network.b.on_call = lambda session: session.reject(302, "", contacts, network.now)
    network.a.invite()
    network.run(60)
    assert network.a.words[-1] == Redirected(("sip:first@192.0.2.1", "sip:second@192.0.2.2"))


def test_silence_is_a_408_after_32_s(network):
    """RFC 3261 8.1.3.1; Timer A doubles without a cap."""
    network.fate = lambda sender, nth, text: []
    network.a.invite()
    network.run(100)
    assert network.a.times("INVITE") == pytest.approx([0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5], abs=0.1)
    assert network.a.words == [Rejected(408, "Request Timeout", None)]
    assert network.a.idle


def test_no_final_response_after_cancel_is_given_up(network):
    """RFC 3261 9.1: 64*T1 after the CANCEL."""
    network.b.on_call = lambda session: session.ring(network.now)
    a = network.a.invite()
    network.run(1)
    network.fate = lambda sender, nth, text: []
    a.hang_up((), network.now)
    network.a.flush()
    network.run(100)
    assert network.a.words[-1] == Terminated("local", (), 487)
    assert network.a.idle


def test_verbs_after_the_end_do_nothing(network, offer, answer):
    """The call logic may act before it has read that the peer went."""
    a, b = established(network, answer)
    a.hang_up((), network.now)
    network.a.flush()
    network.run(1)
    sent = len(network.b.sent)
    for verb in (b.ring, lambda t: b.accept(answer, t), lambda t: b.reject(486, "", (), t), lambda t: b.hang_up((), t)):
        verb(network.now)
    b.answer_offer(answer, network.now)
    b.refuse_offer(488, (), network.now)
    network.b.flush()
    assert len(network.b.sent) == sent
    assert kinds(network.b) == ["Confirmed", "Terminated"]


def reinvite(network, session, body, method="INVITE", number=None, extra=""):
    """Bytes of a re-INVITE or UPDATE of side a, which our own core does not send with new offers."""
    dialog = session.dialog
    lines = f"{network.a.contact_line}{'Content-Type: application/sdp' + chr(13) + chr(10) if body else ''}{extra}"
    return dialog.request(method, f"z9hG4bKre{number or dialog.local_seq}", number or dialog.next_seq(), lines, body)


@pytest.mark.parametrize("method", ["INVITE", "UPDATE"])
def test_offer_in_the_dialog_is_answered(network, offer, answer, method):
    a, b = established(network, answer)
    hold = offer + b"a=sendonly\r\n"
    network.b.feed(reinvite(network, a, hold, method))
    assert network.b.words[-1] == Offered(hold)
    b.answer_offer(answer, network.now)
    network.b.flush()
    ok = network.b.last(f"200 {method}")
    assert ok.body == answer
    assert ok.get("contact") == "<sip:b@127.0.0.1:2>"
    if method == "INVITE":
        network.run(1)
        assert network.b.times(f"200 {method}")[-1] > network.b.times(f"200 {method}")[-2]
        network.b.feed(a.dialog.request("ACK", "z9hG4bKack", a.dialog.local_seq))
        count = len(network.b.sent)
        network.run(5)
        assert len(network.b.sent) == count
    assert network.b.agent.sessions == 1


def test_refused_offer_leaves_the_session_as_it_was(network, offer, answer):
    """RFC 3261 14.2."""
    a, b = established(network, answer)
    network.b.feed(reinvite(network, a, offer))
    b.refuse_offer(488, [("Warning", '304 pbx "no"')], network.now)
    network.b.flush()
    assert network.b.last("488 INVITE").get("warning") == '304 pbx "no"'
    assert network.b.agent.sessions == 1
    assert kinds(network.b) == ["Confirmed", "Offered"]


def test_second_offer_while_one_is_open_gets_500_with_retry_after(network, offer, answer):
    """SIP-52bc: an unanswered earlier offer of the peer => 500 and Retry-After 0-10 s."""
    a, _ = established(network, answer)
    network.b.feed(reinvite(network, a, offer))
    network.b.feed(reinvite(network, a, offer, "UPDATE"))
    refusal = network.b.last("500 UPDATE")
    assert 0 <= int(refusal.get("retry-after")) <= 10
    assert kinds(network.b).count("Offered") == 1


def test_own_refresh_under_way_gets_491(short_network, offer, answer):
    """SIP-52bc: our own re-INVITE pending => 491 to the peer's."""
    network = short_network
    network.b.agent.capability_lines = "Supported: timer\r\n"  # no UPDATE: refreshes are re-INVITEs
    network.a.agent.capability_lines = "Supported: \r\n"  # b refreshes
    a, b = established(network, answer)
    assert b._terms.ours
    network.fate = lambda sender, nth, text: []
    network.run(50)
    assert "INVITE" in network.b.labels()
    network.b.feed(reinvite(network, a, offer))
    assert "491 INVITE" in network.b.labels()


def test_glare_delay_of_either_side(network, answer):
    """SIP-52bc: the owner of the Call-ID waits 2.1-4.0 s, the other 0-2.0 s, in steps of 10 ms."""
    a, b = established(network, answer)
    for session, low, high in ((a, 2.1, 4.0), (b, 0.0, 2.0)):
        delays = {round(session._glare_delay(), 4) for _ in range(300)}
        assert min(delays) >= low
        assert max(delays) <= high
        assert all(abs(delay * 100 - round(delay * 100)) < 1e-6 for delay in delays)
        assert len(delays) > 20


def test_update_without_offer_refreshes_at_once(network, answer):
    a, _ = established(network, answer)
    network.b.feed(reinvite(network, a, b"", "UPDATE", extra="Session-Expires: 200;refresher=uac\r\nSupported: timer\r\n"))
    ok = network.b.last("200 UPDATE")
    assert ok.get("session-expires") == "200;refresher=uac"
    assert "timer" in ok.require
    assert kinds(network.b) == ["Confirmed"]


def test_reinvite_without_offer_gets_ours_and_its_answer_comes_with_the_ack(network, offer, answer):
    """RFC 3261 14.2: the media plane hears of the answer, nothing goes back on the wire."""
    a, b = established(network, answer)
    network.b.feed(reinvite(network, a, b""))
    assert network.b.last("200 INVITE").body == answer
    lines = "Content-Type: application/sdp\r\n"
    network.b.feed(a.dialog.request("ACK", "z9hG4bKlate", a.dialog.local_seq, lines, offer))
    assert network.b.words[-1] == Offered(offer)
    sent = len(network.b.sent)
    b.answer_offer(answer, network.now)
    network.b.flush()
    assert len(network.b.sent) == sent


def test_old_cseq_in_the_dialog_is_out_of_order(network, answer):
    """RFC 3261 12.2.2."""
    a, _ = established(network, answer)
    network.b.feed(a.dialog.request("OPTIONS", "z9hG4bKx1", 9))
    network.b.feed(a.dialog.request("OPTIONS", "z9hG4bKx2", 4))
    assert network.b.labels()[-2:] == ["200 OPTIONS", "500 OPTIONS"]


def test_info_digits_are_heard_and_other_info_is_refused(network, answer):
    a, _ = established(network, answer)
    body = b"Signal=5\r\nDuration=160\r\n"
    network.b.feed(a.dialog.request("INFO", "z9hG4bKi1", a.dialog.next_seq(), "Content-Type: Application/DTMF-Relay\r\n", body))
    network.b.feed(a.dialog.request("INFO", "z9hG4bKi2", a.dialog.next_seq(), "Content-Type: text/plain\r\n", b"x"))
    assert (network.b.words[-1].content_type, network.b.words[-1].body) == ("application/dtmf-relay", body)
    assert network.b.labels()[-2:] == ["200 INFO", "415 INFO"]


def test_pending_offer_is_answered_487_when_the_peer_leaves(network, offer, answer):
    """RFC 3261 15.1.2."""
    a, b = established(network, answer)
    network.b.feed(reinvite(network, a, offer))
    a.hang_up((), network.now)
    network.a.flush()
    network.run(0.1)
    assert set(network.b.labels()[-2:]) == {"200 BYE", "487 INVITE"}
    b.answer_offer(answer, network.now)
    network.b.flush()
    assert network.b.words[-1].cause == "peer-bye"
