"""Sessions: found by either token while it counts, ended with everything that ends them."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from auricle.access.session import ABSOLUTE, MAX_SESSIONS, STEP_UP, TOKEN_GRACE, Session
from auricle.adapters.store import Store
from auricle.kernel.actor import Actor, ActorKind
from auricle.kernel.ids import PersonId

DANA, ERIN = PersonId("dana-reyes"), PersonId("erin-cole")
HOME, IDLE = "192.0.2.7", timedelta(minutes=15)
ACTOR = Actor(ActorKind.PERSON, DANA, frozenset(), "s1", HOME)


@pytest.fixture
def session(practice: Any) -> Session:
    return Session("s1", "dana", DANA, practice.clock.at, practice.clock.at, HOME, "password", "totp")


async def test_a_session_lives_and_ends(store: Store, session: Session, practice: Any) -> None:
    await store.add_session("hash", session, ACTOR)
    assert await store.session("hash") == (session, True)
    assert await store.session_by_id("s1") == session
    assert await store.session("other") is None
    seen = practice.clock.at + timedelta(minutes=3)
    await store.touch_session("s1", seen)
    assert await store.session("hash") == (replace(session, last_seen_at=seen), True)
    await store.end_sessions(["s1"], ACTOR, "signed out")
    assert await store.session("hash") is None


async def test_a_new_token_leaves_the_old_one_a_moment(store: Store, session: Session, practice: Any) -> None:
    await store.add_session("old", session, ACTOR)
    stepped = replace(session, stepped_up_until=practice.clock.at + STEP_UP)
    await store.new_token(stepped, "old", "new", ACTOR, "step-up")
    assert await store.session("new") == (stepped, True)
    assert await store.session("old") == (stepped, False)
    practice.clock.pass_s(TOKEN_GRACE.total_seconds() + 1)
    assert await store.session("old") is None
    assert await store.session("new") == (stepped, True)


async def test_a_new_password_ends_the_sessions_under_the_old_one(store: Store, session: Session) -> None:
    await store.add_session("hash", session, ACTOR)
    await store.add_session("erin's", replace(session, id="s2", username="erin", person=ERIN), ACTOR)
    await store.put_account("dana", DANA, "new")
    assert await store.session("hash") is None
    assert await store.session("erin's") is not None


async def test_changing_one_s_own_keeps_the_session_that_did_it(store: Store, session: Session) -> None:
    await store.put_account("dana", DANA, "old")
    await store.add_session("mine", session, ACTOR)
    await store.add_session("other", replace(session, id="s2"), ACTOR)
    await store.change_password("dana", "new", ACTOR)
    assert await store.session("mine") is not None
    assert await store.session("other") is None
    account = await store.account("dana")
    assert account is not None
    assert account.password_hash == "new"


async def test_sessions_too_old_to_be_alive_are_swept_out(store: Store, session: Session, practice: Any) -> None:
    await store.add_session("old", session, ACTOR)
    await store.add_session("new", replace(session, id="s2", started_at=session.started_at + ABSOLUTE + timedelta(seconds=1)), ACTOR)
    assert practice.raw("SELECT token_hash FROM session") == [("new",)]


async def test_the_oldest_gives_way(store: Store, session: Session, practice: Any) -> None:
    for number in range(MAX_SESSIONS + 2):
        at = session.started_at + timedelta(seconds=number)
        await store.add_session(f"t{number}", replace(session, id=f"s{number}", started_at=at, last_seen_at=at), ACTOR)
    practice.clock.pass_s(60)
    ids = [one.id for one in await store.sessions_of(DANA, IDLE)]
    assert ids == [f"s{number}" for number in range(MAX_SESSIONS + 1, 1, -1)]


async def test_a_terminated_person_s_row_is_no_session_even_where_it_stands(store: Store, session: Session, practice: Any) -> None:
    """A sign-in that crossed the termination: its row was written after it."""
    await store.terminate_person(DANA, (), ACTOR, "left")
    await store.add_session("crossed", session, ACTOR)
    assert practice.raw("SELECT id FROM session") == [("s1",)]
    assert await store.session("crossed") is None
    assert await store.session_by_id("s1") is None
    assert await store.live_sessions(IDLE) == []


async def test_sessions_outlive_a_restart(practice: Any, session: Session) -> None:
    store = practice.open()
    await store.add_session("hash", session, ACTOR)
    store.close()
    assert await practice.open().session("hash") == (session, True)


async def test_each_act_has_its_entry_with_who_and_from_where(store: Store, session: Session, newest: Any) -> None:
    await store.put_account("dana", DANA, "secret hash")
    await store.add_session("secret token hash", session, ACTOR, new_address=True)
    await store.new_token(session, "secret token hash", "secret other", ACTOR, "step-up")
    await store.end_sessions(["s1"], ACTOR, "signed out")
    leaves = (await newest(10))[::-1]
    acts = (b"account.put", b"session.start", b"session.step-up", b"session.end")
    assert [action in leaf for action, leaf in zip(acts, leaves, strict=False)] == [True] * 4
    assert b'"address":"192.0.2.7"' in leaves[1]
    assert b"from a new address" in leaves[1]
    assert b"secret" not in b"".join(leaves)
