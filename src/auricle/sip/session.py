"""What incoming and outgoing INVITE sessions share once there is a dialog (RFC 3261 12-15, RFC 3311, RFC 4028), sans-IO.

Requests, responses, verbs and time go in; messages and `SessionEvent`s go into the outbox. The moves of each kind of session stand as a
table in `incoming.py` and `outgoing.py`. Leaves out: offers of our own beyond the first (we refresh with what was agreed), Replaces, REFER.
"""

from collections.abc import Sequence
from typing import ClassVar

from auricle.sip import refresh
from auricle.sip.client_transaction import ClientTransaction
from auricle.sip.events import (
    Accepted,
    Cause,
    Confirmed,
    Info,
    Offered,
    Progress,
    Reason,
    Redirected,
    Rejected,
    SessionEvent,
    Terminated,
    Trying,
)
from auricle.sip.lines import header_lines, one_line
from auricle.sip.message import Request, Response
from auricle.sip.server_transaction import ServerTransaction
from auricle.sip.session_state import Alarm, SessionInput, SessionState
from auricle.sip.usage import Act, DialogUsage, Home

__all__ = [
    "Accepted",
    "Cause",
    "Confirmed",
    "Info",
    "Offered",
    "Progress",
    "Reason",
    "Redirected",
    "Rejected",
    "Session",
    "SessionEvent",
    "Terminated",
    "Trying",
]

DTMF_TYPES = frozenset({"application/dtmf-relay", "application/dtmf"})
SDP_TYPE_LINE = "Content-Type: application/sdp\r\n"
GLARE_STEP_S = 0.01  # RFC 3261 14.1: delays are multiples of 10 ms
MAX_RETRY_AFTER_S = 10
_ESTABLISHED = frozenset({SessionState.ACCEPTED, SessionState.CONFIRMED})


