"""The calling side of an INVITE session (RFC 3261 13.2, 9.1, RFC 3262 4), sans-IO; `OUTGOING` is its table of moves.

Each To tag is a dialog of its own; the first 2xx wins, and every further one is ACKed and ended in its own dialog (case SIP-e115).
"""

from dataclasses import dataclass
from typing import ClassVar

from auricle.sip import refresh, timers
from auricle.sip.client_transaction import ClientTransaction
from auricle.sip.dialog import FIRST_CSEQ, Dialog
from auricle.sip.errors import SipParseError
from auricle.sip.events import Accepted, Progress, Redirected, Rejected, Terminated, Trying
from auricle.sip.lines import header_lines, tag_of
from auricle.sip.message import Request, Response
from auricle.sip.server_transaction import ServerTransaction
from auricle.sip.session import SDP_TYPE_LINE, Session
from auricle.sip.session_state import Alarm, SessionInput, SessionState
from auricle.sip.usage import CONFIRMED_MOVES, Home, SessionMoves, nothing

S, I = SessionState, SessionInput  # noqa: E741 - the tables read better
MAX_RETRY_AFTER_S = 86_400  # a longer one is as good as none to a call


@dataclass(frozen=True, slots=True)
class Invitation:
    """What an outgoing INVITE says. `sender` is From without its tag; `lines` are further whole header lines; routes lead to the edge."""

    uri: str
    routes: tuple[str, ...]
    sender: str
    lines: str
    max_forwards: int
    offer: bytes


class OutgoingSession(Session):
    """An INVITE of ours."""

    OWNS_CALL_ID: ClassVar[bool] = True

    __slots__ = ("_early", "_invitation", "_invite", "_local", "_number", "_timer_s", "_tried", "call_id")

    def __init__(self, home: Home, invitation: Invitation, local_tag: str, call_id: str, contact_line: str) -> None:
        super().__init__(home, local_tag, S.CALLING)
        self._invitation = invitation
        self._local = f"{invitation.sender};tag={local_tag}"
        self._local_sdp = invitation.offer
        self._number = FIRST_CSEQ - 1
        self._timer_s = home.session_timer_s
        self._invite: ClientTransaction | None = None
        self._early: dict[str, EarlyDialog] | None = None
        self._tried = False
        self.call_id = call_id
        self.contact_line = contact_line
        self.edge_routes = invitation.routes[:1]

    def start(self, now: float) -> None:
        """Send the INVITE, or send it again with a longer session interval after a 422 (RFC 4028 7.3)."""
        told, home = self._invitation, self._home
        self._number += 1
        branch = home.transactions.branch()
        routes = "".join(f"Route: {value}\r\n" for value in told.routes)
        text = (
            f"INVITE {told.uri} SIP/2.0\r\nVia: SIP/2.0/UDP {home.sent_by};branch={branch}\r\n{routes}Max-Forwards: {told.max_forwards}\r\n"
            f"From: {self._local}\r\nTo: <{told.uri}>\r\nCall-ID: {self.call_id}\r\nCSeq: {self._number} INVITE\r\n"
            f"{self.contact_line}{home.capability_lines}Session-Expires: {self._timer_s}\r\nMin-SE: {refresh.MIN_SE_S}\r\n{told.lines}"
            f"{SDP_TYPE_LINE}Content-Length: {len(told.offer)}\r\n\r\n"
        )
        data = text.encode("utf-8", "surrogateescape") + told.offer
        self._invite = home.transactions.request(data, branch, self, now, invite=True)

    # ---- messages in -----------------------------------------------------------------------------------

    def on_response(self, tx: ClientTransaction, response: Response, now: float) -> None:
        """A response to the INVITE, or to a request in the dialog."""
        if tx is not self._invite:
            super().on_response(tx, response, now)
            return
        status = response.status
        if status < 200:
            self._feed(I.PROVISIONAL, now, response)
        elif status < 300:
            usable = self.state not in _WAITING or self._answer_in(response)
            self._feed(I.SUCCESS if usable else I.NO_ANSWER, now, response)
        elif status == 422 and self.state in _WAITING and self._timer_s < refresh.least_of(response):
            self._timer_s = refresh.least_of(response)
            self.start(now)
        else:
            self._feed(I.FAILURE, now, response)
        self._rearm()

    def on_timeout(self, tx: ClientTransaction, now: float) -> None:
        """Nobody answered."""
        if tx is self._invite:
            self._feed(I.TIMEOUT, now)
        else:
            super().on_timeout(tx, now)

    def on_request(self, request: Request, tx: ServerTransaction, now: float) -> None:
        """A request with our tag in To; before the 2xx only an UPDATE can be meant for an early dialog (RFC 3311 5.2)."""
        if self.dialog is None and request.method != "UPDATE":
            tx.reply(481, now)
        else:
            super().on_request(request, tx, now)

    def _dialog_of(self, request: Request) -> Dialog | None:
        if self.dialog is not None or self._early is None or request.call_id != self.call_id:
            return super()._dialog_of(request)
        early = self._early.get(tag_of(request, "from"))
        return self._dialog_from(early.response) if early is not None else None

    def _cancel_limit(self, now: float) -> None:
        self._feed(I.LOST, now)

    # ---- dialogs ---------------------------------------------------------------------------------------

    def _answer_in(self, response: Response) -> bytes:
        """The answer a 2xx brings, or the one that came before it in a provisional of the same dialog."""
        if response.body:
            return response.body if response.content_type == "application/sdp" else b""
        early = self._early.get(tag_of(response, "to")) if self._early is not None else None
        return early.sdp if early is not None else b""

    def _dialog_from(self, response: Response) -> Dialog:
        dialog = Dialog.of_response(response, self._local, self.local_tag, self._home.sent_by, self._number)
        dialog.target = dialog.target or self._invitation.uri
        dialog.lead_through(self.edge_routes)
        early = self._early.get(dialog.remote_tag) if self._early is not None else None
        if early is not None:
            dialog.local_seq = max(dialog.local_seq, early.local_seq)
        return dialog

    def _enter(self, response: Response) -> None:
        """Make the dialog of the 2xx that won and acknowledge it."""
        self.dialog = self._dialog_from(response)
        self._early = None
        self._acknowledge(response, self.dialog)

    def _early_of(self, response: Response) -> "EarlyDialog":
        if self._early is None:
            self._early = {}
        tag = tag_of(response, "to")
        early = self._early.get(tag)
        if early is None:
            early = self._early[tag] = EarlyDialog(response)
        return early

    def _send_prack(self, early: "EarlyDialog", response: Response, rseq: int, now: float) -> None:
        dialog = self._dialog_from(response)
        branch = self._home.transactions.branch()
        number = dialog.next_seq()
        early.local_seq = number
        data = dialog.request("PRACK", branch, number, f"RAck: {rseq} {response.cseq.number} INVITE\r\n")
        self._home.transactions.request(data, branch, self, now)


