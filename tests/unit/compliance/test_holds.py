"""What a hold covers, and which holds say nothing."""

from datetime import UTC, datetime, timedelta

import pytest

from auricle.compliance.errors import HoldWrong
from auricle.compliance.holds import HeldKind, Record, Scope, check

AT = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
NUMBER, OTHER = b"n" * 18, b"o" * 18
MESSAGE = Record("voicemail", "v1", AT, "nurses", frozenset({NUMBER}))
CALL = Record("call", "c1", AT, "", frozenset({NUMBER, OTHER}))


@pytest.mark.parametrize(
    ("scope", "message", "call"),
    [
        (Scope(), True, True),
        (Scope(HeldKind.VOICEMAIL), True, False),
        (Scope(HeldKind.CALL, record="c1"), False, True),
        (Scope(HeldKind.CALL, record="v1"), False, False),
        (Scope(numbers=frozenset({OTHER})), False, True),
        (Scope(numbers=frozenset({NUMBER, b"x" * 18})), True, True),
        (Scope(mailbox="nurses"), True, False),
        (Scope(mailbox="front"), False, False),
        (Scope(since=AT), True, True),
        (Scope(since=AT + timedelta(seconds=1)), False, False),
        (Scope(until=AT), False, False),
        (Scope(until=AT + timedelta(seconds=1)), True, True),
        (Scope(HeldKind.VOICEMAIL, numbers=frozenset({NUMBER}), mailbox="front"), False, False),
    ],
)
def test_it_covers_what_fits_every_part(scope: Scope, message: bool, call: bool) -> None:
    assert (scope.covers(MESSAGE), scope.covers(CALL)) == (message, call)


@pytest.mark.parametrize(
    ("scope", "by_number"),
    [
        (Scope(record="v1"), False),
        (Scope(HeldKind.VOICEMAIL, record="v1"), True),
        (Scope(HeldKind.VOICEMAIL, record="v1", mailbox="nurses"), False),
        (Scope(HeldKind.CALL, mailbox="nurses"), False),
        (Scope(since=AT, until=AT), False),
    ],
)
def test_a_hold_that_contradicts_itself_is_refused(scope: Scope, by_number: bool) -> None:
    with pytest.raises(HoldWrong):
        check(scope, by_number=by_number)


def test_others_are_fine() -> None:
    check(Scope(HeldKind.VOICEMAIL, record="v1"), by_number=False)
    check(Scope(), by_number=True)
    check(Scope(HeldKind.VOICEMAIL, mailbox="nurses", since=AT), by_number=True)
