"""How long a session lives, and how long a step-up counts."""

from datetime import UTC, datetime, timedelta

import pytest

from auricle.access.session import ABSOLUTE, STEP_UP, Session
from auricle.kernel.ids import PersonId

START = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
IDLE = timedelta(minutes=15)


@pytest.mark.parametrize(
    ("seen", "now", "alive"),
    [
        (timedelta(0), timedelta(0), True),
        (timedelta(0), IDLE, True),
        (timedelta(0), IDLE + timedelta(seconds=1), False),
        (timedelta(hours=11, minutes=59), timedelta(hours=12), True),
        (timedelta(hours=12), timedelta(hours=12, seconds=1), False),
    ],
    ids=["new", "just not idle", "idle", "a long day in use", "a day too long in use"],
)
def test_idle_and_absolute_limits(seen: timedelta, now: timedelta, alive: bool) -> None:
    assert Session("s", "dana", PersonId("p"), START, START + seen).alive(START + now, IDLE) is alive
    assert timedelta(hours=12) == ABSOLUTE


def test_a_step_up_counts_for_five_minutes() -> None:
    session = Session("s", "dana", PersonId("p"), START, START, stepped_up_until=START + STEP_UP)
    assert session.stepped_up(START + timedelta(minutes=4, seconds=59))
    assert not session.stepped_up(START + timedelta(minutes=5))
    assert not Session("s", "dana", PersonId("p"), START, START).stepped_up(START)
