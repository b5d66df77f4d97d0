"""The four transaction machines of SIP (RFC 3261 17, corrected by RFC 6026) as tables of moves, sans-IO.

`CLIENT_INVITE`, `CLIENT_OTHER`, `SERVER_INVITE` and `SERVER_OTHER` say, for a state and an event, which state follows and what is done on
the way. A pair that a peer can cause is listed even where nothing happens; a missing pair is a bug of ours and raises IllegalMove.
Each machine waits for at most two times, the next repeat and its end, in one place on the wheel. Which message belongs to which
machine is decided in `layer.py`.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import ClassVar, Protocol

from auricle.kernel.errors import OurError
from auricle.sip import timers
from auricle.sip.derived import ack_for_failure
from auricle.sip.effects import EDGE, Path
from auricle.sip.message import Request, Response
from auricle.sip.reasons import REASONS


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


class ClientUser(Protocol):
    """Whoever sent the request."""

    def on_response(self, tx: "ClientTransaction", response: Response, now: float) -> None:
        """A response that is not a repeat the transaction absorbs. Every 2xx to an INVITE comes, repeats too (RFC 6026 8.4)."""
        ...

    def on_timeout(self, tx: "ClientTransaction", now: float) -> None:
        """Timer B or F: nobody answered; to be treated as a 408 (RFC 3261 8.1.3.1)."""
        ...


class ServerUser(Protocol):
    """Whoever answers an INVITE."""

    def on_ack(self, request: Request, now: float) -> None:
        """An ACK with the branch of the accepted INVITE."""
        ...

    def on_cancel(self, request: Request, now: float) -> None:
        """A CANCEL for the INVITE; it has been answered 200."""
        ...


class Host(Protocol):
    """What a transaction needs of the layer it lives in."""

    @property
    def wheel(self) -> timers.Wheel:
        """Where it waits."""
        ...

    def send(self, path: Path, data: bytes) -> None:
        """Send a datagram, or bytes on a connection."""
        ...

    def forget(self, tx: "ClientTransaction | ServerTransaction") -> None:
        """Take a terminated transaction out of the tables."""
        ...


class _Transaction:
    """The waiting that client and server share."""

    __slots__ = ("_host", "_interval", "_limit_at", "_resend_at", "key", "state", "tick")

    _host: Host

    def on_timer(self, now: float) -> None:
        """The wheel: the next repeat or the end has come."""
        if self._limit_at is not None and self._limit_at <= now:
            self._limit_at = self._resend_at = None
            self._feed(Event.LIMIT, None, now)
        elif self._resend_at is not None and self._resend_at <= now:
            self._feed(Event.RESEND, None, now)

    def _feed(self, event: Event, message: "Response | Request | None", now: float) -> None:
        raise NotImplementedError

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


class ClientTransaction(_Transaction):
    """One request of ours on its way. Made by `layer.Transactions.request`."""

    __slots__ = ("data", "moves", "user")

    def __init__(self, host: Host, key: str, data: bytes, moves: "Moves", user: ClientUser) -> None:
        self._host = host
        self.moves = moves
        self._interval = timers.T1
        self._limit_at: float | None = None
        self._resend_at: float | None = None
        self.key = key
        self.state = State.CALLING if moves is CLIENT_INVITE else State.TRYING
        self.tick = timers.NOT_ARMED
        self.data = data
        self.user = user

    @property
    def method(self) -> str:
        """The request's method."""
        return self.data[: self.data.index(b" ")].decode("ascii")

    def start(self, now: float) -> None:
        """Send the request for the first time. `now` is seconds, monotonic."""
        self._host.send(EDGE, self.data)
        self._wait(now + timers.T1, now + timers.TIMEOUT_S)

    def receive(self, response: Response, now: float) -> None:
        """A response with our branch and method."""
        status = response.status
        event = Event.PROVISIONAL if status < 200 else Event.SUCCESS if status < 300 else Event.FAILURE
        self._feed(event, response, now)

    def abandon(self, now: float) -> None:
        """End without a final response: a CANCEL brought none within 64*T1 (RFC 3261 9.1). Fine when it is over already."""
        if self.state is not State.TERMINATED:
            self._feed(Event.ABANDON, None, now)

    def _feed(self, event: Event, message: Response | Request | None, now: float) -> None:
        try:
            self.state, actions = self.moves[self.state, event]
        except KeyError:
            raise IllegalMove(f"{event.name} while {self.state}") from None
        for action in actions:
            action(self, message, now)


