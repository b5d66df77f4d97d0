"""What is due: never under a hold, never before its minimum, and the preview says beforehand what a run would do."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auricle.compliance.errors import ScheduleWrong
from auricle.compliance.holds import HeldKind, Hold, Record, Scope
from auricle.compliance.retention import (
    CHANGEABLE,
    DEFAULTS,
    ENFORCED,
    KINDS,
    MAX_DAYS,
    SIX_YEARS,
    RecordKind,
    checked,
    cutoff,
    due,
    preview,
    preview_token,
    token_fits,
)

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
NUMBERS = [bytes([n]) * 18 for n in range(4)]

times = st.datetimes(datetime(2015, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds the zone
records = st.builds(
    Record,
    kind=st.sampled_from(["voicemail", "call"]),
    id=st.sampled_from([f"r{n}" for n in range(5)]),
    at=times,
    mailbox=st.sampled_from(["", "nurses", "front"]),
    numbers=st.frozensets(st.sampled_from(NUMBERS), max_size=2),
)
scopes = st.builds(
    Scope,
    kind=st.sampled_from(HeldKind),
    record=st.sampled_from(["", "r0", "r1"]),
    numbers=st.frozensets(st.sampled_from(NUMBERS), max_size=2),
    mailbox=st.sampled_from(["", "", "nurses"]),
    since=st.none() | times,
    until=st.none() | times,
)
holds = st.builds(
    Hold, id=st.just("h"), scope=scopes, placed_by=st.just("p"), placed_at=times, released_at=st.none() | times, released_by=st.just("")
)
schedules = st.fixed_dictionaries({kind: st.integers(1, MAX_DAYS) for kind in CHANGEABLE})


@given(records, schedules, st.lists(holds, max_size=4))
def test_a_held_record_is_never_due(record: Record, schedule: dict[RecordKind, int], placed: list[Hold]) -> None:
    if any(hold.released_at is None and hold.scope.covers(record) for hold in placed):
        assert not due(record, schedule, NOW, placed)


@given(records, schedules, scopes)
def test_a_hold_placed_on_anything_can_only_keep_more(record: Record, schedule: dict[RecordKind, int], scope: Scope) -> None:
    hold = Hold("h", scope, "p", NOW)
    assert not (due(record, schedule, NOW, [hold]) and not due(record, schedule, NOW, []))
    released = replace(hold, released_at=NOW)
    assert due(record, schedule, NOW, [released]) == due(record, schedule, NOW, [])


@given(records, schedules)
def test_nothing_is_due_before_its_days_are_over(record: Record, schedule: dict[RecordKind, int]) -> None:
    kind = RecordKind(record.kind)
    assert due(record, schedule, NOW, []) == (NOW - record.at >= timedelta(days=schedule[kind]))


@given(st.sampled_from(RecordKind), st.integers(-5, SIX_YEARS))
def test_a_minimum_is_kept_whatever_the_schedule_says(kind: RecordKind, days: int) -> None:
    limit = cutoff(kind, {kind: days}, NOW)
    if limit is not None:
        assert NOW - limit >= timedelta(days=KINDS[kind].minimum or 0)


@given(st.lists(records, max_size=12), schedules, st.lists(holds, max_size=3))
def test_the_preview_is_what_a_run_would_do(found: list[Record], schedule: dict[RecordKind, int], placed: list[Hold]) -> None:
    messages = [record for record in found if record.kind == "voicemail"]
    said = preview(RecordKind.VOICEMAIL, messages, schedule, NOW, placed)
    later = NOW + timedelta(days=30)
    assert said.would_delete == sum(due(record, schedule, NOW, placed) for record in messages)
    assert said.would_delete + said.within_30_days == sum(due(record, schedule, later, placed) for record in messages)
    assert said.held == sum(due(record, schedule, later, []) for record in messages) - said.would_delete - said.within_30_days


def test_six_years_are_never_less_than_six_years() -> None:
    assert all(date(year + 6, 3, 1) - date(year, 3, 1) <= timedelta(days=SIX_YEARS) for year in range(2000, 2090))


@pytest.mark.parametrize("kind", [RecordKind.AUDIT, RecordKind.AGREEMENT, RecordKind.DOCUMENT])
def test_documents_cannot_be_kept_shorter_than_six_years(kind: RecordKind) -> None:
    """45 CFR 164.316(b)(2)(i)."""
    assert KINDS[kind].minimum == SIX_YEARS
    assert "164.316" in KINDS[kind].source
    with pytest.raises(ScheduleWrong, match="2192"):
        checked({kind: SIX_YEARS - 1})
    assert checked({kind: SIX_YEARS + 1}) == {kind: SIX_YEARS + 1}


@pytest.mark.parametrize("kind", [RecordKind.TRANSCRIPT, RecordKind.LOG])
def test_what_has_no_term_of_its_own_takes_none(kind: RecordKind) -> None:
    with pytest.raises(ScheduleWrong):
        checked({kind: 90})


@pytest.mark.parametrize("days", [0, -1, MAX_DAYS + 1])
def test_terms_that_make_no_sense_are_refused(days: int) -> None:
    with pytest.raises(ScheduleWrong):
        checked({RecordKind.VOICEMAIL: days})


def test_defaults_are_allowed_and_have_a_source() -> None:
    assert checked(dict(DEFAULTS)) == dict(DEFAULTS)
    assert all(facts.source for facts in KINDS.values())
    assert set(ENFORCED) == {RecordKind.VOICEMAIL, RecordKind.CALL, RecordKind.AGREEMENT}


def test_the_audit_log_is_never_due() -> None:
    assert cutoff(RecordKind.AUDIT, DEFAULTS, NOW) is None


def test_a_token_is_good_for_its_change_its_actor_and_its_time() -> None:
    before, after = dict(DEFAULTS), {**DEFAULTS, RecordKind.VOICEMAIL: 30}
    expires = int(NOW.timestamp()) + 900
    token = preview_token(b"k", "dana", before, after, expires)
    assert token_fits(token, b"k", "dana", before, after, NOW)
    assert not token_fits(token, b"other", "dana", before, after, NOW)
    assert not token_fits(token, b"k", "noor", before, after, NOW)
    assert not token_fits(token, b"k", "dana", after, before, NOW)
    assert not token_fits(token, b"k", "dana", before, {**after, RecordKind.CALL: 1}, NOW)
    assert not token_fits(token, b"k", "dana", before, after, NOW + timedelta(seconds=901))
    for wrong in ("", ".", "x", f"{expires}.", token[:-1], "٣" + token, f"{expires + 1}{token[token.index('.') :]}", "9" * 40 + ".aa"):
        assert not token_fits(wrong, b"k", "dana", before, after, NOW)
