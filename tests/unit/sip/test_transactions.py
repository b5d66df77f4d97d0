"""The four machines: every (state, event) pair, timers on virtual time, repeats, and what identifies a transaction."""

from itertools import product

import pytest

from auricle.sip import client_transaction as client
from auricle.sip import server_transaction as server
from auricle.sip.effects import EDGE
from auricle.sip.layer import Transactions
from auricle.sip.message import parse_message
from auricle.sip.timers import Wheel
from auricle.sip.transaction import Event as E
from auricle.sip.transaction import IllegalMove
from auricle.sip.transaction import State as S

REQUEST = (
    "{method} sip:x@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:5070;branch={branch}\r\nRoute: <sip:127.0.0.1:5080;lr>\r\n"
    "Max-Forwards: 70\r\nFrom: <sip:a@example.com>;tag=1\r\nTo: <sip:x@192.0.2.1>\r\nCall-ID: c1\r\nCSeq: 7 {method}\r\n"
    "Content-Length: 0\r\n\r\n"
)
PAIRS = {
    "client-invite": (client.CLIENT_INVITE, {S.CALLING, S.PROCEEDING, S.COMPLETED, S.ACCEPTED}),
    "client-other": (client.CLIENT_OTHER, {S.TRYING, S.PROCEEDING, S.COMPLETED}),
    "server-invite": (server.SERVER_INVITE, {S.PROCEEDING, S.COMPLETED, S.CONFIRMED, S.ACCEPTED}),
    "server-other": (server.SERVER_OTHER, {S.TRYING, S.PROCEEDING, S.COMPLETED}),
}
FROM_OUTSIDE = {"client": {E.PROVISIONAL, E.SUCCESS, E.FAILURE, E.ABANDON}, "server": {E.REPEAT, E.PROVISIONAL, E.SUCCESS, E.FAILURE}}
FINAL = {E.SUCCESS, E.FAILURE}


class User:
    def __init__(self):
        self.heard = []

    def on_response(self, tx, response, now):
        self.heard.append(response.status)

    def on_timeout(self, tx, now):
        self.heard.append("timeout")

    def on_ack(self, request, now):
        self.heard.append("ack")

    def on_cancel(self, request, now):
        self.heard.append("cancel")


class Bench:
    """One layer on virtual time."""

    def __init__(self):
        self.now = 100.0
        self.messages = []
        self.user = User()
        self.layer = Transactions(self.messages, Wheel(), "t")

    def run(self, seconds):
        """Times, from now on, at which something was sent."""
        end, start, seen = self.now + seconds, self.now, []
        while (at := self.layer.wheel.next_at()) is not None and at <= end:
            self.now = at
            before = len(self.messages)
            for sleeper in self.layer.wheel.due(at):
                sleeper.on_timer(at)
            seen += [round(at - start, 1)] * (len(self.messages) - before)
        self.now = end
        return seen

    def send(self, method="OPTIONS"):
        branch = self.layer.branch()
        data = REQUEST.format(method=method, branch=branch).encode()
        return self.layer.request(data, branch, self.user, self.now, invite=method == "INVITE")

    def respond(self, tx, status, method=None):
        sent = parse_message(tx.data)
        text = (
            f"SIP/2.0 {status} X\r\nVia: {sent.get('via')}\r\nFrom: {sent.get('from')}\r\nTo: {sent.get('to')};tag=9\r\nCall-ID: c1\r\n"
            f"CSeq: 7 {method or sent.method}\r\nContent-Length: 0\r\n\r\n"
        )
        return self.layer.receive_response(parse_message(text.encode()), self.now)

    def serve(self, method="INVITE", branch="z9hG4bK-1", path=EDGE):
        request = parse_message(REQUEST.format(method=method, branch=branch).encode())
        key, tx = self.layer.find_server(request)
        assert tx is None
        tx = self.layer.serve(request, key, path)
        tx.user = self.user
        tx.to_tag = "t9"
        return tx


@pytest.fixture
def bench():
    return Bench()


@pytest.mark.parametrize("name", PAIRS)
def test_table_lists_what_a_peer_can_cause_and_only_known_states(name):
    moves, states = PAIRS[name]
    assert {state for state, _ in moves} == states
    assert {state for state, _ in moves.values()} <= states | {S.TERMINATED}
    for state, event in product(states, FROM_OUTSIDE[name.partition("-")[0]]):
        assert (state, event) in moves, (state, event)
    assert all(
        (state, E.LIMIT) in moves
        for state in states
        if not (name == "server-invite" and state is S.PROCEEDING)
        and state not in ({S.TRYING, S.PROCEEDING} if name.startswith("server") else {S.PROCEEDING} if name == "client-invite" else set())
    )


