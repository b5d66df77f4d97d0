"""Time-boxed grants: in force at a moment and not beyond, and what none may give."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from auricle.access.grants import LONGEST, BadGrant, TimeGrant, Wanted, check_grant
from auricle.kernel.ids import PersonId
from auricle.kernel.phi import Phi

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
TICK = timedelta(microseconds=1)
HOUR = timedelta(hours=1)
GRANT = TimeGrant("g1", PersonId("pat"), "voicemail.play", "", "nurses", "dana", NOW, NOW + HOUR)
GOOD = Wanted(PersonId("pat"), "voicemail.play", NOW + HOUR, Phi("the vendor looks into a cut message"), "", "nurses")


def test_it_is_in_force_exactly_until_its_end() -> None:
    assert not GRANT.in_force(NOW - TICK)
    assert GRANT.in_force(NOW)
    assert GRANT.in_force(NOW + HOUR - TICK)
    assert not GRANT.in_force(NOW + HOUR)


def test_a_revoked_one_is_over_at_once() -> None:
    revoked = replace(GRANT, revoked_at=NOW + TICK)
    assert revoked.in_force(NOW)
    assert not revoked.in_force(NOW + TICK)


def test_what_is_right_is_taken() -> None:
    check_grant(GOOD, NOW, {"nurses"})
    check_grant(replace(GOOD, action="calls.parties", mailbox="", record="call:c1"), NOW, {"nurses"})
    check_grant(replace(GOOD, action="audit.read", mailbox="", until=NOW + LONGEST), NOW, set())


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"action": "access.grant"}, "takes a role"),
        ({"action": "keys.rotate"}, "takes a role"),
        ({"action": "voicemail.transcribe"}, "takes a role"),
        ({"action": "nonsense"}, "takes a role"),
        ({"until": NOW}, "within 31 days"),
        ({"until": NOW + LONGEST + TICK}, "within 31 days"),
        ({"reason": Phi("because   ")}, "reason"),
        ({"reason": Phi("x" * 501)}, "reason"),
        ({"record": "voicemail:"}, "one record"),
        ({"record": "call:c1"}, "one record"),
        ({"record": "voicemail:v1 OR 1"}, "one record"),
        ({"mailbox": "attic"}, "mailbox"),
        ({"action": "calls.list"}, "mailbox"),
    ],
)
def test_what_is_wrong_is_refused_with_what_to_change(changes: dict[str, object], says: str) -> None:
    with pytest.raises(BadGrant, match=says):
        check_grant(replace(GOOD, **changes), NOW, {"nurses"})  # type: ignore[arg-type]
