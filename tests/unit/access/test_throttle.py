"""A guesser waits longer and longer; nobody else does."""

from hypothesis import given
from hypothesis import strategies as st

from auricle.access.throttle import ADDRESS_FREE_TRIES, EVERYWHERE_FREE_TRIES, FORGET_S, FREE_TRIES, MAX_KEPT, MAX_WAIT_S, Throttle

HOME, CLINIC = "192.0.2.1", "198.51.100.1"


def guessed(times: int, account: str = "dana", address: str = HOME, now: float = 0.0) -> Throttle:
    throttle = Throttle()
    for _ in range(times):
        throttle.failed(account, address, now)
    return throttle


def test_the_first_tries_are_free_and_the_waits_double() -> None:
    throttle = Throttle()
    waits = []
    for _ in range(FREE_TRIES + 4):
        throttle.failed("dana", HOME, 0.0)
        waits.append(throttle.wait_s("dana", HOME, 0.0))
    assert waits == [0.0] * FREE_TRIES + [1.0, 2.0, 4.0, 8.0]


def test_the_wait_ends() -> None:
    throttle = guessed(FREE_TRIES + 3)
    assert throttle.wait_s("dana", HOME, 3.5) == 0.5
    assert throttle.wait_s("dana", HOME, 4.0) == 0.0


def test_the_wait_is_capped_and_forgotten() -> None:
    throttle = guessed(10_000)
    assert throttle.wait_s("dana", HOME, 0.0) == MAX_WAIT_S
    assert throttle.wait_s("dana", HOME, FORGET_S + 1) == 0.0
    throttle.failed("dana", HOME, FORGET_S + 1)
    assert throttle.wait_s("dana", HOME, FORGET_S + 1) == 0.0


def test_a_guesser_elsewhere_does_not_lock_the_owner_out() -> None:
    assert guessed(10_000, address=HOME).wait_s("dana", CLINIC, 0.0) == 0.0


def test_guessing_at_many_accounts_from_one_address_is_slowed() -> None:
    throttle = Throttle()
    for number in range(ADDRESS_FREE_TRIES + 1):
        assert throttle.wait_s(f"user{number}", HOME, 0.0) == 0.0
        throttle.failed(f"user{number}", HOME, 0.0)
    assert throttle.wait_s("never tried", HOME, 0.0) == 1.0
    assert throttle.wait_s("never tried", CLINIC, 0.0) == 0.0


def test_the_right_password_frees_the_pair_but_not_the_address() -> None:
    throttle = guessed(ADDRESS_FREE_TRIES + 3)
    throttle.succeeded("dana", HOME)
    assert throttle.wait_s("dana", HOME, 0.0) == 4.0  # an own account is no way to start the address anew
    throttle = guessed(FREE_TRIES + 3)
    throttle.succeeded("dana", HOME)
    assert throttle.wait_s("dana", HOME, 0.0) == 0.0


def test_of_many_at_once_only_the_free_ones_are_checked() -> None:
    throttle = Throttle()
    waits = [throttle.admit("dana", HOME, 0.0) for _ in range(1000)]
    assert sum(wait == 0 for wait in waits) == FREE_TRIES + 1


def test_an_admitted_try_that_was_right_leaves_no_count() -> None:
    throttle = Throttle()
    for _ in range(10 * ADDRESS_FREE_TRIES):
        assert throttle.admit("dana", CLINIC, 0.0) == 0.0
        throttle.succeeded("dana", CLINIC, admitted=True)
    assert throttle.tries("dana", CLINIC)[0].count == 0


def test_a_restart_is_no_fresh_start() -> None:
    before, after = guessed(FREE_TRIES + 3), Throttle()
    after.restore(before.tries("dana", HOME))
    assert after.wait_s("dana", HOME, 1.0) == before.wait_s("dana", HOME, 1.0) == 3.0
    assert after.tries("nobody", "203.0.113.1") == ()


def test_memory_is_bounded() -> None:
    throttle = Throttle()
    for number in range(MAX_KEPT + 500):
        throttle.failed("dana", f"address {number}", 0.0)
    assert len(throttle._tries) <= MAX_KEPT


@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("xy"), st.floats(0, 5000), st.booleans()), max_size=60))
def test_waits_are_never_negative_nor_beyond_the_cap(acts: list[tuple[str, str, float, bool]]) -> None:
    throttle, now = Throttle(), 0.0
    for account, address, passed, right in acts:
        now += passed
        assert 0.0 <= throttle.wait_s(account, address, now) <= MAX_WAIT_S
        if right:
            throttle.succeeded(account, address)
        else:
            throttle.failed(account, address, now)


def test_what_is_tried_after_the_password_is_counted_from_everywhere() -> None:
    """A thief of the password guesses codes from many addresses; one who has no password never gets here."""
    throttle = Throttle()
    for number in range(EVERYWHERE_FREE_TRIES):
        assert throttle.admit("totp of dana", f"203.0.113.{number}", 0.0, everywhere=True) == 0.0
    throttle.admit("totp of dana", "203.0.113.99", 0.0, everywhere=True)
    assert throttle.wait_s("totp of dana", "203.0.113.200", 0.0, everywhere=True) == 1.0
    assert throttle.wait_s("totp of noor", "203.0.113.200", 0.0, everywhere=True) == 0.0
    assert throttle.wait_s("dana", "203.0.113.200", 0.0) == 0.0
    throttle.succeeded("totp of dana", "203.0.113.99", admitted=True)
    assert throttle.wait_s("totp of dana", "203.0.113.200", 0.0, everywhere=True) == 0.0
