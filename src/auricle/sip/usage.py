"""The ground an INVITE session stands on: dialog, alarms, ACKs, the repeated 2xx, the end (RFC 3261 13.2.2.4, 13.3.1.4, 15)."""

from collections.abc import Callable, Sequence
from typing import ClassVar, Protocol

from auricle.kernel.time import Entropy
from auricle.sip import timers
from auricle.sip.client_transaction import ClientTransaction
from auricle.sip.dialog import Dialog
from auricle.sip.effects import EDGE
from auricle.sip.events import Cause, Reason, SessionEvent, Terminated
from auricle.sip.layer import Transactions
from auricle.sip.lines import header_lines, tag_of
from auricle.sip.message import Request, Response
from auricle.sip.server_transaction import ServerTransaction
from auricle.sip.session_state import Alarm, SessionInput, SessionState
from auricle.sip.transaction import IllegalMove


class Home(Protocol):
    """What sessions need of the user agent they live in."""

    transactions: Transactions
    entropy: Entropy
    sent_by: str
    capability_lines: str
    """Allow and Supported."""
    session_timer_s: int

    def say(self, session: "DialogUsage", word: SessionEvent) -> None:
        """Deliver a word to the session's listener, after what was decided before it."""
        ...

    def forget(self, session: "DialogUsage") -> None:
        """No request of its dialog is expected any more."""
        ...


Act = Callable[..., None]
SessionMoves = dict[tuple[SessionState, SessionInput], tuple[SessionState, Act]]


class DialogUsage:
    """What an INVITE session is made of. `listener` is set by the driver, who delivers the words.

    `MOVES` is the table of the session's life, `ALARMS` says what each alarm does, `REQUESTS` what each method in the dialog does.
    """

    MOVES: ClassVar[SessionMoves]
    ALARMS: ClassVar[dict[Alarm, Act]]

    __slots__ = (
        "_acks", "_alarms", "_gap", "_give_up_at", "_home", "_reasons", "_success", "dialog", "listener", "local_tag", "state", "tick",
    )  # fmt: skip

    def __init__(self, home: Home, local_tag: str, state: SessionState) -> None:
        self._home = home
        self.local_tag = local_tag
        self.state = state
        self.tick = timers.NOT_ARMED
        self.dialog: Dialog | None = None
        self.listener: Callable[[SessionEvent], None] | None = None
        self._alarms: dict[Alarm, float] = {}
        self._success: tuple[ServerTransaction, int] | None = None
        """The 2xx that waits for its ACK, with its CSeq number."""
        self._gap = 0.0
        self._give_up_at = 0.0
        self._acks: dict[tuple[int, str], bytes] = {}
        """Our ACKs of 2xx by CSeq number and To tag, for repeats."""
        self._reasons: Sequence[Reason] = ()

    def hang_up(self, reasons: Sequence[Reason], now: float) -> None:
        """End it by whatever its state asks for. Idempotent."""
        self._reasons = reasons
        self._feed(SessionInput.HANG_UP, now)

    def on_response(self, tx: ClientTransaction, response: Response, now: float) -> None:
        """A response to a request of ours."""
        raise NotImplementedError

    def on_timeout(self, tx: ClientTransaction, now: float) -> None:
        """Nobody answered a request of ours."""
        raise NotImplementedError

    # ---- moves and alarms ----------------------------------------------------------------------------

    def on_timer(self, now: float) -> None:
        """The wheel: an alarm is due."""
        for alarm in [alarm for alarm, at in self._alarms.items() if at <= now]:
            if self._alarms.pop(alarm, None) is not None:
                self.ALARMS[alarm](self, now)
        self._rearm()

    def _rearm(self) -> None:
        if self._alarms:
            self._home.transactions.wheel.arm(self, min(self._alarms.values()))
        else:
            self._home.transactions.wheel.disarm(self)

    def _feed(self, what: SessionInput, now: float, *args: object) -> None:
        try:
            self.state, act = self.MOVES[self.state, what]
        except KeyError:
            raise IllegalMove(f"{what.name} while {self.state}") from None
        act(self, now, *args)

    def _say(self, word: SessionEvent) -> None:
        self._home.say(self, word)

    def _dialog_of(self, request: Request) -> Dialog | None:
        dialog = self.dialog
        if dialog is None or dialog.call_id != request.call_id or dialog.remote_tag != tag_of(request, "from"):
            return None
        return dialog

    # ---- the 2xx that is repeated ----------------------------------------------------------------------

    def _await_ack(self, tx: ServerTransaction, number: int, now: float) -> None:
        self._success = tx, number
        self._gap = timers.T1
        self._give_up_at = now + timers.TIMEOUT_S
        self._alarms[Alarm.REPEAT_2XX] = now + timers.T1

    def _repeat_success(self, now: float) -> None:
        """13.3.1.4: on every transport, doubling up to T2, for 64*T1."""
        if self._success is None:
            return
        if now >= self._give_up_at:
            self._success = None
            self._feed(SessionInput.NO_ACK, now)
            return
        self._success[0].repeat_success(now)
        self._gap = min(2 * self._gap, timers.T2)
        self._alarms[Alarm.REPEAT_2XX] = min(now + self._gap, self._give_up_at)

    # ---- ACKs of ours ----------------------------------------------------------------------------------

    def _ack_again(self, response: Response) -> bool:
        """Repeat the ACK of a 2xx that was acknowledged before (13.2.2.4); False when it was not."""
        ack = self._acks.get((response.cseq.number, tag_of(response, "to")))
        if ack is not None:
            self._home.transactions.send(EDGE, ack)
        return ack is not None

    def _acknowledge(self, response: Response, dialog: Dialog) -> None:
        """ACK a 2xx for the first time, in its dialog."""
        number = response.cseq.number
        ack = dialog.request("ACK", self._home.transactions.branch(), number)
        self._acks[number, tag_of(response, "to")] = ack
        self._home.transactions.send(EDGE, ack)

    # ---- the end -------------------------------------------------------------------------------------------

    def _send_bye(self, now: float, dialog: Dialog | None = None) -> None:
        dialog = dialog or self.dialog
        if dialog is not None:
            branch = self._home.transactions.branch()
            lines = header_lines(("Reason", str(reason)) for reason in self._reasons)
            data = dialog.request("BYE", branch, dialog.next_seq(), lines)
            self._home.transactions.request(data, branch, self, now)

    def _forget_ended(self) -> None:
        """Our BYE is done with; it may have ended only a further dialog of a forked INVITE."""
        if self.state is SessionState.ENDED:
            self._home.forget(self)

    def _over(self, now: float, cause: Cause, status: int, reasons: tuple[Reason, ...] = ()) -> None:
        """Say the last word and drop whatever was under way."""
        self._say(Terminated(cause, reasons, status))
        self._drop(now)

    def _drop(self, now: float) -> None:
        self._success = None
        self._alarms.clear()
        self._home.transactions.wheel.disarm(self)