class Session(DialogUsage):
    """One INVITE session: verbs in, words out."""

    OWNS_CALL_ID: ClassVar[bool] = False
    REQUESTS: ClassVar[dict[str, Act]]

    __slots__ = ("_local_sdp", "_offer", "_own", "_peer_updates", "_silent_offer", "_terms", "contact_line", "edge_routes")

    def __init__(self, home: Home, local_tag: str, state: SessionState) -> None:
        super().__init__(home, local_tag, state)
        self.contact_line = ""
        self.edge_routes: tuple[str, ...] = ()
        self._local_sdp = b""
        self._offer: tuple[ServerTransaction, Request] | None = None
        """The peer's re-INVITE or UPDATE that waits for our answer."""
        self._silent_offer = False
        """The listener is asked about SDP that came as an answer in an ACK: nothing goes back on the wire."""
        self._own = False
        """A refresh of ours waits for its response."""
        self._terms: refresh.Terms | None = None
        self._peer_updates = False

    # ---- verbs -------------------------------------------------------------------------------------

    def ring(self, now: float) -> None:
        """Send 180 (incoming only)."""
        self._feed(SessionInput.RING, now)

    def accept(self, sdp: bytes, now: float) -> None:
        """Send 200 with this answer and repeat it until the ACK (incoming only)."""
        self._feed(SessionInput.ACCEPT, now, sdp)

    def reject(self, status: int, reason: str, headers: Sequence[tuple[str, str]], now: float) -> None:
        """Send a final non-2xx (incoming, before accept)."""
        self._feed(SessionInput.REJECT, now, status, one_line(reason), header_lines(headers))

    def answer_offer(self, sdp: bytes, now: float) -> None:
        """Answer the peer's re-INVITE or UPDATE. Nothing happens when it is no longer open (the session may have ended meanwhile)."""
        self._silent_offer = False
        if self._offer is None or self.dialog is None:
            return
        (tx, request), self._offer = self._offer, None
        self.dialog.refresh_target(request)
        self._local_sdp = sdp
        self._agree(tx, request, sdp, now)

    def refuse_offer(self, status: int, headers: Sequence[tuple[str, str]], now: float) -> None:
        """Refuse the peer's re-INVITE or UPDATE; the session stays as it was (14.2)."""
        if self._silent_offer:  # it was the answer in an ACK: there is nothing left to refuse but the call (13.2.2.4)
            self._silent_offer = False
            self._feed(SessionInput.HANG_UP, now)
        elif self._offer is not None:
            (tx, _), self._offer = self._offer, None
            tx.reply(status, now, header_lines(headers))

    # ---- requests in the dialog ----------------------------------------------------------------------

    def on_request(self, request: Request, tx: ServerTransaction, now: float) -> None:
        """A request other than ACK and CANCEL with our tag in To."""
        dialog = self._dialog_of(request)
        if dialog is None or (self.state is SessionState.ENDED and request.method != "BYE"):
            tx.reply(481, now)
        elif request.cseq.number < dialog.remote_seq:
            tx.reply(500, now)  # 12.2.2: out of order
        else:
            dialog.remote_seq = request.cseq.number
            self.REQUESTS[request.method](self, request, tx, now)

    def on_ack(self, request: Request, now: float) -> None:
        """The ACK of a 2xx of ours; one whose number fits no open 2xx is a repeat."""
        if self._success is None or self._success[1] != request.cseq.number or self._dialog_of(request) is None:
            return
        self._success = None
        self._alarms.pop(Alarm.REPEAT_2XX, None)
        self._feed(SessionInput.ACK, now)
        if request.body and self._silent_offer and self.state is SessionState.CONFIRMED:
            self._say(Offered(request.body))
        else:
            self._silent_offer = False
        self._rearm()

    def on_cancel(self, request: Request, now: float) -> None:
        """A CANCEL for an INVITE of this session; it has been answered 200. After our 2xx it changes nothing (9.2)."""
        if self._offer is not None and self._offer[1].method == "INVITE" and self._offer[1].cseq.number == request.cseq.number:
            (tx, _), self._offer = self._offer, None
            tx.reply(487, now)
        else:
            self._feed(SessionInput.CANCEL, now, tuple(request.reasons))

    def _on_bye(self, request: Request, tx: ServerTransaction, now: float) -> None:
        tx.reply(200, now)
        self._feed(SessionInput.BYE, now, tuple(request.reasons))
        self._home.forget(self)

    def _on_info(self, request: Request, tx: ServerTransaction, now: float) -> None:
        kind = request.content_type
        if kind is None or not request.body:
            tx.reply(200, now)
        elif kind in DTMF_TYPES:
            tx.reply(200, now)
            self._say(Info(kind, request.body))
        else:
            tx.reply(415, now, f"Accept: {', '.join(sorted(DTMF_TYPES))}\r\n")

    def _on_options(self, request: Request, tx: ServerTransaction, now: float) -> None:
        tx.reply(200, now, f"{self._home.capability_lines}Accept: application/sdp\r\n")

    def _on_prack(self, request: Request, tx: ServerTransaction, now: float) -> None:
        tx.reply(481, now)  # RFC 3262 3: no reliable provisional waits for it

    def _on_reinvite(self, request: Request, tx: ServerTransaction, now: float) -> None:
        tx.user = self
        if self._open_for_offer(tx, now):
            self._take_offer(request, tx, now)

    def _on_update(self, request: Request, tx: ServerTransaction, now: float) -> None:
        if not request.body:  # RFC 3311 5.2 with RFC 4028: a refresh of target and timer
            if self.dialog is not None:
                self.dialog.refresh_target(request)
            self._agree(tx, request, b"", now)
        elif self._open_for_offer(tx, now):
            self._take_offer(request, tx, now)

    def _open_for_offer(self, tx: ServerTransaction, now: float) -> bool:
        """Answer a colliding offer (RFC 3261 14.2, RFC 3311 5.2, RFC 5407 3.1.4); True when none is open."""
        if self._offer is not None or self._silent_offer or self.state is SessionState.ARRIVED:
            delay = self._home.entropy.token(1)[0] % (MAX_RETRY_AFTER_S + 1)
            tx.reply(500, now, f"Retry-After: {delay}\r\n")
            return False
        if self._own or self._success is not None or self.state is not SessionState.CONFIRMED:
            tx.reply(491, now)
            return False
        return True

    def _take_offer(self, request: Request, tx: ServerTransaction, now: float) -> None:
        if request.body and request.content_type != "application/sdp":
            tx.reply(415, now, "Accept: application/sdp\r\n")
            return
        try:
            refresh.terms_as_server(request, self._home.session_timer_s)
        except (refresh.IntervalTooSmall, refresh.BadInterval) as error:
            tx.reply(error.sip_status, now, f"Min-SE: {refresh.MIN_SE_S}\r\n" if error.sip_status == 422 else "")
            return
        if request.body:
            if request.method == "INVITE":
                tx.reply(100, now)  # the answer needs the media plane first
            self._offer = tx, request
            self._say(Offered(request.body))
            return
        if self.dialog is not None:
            self.dialog.refresh_target(request)
        self._silent_offer = True  # 14.2: without an offer, ours goes into the 2xx and the answer comes with the ACK
        self._agree(tx, request, self._local_sdp, now)

    def _agree(self, tx: ServerTransaction, request: Request, sdp: bytes, now: float) -> None:
        """Answer 200 to a re-INVITE or UPDATE, or to the INVITE itself, with the session timer that follows from it."""
        try:
            self._terms, timer_lines = refresh.terms_as_server(request, self._home.session_timer_s)
        except (refresh.IntervalTooSmall, refresh.BadInterval) as error:
            tx.reply(error.sip_status, now, f"Min-SE: {refresh.MIN_SE_S}\r\n" if error.sip_status == 422 else "")
            return
        sdp_line = SDP_TYPE_LINE if sdp else ""
        tx.reply(200, now, f"{self.contact_line}{self._home.capability_lines}{timer_lines}{sdp_line}", sdp)
        self._start_session_timer(now)
        if request.method == "INVITE":
            self._await_ack(tx, request.cseq.number, now)
        self._rearm()

    # ---- session timer ---------------------------------------------------------------------------------

    def _start_session_timer(self, now: float) -> None:
        terms = self._terms
        self._alarms.pop(Alarm.REFRESH, None)
        if terms is None or self.state not in _ESTABLISHED:
            self._alarms.pop(Alarm.EXPIRE, None)
            return
        if terms.ours:
            self._alarms[Alarm.REFRESH] = now + terms.refresh_after_s
        self._alarms[Alarm.EXPIRE] = now + terms.give_up_after_s

    def _refresh(self, now: float) -> None:
        """Send UPDATE where the peer knows it, else re-INVITE with what was agreed (RFC 4028 7.4, 10)."""
        dialog, terms = self.dialog, self._terms
        if dialog is None or terms is None or self.state is not SessionState.CONFIRMED:
            return
        if self._own or self._offer is not None or self._success is not None:
            self._alarms[Alarm.REFRESH] = now + 1.0
            return
        self._own = True
        method = "UPDATE" if self._peer_updates else "INVITE"
        sdp = b"" if self._peer_updates else self._local_sdp
        lines = (
            f"{self.contact_line}{self._home.capability_lines}Session-Expires: {terms.interval_s};refresher=uac\r\n"
            f"Min-SE: {refresh.MIN_SE_S}\r\n{SDP_TYPE_LINE if sdp else ''}"
        )
        branch = self._home.transactions.branch()
        data = dialog.request(method, branch, dialog.next_seq(), lines, sdp)
        self._home.transactions.request(data, branch, self, now, invite=method == "INVITE")

    # ---- responses ---------------------------------------------------------------------------------------

    def on_response(self, tx: ClientTransaction, response: Response, now: float) -> None:
        """A response to a request of ours in the dialog."""
        if response.status < 200:
            return
        method = response.cseq.method
        if method == "BYE":
            self._forget_ended()
        elif method in ("INVITE", "UPDATE"):
            if method == "INVITE" and response.status < 300 and self.dialog is not None and not self._ack_again(response):
                self._acknowledge(response, self.dialog)
            if self._own:
                self._own = False
                self._on_refreshed(response, method, now)
                self._rearm()

    def on_timeout(self, tx: ClientTransaction, now: float) -> None:
        """Nobody answered a request of ours in the dialog."""
        if tx.method == "BYE":
            self._forget_ended()
        elif self._own:
            self._own = False
            self._feed(SessionInput.LOST, now)

    def _on_refreshed(self, response: Response, method: str, now: float) -> None:
        status = response.status
        if status < 300:
            if self.dialog is not None:
                self.dialog.refresh_target(response)
            self._terms = refresh.terms_as_client(response) or self._terms
            self._start_session_timer(now)
        elif status in (408, 481):  # 12.2.1.2: the dialog is gone
            self._feed(SessionInput.LOST, now)
        elif status == 491:
            self._alarms[Alarm.REFRESH] = now + self._glare_delay()
        elif status == 422 and self._terms is not None:
            self._terms = refresh.Terms(max(refresh.least_of(response), self._terms.interval_s), ours=True)
            self._refresh(now)
        elif method == "UPDATE" and status in (405, 420, 501):
            self._peer_updates = False
            self._refresh(now)
        # anything else: the session goes on until it expires (RFC 4028 10)

    def _glare_delay(self) -> float:
        """14.1: the owner of the Call-ID waits 2.1 to 4 s, the other 0 to 2 s, in steps of 10 ms."""
        chance = int.from_bytes(self._home.entropy.token(2))
        return (210 + chance % 191) * GLARE_STEP_S if self.OWNS_CALL_ID else chance % 201 * GLARE_STEP_S

    def _drop(self, now: float) -> None:
        if self._offer is not None:
            (tx, _), self._offer = self._offer, None
            tx.reply(487, now)  # 15.1.2: pending requests of the peer are still answered
        self._local_sdp = b""
        super()._drop(now)

    def _expire(self, now: float) -> None:
        self._feed(SessionInput.LOST, now)


Session.ALARMS = {
    Alarm.REPEAT_2XX: Session._repeat_success,
    Alarm.REFRESH: Session._refresh,
    Alarm.EXPIRE: Session._expire,
}
Session.REQUESTS = {
    "BYE": Session._on_bye,
    "INFO": Session._on_info,
    "INVITE": Session._on_reinvite,
    "OPTIONS": Session._on_options,
    "PRACK": Session._on_prack,
    "UPDATE": Session._on_update,
}
