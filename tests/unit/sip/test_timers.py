"""The wheel: order, never early, nothing left behind."""

from hypothesis import given
from hypothesis import strategies as st

from auricle.sip.timers import NOT_ARMED, Wheel


class Sleeper:
    def __init__(self):
        self.tick = NOT_ARMED

    def on_timer(self, now):
        raise AssertionError("the wheel only hands out")


def test_due_comes_in_order_and_once():
    wheel, late, soon = Wheel(), Sleeper(), Sleeper()
    wheel.arm(late, 2.0)
    wheel.arm(soon, 1.0)
    assert wheel.due(0.99) == []
    assert wheel.due(5.0) == [soon, late]
    assert wheel.due(9.0) == []
    assert wheel.next_at() is None


def test_arming_again_moves_and_disarming_forgets():
    wheel, sleeper = Wheel(), Sleeper()
    wheel.arm(sleeper, 5.0)
    wheel.arm(sleeper, 1.0)
    assert len(wheel) == 1
    assert wheel.due(2.0) == [sleeper]
    wheel.arm(sleeper, 900.0)
    wheel.disarm(sleeper)
    wheel.disarm(sleeper)
    assert len(wheel) == 0
    assert wheel.next_at() is None


@given(st.lists(st.tuples(st.floats(0, 1e6), st.booleans()), max_size=60))
def test_nothing_is_early_and_nothing_more_than_a_tick_late(plan):
    wheel, armed = Wheel(), {}
    for when, stays in plan:
        sleeper = Sleeper()
        wheel.arm(sleeper, when)
        if stays:
            armed[sleeper] = when
        else:
            wheel.disarm(sleeper)
    assert len(wheel) == len(armed)
    while (at := wheel.next_at()) is not None:
        for sleeper in wheel.due(at):
            assert at - 0.0201 <= armed.pop(sleeper) <= at
            assert sleeper.tick == NOT_ARMED
    assert not armed
