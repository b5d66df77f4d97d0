"""Breaking the glass: rules, exact expiry, and what it gives."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from auricle.access.break_glass import AlreadyBroken, BadBreakGlass, BreakGlass, check_break
from auricle.access.model import CARE
from auricle.kernel.ids import PersonId
from auricle.kernel.phi import Phi

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
TICK = timedelta(microseconds=1)
WHY = Phi("caller reported chest pain, line dropped")
GLASS = BreakGlass("b1", PersonId("noor"), "", NOW, NOW + timedelta(minutes=30))


def test_the_end_is_counted_from_now() -> None:
    assert check_break(WHY, 30, "", None, NOW) == NOW + timedelta(minutes=30)
    assert check_break(WHY, 240, "voicemail:v1", None, NOW) == NOW + timedelta(hours=4)


@pytest.mark.parametrize("minutes", [0, -1, 241, 10**9])
def test_not_for_longer_than_four_hours(minutes: int) -> None:
    with pytest.raises(BadBreakGlass, match="240"):
        check_break(WHY, minutes, "", None, NOW)


@pytest.mark.parametrize("reason", ["", "urgent", "         urgent         ", "x" * 501])
def test_a_reason_is_at_least_ten_characters(reason: str) -> None:
    with pytest.raises(BadBreakGlass, match="say why"):
        check_break(Phi(reason), 30, "", None, NOW)


@pytest.mark.parametrize("record", ["voicemail", "person:p1", "voicemail:../x", "call:c1\n"])
def test_a_record_is_a_call_or_a_message(record: str) -> None:
    with pytest.raises(BadBreakGlass, match="one record"):
        check_break(WHY, 30, record, None, NOW)


def test_one_at_a_time_a_person() -> None:
    with pytest.raises(AlreadyBroken):
        check_break(WHY, 30, "", GLASS, NOW + TICK)
    check_break(WHY, 30, "", GLASS, GLASS.until)
    check_break(WHY, 30, "", replace(GLASS, ended_at=NOW + TICK), NOW + TICK)


def test_it_ends_exactly() -> None:
    assert GLASS.in_force(GLASS.until - TICK)
    assert not GLASS.in_force(GLASS.until)
    assert not GLASS.in_force(NOW - TICK)
    assert not replace(GLASS, ended_at=NOW + TICK).in_force(NOW + TICK)


def test_it_gives_care_and_nothing_else() -> None:
    assert {allowance.action for allowance in GLASS.allowances()} == CARE
    one = replace(GLASS, record="voicemail:v1").allowances()
    assert {allowance.record for allowance in one} == {"voicemail:v1"}
    assert {allowance.action for allowance in one} == {action for action in CARE if action.startswith("voicemail.")}
    assert all(allowance.action.startswith("calls.") for allowance in replace(GLASS, record="call:c1").allowances())