def in_state(bench, name, state):
    """A transaction that was brought into `state` by its own moves."""
    if name.startswith("client"):
        tx = bench.send("INVITE" if name == "client-invite" else "OPTIONS")
        for status in {S.PROCEEDING: (180,), S.COMPLETED: (486,), S.ACCEPTED: (200,)}.get(state, ()):
            bench.respond(tx, status)
    else:
        tx = bench.serve("INVITE" if name == "server-invite" else "OPTIONS")
        for status in {S.COMPLETED: (486,), S.CONFIRMED: (486,), S.ACCEPTED: (200,)}.get(state, ()):
            tx.reply(status, bench.now)
        if state is S.PROCEEDING:
            tx.reply(100, bench.now)
        if state is S.CONFIRMED:
            tx._feed(E.ACK, None, bench.now)
    assert tx.state is state
    return tx


ALL = [(name, state, event) for name, (_, states) in PAIRS.items() for state, event in product(sorted(states), E)]


@pytest.mark.parametrize(("name", "state", "event"), ALL)
def test_every_pair_moves_as_listed_or_raises(bench, name, state, event):
    tx = in_state(bench, name, state)
    message = parse_message(REQUEST.format(method="ACK", branch="b").encode()) if event is E.ACK else b"x"
    if name.startswith("client") and event in {E.PROVISIONAL, E.SUCCESS, E.FAILURE}:
        bench.respond(tx, {E.PROVISIONAL: 183, E.SUCCESS: 202, E.FAILURE: 404}[event])
    else:
        try:
            tx._feed(event, message, bench.now)
        except IllegalMove:
            assert (state, event) not in PAIRS[name][0]
            assert tx.state is state
            return
    assert tx.state is PAIRS[name][0][state, event][0]


def test_invite_repeats_by_timer_a_until_timer_b(bench):
    bench.send("INVITE")
    assert bench.run(40) == pytest.approx([0.5, 1.5, 3.5, 7.5, 15.5, 31.5], abs=0.11)
    assert bench.user.heard == ["timeout"]
    assert bench.layer.alive == 0


def test_other_requests_repeat_by_timer_e_until_timer_f(bench):
    bench.send("OPTIONS")
    assert bench.run(40) == pytest.approx([0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5], abs=0.11)
    assert bench.user.heard == ["timeout"]


def test_a_provisional_stops_invite_and_slows_others_to_t2(bench):
    invite, other = bench.send("INVITE"), bench.send("OPTIONS")
    bench.respond(invite, 100)
    bench.respond(other, 100)
    assert bench.run(10) == pytest.approx([0.5, 4.5, 8.5], abs=0.11)
    assert bench.user.heard == [100, 100]


def test_failure_is_acked_on_the_invites_branch_and_heard_once(bench):
    """RFC 3261 17.1.1.3."""
    tx = bench.send("INVITE")
    for _ in range(3):
        bench.respond(tx, 486)
    invite, *acks = [parse_message(data) for _, data in bench.messages]
    assert [ack.method for ack in acks] == ["ACK"] * 3
    assert {ack.get("via") for ack in acks} == {invite.get("via")}
    assert {(ack.get("to"), ack.get("route"), ack.get("cseq")) for ack in acks} == {
        ("<sip:x@192.0.2.1>;tag=9", invite.get("route"), "7 ACK")
    }
    assert bench.user.heard == [486]
    bench.run(31.9)
    assert bench.layer.alive == 1
    bench.run(0.2)
    assert bench.layer.alive == 0


def test_every_2xx_to_an_invite_is_passed_up_for_32_s(bench):
    """RFC 6026 7.2, 8.4: and a failure after it is not."""
    tx = bench.send("INVITE")
    bench.respond(tx, 200)
    bench.respond(tx, 200)
    bench.respond(tx, 486)
    assert bench.user.heard == [200, 200]
    assert bench.run(31.9) == []
    assert bench.respond(tx, 200)
    bench.run(0.2)
    assert not bench.respond(tx, 200)


def test_repeated_final_response_of_another_request_is_absorbed_for_t4(bench):
    tx = bench.send("OPTIONS")
    bench.respond(tx, 200)
    assert bench.respond(tx, 200)
    assert bench.user.heard == [200]
    bench.run(5.1)
    assert not bench.respond(tx, 200)


def test_response_for_another_method_or_branch_is_dropped(bench):
    tx = bench.send("OPTIONS")
    assert not bench.respond(tx, 200, "INVITE")
    assert bench.user.heard == []


def test_server_repeats_a_failure_by_timer_g_until_the_ack(bench):
    tx = bench.serve()
    tx.reply(486, bench.now)
    assert bench.run(9) == pytest.approx([0.5, 1.5, 3.5, 7.5], abs=0.11)
    ack = parse_message(REQUEST.format(method="ACK", branch="z9hG4bK-1").encode())
    _, found = bench.layer.find_server(ack)
    assert found is tx
    found.acknowledge(ack, bench.now)
    assert bench.run(4.9) == []
    assert bench.layer.alive == 1
    bench.run(0.2)
    assert bench.layer.alive == 0
    assert bench.user.heard == []


