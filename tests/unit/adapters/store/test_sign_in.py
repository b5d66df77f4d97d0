"""Passkeys and provider sessions in the store, on both databases."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from auricle.access.passkeys import Assertion, Passkey
from auricle.access.session import ABSOLUTE, Session
from auricle.access.sso import Identity, Logout
from auricle.adapters.store import Store
from auricle.kernel.actor import Actor, ActorKind
from auricle.kernel.ids import PersonId

DANA, NOOR = PersonId("dana-reyes"), PersonId("noor-haddad")
ACTOR = Actor(ActorKind.PERSON, DANA, session_id="s1")


def a_passkey(practice: Any, number: int = 1, person: PersonId = DANA) -> Passkey:
    return Passkey(
        id=f"pk{number}",
        credential_id=bytes([number]) * 32,
        person=person,
        name="Zoë's phone",
        public_key=b"\x00\xffkey",
        sign_count=0,
        backup_eligible=True,
        backed_up=False,
        transports=("hybrid", "internal"),
        created_at=practice.clock.now() + timedelta(seconds=number),
        last_used_at=None,
        suspect=False,
    )


async def test_passkeys_come_back_as_they_were_kept(practice: Any, store: Store) -> None:
    first, second = a_passkey(practice, 1), a_passkey(practice, 2)
    for passkey in (second, first, a_passkey(practice, 3, NOOR)):
        await store.add_passkey(passkey, ACTOR)
    assert await store.passkeys_of(DANA) == [first, second]
    assert await store.passkey_count(DANA) == 2
    assert await store.passkey(first.credential_id) == first
    assert await store.passkey(b"other") is None


async def test_a_use_is_remembered_with_the_largest_counter(practice: Any, store: Store) -> None:
    passkey = a_passkey(practice)
    await store.add_passkey(passkey, ACTOR)
    at = practice.clock.now() + timedelta(hours=1)
    await store.passkey_used(passkey.id, Assertion(4294967295, True), at, ACTOR)
    assert await store.passkey(passkey.credential_id) == replace(passkey, sign_count=4294967295, backed_up=True, last_used_at=at)
    await store.mark_passkey_suspect(passkey.id, ACTOR)
    await store.rename_passkey(passkey.id, "Old phone", ACTOR)
    found = await store.passkey(passkey.credential_id)
    assert found is not None
    assert (found.suspect, found.name) == (True, "Old phone")
    await store.remove_passkey(passkey.id, ACTOR)
    assert await store.passkeys_of(DANA) == []


async def test_the_same_credential_is_kept_once(practice: Any, store: Store) -> None:
    await store.add_passkey(a_passkey(practice), ACTOR)
    with pytest.raises(Exception, match="breaks one of its rules"):
        await store.add_passkey(replace(a_passkey(practice), id="another", person=NOOR), ACTOR)
    assert await store.passkey_count(NOOR) == 0


async def test_the_first_handle_of_a_person_stays(store: Store) -> None:
    assert await store.passkey_handle(DANA) is None
    assert await store.keep_passkey_handle(DANA, b"first") == b"first"
    assert await store.keep_passkey_handle(DANA, b"second") == b"first"
    assert await store.keep_passkey_handle(NOOR, b"other") == b"other"


async def test_provider_sessions_are_found_by_what_the_provider_says(practice: Any, store: Store) -> None:
    now = practice.clock.now()
    for number, (provider, subject, sid) in enumerate([("a", "u1", "s1"), ("a", "u1", "s2"), ("a", "u2", ""), ("b", "u1", "s1")]):
        session = Session(f"session{number}", "dana", DANA, now, now)
        await store.add_session(f"hash{number}", session, ACTOR)
        await store.add_sso_session(session.id, provider, Identity(subject, sid, "dana@clinic.example", True, False))

    async def found(subject: str, sid: str) -> list[str]:
        return await store.sso_sessions("a", Logout(subject, sid, "j", 0.0))

    assert await found("u1", "") == ["session0", "session1"]
    assert await found("u1", "s2") == ["session1"]
    assert await found("", "s1") == ["session0"]
    assert await found("u2", "s1") == []
    assert await found("u2", "") == ["session2"]
    await store.end_sessions(["session0"], ACTOR, "test")
    assert await found("u1", "") == ["session1"]
    kept = practice.raw("SELECT subject_hash, sid_hash FROM sso_session")
    assert not any("u1" in str(row) or "clinic" in str(row) for row in kept), "the provider's names are kept as hashes"


async def test_old_provider_sessions_are_forgotten(practice: Any, store: Store) -> None:
    await store.add_sso_session("old", "a", Identity("u1", "", "", False, False))
    practice.clock.pass_s(ABSOLUTE.total_seconds() + 1)
    await store.add_sso_session("new", "a", Identity("u1", "", "", False, False))
    assert [row[0] for row in practice.raw("SELECT session FROM sso_session")] == ["new"]