class ServerTransaction(_Transaction):
    """One request we answer. Made by `layer.Transactions.serve`.

    `head` is everything a response copies from the request, without the tag of To; it is built once, and so is each response.
    """

    __slots__ = ("_last", "_reliable", "head", "merge_key", "moves", "path", "to_tag", "user")

    def __init__(self, host: Host, key: object, head: str, path: Path, moves: "Moves") -> None:
        self._host = host
        self.moves = moves
        self._interval = timers.T1
        self._limit_at: float | None = None
        self._resend_at: float | None = None
        self._last: bytes | None = None
        self._reliable = path is not EDGE
        self.key = key
        self.state = State.PROCEEDING if moves is SERVER_INVITE else State.TRYING
        self.tick = timers.NOT_ARMED
        self.head = head
        self.path = path
        self.to_tag = ""
        """The tag our responses carry; empty when the request brought it."""
        self.merge_key: object = None
        self.user: ServerUser | None = None

    def reply(self, status: int, now: float, extra: str = "", body: bytes = b"", reason: str = "") -> None:
        """Send a response. `extra` is whole header lines and `reason` a phrase, both already checked.

        A second final response is ignored (17.2.2).
        """
        tag = f";tag={self.to_tag}" if self.to_tag and status > 100 else ""
        phrase = reason or REASONS.get(status, "Unknown")
        text = f"SIP/2.0 {status} {phrase}\r\n{self.head}{tag}\r\n{extra}Content-Length: {len(body)}\r\n\r\n"
        event = Event.PROVISIONAL if status < 200 else Event.SUCCESS if status < 300 else Event.FAILURE
        data = text.encode("utf-8", "surrogateescape")
        self._feed(event, data + body if body else data, now)

    def repeat_success(self, now: float) -> None:
        """Send the 2xx once more; its user does so until the ACK comes (RFC 3261 13.3.1.4)."""
        self._feed(Event.SUCCESS, self._last, now)

    def request_again(self, now: float) -> None:
        """The request came once more."""
        self._feed(Event.REPEAT, None, now)

    def acknowledge(self, request: Request, now: float) -> None:
        """An ACK with this INVITE's branch."""
        self._feed(Event.ACK, request, now)

    @property
    def answered(self) -> bool:
        """Whether a final response was sent."""
        return self.state not in (State.TRYING, State.PROCEEDING)

    def _feed(self, event: Event, message: "Response | Request | bytes | None", now: float) -> None:
        try:
            self.state, actions = self.moves[self.state, event]
        except KeyError:
            raise IllegalMove(f"{event.name} while {self.state}") from None
        for action in actions:
            action(self, message, now)


# ---- what a client does ----------------------------------------------------------------------------------


def pass_up(tx: ClientTransaction, response: Response, now: float) -> None:
    """Hand the response to whoever sent the request."""
    tx.user.on_response(tx, response, now)


def report_timeout(tx: ClientTransaction, _: None, now: float) -> None:
    """Tell the user that nobody answered."""
    tx.user.on_timeout(tx, now)


def resend_doubling(tx: ClientTransaction, _: None, now: float) -> None:
    """Timer A: send again, twice as patient (17.1.1.2)."""
    tx._interval *= 2
    tx._host.send(EDGE, tx.data)
    tx._wait(now + tx._interval, tx._limit_at)


def resend_capped(tx: ClientTransaction, _: None, now: float) -> None:
    """Timer E: send again, at most T2 apart (17.1.2.2)."""
    tx._interval = min(2 * tx._interval, timers.T2)
    tx._host.send(EDGE, tx.data)
    tx._wait(now + tx._interval, tx._limit_at)


def slow_down(tx: ClientTransaction, _: object, now: float) -> None:
    """Timer E after a provisional is T2 (17.1.2.2)."""
    tx._interval = timers.T2
    tx._wait(tx._resend_at, tx._limit_at)


def wait_for_answer(tx: ClientTransaction, _: object, now: float) -> None:
    """An INVITE in progress repeats nothing and has no end of its own."""
    tx._wait(None, None)


def acknowledge_failure(tx: ClientTransaction, response: Response, now: float) -> None:
    """The transaction itself ACKs a non-2xx (17.1.1.3)."""
    tx._host.send(EDGE, ack_for_failure(tx.data, response))


def linger_d(tx: ClientTransaction, _: object, now: float) -> None:
    """Timer D: stay to ACK repeats."""
    tx._wait(None, now + timers.TIMER_D_S)


def linger_m(tx: ClientTransaction, _: object, now: float) -> None:
    """Timer M: stay to pass on further 2xx (RFC 6026 7.2)."""
    tx._wait(None, now + timers.TIMEOUT_S)


def linger_k(tx: ClientTransaction, _: object, now: float) -> None:
    """Timer K: stay to absorb repeats."""
    tx._wait(None, now + timers.T4)


def forget(tx: "ClientTransaction | ServerTransaction", _: object, now: float) -> None:
    """Leave the tables."""
    tx._wait(None, None)
    tx._host.forget(tx)


# ---- what a server does ----------------------------------------------------------------------------------


