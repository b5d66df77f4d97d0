"""The called side of an INVITE session (RFC 3261 13.3, 9.2, RFC 3262 3), sans-IO; `INCOMING` is its table of moves."""

from auricle.sip import refresh, timers
from auricle.sip.dialog import Dialog
from auricle.sip.events import Confirmed, Reason, Terminated
from auricle.sip.message import Request
from auricle.sip.server_transaction import ServerTransaction
from auricle.sip.session import SDP_TYPE_LINE, Session
from auricle.sip.session_state import Alarm, SessionInput, SessionState
from auricle.sip.usage import CONFIRMED_MOVES, Home, SessionMoves, end_by_peer, give_up_lost, give_up_unacknowledged, nothing

S, I = SessionState, SessionInput  # noqa: E741 - the tables read better


class IncomingSession(Session):
    """An INVITE that reached us. Once `dialog.lead_through` was called with the way back, it is ready for verbs."""

    __slots__ = ("_invite", "_number", "_recorded_lines", "_reliable", "_rseq", "_timer_lines")

    def __init__(self, home: Home, request: Request, invite: ServerTransaction, local_tag: str) -> None:
        super().__init__(home, local_tag, S.ARRIVED)
        self._invite = invite
        self._number = request.cseq.number
        self._recorded_lines = "".join(f"Record-Route: {value}\r\n" for value in request.get_all("record-route"))
        self._reliable = "100rel" in request.require
        """RFC 3262 3: the peer insists on reliable provisionals."""
        self._rseq = 0
        self.dialog = Dialog.of_request(request, local_tag, home.sent_by)
        self._peer_updates = "UPDATE" in (request.get("allow") or "")
        self._terms, self._timer_lines = refresh.terms_as_server(request, home.session_timer_s)
        invite.to_tag = local_tag
        invite.user = self
        self._silent_offer = not request.body
        """The 200 will carry our offer; the answer comes with the ACK."""

    def adopt(self, contact_line: str, edge_routes: tuple[str, ...]) -> None:
        """Say where we are reached and how the peer is: our Contact line, and the Path back through the edge."""
        self.contact_line = contact_line
        self.edge_routes = edge_routes
        if self.dialog is not None:
            self.dialog.lead_through(edge_routes)

    def on_ack(self, request: Request, now: float) -> None:
        """The ACK of a 2xx; the first also stops what may still be repeated before it."""
        self._alarms.pop(Alarm.REPEAT_18X, None)
        super().on_ack(request, now)

    def _on_prack(self, request: Request, tx: ServerTransaction, now: float) -> None:
        if not self._rseq or (request.get("rack") or "").split() != [str(self._rseq), str(self._number), "INVITE"]:
            tx.reply(481, now)
            return
        self._alarms.pop(Alarm.REPEAT_18X, None)
        tx.reply(200, now)
        self._rearm()

    def _repeat_provisional(self, now: float) -> None:
        """RFC 3262 3: doubling without a cap, for 64*T1."""
        if now >= self._give_up_at:
            self._feed(I.NO_PRACK, now)
            return
        self._invite.request_again(now)  # the same bytes as for a repeated INVITE
        self._gap *= 2
        self._alarms[Alarm.REPEAT_18X] = min(now + self._gap, self._give_up_at)


# ---- acts -------------------------------------------------------------------------------------------------


def send_ringing(session: IncomingSession, now: float) -> None:
    """180, reliably where the peer requires it; a second one only where it is not."""
    lines = f"{session._recorded_lines}{session.contact_line}{session._home.capability_lines}"
    if not session._reliable:
        session._invite.reply(180, now, lines)
        return
    if session._rseq:
        return
    session._rseq = 1 + int.from_bytes(session._home.entropy.token(3))
    session._invite.reply(180, now, f"{lines}Require: 100rel\r\nRSeq: {session._rseq}\r\n")
    session._gap = timers.T1
    session._give_up_at = now + timers.TIMEOUT_S
    session._alarms[Alarm.REPEAT_18X] = now + timers.T1
    session._rearm()


def send_success(session: IncomingSession, now: float, sdp: bytes) -> None:
    """200 with the answer, repeated until the ACK."""
    session._alarms.pop(Alarm.REPEAT_18X, None)
    session._local_sdp = sdp
    lines = f"{session._recorded_lines}{session.contact_line}{session._home.capability_lines}{session._timer_lines}{SDP_TYPE_LINE}"
    session._invite.reply(200, now, lines, sdp)
    session._start_session_timer(now)
    session._await_ack(session._invite, session._number, now)
    session._rearm()


