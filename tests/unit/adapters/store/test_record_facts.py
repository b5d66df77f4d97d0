"""What policies ask about records comes from clear columns and blind indexes; lists are narrowed in SQL."""

from typing import Any

import pytest

from auricle.access.patients import Facts, PatientMark
from auricle.adapters.store import Store
from auricle.adapters.store.record_facts import ListScope
from auricle.calls.records import Disposition
from auricle.kernel.actor import Actor, ActorKind
from auricle.kernel.ids import MailboxId, PersonId
from auricle.kernel.phi import Phi

DANA = Actor(ActorKind.PERSON, "dana", frozenset({"privacy-officer"}))
PATIENT, OTHER = "+12025550142", "+12025550143"


@pytest.fixture
async def filled(store: Store, make: Any, practice: Any) -> Store:
    """Two calls: noor talked with the patient, sam was rung for the other one; a message after each; the patient is marked."""
    noor = make.leg(1, person=PersonId("noor"))
    sam = make.leg(2, person=PersonId("sam"), answered_at=None)
    await store.add_call(make.call(1, legs=(noor, sam)))
    missed = {"answered_by": None, "answered_at": None, "disposition": Disposition.VOICEMAIL}
    await store.add_call(make.call(2, caller=Phi(OTHER), legs=(sam,), **missed))
    await store.add_voicemail(make.message(1))
    await store.add_voicemail(make.message(2, caller=Phi(OTHER), mailbox=MailboxId("front-desk")))
    mark = PatientMark("p1", Phi(OTHER), Phi(""), True, frozenset({"lee"}), frozenset({"east"}), "dana", practice.clock.now())
    await store.put_mark(mark, DANA, "")
    return store


async def test_facts_of_calls(filled: Store) -> None:
    found = await filled.call_facts(["c0001", "c0002", "c0009"], await filled.care())
    assert found == {
        "c0001": Facts("", frozenset({"noor", "sam"})),
        "c0002": Facts("", frozenset({"sam"}), frozenset({"lee"}), frozenset({"east"}), restricted=True),
    }


async def test_facts_of_messages_count_only_who_talked(filled: Store) -> None:
    found = await filled.voicemail_facts(["v0001", "v0002", "v0009"], await filled.care())
    assert found == {
        "v0001": Facts("nurses", frozenset({"noor"})),
        "v0002": Facts("front-desk", frozenset(), frozenset({"lee"}), frozenset({"east"}), restricted=True),
    }


async def test_a_message_of_before_the_index_is_found_by_its_call(filled: Store, practice: Any) -> None:
    practice.raw("UPDATE voicemail SET caller_index = NULL")
    assert (await filled.voicemail_facts(["v0002"], await filled.care()))["v0002"].restricted


async def test_no_ids_no_question(store: Store) -> None:
    assert await store.call_facts([], {}) == {}
    assert await store.voicemail_facts([], {}) == {}


@pytest.mark.parametrize(
    ("scope", "wanted"),
    [
        (None, ["c0002", "c0001"]),
        (ListScope(), []),
        (ListScope(present="noor"), ["c0001"]),
        (ListScope(present="sam"), ["c0002", "c0001"]),
        (ListScope(marks=("p1",)), ["c0002"]),
        (ListScope(records=("c0001",)), ["c0001"]),
    ],
)
async def test_lists_of_calls_are_narrowed_in_sql(filled: Store, look: Any, scope: ListScope | None, wanted: list[str]) -> None:
    assert [call.id for call in await look("call", "*", filled.calls_page, scope=scope)] == wanted
    page = await look("call", "*", filled.calls_page, scope=scope, limit=1)
    assert [call.id for call in page] == wanted[:1]


@pytest.mark.parametrize(
    ("scope", "wanted"),
    [
        (None, ["v0002", "v0001"]),
        (ListScope(), []),
        (ListScope(("nurses",)), ["v0001"]),
        (ListScope(("nurses", "front-desk")), ["v0002", "v0001"]),
        (ListScope(present="noor"), ["v0001"]),
        (ListScope(present="sam"), []),
        (ListScope(marks=("p1",)), ["v0002"]),
        (ListScope(marks=("p9",)), []),
        (ListScope(records=("v0002",)), ["v0002"]),
    ],
)
async def test_lists_of_messages_are_narrowed_in_sql(filled: Store, look: Any, scope: ListScope | None, wanted: list[str]) -> None:
    assert [message.id for message in await look("voicemail", "*", filled.voicemails, scope)] == wanted


async def test_a_deleted_call_takes_its_people_along(filled: Store, practice: Any) -> None:
    assert practice.raw("SELECT count(*) FROM call_person")[0][0] == 3
    await filled._writer.commit((("DELETE FROM call WHERE id = 'c0001'", {}),))
    assert practice.raw("SELECT count(*) FROM call_person")[0][0] == 1
