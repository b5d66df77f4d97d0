"""Accounts, the addresses they are used from, and wrong tries that are remembered across a restart."""

from datetime import timedelta
from typing import Any

import pytest

from auricle.access.throttle import EVERYWHERE, FORGET_S, FREE_TRIES, Throttle, Tries
from auricle.adapters.store import Store
from auricle.adapters.store.accounts import ADDRESS_FORGOTTEN, Account
from auricle.kernel.actor import Actor, ActorKind
from auricle.kernel.ids import PersonId
from auricle.vault.gate import Ref

DANA = PersonId("dana-reyes")
ACTOR = Actor(ActorKind.PERSON, DANA, frozenset(), "s1", "192.0.2.7")
KEY, HOME = "8c1f0a", "192.0.2.7"
NOBODY = Actor(ActorKind.ANONYMOUS, "anonymous", address=HOME)


async def refused(store: Store, tries: tuple[Tries, ...]) -> None:
    await store.try_refused(NOBODY, "session.start", Ref("account", KEY), "wrong user name or password", tries)


async def test_an_account_is_made_and_replaced(store: Store) -> None:
    assert await store.account("dana") is None
    await store.put_account("dana", DANA, "hash 1")
    await store.put_account("dana", DANA, "hash 2")
    assert await store.account("dana") == Account("dana", DANA, "hash 2", terminated=False)
    assert await store.account("Dana") is None
    assert [account.username for account in await store.accounts()] == ["dana"]


async def test_an_account_of_a_terminated_person_says_so(store: Store) -> None:
    await store.put_account("dana", DANA, "hash")
    await store.terminate_person(DANA, (), ACTOR, "left")
    account = await store.account("dana")
    assert account is not None
    assert account.terminated
    await store.restore_person(DANA, ACTOR, "back")
    account = await store.account("dana")
    assert account is not None
    assert not account.terminated


async def test_wrong_sign_ins_are_counted_on_after_a_restart(practice: Any) -> None:
    store, throttle = practice.open(), Throttle()
    for _ in range(FREE_TRIES + 3):
        await refused(store, throttle.failed(KEY, HOME, practice.clock.ticks))
    store.close()
    practice.clock.pass_s(1)
    practice.clock.ticks = 3.0  # another uptime
    again = Throttle()
    again.restore(await practice.open().sign_in_tries())
    assert again.wait_s(KEY, HOME, practice.clock.ticks) == pytest.approx(3.0)


async def test_the_right_password_and_time_make_them_forgotten(store: Store, practice: Any) -> None:
    throttle = Throttle()
    await refused(store, throttle.failed(KEY, HOME, practice.clock.ticks, everywhere=True))
    await store.try_succeeded([(KEY, HOME), (KEY, EVERYWHERE)])
    assert [(tries.account, tries.count) for tries in await store.sign_in_tries()] == [("", 1)]
    practice.clock.pass_s(FORGET_S + 1)
    assert await store.sign_in_tries() == []
    assert practice.raw("SELECT count(*) FROM sign_in_try") == [(0,)]


async def test_a_refused_sign_in_has_its_entry(store: Store, newest: Any) -> None:
    await refused(store, Throttle().failed(KEY, HOME, 0.0))
    leaf = (await newest(10))[-1]
    for part in (b'"action":"session.start"', b'"outcome":"refused"', b'"actor":"anonymous"', b'"ref":"8c1f0a"', b'"address":"192.0.2.7"'):
        assert part in leaf


async def test_only_a_second_address_is_new(store: Store, practice: Any) -> None:
    async def used(address: str) -> bool:
        new = await store.address_is_new("dana", address)
        await store._writer.commit(store._address_ops("dana", address, practice.clock.at, new=new))
        return new

    assert [await used(address) for address in (HOME, HOME, "198.51.100.9", "198.51.100.9")] == [False, False, True, False]
    assert [address for address, _ in await store.new_addresses("dana")] == ["198.51.100.9"]
    await store.know_addresses("dana", ACTOR)
    assert await store.new_addresses("dana") == []
    practice.clock.pass_s((ADDRESS_FORGOTTEN + timedelta(days=1)).total_seconds())
    await used("203.0.113.4")
    assert practice.raw("SELECT address FROM sign_in_address") == [("203.0.113.4",)]