def test_server_failure_without_ack_ends_by_timer_h(bench):
    bench.serve().reply(486, bench.now)
    assert bench.run(40) == pytest.approx([0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5], abs=0.11)
    assert bench.layer.alive == 0


def test_repeats_are_answered_with_the_same_bytes(bench):
    invite, options = bench.serve(), bench.serve("OPTIONS", "z9hG4bK-2")
    options.request_again(bench.now)
    assert bench.messages == []
    invite.reply(180, bench.now)
    options.reply(200, bench.now, "Allow: INVITE\r\n")
    first = list(bench.messages)
    invite.request_again(bench.now)
    options.request_again(bench.now)
    assert bench.messages[2:] == first


def test_only_the_first_final_response_counts(bench):
    tx = bench.serve("OPTIONS")
    tx.reply(200, bench.now)
    tx.reply(500, bench.now)
    assert len(bench.messages) == 1
    bench.run(31.9)
    assert bench.layer.alive == 1
    bench.run(0.2)
    assert bench.layer.alive == 0


def test_accepted_invite_absorbs_repeats_and_passes_acks(bench):
    """RFC 6026 7.1."""
    tx = bench.serve()
    tx.reply(200, bench.now)
    tx.request_again(bench.now)
    assert len(bench.messages) == 1
    tx.repeat_success(bench.now)
    assert bench.messages[0] == bench.messages[1]
    tx.acknowledge(parse_message(REQUEST.format(method="ACK", branch="z9hG4bK-1").encode()), bench.now)
    assert bench.user.heard == ["ack"]


def test_over_a_stream_nothing_repeats_or_lingers(bench):
    """RFC 3261 17.2: timers G, I and J are zero on reliable transports."""
    path = object()
    failed, other = bench.serve(path=path), bench.serve("OPTIONS", "z9hG4bK-2", path)
    failed.reply(486, bench.now)
    other.reply(200, bench.now)
    assert {sent for sent, _ in bench.messages} == {path}
    assert bench.run(0.1) == []
    assert bench.layer.alive == 1
    assert bench.run(40) == []
    assert bench.layer.alive == 0


def test_sent_by_and_method_are_part_of_the_identity(bench):
    """RFC 3261 17.2.3."""
    bench.serve()
    for text in (
        REQUEST.format(method="OPTIONS", branch="z9hG4bK-1"),
        REQUEST.format(method="INVITE", branch="z9hG4bK-1").replace("127.0.0.1:5070", "127.0.0.1:5071"),
        REQUEST.format(method="INVITE", branch="z9hG4bK-2"),
    ):
        assert bench.layer.find_server(parse_message(text.encode()))[1] is None
    again = REQUEST.format(method="INVITE", branch="z9hG4bK-1").replace(":5070;branch", ":5070;rport;branch")
    assert bench.layer.find_server(parse_message(again.encode()))[1] is not None


def test_peers_without_the_magic_cookie_are_told_apart_by_the_old_fields(bench):
    """RFC 3261 17.2.3, second list."""
    tx = bench.serve(branch="1")
    same = REQUEST.format(method="INVITE", branch="1")
    assert bench.layer.find_server(parse_message(same.encode()))[1] is tx
    assert bench.layer.find_server(parse_message(same.replace("Call-ID: c1", "Call-ID: c2").encode()))[1] is None
    assert bench.layer.find_server(parse_message(same.replace("INVITE", "ACK").encode()))[1] is tx


def test_empty_rport_is_filled_in(bench):
    """RFC 3581 4."""
    text = REQUEST.format(method="OPTIONS", branch="z9hG4bK-1;rport")
    request = parse_message(text.encode())
    key, _ = bench.layer.find_server(request)
    bench.layer.serve(request, key, source=("192.0.2.7", 4321)).reply(200, bench.now)
    via = parse_message(bench.messages[0][1]).get("via")
    assert via == "SIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bK-1;received=192.0.2.7;rport=4321"


def test_cancel_copies_the_invite(bench):
    """RFC 3261 9.1."""
    tx = bench.send("INVITE")
    bench.layer.cancel(tx, "Reason: SIP;cause=200\r\n", bench.user, bench.now)
    cancel, invite = parse_message(bench.messages[1][1]), parse_message(bench.messages[0][1])
    for name in ("via", "route", "from", "to", "call-id"):
        assert cancel.get_all(name) == invite.get_all(name)
    assert (cancel.method, cancel.uri, cancel.get("cseq"), cancel.get("reason")) == ("CANCEL", invite.uri, "7 CANCEL", "SIP;cause=200")
    assert bench.respond(tx, 200, "CANCEL")
    assert bench.run(40) == pytest.approx([0.5, 1.5, 3.5, 7.5, 15.5, 31.5], abs=0.11)
