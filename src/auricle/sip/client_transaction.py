"""The client transactions: INVITE (RFC 3261 17.1.1, RFC 6026 7.2) and all others (17.1.2), as tables of moves."""

from typing import Protocol

from auricle.sip import timers
from auricle.sip.derived import ack_for_failure
from auricle.sip.effects import EDGE
from auricle.sip.message import Response
from auricle.sip.transaction import Event, Host, Moves, State, Transaction, forget


class ClientUser(Protocol):
    """Whoever sent the request."""

    def on_response(self, tx: "ClientTransaction", response: Response, now: float) -> None:
        """A response that is not a repeat the transaction absorbs. Every 2xx to an INVITE comes, repeats too (RFC 6026 8.4)."""
        ...

    def on_timeout(self, tx: "ClientTransaction", now: float) -> None:
        """Timer B or F: nobody answered; to be treated as a 408 (RFC 3261 8.1.3.1)."""
        ...


class ClientTransaction(Transaction):
    """One request of ours on its way. Made by `layer.Transactions.request`."""

    __slots__ = ("data", "user")

    def __init__(self, host: Host, key: str, data: bytes, moves: "Moves", user: ClientUser) -> None:
        super().__init__(host, key, moves, State.CALLING if moves is CLIENT_INVITE else State.TRYING)
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


# ---- actions -----------------------------------------------------------------------------------------


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


# ---- tables ------------------------------------------------------------------------------------------

S, E = State, Event
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
