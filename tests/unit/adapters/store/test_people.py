"""Ending somebody's access is one transaction; another process notices by a number that grew."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from auricle.access.api_keys import ApiKey
from auricle.access.session import Session
from auricle.adapters.store import Store
from auricle.kernel.actor import Actor, ActorKind
from auricle.kernel.ids import PersonId

DANA, ERIN = PersonId("dana-reyes"), PersonId("erin-cole")
ACTOR = Actor(ActorKind.PERSON, ERIN, frozenset(), "s9", "192.0.2.9")


async def test_everything_of_a_person_ends_at_once_and_nothing_of_others(store: Store, practice: Any) -> None:
    now = practice.clock.at
    session = Session("s1", "dana", DANA, now, now)
    await store.add_session("dana's", session, ACTOR)
    await store.add_session("erin's", replace(session, id="s2", username="erin", person=ERIN), ACTOR)
    key = ApiKey("k1", "h", "reporting", DANA, frozenset({"calls.list"}), now, now + timedelta(days=9))
    await store.add_api_key(key, ACTOR)
    await store.add_api_key(replace(key, id="k2", owner=ERIN), ACTOR)
    changes = await store.identity_changes()

    await store.terminate_person(DANA, ("desk-101",), ACTOR, "left without a word")

    assert await store.session("dana's") is None
    assert await store.session("erin's") is not None
    assert await store.api_key("k1") is None
    assert await store.api_key("k2") is not None
    assert practice.raw("SELECT aor FROM binding WHERE aor = 'desk-101'") == []
    assert await store.identity_changes() > changes
    standing = (await store.standings())[DANA]
    assert standing.terminated_at == now
    assert not standing.deleted


async def test_the_reason_is_sealed(store: Store, practice: Any, newest: Any) -> None:
    await store.terminate_person(DANA, (), ACTOR, "took a canary home")
    leaf = (await newest(2))[1]
    assert b"people.terminate" in leaf
    assert b"canary" not in leaf
    assert b"canary" not in practice.files()


async def test_another_process_sees_the_change(practice: Any) -> None:
    running, command_line = practice.open(), practice.open()
    before = await running.identity_changes()
    await command_line.terminate_person(DANA, (), ACTOR, "left")
    assert await running.identity_changes() != before
    assert (await running.standings())[DANA].terminated_at is not None
    await command_line.restore_person(DANA, ACTOR, "back")
    assert (await running.standings())[DANA].terminated_at is None
