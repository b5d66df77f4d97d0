"""What the four transaction machines of SIP share (RFC 3261 17, corrected by RFC 6026), sans-IO.

The machines stand in `client_transaction.py` and `server_transaction.py` as tables of moves: for a state and an event, which state follows
and what is done on the way. A pair that a peer can cause is listed even where nothing happens; a missing pair is a bug of ours and raises
IllegalMove. Which message belongs to which machine is decided in `layer.py`.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import ClassVar, Protocol

from auricle.kernel.errors import OurError
from auricle.sip import timers
from auricle.sip.effects import Path


class IllegalMove(OurError):
    """An event came that its state has no rule for: a bug of ours."""

    code: ClassVar[str] = "sip.illegal_move"


class State(StrEnum):
    """Where a transaction stands; names from the RFC's figures."""

    CALLING = "calling"
    TRYING = "trying"
    PROCEEDING = "proceeding"
    COMPLETED = "completed"
    CONFIRMED = "confirmed"
    ACCEPTED = "accepted"
    TERMINATED = "terminated"


class Event(StrEnum):
    """What can happen to a transaction."""

    PROVISIONAL = "1xx"
    """Received by a client, sent by a server; so are the next two."""
    SUCCESS = "2xx"
    FAILURE = "3xx-6xx"
    REPEAT = "request again"
    ACK = "ack"
    RESEND = "timer A, E or G"
    LIMIT = "timer B, D, F, H, I, J, K, L or M"
    ABANDON = "abandoned by its user"


class Host(Protocol):
    """What a transaction needs of the layer it lives in."""

    @property
    def wheel(self) -> timers.Wheel:
        """Where it waits."""
        ...

    def send(self, path: Path, data: bytes) -> None:
        """Send a datagram, or bytes on a connection."""
        ...

    def forget(self, tx: "Transaction") -> None:
        """Take a terminated transaction out of the tables."""
        ...


class Transaction:
    """What clients and servers share: a state, and the wait for the next repeat and for the end."""

    __slots__ = ("_host", "_interval", "_limit_at", "_resend_at", "key", "moves", "state", "tick")

    def __init__(self, host: Host, key: object, moves: "Moves", state: State) -> None:
        self._host = host
        self._interval = timers.T1
        self._limit_at: float | None = None
        self._resend_at: float | None = None
        self.key = key
        self.moves = moves
        self.state = state
        self.tick = timers.NOT_ARMED

    def on_timer(self, now: float) -> None:
        """The wheel: the next repeat or the end has come."""
        if self._limit_at is not None and self._limit_at <= now:
            self._limit_at = self._resend_at = None
            self._feed(Event.LIMIT, None, now)
        elif self._resend_at is not None and self._resend_at <= now:
            self._feed(Event.RESEND, None, now)

    def _feed(self, event: Event, message: object, now: float) -> None:
        try:
            self.state, actions = self.moves[self.state, event]
        except KeyError:
            raise IllegalMove(f"{event.name} while {self.state}") from None
        for action in actions:
            action(self, message, now)

    def _wait(self, resend_at: float | None, limit_at: float | None) -> None:
        self._resend_at = resend_at
        self._limit_at = limit_at
        if limit_at is None:
            if resend_at is None:
                self._host.wheel.disarm(self)
            else:
                self._host.wheel.arm(self, resend_at)
        elif resend_at is None or limit_at < resend_at:
            self._host.wheel.arm(self, limit_at)
        else:
            self._host.wheel.arm(self, resend_at)


Moves = Mapping[tuple[State, Event], tuple[State, tuple[Callable[..., None], ...]]]


def forget(tx: Transaction, _: object, now: float) -> None:
    """Leave the tables."""
    tx._wait(None, None)
    tx._host.forget(tx)
