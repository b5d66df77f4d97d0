"""How long a session lives, and which passwords may not be chosen."""

from datetime import UTC, datetime, timedelta

import pytest

from auricle.access.session import ABSOLUTE, MAX_PASSWORD_CHARS, BadPassword, Session, check_password
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


@pytest.mark.parametrize(
    "password", ["", "short", "elevenchars", "x" * (MAX_PASSWORD_CHARS + 1), "aaaaaaaaaaaaaaa", "my Dana.Reyes password"]
)
def test_a_password_that_may_not_be_chosen(password: str) -> None:
    with pytest.raises(BadPassword):
        check_password(password, "dana.reyes")


@pytest.mark.parametrize("password", ["quiet-harbor-lantern-7", "пароль достаточно длинный", "x1 y2 z3 w4 v5 " * 10])
def test_a_password_that_may(password: str) -> None:
    check_password(password, "dana.reyes")