class EarlyDialog:
    """What is known of one To tag before its 2xx."""

    __slots__ = ("local_seq", "response", "rseq", "sdp")

    def __init__(self, response: Response) -> None:
        self.response = response
        self.rseq = 0
        self.local_seq = 0
        self.sdp = b""

    def takes(self, rseq: int) -> bool:
        """Whether this reliable provisional is the next one (RFC 3262 4: in order, repeats dropped)."""
        if self.rseq and rseq != self.rseq + 1:
            return False
        self.rseq = rseq
        return True


_WAITING = frozenset({S.CALLING, S.PROCEEDING})


# ---- acts ---------------------------------------------------------------------------------------------------


def note_progress(session: OutgoingSession, now: float, response: Response) -> None:
    """A provisional while we still want the call."""
    if response.status == 100:
        if not session._tried:
            session._tried = True
            session._say(Trying())
        return
    early = session._early_of(response)
    if "100rel" in response.require:
        rseq = response.get("rseq") or ""
        if not (rseq.isascii() and rseq.isdigit()) or not early.takes(int(rseq)):
            return
        session._send_prack(early, response, int(rseq), now)
    if response.body and response.content_type == "application/sdp":
        early.sdp = response.body
    session._say(Progress(response.status, response.body or None))


def take_answer(session: OutgoingSession, now: float, response: Response) -> None:
    """The first 2xx: its dialog is the session's."""
    answer = session._answer_in(response)
    session._enter(response)
    session._peer_updates = "UPDATE" in (response.get("allow") or "")
    session._terms = refresh.terms_as_client(response)
    session._start_session_timer(now)
    session._say(Accepted(answer))


def take_empty_success(session: OutgoingSession, now: float, response: Response) -> None:
    """A 2xx that does not answer our offer: there can be no media (13.2.1)."""
    session._enter(response)
    session._send_bye(now)
    session._over(now, "error", 488)


def leave_crossed_success(session: OutgoingSession, now: float, response: Response) -> None:
    """The 2xx crossed our hang-up: ACK, then BYE, and no Accepted (case SIP-7f5c)."""
    session._alarms.clear()
    session._enter(response)
    session._send_bye(now)
    session._drop(now)


def take_further_success(session: OutgoingSession, now: float, response: Response) -> None:
    """A repeat is ACKed again; another To tag is another dialog, which is ACKed and ended (cases SIP-565d, SIP-e115)."""
    if session._ack_again(response):
        return
    other = session._dialog_from(response)
    session._acknowledge(response, other)
    session._send_bye(now, other)


def report_failure(session: OutgoingSession, now: float, response: Response) -> None:
    """A final non-2xx."""
    if response.status < 400:
        session._say(Redirected(_targets(response)))
    else:
        session._say(Rejected(response.status, response.reason, _retry_after(response)))
    quiet_end(session, now)


