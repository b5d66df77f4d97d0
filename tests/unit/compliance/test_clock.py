"""By a clock that may be wrong nothing is deleted."""

from datetime import UTC, datetime, timedelta

import pytest

from auricle.compliance.clock import Witness, fault, jump

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
NOTHING = timedelta()
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.mark.parametrize(
    ("newest", "seen", "jumped", "word"),
    [
        (None, None, NOTHING, ""),
        (NOW, NOW, NOTHING, ""),
        (NOW - 23 * HOUR, NOW - 23 * HOUR, NOTHING, ""),
        (NOW + timedelta(minutes=4), NOW, NOTHING, ""),
        (NOW + timedelta(minutes=6), NOW, NOTHING, "behind the newest entry"),
        (None, NOW + HOUR, NOTHING, "behind what it said"),
        (NOW, NOW - DAY - HOUR, NOTHING, "more than a day ahead"),
        (NOW, NOW, DAY + HOUR, "jumped ahead"),
        (NOW, NOW, -HOUR, "set back"),
        (NOW, NOW, timedelta(minutes=-4), ""),
    ],
)
def test_faults(newest: datetime | None, seen: datetime | None, jumped: timedelta, word: str) -> None:
    found = fault(NOW, newest_entry=newest, seen=seen, jumped=jumped)
    assert (word in found) if word else not found


def test_a_jump_is_what_the_monotonic_clock_did_not_see() -> None:
    witness = Witness(NOW, 1000.0)
    assert jump(NOW + HOUR, 4600.0, witness) == NOTHING
    assert jump(NOW + 3 * DAY, 4600.0, witness) == 3 * DAY - HOUR
    assert jump(NOW, 4600.0, witness) == -HOUR
