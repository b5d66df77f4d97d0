"""Marks of patients by number: sealed, found by blind index, one a number."""

from dataclasses import replace
from typing import Any

import pytest

from auricle.access.patients import PatientMark
from auricle.adapters.store import Store
from auricle.adapters.store.record_facts import Care
from auricle.adapters.store.schema.columns import NUMBER_CONTEXTS
from auricle.kernel.actor import Actor, ActorKind
from auricle.kernel.phi import Phi
from auricle.vault.blind import blind_index

DANA = Actor(ActorKind.PERSON, "dana", frozenset({"privacy-officer"}))
NUMBER, OTHER = "+12025550142", "+12025550143"


@pytest.fixture
def mark(practice: Any) -> PatientMark:
    people, teams = frozenset({"noor"}), frozenset({"east"})
    return PatientMark("p1", Phi(NUMBER), Phi("the mayor"), True, people, teams, "dana", practice.clock.now())


async def test_a_mark_comes_back_as_it_was(store: Store, look: Any, mark: PatientMark) -> None:
    await store.put_mark(mark, DANA, "a rule")
    assert await look("patient", "*", store.marks) == [mark]
    assert await store.has_mark("p1")
    assert not await store.has_mark("p9")


async def test_a_number_has_one_mark(store: Store, look: Any, mark: PatientMark) -> None:
    await store.put_mark(mark, DANA, "")
    await store.put_mark(replace(mark, id="p2", number=Phi(OTHER)), DANA, "")
    newer = replace(mark, id="p3", restricted=False, people=frozenset())
    await store.put_mark(newer, DANA, "")
    assert {found.id for found in await look("patient", "*", store.marks)} == {"p2", "p3"}
    care = await store.care()
    assert {one.mark for one in care.values()} == {"p2", "p3"}
    assert {care[index].mark for index in store.indexes_of(Phi(NUMBER)) if index in care} == {"p3"}


async def test_a_mark_is_found_by_the_number_in_each_of_its_places(store: Store, practice: Any, mark: PatientMark) -> None:
    await store.put_mark(mark, DANA, "")
    care = await store.care()
    assert set(care.values()) == {Care("p1", True, frozenset({"noor"}), frozenset({"east"}))}
    assert all(blind_index(practice.keyring, context, NUMBER) in care for context in NUMBER_CONTEXTS)
    assert not any(index in care for index in store.indexes_of(Phi(OTHER)))


async def test_a_dropped_mark_leaves_nothing(store: Store, practice: Any, mark: PatientMark) -> None:
    await store.put_mark(mark, DANA, "")
    await store.drop_mark("p1", DANA, "a rule")
    assert await store.care() == {}
    for table in ("patient_mark", "patient_number", "patient_carer"):
        assert practice.raw(f"SELECT count(*) FROM {table}")[0][0] == 0


async def test_numbers_and_labels_lie_nowhere_readable(store: Store, practice: Any, mark: PatientMark) -> None:
    await store.put_mark(mark, DANA, "")
    await store.drop_mark("p1", DANA, "")
    store.close()
    data = practice.files()
    assert not any(text in data for text in (b"2025550142", b"the mayor"))
