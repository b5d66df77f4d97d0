"""Accounts, sessions, and wrong sign-ins that are remembered across a restart."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from auricle.access.session import ABSOLUTE, Session
from auricle.access.throttle import FORGET_S, FREE_TRIES, Throttle
from auricle.adapters.store import Store
from auricle.kernel.actor import Actor, ActorKind
from auricle.kernel.ids import PersonId

DANA = PersonId("dana-reyes")
ACTOR = Actor(ActorKind.PERSON, DANA, frozenset(), "s1", "192.0.2.7")
KEY, HOME = "8c1f0a", "192.0.2.7"


@pytest.fixture
def session(practice: Any) -> Session:
    return Session("s1", "dana", DANA, practice.clock.at, practice.clock.at)


async def test_an_account_is_made_and_replaced(store: Store) -> None:
    assert await store.account("dana") is None
    await store.put_account("dana", DANA, "hash 1")
    await store.put_account("dana", DANA, "hash 2")
    assert await store.account("dana") == (DANA, "hash 2")
    assert await store.account("Dana") is None


async def test_a_session_lives_and_ends(store: Store, session: Session, practice: Any) -> None:
    await store.add_session("hash", session, ACTOR)
    assert await store.session("hash") == session
    assert await store.session("other") is None
    seen = practice.clock.at + timedelta(minutes=3)
    await store.touch_session("hash", seen)
    assert await store.session("hash") == replace(session, last_seen_at=seen)
    await store.end_session("hash", "s1", ACTOR)
    assert await store.session("hash") is None


async def test_a_new_password_ends_the_sessions_under_the_old_one(store: Store, session: Session) -> None:
    await store.add_session("hash", session, ACTOR)
    await store.add_session("erin's", replace(session, id="s2", username="erin"), ACTOR)
    await store.put_account("dana", DANA, "new")
    assert await store.session("hash") is None
    assert await store.session("erin's") is not None


async def test_sessions_too_old_to_be_alive_are_swept_out(store: Store, session: Session, practice: Any) -> None:
    await store.add_session("old", session, ACTOR)
    await store.add_session("new", replace(session, id="s2", started_at=session.started_at + ABSOLUTE + timedelta(seconds=1)), ACTOR)
    assert practice.raw("SELECT token_hash FROM session") == [("new",)]


async def test_sessions_outlive_a_restart(practice: Any, session: Session) -> None:
    store = practice.open()
    await store.add_session("hash", session, ACTOR)
    store.close()
    assert await practice.open().session("hash") == session


async def test_each_act_has_its_entry_with_who_and_from_where(store: Store, session: Session, newest: Any) -> None:
    await store.put_account("dana", DANA, "secret hash")
    await store.add_session("secret token hash", session, ACTOR)
    await store.end_session("secret token hash", "s1", ACTOR)
    leaves = (await newest(10))[::-1]
    assert [action in leaf for action, leaf in zip((b"account.put", b"session.start", b"session.end"), leaves, strict=False)] == [True] * 3
    assert b'"address":"192.0.2.7"' in leaves[1]
    assert b"secret" not in b"".join(leaves)


async def test_wrong_sign_ins_are_counted_on_after_a_restart(practice: Any, look: Any) -> None:
    store, throttle = practice.open(), Throttle()
    for _ in range(FREE_TRIES + 3):
        tries = throttle.failed(KEY, HOME, practice.clock.ticks)
        await store.sign_in_refused(HOME, KEY, tries)
    store.close()
    practice.clock.pass_s(1)
    practice.clock.ticks = 3.0  # another uptime
    again = Throttle()
    again.restore(await practice.open().sign_in_tries())
    assert again.wait_s(KEY, HOME, practice.clock.ticks) == pytest.approx(3.0)


async def test_the_right_password_and_time_make_them_forgotten(store: Store, practice: Any) -> None:
    throttle = Throttle()
    await store.sign_in_refused(HOME, KEY, throttle.failed(KEY, HOME, practice.clock.ticks))
    await store.sign_in_succeeded(KEY, HOME)
    assert [(tries.account, tries.count) for tries in await store.sign_in_tries()] == [("", 1)]
    practice.clock.pass_s(FORGET_S + 1)
    assert await store.sign_in_tries() == []
    assert practice.raw("SELECT count(*) FROM sign_in_try") == [(0,)]


async def test_a_refused_sign_in_has_its_entry(store: Store, newest: Any) -> None:
    await store.sign_in_refused(HOME, KEY, Throttle().failed(KEY, HOME, 0.0))
    leaf = (await newest(10))[-1]
    for part in (b'"action":"session.start"', b'"outcome":"refused"', b'"actor":"anonymous"', b'"ref":"8c1f0a"', b'"address":"192.0.2.7"'):
        assert part in leaf