def send_new(tx: ServerTransaction, data: bytes, now: float) -> None:
    """Send a response of the user and keep it for repeats."""
    tx._last = data
    tx._host.send(tx.path, data)


def send_last(tx: ServerTransaction, _: object, now: float) -> None:
    """Send the latest response once more, if there is one."""
    if tx._last is not None:
        tx._host.send(tx.path, tx._last)


def resend_last(tx: ServerTransaction, _: object, now: float) -> None:
    """Timer G: the final response again, at most T2 apart (17.2.1)."""
    tx._interval = min(2 * tx._interval, timers.T2)
    send_last(tx, None, now)
    tx._wait(now + tx._interval, tx._limit_at)


def await_ack(tx: ServerTransaction, _: object, now: float) -> None:
    """Timers G (unreliable only) and H."""
    tx._wait(None if tx._reliable else now + timers.T1, now + timers.TIMEOUT_S)


def linger_i(tx: ServerTransaction, _: object, now: float) -> None:
    """Timer I: stay to absorb further ACKs."""
    tx._wait(None, now if tx._reliable else now + timers.T4)


def linger_j(tx: ServerTransaction, _: object, now: float) -> None:
    """Timer J: stay to answer repeats."""
    tx._wait(None, now if tx._reliable else now + timers.TIMEOUT_S)


def linger_l(tx: ServerTransaction, _: object, now: float) -> None:
    """Timer L: stay to absorb repeated INVITEs (RFC 6026 7.1)."""
    tx._wait(None, now + timers.TIMEOUT_S)


def pass_ack(tx: ServerTransaction, request: Request, now: float) -> None:
    """An ACK that shares the INVITE's branch still belongs to the dialog."""
    if tx.user is not None:
        tx.user.on_ack(request, now)


# ---- the tables ------------------------------------------------------------------------------------------

S, E = State, Event
Moves = Mapping[tuple[State, Event], tuple[State, tuple[Callable[..., None], ...]]]

CLIENT_INVITE: Moves = {
    (S.CALLING, E.PROVISIONAL): (S.PROCEEDING, (wait_for_answer, pass_up)),
    (S.CALLING, E.SUCCESS): (S.ACCEPTED, (linger_m, pass_up)),
    (S.CALLING, E.FAILURE): (S.COMPLETED, (linger_d, acknowledge_failure, pass_up)),
    (S.CALLING, E.RESEND): (S.CALLING, (resend_doubling,)),
    (S.CALLING, E.LIMIT): (S.TERMINATED, (forget, report_timeout)),
    (S.CALLING, E.ABANDON): (S.TERMINATED, (forget,)),
    (S.PROCEEDING, E.PROVISIONAL): (S.PROCEEDING, (pass_up,)),
    (S.PROCEEDING, E.SUCCESS): (S.ACCEPTED, (linger_m, pass_up)),
    (S.PROCEEDING, E.FAILURE): (S.COMPLETED, (linger_d, acknowledge_failure, pass_up)),
    (S.PROCEEDING, E.ABANDON): (S.TERMINATED, (forget,)),
    (S.COMPLETED, E.PROVISIONAL): (S.COMPLETED, ()),
    (S.COMPLETED, E.SUCCESS): (S.COMPLETED, ()),
    (S.COMPLETED, E.FAILURE): (S.COMPLETED, (acknowledge_failure,)),
    (S.COMPLETED, E.LIMIT): (S.TERMINATED, (forget,)),
    (S.COMPLETED, E.ABANDON): (S.COMPLETED, ()),
    (S.ACCEPTED, E.PROVISIONAL): (S.ACCEPTED, ()),
    (S.ACCEPTED, E.SUCCESS): (S.ACCEPTED, (pass_up,)),
    (S.ACCEPTED, E.FAILURE): (S.ACCEPTED, ()),
    (S.ACCEPTED, E.LIMIT): (S.TERMINATED, (forget,)),
    (S.ACCEPTED, E.ABANDON): (S.ACCEPTED, ()),
}
"""RFC 3261 figure 5 with RFC 6026 figure 1."""

