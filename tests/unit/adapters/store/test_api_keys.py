"""Keys of programs: kept as a hash, their names sealed."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from auricle.access.api_keys import ApiKey, secret_hash
from auricle.adapters.store import Store
from auricle.kernel.actor import Actor, ActorKind
from auricle.kernel.ids import PersonId

DANA = PersonId("dana-reyes")
ACTOR = Actor(ActorKind.PERSON, DANA, frozenset(), "s1", "192.0.2.7")


async def test_a_key_is_kept_used_and_revoked(store: Store, look: Any, practice: Any) -> None:
    now = practice.clock.at
    key = ApiKey(
        "k1", secret_hash("the secret"), "Reports of canary", DANA, frozenset({"calls.list", "people.read"}), now, now + timedelta(days=9)
    )
    await store.add_api_key(key, ACTOR)
    assert await store.api_key("k1") == replace(key, name="")
    assert await store.api_key("k2") is None
    await store.api_key_used("k1", now + timedelta(minutes=2))
    found = await look("api-key", "*", store.api_keys)
    assert found == [replace(key, last_used_at=now + timedelta(minutes=2))]
    assert await store.api_key_counts() == {DANA: 1}
    assert b"canary" not in practice.files()
    assert b"the secret" not in practice.files()
    await store.revoke_api_key("k1", ACTOR)
    assert await store.api_key("k1") is None


async def test_an_expired_one_is_not_listed_and_a_terminated_owner_s_is_none(store: Store, look: Any, practice: Any) -> None:
    now = practice.clock.at
    key = ApiKey("k1", "h", "a", DANA, frozenset({"calls.list"}), now, now + timedelta(days=1))
    await store.terminate_person(DANA, (), ACTOR, "left")
    await store.add_api_key(key, ACTOR)
    assert await store.api_key("k1") is None
    await store.restore_person(DANA, ACTOR, "back")
    assert await store.api_key("k1") is not None
    practice.clock.pass_s(86401)
    assert await look("api-key", "*", store.api_keys) == []
