"""What a sign-in ceremony must remember between its two requests: kept in memory, taken once, gone after five minutes.

A ceremony is bound to the browser that began it, by a session or by a cookie set before there is one. A restart forgets all of them:
people then begin again.
"""

import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")
CEREMONY_S = 300.0  # WebAuthn L3 15.1 recommends 5 to 10 minutes where the user is verified
MAX_PENDING = 4096  # some 2 MB; a practice has a handful at a time
MAX_PENDING_AN_ADDRESS = 256  # a clinic behind one address, every sign-in page with one; who floods pushes out their own


@dataclass(frozen=True, slots=True)
class _Pending(Generic[T]):
    value: T
    address: str
    begun_at: float


class Ceremonies(Generic[T]):
    """Values by whom they are bound to; time is given as an argument (seconds, monotonic)."""

    def __init__(self) -> None:
        self._pending: OrderedDict[str, _Pending[T]] = OrderedDict()

    def begin(self, binding: str, address: str, value: T, now: float) -> None:
        """Remember `value` for who holds `binding`; what they began before is void."""
        key = _key(binding)
        self._pending.pop(key, None)
        self._make_room(address, now)
        self._pending[key] = _Pending(value, address, now)

    def take(self, binding: str, now: float) -> T | None:
        """The value, once; None when there is none, it was taken, or it is too old."""
        pending = self._pending.pop(_key(binding), None)
        return pending.value if pending is not None and now - pending.begun_at <= CEREMONY_S else None

    def __len__(self) -> int:
        """How many wait."""
        return len(self._pending)

    def _make_room(self, address: str, now: float) -> None:
        while self._pending and now - next(iter(self._pending.values())).begun_at > CEREMONY_S:
            self._pending.popitem(last=False)
        own = [key for key, pending in self._pending.items() if pending.address == address]
        if len(own) >= MAX_PENDING_AN_ADDRESS:
            del self._pending[own[0]]
        elif len(self._pending) >= MAX_PENDING:
            self._pending.popitem(last=False)


def _key(binding: str) -> str:
    """Bindings are secrets: only their hashes are kept."""
    return hashlib.sha256(binding.encode()).hexdigest()
