"""What an agreement says on a day, by its dates and by what was noted after it."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from auricle.compliance.agreements import Agreement, AgreementState, alarms, check, current, long_ended, preview, state_of
from auricle.compliance.errors import AgreementWrong
from auricle.compliance.parties import OPERATOR, Party, PartyKind, Standing, trunk
from auricle.compliance.retention import DEFAULTS, SIX_YEARS

NOTED = datetime(2026, 1, 2, 15, 0, tzinfo=UTC)
ZONE = ZoneInfo("America/New_York")
HOSTED = Standing("Harbor Hosting", ("blue",))


def an_agreement(number: int = 1, **changes: object) -> Agreement:
    day = date(2026, 1, 1)
    made = Agreement(f"g{number}", OPERATOR, "contract 7", day, day, date(2026, 12, 31), NOTED + timedelta(days=number))
    return replace(made, **changes)


@pytest.mark.parametrize(
    ("day", "state"),
    [
        (date(2025, 12, 31), AgreementState.MISSING),
        (date(2026, 1, 1), AgreementState.IN_FORCE),
        (date(2026, 12, 31), AgreementState.IN_FORCE),
        (date(2027, 1, 1), AgreementState.EXPIRED),
    ],
)
def test_both_its_days_count(day: date, state: AgreementState) -> None:
    assert state_of([an_agreement()], OPERATOR, HOSTED, day).state is state


def test_a_state_says_what_to_do() -> None:
    missing = state_of([], OPERATOR, HOSTED, date(2026, 5, 1))
    assert missing.state is AgreementState.MISSING
    assert missing.required
    assert "Sign" in missing.what_to_do
    waiting = state_of([an_agreement()], OPERATOR, HOSTED, date(2025, 6, 1))
    assert "2026-01-01" in waiting.why
    over = state_of([an_agreement()], OPERATOR, HOSTED, date(2027, 6, 1))
    assert "2026-12-31" in over.why
    assert "Renew" in over.what_to_do


def test_who_runs_the_machine_needs_no_agreement_with_itself() -> None:
    found = state_of([], OPERATOR, Standing("self"), date(2026, 5, 1))
    assert (found.state, found.required, found.holds) == (AgreementState.NOT_NEEDED, False, True)
    assert "160.103" in found.why


def test_nobody_named_is_an_operator_without_an_agreement() -> None:
    assert state_of([], OPERATOR, Standing(), date(2026, 5, 1)).state is AgreementState.MISSING


def test_a_carrier_is_a_conduit_for_calls_and_gets_no_names() -> None:
    found = state_of([], trunk("blue"), HOSTED, date(2026, 5, 1))
    assert (found.state, found.required, found.holds) == (AgreementState.NOT_NEEDED, False, False)


def test_an_expired_agreement_with_a_carrier_says_so() -> None:
    found = state_of([an_agreement(party=trunk("blue"))], trunk("blue"), HOSTED, date(2027, 5, 1))
    assert (found.state, found.required, found.holds) == (AgreementState.EXPIRED, False, False)


def test_ended_early_counts_from_that_day() -> None:
    ended = an_agreement(ended_on=date(2026, 3, 1))
    assert ended.last_day == date(2026, 2, 28)
    assert state_of([ended], OPERATOR, HOSTED, date(2026, 2, 28)).state is AgreementState.IN_FORCE
    assert state_of([ended], OPERATOR, HOSTED, date(2026, 3, 1)).state is AgreementState.EXPIRED


def test_a_correction_counts_also_where_it_shortens() -> None:
    corrected = an_agreement(2, expires_on=date(2026, 6, 30))
    assert state_of([an_agreement(1), corrected], OPERATOR, HOSTED, date(2026, 7, 1)).state is AgreementState.EXPIRED


def test_a_renewal_noted_before_the_old_one_ends_takes_over_on_its_day() -> None:
    old, renewal = an_agreement(1), an_agreement(2, starts_on=date(2027, 1, 1), expires_on=date(2028, 12, 31))
    for day in (date(2026, 12, 31), date(2027, 1, 1)):
        assert state_of([old, renewal], OPERATOR, HOSTED, day).state is AgreementState.IN_FORCE
    assert current([old, renewal], OPERATOR, date(2026, 12, 31)) == old
    assert current([old, renewal], OPERATOR, date(2027, 1, 1)) == renewal


def test_one_party_is_not_another() -> None:
    assert state_of([an_agreement(party=trunk("red"))], trunk("blue"), HOSTED, date(2026, 5, 1)).state is AgreementState.NOT_NEEDED


@pytest.mark.parametrize(
    ("before_end", "days"), [(31, None), (30, 30), (8, 30), (7, 7), (1, 7), (0, 0), (-5, 0)], ids=lambda value: str(value)
)
def test_alarms_come_30_and_7_days_before_and_on_the_last_day(before_end: int, days: int | None) -> None:
    day = date(2026, 12, 31) - timedelta(days=before_end)
    assert [alarm.days for alarm in alarms([an_agreement()], day)] == ([] if days is None else [days])


def test_a_renewal_silences_the_alarm_and_a_gap_does_not() -> None:
    renewal = an_agreement(2, starts_on=date(2027, 1, 1), expires_on=None)
    assert alarms([an_agreement(1), renewal], date(2026, 12, 30)) == []
    late = an_agreement(2, starts_on=date(2027, 1, 2), expires_on=None)
    assert len(alarms([an_agreement(1), late], date(2026, 12, 30))) == 1


def test_what_was_ended_on_purpose_raises_no_alarm() -> None:
    assert alarms([an_agreement(ended_on=date(2026, 3, 1))], date(2026, 6, 1)) == []


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"reference": "  "}, "reference"),
        ({"expires_on": date(2025, 12, 31)}, "before it begins"),
        ({"signed_on": date(2026, 2, 1)}, "future"),
    ],
)
def test_dates_that_cannot_be_are_refused(changes: dict[str, object], word: str) -> None:
    with pytest.raises(AgreementWrong, match=word):
        check(an_agreement(**changes))


def test_it_is_kept_six_years_from_its_last_effect_and_not_from_its_signing() -> None:
    open_end, old = an_agreement(1, expires_on=None), an_agreement(2)
    just = datetime(2026, 12, 31, 12, tzinfo=ZONE) + timedelta(days=SIX_YEARS)
    assert long_ended([open_end, old], DEFAULTS, just, ZONE) == []
    assert long_ended([open_end, old], DEFAULTS, just + timedelta(days=1), ZONE) == [old]
    assert preview([open_end, old], DEFAULTS, just, ZONE).within_30_days == 1


def test_party_names() -> None:
    assert Party.parse("trunk:blue") == trunk("blue")
    assert Party.parse("cloud-kms") == Party(PartyKind.CLOUD_KMS)
    assert Party.parse(trunk("blue").id) == trunk("blue")
    for text in ("", "trunk", "operator:me", "trunk:", "trunk:Blue", "bank", "trunk:a:b", "trunk:../x"):
        with pytest.raises(AgreementWrong):
            Party.parse(text)


@pytest.mark.parametrize("kind", [PartyKind.SMS, PartyKind.EHR, PartyKind.CLOUD_KMS, PartyKind.LOG_COLLECTOR, PartyKind.SUPPORT])
def test_what_nothing_uses_is_not_asked_for_and_still_gets_nothing(kind: PartyKind) -> None:
    found = state_of([], Party(kind), HOSTED, date(2026, 5, 1))
    assert (found.state, found.required, found.holds) == (AgreementState.NOT_NEEDED, False, False)
    assert found.why


def test_support_accounts_need_one() -> None:
    found = state_of([], Party(PartyKind.SUPPORT), replace(HOSTED, support=True), date(2026, 5, 1))
    assert (found.state, found.required) == (AgreementState.MISSING, True)
