"""The server transactions: INVITE (RFC 3261 17.2.1, RFC 6026 7.1) and all others (17.2.2), as tables of moves."""

from typing import Protocol

from auricle.sip import timers
from auricle.sip.effects import EDGE, Path
from auricle.sip.message import Request
from auricle.sip.reasons import REASONS
from auricle.sip.transaction import Event, Host, Moves, State, Transaction, forget


class ServerUser(Protocol):
    """Whoever answers an INVITE."""

    def on_ack(self, request: Request, now: float) -> None:
        """An ACK with the branch of the accepted INVITE."""
        ...

    def on_cancel(self, request: Request, now: float) -> None:
        """A CANCEL for the INVITE; it has been answered 200."""
        ...


class ServerTransaction(Transaction):
    """One request we answer. Made by `layer.Transactions.serve`.

    `head` is everything a response copies from the request, without the tag of To; it is built once, and so is each response.
    """

    __slots__ = ("_last", "_reliable", "head", "merge_key", "path", "to_tag", "user")

    def __init__(self, host: Host, key: object, head: str, path: Path, moves: "Moves") -> None:
        super().__init__(host, key, moves, State.PROCEEDING if moves is SERVER_INVITE else State.TRYING)
        self._last: bytes | None = None
        self._reliable = path is not EDGE
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


# ---- actions -----------------------------------------------------------------------------------------


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


# ---- tables ------------------------------------------------------------------------------------------

S, E = State, Event
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