def report_timeout(session: OutgoingSession, now: float) -> None:
    """Timer B: as if a 408 had come (8.1.3.1)."""
    session._say(Rejected(408, "Request Timeout", None))
    quiet_end(session, now)


def await_provisional(session: OutgoingSession, now: float) -> None:
    """We hang up before anybody answered at all: CANCEL must wait (9.1)."""
    session._say(Terminated("local", (), 487))


def cancel(session: OutgoingSession, now: float) -> None:
    """We hang up while it rings."""
    session._say(Terminated("local", (), 487))
    send_cancel(session, now)


def send_cancel(session: OutgoingSession, now: float, *_: object) -> None:
    """CANCEL with its Reasons (case PBX-3e69); the final response is awaited for 64*T1."""
    lines = header_lines(("Reason", str(reason)) for reason in session._reasons)
    if session._invite is not None:
        session._home.transactions.cancel(session._invite, lines, session, now)
    session._alarms[Alarm.CANCEL_LIMIT] = now + timers.TIMEOUT_S
    session._rearm()


def quiet_end(session: OutgoingSession, now: float, *_: object) -> None:
    """It is over and everybody knows."""
    session._drop(now)
    session._home.forget(session)


def abandon(session: OutgoingSession, now: float) -> None:
    """No final response came after the CANCEL (9.1)."""
    if session._invite is not None:
        session._invite.abandon(now)
    quiet_end(session, now)


OUTGOING: SessionMoves = CONFIRMED_MOVES | {
    (S.CALLING, I.PROVISIONAL): (S.PROCEEDING, note_progress),
    (S.CALLING, I.SUCCESS): (S.CONFIRMED, take_answer),
    (S.CALLING, I.NO_ANSWER): (S.ENDED, take_empty_success),
    (S.CALLING, I.FAILURE): (S.ENDED, report_failure),
    (S.CALLING, I.TIMEOUT): (S.ENDED, report_timeout),
    (S.CALLING, I.HANG_UP): (S.GIVEN_UP, await_provisional),
    (S.PROCEEDING, I.PROVISIONAL): (S.PROCEEDING, note_progress),
    (S.PROCEEDING, I.SUCCESS): (S.CONFIRMED, take_answer),
    (S.PROCEEDING, I.NO_ANSWER): (S.ENDED, take_empty_success),
    (S.PROCEEDING, I.FAILURE): (S.ENDED, report_failure),
    (S.PROCEEDING, I.TIMEOUT): (S.ENDED, report_timeout),
    (S.PROCEEDING, I.HANG_UP): (S.CANCELLED, cancel),
    (S.GIVEN_UP, I.PROVISIONAL): (S.CANCELLED, send_cancel),
    (S.GIVEN_UP, I.SUCCESS): (S.ENDED, leave_crossed_success),
    (S.GIVEN_UP, I.FAILURE): (S.ENDED, quiet_end),
    (S.GIVEN_UP, I.TIMEOUT): (S.ENDED, quiet_end),
    (S.GIVEN_UP, I.HANG_UP): (S.GIVEN_UP, nothing),
    (S.CANCELLED, I.PROVISIONAL): (S.CANCELLED, nothing),
    (S.CANCELLED, I.SUCCESS): (S.ENDED, leave_crossed_success),
    (S.CANCELLED, I.FAILURE): (S.ENDED, quiet_end),
    (S.CANCELLED, I.TIMEOUT): (S.ENDED, quiet_end),
    (S.CANCELLED, I.HANG_UP): (S.CANCELLED, nothing),
    (S.CANCELLED, I.LOST): (S.ENDED, abandon),
    (S.CONFIRMED, I.SUCCESS): (S.CONFIRMED, take_further_success),
    (S.ENDED, I.SUCCESS): (S.ENDED, take_further_success),
}
OutgoingSession.MOVES = OUTGOING
OutgoingSession.ALARMS = Session.ALARMS | {Alarm.CANCEL_LIMIT: OutgoingSession._cancel_limit}


def _targets(response: Response) -> tuple[str, ...]:
    """The Contact URIs of a redirection, the most wanted first (RFC 3261 20.10)."""
    try:
        contacts = sorted(response.contacts, key=lambda contact: -_wanted(contact.params.get("q")))
    except SipParseError:
        return ()
    return tuple(str(contact.uri) for contact in contacts)


def _wanted(q: str | None) -> float:
    try:
        return min(1.0, max(0.0, float(q))) if q else 1.0
    except ValueError:
        return 0.0


def _retry_after(response: Response) -> int | None:
    seconds = (response.get("retry-after") or "").partition(";")[0].partition("(")[0].strip()
    return min(int(seconds), MAX_RETRY_AFTER_S) if seconds.isascii() and seconds.isdigit() else None