# ---- acts that stand in the tables of both kinds -----------------------------------------------------------


def nothing(session: DialogUsage, now: float, *_: object) -> None:
    """The pair can happen and means nothing."""


def hang_up_confirmed(session: DialogUsage, now: float) -> None:
    """Our hang-up of an established session."""
    session._send_bye(now)
    session._over(now, "local", 200)


def end_by_peer(session: DialogUsage, now: float, reasons: tuple[Reason, ...]) -> None:
    """The peer's BYE."""
    session._over(now, "peer-bye", 200, reasons)


def give_up_unacknowledged(session: DialogUsage, now: float) -> None:
    """No ACK came for our 2xx (13.3.1.4)."""
    session._send_bye(now)
    session._over(now, "no-ack", 408)


def give_up_lost(session: DialogUsage, now: float) -> None:
    """The session expired, or its dialog is gone at the other end; BYE is sent in case it is not (RFC 4028 10)."""
    session._send_bye(now)
    session._over(now, "timeout", 408)


S, I = SessionState, SessionInput  # noqa: E741 - the table reads better
_LATE = (I.RING, I.ACCEPT, I.REJECT, I.CANCEL, I.ACK, I.HANG_UP, I.BYE, I.NO_ACK, I.LOST)
_AFTER_THE_END: SessionMoves = {(S.ENDED, late): (S.ENDED, nothing) for late in _LATE}
CONFIRMED_MOVES: SessionMoves = {
    **_AFTER_THE_END,
    (S.CONFIRMED, I.RING): (S.CONFIRMED, nothing),
    (S.CONFIRMED, I.ACCEPT): (S.CONFIRMED, nothing),
    (S.CONFIRMED, I.REJECT): (S.CONFIRMED, nothing),
    (S.CONFIRMED, I.CANCEL): (S.CONFIRMED, nothing),
    (S.CONFIRMED, I.ACK): (S.CONFIRMED, nothing),
    (S.CONFIRMED, I.HANG_UP): (S.ENDED, hang_up_confirmed),
    (S.CONFIRMED, I.BYE): (S.ENDED, end_by_peer),
    (S.CONFIRMED, I.NO_ACK): (S.ENDED, give_up_unacknowledged),
    (S.CONFIRMED, I.LOST): (S.ENDED, give_up_lost),
}
"""What both kinds of session do once established, and after the end: late verbs and late messages mean nothing."""
