"""The user agent (RFC 3261 8): validates what comes in, finds its transaction and its session, and starts new ones. Sans-IO.

Feed it messages with `receive` and time with `on_time`; take `outbox.messages` and `outbox.words` after each. New calls and requests
outside a dialog come out as `NewCall` and `NewRequest` words.
"""

from collections.abc import Callable
from dataclasses import dataclass

from auricle.kernel.time import Entropy
from auricle.sip.effects import EDGE, Outbox, Path
from auricle.sip.errors import SipParseError
from auricle.sip.events import SessionEvent
from auricle.sip.incoming import IncomingSession
from auricle.sip.layer import Transactions, response_head
from auricle.sip.lines import contact_uri, tag_of
from auricle.sip.message import Request, Response
from auricle.sip.outgoing import Invitation, OutgoingSession
from auricle.sip.refresh import MIN_SE_S, BadInterval, IntervalTooSmall
from auricle.sip.server_transaction import ServerTransaction
from auricle.sip.session import Session
from auricle.sip.timers import Wheel
from auricle.sip.usage import DialogUsage

ALLOWED = ("INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "PRACK", "UPDATE", "INFO", "REGISTER")
KNOWN_BUT_NOT_TAKEN = frozenset({"REFER", "SUBSCRIBE", "NOTIFY", "MESSAGE", "PUBLISH"})
IN_DIALOG = frozenset({"BYE", "INFO", "INVITE", "OPTIONS", "PRACK", "UPDATE"})
EXTENSIONS = frozenset({"100rel", "timer"})
EXTENSIONS_OF_REGISTER = EXTENSIONS | {"path", "outbound", "gruu"}
ALLOW_LINE = f"Allow: {', '.join(ALLOWED)}\r\n"
CAPABILITY_LINES = f"{ALLOW_LINE}Supported: 100rel, timer\r\n"
ACCEPT_LINE = "Accept: application/sdp\r\n"
TAG_BYTES = 10  # 80 bits: RFC 3261 19.3 asks for 32, and our tag alone finds the dialog


@dataclass(frozen=True, slots=True)
class NewCall:
    """A new INVITE; 100 has been sent. Prepare the session (`adopt`), then use its verbs."""

    session: IncomingSession
    request: Request


@dataclass(frozen=True, slots=True)
class NewRequest:
    """A request outside a dialog that is not ours to answer (REGISTER). Answer it through `tx.reply`."""

    tx: ServerTransaction
    request: Request


Word = SessionEvent | NewCall | NewRequest


class UserAgent:
    """One user agent behind one edge. `sent_by` is host:port of our socket, `source` the edge's address."""

    def __init__(self, sent_by: str, source: tuple[str, int], entropy: Entropy, session_timer_s: int = 1800) -> None:
        self.capability_lines = CAPABILITY_LINES
        self.sent_by = sent_by
        self.entropy = entropy
        self.session_timer_s = session_timer_s
        self.outbox: Outbox[tuple[DialogUsage | None, Word]] = Outbox()
        self.wheel = Wheel()
        self.transactions = Transactions(self.outbox.messages, self.wheel, entropy.token(5).hex())
        self._source = source
        self._sessions: dict[str, Session] = {}

    # ---- in ------------------------------------------------------------------------------------------

    def receive(self, message: Request | Response, now: float, path: Path = EDGE) -> None:
        """A message from the edge. `now` is seconds, monotonic.

        Raises SipParseError for a header that cannot be read, after answering 400 where that can be routed.
        """
        if isinstance(message, Response):
            tag_of(message, "to")  # must be readable before any state changes
            self.transactions.receive_response(message, now)
            return
        self._receive_request(message, now, path)

    def refuse_malformed(self, request: Request, path: Path = EDGE) -> None:
        """Answer 400 without keeping state."""
        if request.method != "ACK":
            text = f"SIP/2.0 400 Bad Request\r\n{response_head(request, self._source)}\r\nContent-Length: 0\r\n\r\n"
            self.transactions.send(path, text.encode("utf-8", "surrogateescape"))

    def on_time(self, now: float) -> None:
        """Fire what is due."""
        for sleeper in self.wheel.due(now):
            sleeper.on_timer(now)

    def invite(self, invitation: Invitation, contact_line: str, now: float) -> OutgoingSession:
        """Send an INVITE."""
        tag = self._tag()
        session = OutgoingSession(self, invitation, tag, self.entropy.token(16).hex(), contact_line)
        self._sessions[tag] = session
        session.start(now)
        return session

    def say(self, session: DialogUsage, word: SessionEvent) -> None:
        """Put a session's word behind what was decided before it."""
        self.outbox.words.append((session, word))

    def forget(self, session: DialogUsage) -> None:
        """Drop a session that expects nothing more."""
        self._sessions.pop(session.local_tag, None)

    @property
    def sessions(self) -> int:
        """How many sessions are alive or on their way out."""
        return len(self._sessions)

    # ---- requests ------------------------------------------------------------------------------------

    def _receive_request(self, request: Request, now: float, path: Path) -> None:
        key, tx = self.transactions.find_server(request)
        method = request.method
        if method == "ACK":
            self._on_ack(request, tx, now)
        elif tx is not None:
            tx.request_again(now)
        else:
            tx = self.transactions.serve(request, key, path, self._source)
            try:
                self._on_first_time(request, tx, now)
            except SipParseError:
                tx.reply(400, now)
                raise

    def _on_first_time(self, request: Request, tx: ServerTransaction, now: float) -> None:
        to_tag = tag_of(request, "to")
        tag_of(request, "from")
        if request.cseq.method != request.method:
            raise SipParseError("CSeq of another method")
        if request.method == "CANCEL":
            self._on_cancel(request, tx, now)
        elif to_tag:
            self._in_dialog(request, tx, to_tag, now)
        else:
            tx.to_tag = self._tag()
            request.via, request.from_, request.to  # noqa: B018 - all must be readable, or 400
            self._outside(request, tx, now)

    def _on_ack(self, request: Request, tx: ServerTransaction | None, now: float) -> None:
        if tx is not None:
            tx.acknowledge(request, now)
            return
        session = self._sessions.get(tag_of(request, "to"))
        if session is not None:
            session.on_ack(request, now)

    def _on_cancel(self, request: Request, tx: ServerTransaction, now: float) -> None:
        invite = self.transactions.invite_of(request)
        if invite is None:
            tx.to_tag = "" if tag_of(request, "to") else self._tag()
            tx.reply(481, now)
            return
        tx.to_tag = invite.to_tag
        tx.reply(200, now)
        if invite.user is not None:
            invite.user.on_cancel(request, now)

    def _in_dialog(self, request: Request, tx: ServerTransaction, to_tag: str, now: float) -> None:
        session = self._sessions.get(to_tag)
        if session is None:
            tx.reply(481, now)
        elif self._acceptable(request, tx, now):
            if request.method in IN_DIALOG:
                session.on_request(request, tx, now)
            else:
                self._refuse_method(request, tx, now)

    def _outside(self, request: Request, tx: ServerTransaction, now: float) -> None:
        method = request.method
        if self.transactions.merges(request, tx):
            tx.reply(482, now)
        elif request.max_forwards == 0 and method != "OPTIONS":
            tx.reply(483, now)
        elif self._acceptable(request, tx, now):
            act = _OUTSIDE.get(method)
            if act is not None:
                act(self, request, tx, now)
            elif method in IN_DIALOG:
                tx.reply(481, now)
            else:
                self._refuse_method(request, tx, now)

    def _acceptable(self, request: Request, tx: ServerTransaction, now: float) -> bool:
        """8.2.2.3 and 8.2.3: extensions and content we would have to understand."""
        required = request.require
        if required:
            unknown = required - (EXTENSIONS_OF_REGISTER if request.method == "REGISTER" else EXTENSIONS)
            if unknown:
                tx.reply(420, now, f"Unsupported: {', '.join(sorted(unknown))}\r\n")
                return False
        if request.get("content-encoding") not in (None, "identity"):
            tx.reply(415, now, "Accept-Encoding: identity\r\n")
            return False
        return True

    def _refuse_method(self, request: Request, tx: ServerTransaction, now: float) -> None:
        tx.reply(405 if request.method in KNOWN_BUT_NOT_TAKEN or request.method in ALLOWED else 501, now, ALLOW_LINE)

    def _on_options(self, request: Request, tx: ServerTransaction, now: float) -> None:
        tx.reply(200, now, f"{CAPABILITY_LINES}{ACCEPT_LINE}")

    def _on_register(self, request: Request, tx: ServerTransaction, now: float) -> None:
        self.outbox.words.append((None, NewRequest(tx, request)))

    def _on_invite(self, request: Request, tx: ServerTransaction, now: float) -> None:
        tx.reply(100, now)
        if request.body and request.content_type != "application/sdp":
            tx.reply(415, now, ACCEPT_LINE)
            return
        if contact_uri(request) is None:
            raise SipParseError("missing contact")
        try:
            session = IncomingSession(self, request, tx, tx.to_tag)
        except IntervalTooSmall:
            tx.reply(422, now, f"Min-SE: {MIN_SE_S}\r\n")
        except BadInterval as error:
            raise SipParseError("bad session-expires") from error
        else:
            self._sessions[tx.to_tag] = session
            self.outbox.words.append((session, NewCall(session, request)))

    def _tag(self) -> str:
        return self.entropy.token(TAG_BYTES).hex()


_OUTSIDE: dict[str, Callable[[UserAgent, Request, ServerTransaction, float], None]] = {
    "INVITE": UserAgent._on_invite,
    "OPTIONS": UserAgent._on_options,
    "REGISTER": UserAgent._on_register,
}
