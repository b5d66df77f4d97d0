"""Slowing down guessers without locking anybody out: waits grow for the pair of account and address, and for the address alone.

Somebody who guesses at a colleague's account from elsewhere therefore never locks that colleague out.
"""

from collections import OrderedDict
from dataclasses import dataclass

FREE_TRIES = 4
FIRST_WAIT_S, MAX_WAIT_S = 1.0, 300.0
ADDRESS_FREE_TRIES = 20  # a clinic behind one address mistypes more often than one person
FORGET_S = 3600.0
MAX_KEPT = 10000


@dataclass(slots=True)
class _Tries:
    count: int
    last: float


class Throttle:
    """Counts failures by time given as an argument."""

    def __init__(self) -> None:
        self._tries: OrderedDict[tuple[str, str], _Tries] = OrderedDict()

    def wait_s(self, account: str, address: str, now: float) -> float:
        """Seconds until this account may be tried from this address again; 0 when it may be now."""
        return max(self._left((account, address), FREE_TRIES, now), self._left(("", address), ADDRESS_FREE_TRIES, now))

    def failed(self, account: str, address: str, now: float) -> None:
        """A wrong password."""
        for key in ((account, address), ("", address)):
            tries = self._tries.pop(key, None)
            if tries is None or now - tries.last > FORGET_S:
                tries = _Tries(0, now)
            self._tries[key] = _Tries(tries.count + 1, now)
        while len(self._tries) > MAX_KEPT:
            self._tries.popitem(last=False)

    def succeeded(self, account: str, address: str) -> None:
        """The right one: the pair starts anew."""
        self._tries.pop((account, address), None)

    def _left(self, key: tuple[str, str], free: int, now: float) -> float:
        tries = self._tries.get(key)
        if tries is None or tries.count <= free or now - tries.last > FORGET_S:
            return 0.0
        wait = min(MAX_WAIT_S, FIRST_WAIT_S * 2.0 ** min(tries.count - free - 1, 20))
        return max(0.0, tries.last + wait - now)