CLIENT_OTHER: Moves = {
    (S.TRYING, E.PROVISIONAL): (S.PROCEEDING, (slow_down, pass_up)),
    (S.TRYING, E.SUCCESS): (S.COMPLETED, (linger_k, pass_up)),
    (S.TRYING, E.FAILURE): (S.COMPLETED, (linger_k, pass_up)),
    (S.TRYING, E.RESEND): (S.TRYING, (resend_capped,)),
    (S.TRYING, E.LIMIT): (S.TERMINATED, (forget, report_timeout)),
    (S.TRYING, E.ABANDON): (S.TERMINATED, (forget,)),
    (S.PROCEEDING, E.PROVISIONAL): (S.PROCEEDING, (pass_up,)),
    (S.PROCEEDING, E.SUCCESS): (S.COMPLETED, (linger_k, pass_up)),
    (S.PROCEEDING, E.FAILURE): (S.COMPLETED, (linger_k, pass_up)),
    (S.PROCEEDING, E.RESEND): (S.PROCEEDING, (resend_capped,)),
    (S.PROCEEDING, E.LIMIT): (S.TERMINATED, (forget, report_timeout)),
    (S.PROCEEDING, E.ABANDON): (S.TERMINATED, (forget,)),
    (S.COMPLETED, E.PROVISIONAL): (S.COMPLETED, ()),
    (S.COMPLETED, E.SUCCESS): (S.COMPLETED, ()),
    (S.COMPLETED, E.FAILURE): (S.COMPLETED, ()),
    (S.COMPLETED, E.LIMIT): (S.TERMINATED, (forget,)),
    (S.COMPLETED, E.ABANDON): (S.COMPLETED, ()),
}
"""RFC 3261 figure 6."""

SERVER_INVITE: Moves = {
    (S.PROCEEDING, E.REPEAT): (S.PROCEEDING, (send_last,)),
    (S.PROCEEDING, E.PROVISIONAL): (S.PROCEEDING, (send_new,)),
    (S.PROCEEDING, E.SUCCESS): (S.ACCEPTED, (send_new, linger_l)),
    (S.PROCEEDING, E.FAILURE): (S.COMPLETED, (send_new, await_ack)),
    (S.PROCEEDING, E.ACK): (S.PROCEEDING, ()),
    (S.COMPLETED, E.REPEAT): (S.COMPLETED, (send_last,)),
    (S.COMPLETED, E.PROVISIONAL): (S.COMPLETED, ()),
    (S.COMPLETED, E.SUCCESS): (S.COMPLETED, ()),
    (S.COMPLETED, E.FAILURE): (S.COMPLETED, ()),
    (S.COMPLETED, E.ACK): (S.CONFIRMED, (linger_i,)),
    (S.COMPLETED, E.RESEND): (S.COMPLETED, (resend_last,)),
    (S.COMPLETED, E.LIMIT): (S.TERMINATED, (forget,)),
    (S.CONFIRMED, E.REPEAT): (S.CONFIRMED, ()),
    (S.CONFIRMED, E.PROVISIONAL): (S.CONFIRMED, ()),
    (S.CONFIRMED, E.SUCCESS): (S.CONFIRMED, ()),
    (S.CONFIRMED, E.FAILURE): (S.CONFIRMED, ()),
    (S.CONFIRMED, E.ACK): (S.CONFIRMED, ()),
    (S.CONFIRMED, E.LIMIT): (S.TERMINATED, (forget,)),
    (S.ACCEPTED, E.REPEAT): (S.ACCEPTED, ()),
    (S.ACCEPTED, E.PROVISIONAL): (S.ACCEPTED, ()),
    (S.ACCEPTED, E.SUCCESS): (S.ACCEPTED, (send_last,)),
    (S.ACCEPTED, E.FAILURE): (S.ACCEPTED, ()),
    (S.ACCEPTED, E.ACK): (S.ACCEPTED, (pass_ack,)),
    (S.ACCEPTED, E.LIMIT): (S.TERMINATED, (forget,)),
}
"""RFC 3261 figure 7 with RFC 6026 figure 2: the 2xx is repeated by its user, a repeated INVITE is absorbed."""

SERVER_OTHER: Moves = {
    (S.TRYING, E.REPEAT): (S.TRYING, ()),
    (S.TRYING, E.PROVISIONAL): (S.PROCEEDING, (send_new,)),
    (S.TRYING, E.SUCCESS): (S.COMPLETED, (send_new, linger_j)),
    (S.TRYING, E.FAILURE): (S.COMPLETED, (send_new, linger_j)),
    (S.PROCEEDING, E.REPEAT): (S.PROCEEDING, (send_last,)),
    (S.PROCEEDING, E.PROVISIONAL): (S.PROCEEDING, (send_new,)),
    (S.PROCEEDING, E.SUCCESS): (S.COMPLETED, (send_new, linger_j)),
    (S.PROCEEDING, E.FAILURE): (S.COMPLETED, (send_new, linger_j)),
    (S.COMPLETED, E.REPEAT): (S.COMPLETED, (send_last,)),
    (S.COMPLETED, E.PROVISIONAL): (S.COMPLETED, ()),
    (S.COMPLETED, E.SUCCESS): (S.COMPLETED, ()),
    (S.COMPLETED, E.FAILURE): (S.COMPLETED, ()),
    (S.COMPLETED, E.LIMIT): (S.TERMINATED, (forget,)),
}
"""RFC 3261 figure 8."""
