"""Calls over a network that loses, doubles and reorders: whatever happens, both sides agree in the end and nothing is left alive."""

from hypothesis import given, settings
from hypothesis import strategies as st

from auricle.sip.events import Accepted, Confirmed, Redirected, Rejected, Terminated

FATES = st.lists(st.sampled_from([[], [0.01], [0.01], [0.01], [0.01, 0.02], [0.7], [0.01, 1.3], [2.5]]), max_size=40)
PLANS = st.tuples(
    st.sampled_from(["accept", "ring-accept", "reject", "ring-only"]),
    st.floats(0.0, 6.0),  # when b answers
    st.one_of(st.none(), st.floats(0.0, 8.0)),  # when a hangs up
    st.one_of(st.none(), st.floats(0.0, 8.0)),  # when b hangs up
)
ENDS = (Terminated, Rejected, Redirected)


def play(network, plan, fates, answer):
    what, at, a_leaves, b_leaves = plan
    fate_of = dict(enumerate(fates))
    network.fate = lambda sender, nth, text: fate_of.get(2 * nth + (sender == "b"), [0.01])
    if what.startswith("ring"):
        network.b.on_call = lambda session: session.ring(network.now)
    a = network.a.invite()
    steps = [(at, "b", what), (a_leaves, "a", "leave"), (b_leaves, "b", "leave")]
    start = network.now
    for when, side, act in sorted((step for step in steps if step[0] is not None), key=lambda step: step[0]):
        network.run(max(0.0, start + when - network.now))
        for session in [a] if side == "a" else network.b.sessions:
            if act == "leave":
                session.hang_up((), network.now)
            elif act.endswith("accept"):
                session.accept(answer, network.now)
            elif act == "reject":
                session.reject(486, "", (), network.now)
        network.a.flush()
        network.b.flush()


@settings(max_examples=150, deadline=None)
@given(plan=PLANS, fates=FATES)
def test_both_sides_agree_and_nothing_is_left(new_network, answer, plan, fates):
    network = new_network()
    play(network, plan, fates, answer)
    network.run(40)
    assert len(network.b.sessions) <= 1  # RFC 3261 17.2.3: repeats never make a second call
    for side in (network.a, network.b):
        ends = [word for word in side.words if isinstance(word, ENDS)]
        assert len(ends) <= 1
        assert not ends or side.words[-1] is ends[0]  # nothing follows the end
        assert sum(isinstance(word, (Accepted, Confirmed)) for word in side.words) <= 1
    for session in (*network.a.sessions, *network.b.sessions):  # whoever still talks hangs up
        session.hang_up((), network.now)
    network.a.flush()
    network.b.flush()
    network.run(200)
    for side in (network.a, network.b):
        assert side.idle, (side.name, side.labels(), side.words)
        for _ in side.sessions:
            assert sum(isinstance(word, ENDS) for word in side.words) == 1


@settings(max_examples=60, deadline=None)
@given(fates=FATES)
def test_an_accepted_call_that_nobody_leaves_is_up_on_both_sides(new_network, answer, fates):
    network = new_network()
    fate_of = dict(enumerate(fates))
    network.fate = lambda sender, nth, text: fate_of.get(2 * nth + (sender == "b"), [0.01])

    def on_call(session):
        session.ring(network.now)
        session.accept(answer, network.now)

    network.b.on_call = on_call
    network.a.invite()
    network.run(80)
    if any(isinstance(word, Accepted) for word in network.a.words) and network.b.words[:1] == [Confirmed()]:
        assert network.a.words[-1] == Accepted(answer)
        assert network.b.words == [Confirmed()]
    else:  # every repeat for 32 s was lost: then both know it
        assert isinstance(network.a.words[-1], ENDS)
        assert not network.b.sessions or isinstance(network.b.words[-1], Terminated)
