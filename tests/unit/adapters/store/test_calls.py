"""Call records come back as they were kept, page by page, to whom the gate let through for just that."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from auricle.adapters.store import GrantDoesNotFit, Store, WriteRefused, sealing
from auricle.audit.search import AuditQuery
from auricle.calls.records import CallRecord, Direction, Disposition, LegRecord, Protection
from auricle.kernel.ids import CallId, LegId, PersonId
from auricle.kernel.phi import Phi
from auricle.vault.errors import Corrupt, GrantSpent
from auricle.vault.gate import Grant, Outcome

OTHER = "+12025550143"
OURS = "+12025550100"


async def test_a_record_comes_back_as_it_was(store: Store, make: Any, look: Any) -> None:
    record = make.call()
    await store.add_call(record)
    assert await look("call", record.id, store.call, record.id) == record
    assert await look("call", "*", store.calls_page) == [record]
    assert await look("call", "c9999", store.call, "c9999") is None


async def test_pages_meet_without_a_gap_even_at_the_same_instant(store: Store, make: Any, look: Any) -> None:
    records = [make.call(number, started_at=make.call(number // 4).started_at) for number in range(25)]
    for record in records:
        await store.add_call(record)
    seen: list[CallRecord] = []
    before = None
    while page := await look("call", "*", store.calls_page, before=before, limit=3):
        seen += page
        before = (page[-1].started_at, page[-1].id)
    assert [record.id for record in seen] == [record.id for record in sorted(records, key=lambda r: (r.started_at, r.id), reverse=True)]


async def test_calls_of_a_number_are_those_from_it_and_to_it(store: Store, make: Any, look: Any) -> None:
    await store.add_call(make.call(1))
    await store.add_call(make.call(2, caller=Phi(OTHER)))
    await store.add_call(make.call(3, caller=Phi("102"), called=Phi(OTHER), direction=Direction.OUTBOUND))
    assert [record.id for record in await look("call", "*", store.calls_of_number, OTHER)] == ["c0003", "c0002"]
    assert await look("call", "*", store.calls_of_number, "+12025550199") == []


async def test_equal_numbers_in_different_columns_look_different(store: Store, make: Any, practice: Any) -> None:
    await store.add_call(make.call(1, caller=Phi(OURS)))
    ((caller, called),) = practice.raw("SELECT caller_index, called_index FROM call")
    assert caller != called


async def test_a_call_and_its_entry_are_one_act(store: Store, make: Any, newest: Any) -> None:
    await store.add_call(make.call())
    with pytest.raises(WriteRefused):
        await store.add_call(make.call())
    leaves = await newest(100)
    assert sum(b'"call.record"' in leaf for leaf in leaves) == 1
    assert b'"ref":"c0001"' in leaves[-1]


async def test_odd_characters_from_outside_lose_no_record(store: Store, make: Any, look: Any) -> None:
    """SIP display names are bytes from a stranger: what is no Unicode arrives as lone surrogates."""
    name, party = "J\udce4ger\x00\u202e 😀", "\udcff"
    await store.add_call(make.call(caller_name=Phi(name), caller=Phi(party), legs=(make.leg(1, display_name=Phi(name)),)))
    (kept,) = await look("call", "*", store.calls_page)
    assert kept.caller_name.reveal("test") == "J?ger\x00\u202e 😀"
    assert kept.legs[0].display_name.reveal("test") == "J?ger\x00\u202e 😀"
    assert [record.id for record in await look("call", "*", store.calls_of_number, party)] == ["c0001"]


# ---- grants ------------------------------------------------------------------------------------------


async def test_a_grant_for_one_thing_opens_no_other(store: Store, make: Any, look: Any) -> None:
    await store.add_call(make.call(1))
    await store.add_call(make.call(2))
    for kind, ref, reading, args in [
        ("call", "c0001", store.call, ("c0002",)),
        ("call", "c0001", store.calls_page, ()),
        ("call", "c0001", store.calls_of_number, (OTHER,)),
        ("voicemail", "*", store.calls_page, ()),
        ("voicemail", "c0001", store.call, ("c0001",)),
        ("call", "*", store.audit_page, (AuditQuery(),)),
        ("call", "*", store.voicemails, ()),
        ("call", "*", store.load_bindings, ()),
        ("voicemail", "*", store.transcript, ("v0001",)),
        ("voicemail", "v0002", store.transcript, ("v0001",)),
        ("voicemail", "v0002", store.voicemail, ("v0001",)),
    ]:
        with pytest.raises(GrantDoesNotFit):
            await look(kind, ref, reading, *args)
    assert (await look("call", "*", store.call, "c0002")).id == "c0002"


async def test_nothing_is_read_without_a_live_grant(store: Store, make: Any, look: Any) -> None:
    kept: list[Grant] = []

    async def keep(grant: Grant) -> None:
        kept.append(grant)

    await look("call", "*", keep)
    nothing: Any = None
    for grant, error in ((kept[0], GrantSpent), (nothing, TypeError), (True, TypeError)):
        for reading in (store.calls_page, store.voicemails, store.load_bindings, store.audit_page, store.calls_of_number):
            args: tuple[Any, ...] = (AuditQuery(),) if reading == store.audit_page else (OTHER,) if reading == store.calls_of_number else ()
            with pytest.raises(error):
                await reading(grant, *args)
        for one in (store.call, store.voicemail, store.transcript):
            with pytest.raises(error):
                await one(grant, "c0001")


async def test_every_look_is_in_the_log_before_it_and_a_failed_one_after_it(store: Store, make: Any, look: Any, newest: Any) -> None:
    await store.add_call(make.call())
    with pytest.raises(GrantDoesNotFit):
        await look("voicemail", "*", store.calls_page)
    _, failed, allowed, *_ = await newest(4)
    assert Outcome.FAILED.value.encode() in failed
    assert Outcome.ALLOWED.value.encode() in allowed


# ---- damage ------------------------------------------------------------------------------------------


async def test_a_damaged_record_is_named_and_the_others_are_shown(store: Store, make: Any, look: Any, practice: Any) -> None:
    for number in range(1, 4):
        await store.add_call(make.call(number))
    practice.raw("UPDATE call SET sealed = (SELECT sealed FROM call WHERE id = 'c0001') WHERE id = 'c0002'")
    with structlog.testing.capture_logs() as logs:
        assert [record.id for record in await look("call", "*", store.calls_page)] == ["c0003", "c0001"]
    assert [(entry["event"], "call.sealed of c0002" in entry["place"]) for entry in logs] == [("sealed_row_unreadable", True)]
    with pytest.raises(Corrupt, match=r"call\.sealed of c0002"):
        await look("call", "c0002", store.call, "c0002")


# ---- the sealed text ---------------------------------------------------------------------------------

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
PHI = TEXTS.map(Phi)
TIMES = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)).map(lambda at: at.replace(tzinfo=UTC))  # noqa: DTZ001
LEGS = st.builds(
    LegRecord, TEXTS.map(LegId), st.booleans(), PHI, PHI, st.none() | TEXTS.filter(bool).map(PersonId), TIMES, st.none() | TIMES, TIMES,
    st.sampled_from(["TLS", "UDP"]), st.sampled_from(["SRTP", "none"]), st.sampled_from(Protection), st.integers(100, 699), st.booleans(),
)  # fmt: skip
CALLS = st.builds(
    CallRecord, TEXTS.map(CallId), st.sampled_from(Direction), PHI, PHI, PHI, TIMES, st.none() | TIMES, TIMES, st.sampled_from(Disposition),
    st.none() | TEXTS.filter(bool).map(PersonId), st.lists(TEXTS, max_size=3).map(tuple), st.sampled_from(Protection),
    st.lists(LEGS, max_size=3).map(tuple),
)  # fmt: skip


class Row:
    """The clear columns of a record."""

    def __init__(self, record: CallRecord) -> None:
        self.id, self.direction, self.disposition = record.id, record.direction.value, record.disposition.value
        self.protection = record.protection.value
        self.started_at, self.ended_at = record.started_at.timestamp(), record.ended_at.timestamp()


@given(CALLS)
def test_any_record_survives_the_text(record: CallRecord) -> None:
    assert sealing.call_of(Row(record), sealing.call_text(record)) == record


@given(CALLS)
def test_the_clear_columns_are_not_in_the_text_twice(record: CallRecord) -> None:
    text = sealing.call_text(replace(record, legs=(), steps=()))
    assert sealing.call_of(Row(record), text) == replace(record, legs=(), steps=())
