"""Tickets between the two steps of a sign-in: short-lived, bound to an address, good once. A restart voids them; people then start over."""

import hashlib
from collections import OrderedDict
from dataclasses import dataclass

from auricle.kernel.ids import PersonId

TICKET_S = 300.0
MAX_TICKETS = 4096  # each needs a right password; a practice has a handful at a time
MAX_WRONG = 5  # wrong codes on one ticket; the throttle slows guessing long before, this ends it


@dataclass(frozen=True, slots=True)
class Ticket:
    """Whose password was right, from where and when (seconds, monotonic)."""

    username: str
    person: PersonId
    password_hash: str
    address: str
    at: float
    wrong: int = 0


class Tickets:
    """All that wait for their second step; time is an argument."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[str, Ticket] = OrderedDict()

    def add(self, token: str, ticket: Ticket) -> None:
        """A sign-in went half way."""
        while self._waiting and (len(self._waiting) >= MAX_TICKETS or ticket.at - next(iter(self._waiting.values())).at > TICKET_S):
            self._waiting.popitem(last=False)
        self._waiting[_key(token)] = ticket

    def find(self, token: str, address: str, now: float) -> Ticket | None:
        """The ticket, if it is in time, at its own address, and not used up. Finding does not use it."""
        ticket = self._waiting.get(_key(token))
        if ticket is None or ticket.address != address:
            return None
        return ticket if now - ticket.at <= TICKET_S else None

    def use(self, token: str) -> bool:
        """Whether it was still there; it no longer is."""
        return self._waiting.pop(_key(token), None) is not None

    def wrong(self, token: str) -> None:
        """A wrong code was given with it; after MAX_WRONG it is gone."""
        ticket = self._waiting.get(_key(token))
        if ticket is None:
            return
        if ticket.wrong + 1 >= MAX_WRONG:
            del self._waiting[_key(token)]
        else:
            counted = Ticket(ticket.username, ticket.person, ticket.password_hash, ticket.address, ticket.at, ticket.wrong + 1)
            self._waiting[_key(token)] = counted

    def drop_of(self, person: PersonId) -> None:
        """Their access ended."""
        for key in [key for key, ticket in self._waiting.items() if ticket.person == person]:
            del self._waiting[key]


def _key(token: str) -> str:
    """Only hashes are kept."""
    return hashlib.sha256(token.encode()).hexdigest()
