"""Slowing down guessers without locking anybody out: waits grow for the pair of account and address, and for the address alone.

Somebody who guesses at a colleague's account from elsewhere therefore never locks that colleague out. What is tried only after the
right password (one-time codes) is also counted for the account from everywhere: only who knows the password can slow its owner down.
"""

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass

FREE_TRIES = 4
EVERYWHERE = "*"
EVERYWHERE_FREE_TRIES = 10  # codes are three of a million: what is left of guessing ends at access.totp.MAX_WRONG
FIRST_WAIT_S, MAX_WAIT_S = 1.0, 300.0
ADDRESS_FREE_TRIES = 20  # a clinic behind one address mistypes more often than one person
FORGET_S = 3600.0
MAX_KEPT = 10000
_Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Tries:
    """Wrong passwords of an account from an address (`account` empty: of all accounts from it); `at` is the last one's time, monotonic."""

    account: str
    address: str
    count: int
    at: float


class Throttle:
    """Counts failures by time given as an argument."""

    def __init__(self) -> None:
        self._tries: OrderedDict[_Key, Tries] = OrderedDict()

    def wait_s(self, account: str, address: str, now: float, *, everywhere: bool = False) -> float:
        """Seconds until this account may be tried from this address again; 0 when it may be now."""
        return max(self._left(key, _free(key), now) for key in _keys(account, address, everywhere=everywhere))

    def admit(self, account: str, address: str, now: float, *, everywhere: bool = False) -> float:
        """Like `wait_s`, and 0 counts the try as failed at once: of many at the same time, only the free ones are checked.

        For checks that take time. `succeeded(…, admitted=True)` takes the count back.
        """
        wait_s = self.wait_s(account, address, now, everywhere=everywhere)
        if wait_s <= 0:
            self.failed(account, address, now, everywhere=everywhere)
        return wait_s

    def failed(self, account: str, address: str, now: float, *, everywhere: bool = False) -> tuple[Tries, ...]:
        """A wrong secret. The counts as they are now, for whoever keeps them across a restart."""
        counted = tuple(self._count(key, now) for key in _keys(account, address, everywhere=everywhere))
        while len(self._tries) > MAX_KEPT:
            self._tries.popitem(last=False)
        return counted

    def succeeded(self, account: str, address: str, *, admitted: bool = False) -> None:
        """The right one: the pair, and the account from everywhere, start anew."""
        self._tries.pop((account, address), None)
        self._tries.pop((account, EVERYWHERE), None)
        whole = self._tries.get(("", address))
        if admitted and whole is not None:
            self._tries["", address] = Tries("", address, max(0, whole.count - 1), whole.at)

    def tries(self, account: str, address: str) -> tuple[Tries, ...]:
        """The counts that a try of this account from this address is held to."""
        found = (self._tries.get(key) for key in _keys(account, address, everywhere=True))
        return tuple(tries for tries in found if tries is not None)

    def restore(self, kept: Iterable[Tries]) -> None:
        """Take up what was counted before a restart."""
        for tries in kept:
            self._tries[tries.account, tries.address] = tries

    def _count(self, key: _Key, now: float) -> Tries:
        before = self._tries.pop(key, None)
        count = 1 if before is None or now - before.at > FORGET_S else before.count + 1
        tries = self._tries[key] = Tries(*key, count, now)
        return tries

    def _left(self, key: _Key, free: int, now: float) -> float:
        tries = self._tries.get(key)
        if tries is None or tries.count <= free or now - tries.at > FORGET_S:
            return 0.0
        wait = min(MAX_WAIT_S, FIRST_WAIT_S * 2.0 ** min(tries.count - free - 1, 20))
        return max(0.0, tries.at + wait - now)


def _keys(account: str, address: str, *, everywhere: bool) -> tuple[_Key, ...]:
    pair, whole = (account, address), ("", address)
    return (pair, whole, (account, EVERYWHERE)) if everywhere else (pair, whole)


def _free(key: _Key) -> int:
    account, address = key
    return ADDRESS_FREE_TRIES if not account else EVERYWHERE_FREE_TRIES if address == EVERYWHERE else FREE_TRIES
