"""Authenticator secrets are sealed and bound to their account; a step and a recovery code are good once, whatever crashes."""

import asyncio
from typing import Any

import pytest

from auricle.adapters.store import Store
from auricle.adapters.store.errors import GrantDoesNotFit
from auricle.kernel.actor import Actor, ActorKind
from auricle.kernel.ids import PersonId
from auricle.vault.errors import Corrupt

ACTOR = Actor(ActorKind.PERSON, PersonId("dana-reyes"), frozenset(), "s1", "192.0.2.7")
SECRET, OTHER = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", "KRSXG5CTMVRXEZLUKRSXG5CTMVRXEZLU"


async def opened(look: Any, store: Store, username: str, *, pending: bool = False) -> str | None:
    found: str | None = await look("account", username, store.totp_secret, username, pending=pending)
    return found


async def test_a_secret_waits_for_its_code_and_then_counts(store: Store, look: Any, practice: Any) -> None:
    assert (await store.totp_state("dana")).since is None
    await store.begin_totp("dana", SECRET, ACTOR)
    state = await store.totp_state("dana")
    assert (state.since, state.pending) == (None, True)
    assert await opened(look, store, "dana", pending=True) == SECRET
    assert await opened(look, store, "dana") is None
    assert await store.totp_accounts() == set()

    await store.confirm_totp("dana", SECRET, 100, ["h1", "h2"], ACTOR)
    state = await store.totp_state("dana")
    assert (state.since, state.pending, state.last_step) == (practice.clock.at, False, 100)
    assert await opened(look, store, "dana") == SECRET
    assert await store.totp_accounts() == {"dana"}
    assert await store.recovery_codes_left("dana") == 2


async def test_a_second_secret_waits_while_the_first_counts(store: Store, look: Any) -> None:
    await store.begin_totp("dana", SECRET, ACTOR)
    await store.confirm_totp("dana", SECRET, 100, ["h1"], ACTOR)
    await store.begin_totp("dana", OTHER, ACTOR)
    assert await opened(look, store, "dana") == SECRET
    assert (await store.totp_state("dana")).last_step == 100
    await store.confirm_totp("dana", OTHER, 101, ["h2"], ACTOR)
    assert await opened(look, store, "dana") == OTHER
    assert not await store.use_recovery_code("dana", "h1")


async def test_a_step_is_good_once_also_for_two_at_the_same_time(store: Store) -> None:
    await store.begin_totp("dana", SECRET, ACTOR)
    await store.confirm_totp("dana", SECRET, 100, [], ACTOR)
    assert not await store.use_totp_step("dana", 100)
    assert sorted(await asyncio.gather(*(store.use_totp_step("dana", 101) for _ in range(5)))) == [False] * 4 + [True]
    assert not await store.use_totp_step("dana", 99)
    assert not await store.use_totp_step("nobody", 200)


async def test_a_used_step_is_remembered_across_a_restart(practice: Any) -> None:
    store = practice.open()
    await store.begin_totp("dana", SECRET, ACTOR)
    await store.confirm_totp("dana", SECRET, 100, [], ACTOR)
    await store.use_totp_step("dana", 103)
    store.close()
    assert not await practice.open().use_totp_step("dana", 103)


async def test_a_recovery_code_is_good_once(store: Store) -> None:
    await store.put_recovery_codes("dana", ["h1", "h2"], ACTOR)
    assert sorted(await asyncio.gather(*(store.use_recovery_code("dana", "h1") for _ in range(3)))) == [False, False, True]
    assert not await store.use_recovery_code("erin", "h2")
    assert await store.recovery_codes_left("dana") == 1
    await store.put_recovery_codes("dana", ["h3"], ACTOR)
    assert not await store.use_recovery_code("dana", "h2")


async def test_a_secret_moved_to_another_account_does_not_open(store: Store, look: Any, practice: Any) -> None:
    """The thief of a database row cannot give a colleague's account an authenticator of their own."""
    for username, secret in (("dana", SECRET), ("erin", OTHER)):
        await store.begin_totp(username, secret, ACTOR)
        await store.confirm_totp(username, secret, 1, [], ACTOR)
    practice.raw("UPDATE totp SET secret = (SELECT secret FROM totp WHERE username = 'erin') WHERE username = 'dana'")
    with pytest.raises(Corrupt):
        await opened(look, store, "dana")
    assert await opened(look, store, "erin") == OTHER


async def test_a_grant_is_for_one_account(store: Store, look: Any) -> None:
    await store.begin_totp("dana", SECRET, ACTOR)
    with pytest.raises(GrantDoesNotFit):
        await look("account", "erin", store.totp_secret, "dana", pending=True)


async def test_removed_is_gone(store: Store, look: Any, practice: Any) -> None:
    await store.begin_totp("dana", SECRET, ACTOR)
    await store.confirm_totp("dana", SECRET, 1, ["h1"], ACTOR)
    await store.remove_totp("dana", ACTOR, "by its owner")
    assert (await store.totp_state("dana")).since is None
    assert await store.recovery_codes_left("dana") == 0
    assert SECRET.encode() not in practice.files()