def send_refusal(session: IncomingSession, now: float, status: int, reason: str, lines: str) -> None:
    """A final non-2xx of our choice."""
    session._invite.reply(status, now, lines, reason=reason)
    session._over(now, "local", status)
    session._home.forget(session)


def decline(session: IncomingSession, now: float) -> None:
    """Our hang-up before any answer."""
    send_refusal(session, now, 603, "", "")


def cancelled(session: IncomingSession, now: float, reasons: tuple[Reason, ...]) -> None:
    """The peer's CANCEL (9.2)."""
    session._invite.reply(487, now)
    session._over(now, "cancelled", 487, reasons)
    session._home.forget(session)


def bye_before_answer(session: IncomingSession, now: float, reasons: tuple[Reason, ...]) -> None:
    """A BYE in the early dialog ends it (15)."""
    session._invite.reply(487, now)
    session._over(now, "peer-bye", 487, reasons)


def no_prack(session: IncomingSession, now: float) -> None:
    """The reliable provisional was never acknowledged (RFC 3262 3)."""
    session._invite.reply(504, now)
    session._over(now, "timeout", 504)
    session._home.forget(session)


def confirm(session: IncomingSession, now: float) -> None:
    """The first ACK."""
    session._say(Confirmed())


def leave(session: IncomingSession, now: float) -> None:
    """We hang up while the ACK is awaited: BYE must wait for it (15)."""
    session._say(Terminated("local", (), 200))


def bye_after_all(session: IncomingSession, now: float, *_: object) -> None:
    """The ACK came, or did not in 32 s: now the BYE that waited."""
    session._send_bye(now)
    session._drop(now)


def left_by_both(session: IncomingSession, now: float, *_: object) -> None:
    """The peer's BYE came before ours could go out."""
    session._drop(now)


INCOMING: SessionMoves = CONFIRMED_MOVES | {
    (S.ARRIVED, I.RING): (S.ARRIVED, send_ringing),
    (S.ARRIVED, I.ACCEPT): (S.ACCEPTED, send_success),
    (S.ARRIVED, I.REJECT): (S.ENDED, send_refusal),
    (S.ARRIVED, I.HANG_UP): (S.ENDED, decline),
    (S.ARRIVED, I.CANCEL): (S.ENDED, cancelled),
    (S.ARRIVED, I.BYE): (S.ENDED, bye_before_answer),
    (S.ARRIVED, I.NO_PRACK): (S.ENDED, no_prack),
    (S.ACCEPTED, I.RING): (S.ACCEPTED, nothing),
    (S.ACCEPTED, I.ACCEPT): (S.ACCEPTED, nothing),
    (S.ACCEPTED, I.REJECT): (S.ACCEPTED, nothing),
    (S.ACCEPTED, I.HANG_UP): (S.LEAVING, leave),
    (S.ACCEPTED, I.CANCEL): (S.ACCEPTED, nothing),
    (S.ACCEPTED, I.ACK): (S.CONFIRMED, confirm),
    (S.ACCEPTED, I.BYE): (S.ENDED, end_by_peer),
    (S.ACCEPTED, I.NO_ACK): (S.ENDED, give_up_unacknowledged),
    (S.ACCEPTED, I.LOST): (S.ENDED, give_up_lost),
    (S.LEAVING, I.RING): (S.LEAVING, nothing),
    (S.LEAVING, I.ACCEPT): (S.LEAVING, nothing),
    (S.LEAVING, I.REJECT): (S.LEAVING, nothing),
    (S.LEAVING, I.HANG_UP): (S.LEAVING, nothing),
    (S.LEAVING, I.CANCEL): (S.LEAVING, nothing),
    (S.LEAVING, I.ACK): (S.ENDED, bye_after_all),
    (S.LEAVING, I.BYE): (S.ENDED, left_by_both),
    (S.LEAVING, I.NO_ACK): (S.ENDED, bye_after_all),
    (S.LEAVING, I.LOST): (S.ENDED, bye_after_all),
    (S.ENDED, I.NO_PRACK): (S.ENDED, nothing),
}
IncomingSession.MOVES = INCOMING
IncomingSession.ALARMS = Session.ALARMS | {Alarm.REPEAT_18X: IncomingSession._repeat_provisional}
IncomingSession.REQUESTS = Session.REQUESTS | {"PRACK": IncomingSession._on_prack}
