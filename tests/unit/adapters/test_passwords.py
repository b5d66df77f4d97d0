"""Passwords are hashed off the loop, a few at a time, and an unknown account takes as long as a wrong password."""

import asyncio
import threading
import time

import pytest
from argon2 import PasswordHasher

from auricle.adapters import passwords
from auricle.adapters.passwords import AT_ONCE, Passwords

SECRET = "quiet-harbor-lantern-7"


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> Passwords:
    """The same with small costs."""
    monkeypatch.setattr(passwords, "PasswordHasher", lambda: PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
    return Passwords()


async def test_the_right_one_and_wrong_ones(quick: Passwords) -> None:
    kept = await quick.hashed(SECRET)
    assert kept.startswith("$argon2id$")
    assert SECRET not in kept
    assert await quick.right(SECRET, kept)
    for wrong in ("", SECRET + " ", SECRET.upper(), "decoy"):
        assert not await quick.right(wrong, kept)
    assert kept != await quick.hashed(SECRET)


async def test_an_unknown_account_has_no_right_password(quick: Passwords) -> None:
    for guess in ("", "decoy", SECRET):
        assert not await quick.right(guess, None)


@pytest.mark.parametrize("kept", ["", "not a hash", "$argon2id$v=19$m=64,t=1,p=1$AAAA", "$2b$12$abcdefghijklmnopqrstuv"])
async def test_a_damaged_hash_is_no_right_password(kept: str, quick: Passwords) -> None:
    assert not await quick.right("decoy", kept or "?")


async def test_no_more_than_a_few_at_a_time_and_the_loop_goes_on(quick: Passwords, monkeypatch: pytest.MonkeyPatch) -> None:
    running, most, lock = 0, 0, threading.Lock()

    def slow(password: str, kept: str) -> bool:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.01)
        with lock:
            running -= 1
        return True

    await quick.right("x", None)
    monkeypatch.setattr(quick, "_verify", slow)
    checks = [asyncio.ensure_future(quick.right("x", "kept")) for _ in range(12)]
    turns = 0
    while not all(check.done() for check in checks):
        await asyncio.sleep(0.001)
        turns += 1
    assert most == AT_ONCE
    assert turns > 12


async def test_the_costs_are_those_of_rfc_9106() -> None:
    kept = await Passwords().hashed(SECRET)
    assert "$m=65536,t=3,p=4$" in kept
