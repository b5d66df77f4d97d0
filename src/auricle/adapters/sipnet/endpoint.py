"""One datagram socket toward the edge, one timer, one user agent (RFC 3261 18 as far as loopback needs it).

Datagrams from anybody but the edge are dropped. The socket is not connected: an ICMP error on a connected one makes libuv stop reading it
for good (UV_EBADF), and the edge may restart at any time. TLS, WebSocket and the outside world are the edge's business.
"""

import asyncio
import socket
from collections.abc import Callable, Sequence
from functools import partial

import structlog

from auricle.adapters.sipnet.bound import BoundSession
from auricle.adapters.sipnet.identity import Identity, origin_of
from auricle.adapters.sipnet.stream import StreamPeer
from auricle.calls.ports import CallerIdentity, InviteSession, SessionListener, SipHandler, Target
from auricle.kernel.time import Clock, Entropy
from auricle.sip.agent import NewCall, NewRequest, UserAgent, Word
from auricle.sip.effects import Path
from auricle.sip.errors import SipParseError
from auricle.sip.lines import header_lines, one_line
from auricle.sip.message import Request, Response, parse_message
from auricle.sip.outgoing import Invitation
from auricle.sip.server_transaction import ServerTransaction
from auricle.sip.usage import DialogUsage

log = structlog.get_logger(__name__)

Address = tuple[str, int]
MAX_DATAGRAM = 65_535
BATCH = 64  # datagrams read before timers and tasks get their turn: about 4 ms of work
RECEIVE_BUFFER = 4 << 20  # 400 calls/s with a stall of 1 s make 3.5 MB
MAX_DATAGRAM_TEXT = 4  # CRLF keep-alives (RFC 5626 3.5.1) are no messages


class SipEndpoint:
    """Fits `calls.ports.SipPort`. `tcp` also listens for TCP connections of the edge on the same address."""

    def __init__(
        self,
        *,
        bind: Address,
        edge: Address,
        identity: Identity,
        clock: Clock,
        entropy: Entropy,
        session_timer_s: int = 1800,
        tcp: bool = False,
    ) -> None:
        self._bind = bind
        self._edge = edge
        self._identity = identity
        self._now: Callable[[], float] = clock.monotonic
        self._entropy = entropy
        self._session_timer_s = session_timer_s
        self._tcp = tcp
        self._socket = socket.socket(socket.AF_INET6 if ":" in bind[0] else socket.AF_INET, socket.SOCK_DGRAM)
        self._server: asyncio.Server | None = None
        self._streams: set[StreamPeer] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0.0
        self._flushing = False
        self._buffer = bytearray(MAX_DATAGRAM)
        self._contact_lines = {t: f"Contact: <sip:auricle@{identity.contact_for(t)}>\r\n" for t in identity.contacts}
        self.malformed = 0
        """Messages that could not be read."""
        self.unsent = 0
        """Datagrams the kernel did not take; their timers repeat them."""

    # ---- life ----------------------------------------------------------------------------------------

    async def start(self, handler: SipHandler) -> None:
        """Open the socket and serve `handler`. Raises OSError when the address is taken."""
        self._loop = asyncio.get_running_loop()
        self._handler = handler
        sock = self._socket
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        try:
            sock.bind(self._bind)
        except OSError:
            sock.close()
            raise
        host, port = sock.getsockname()[:2]
        self.address: Address = (host, port)
        sent_by = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        self._agent = UserAgent(sent_by, self._edge, self._entropy, self._session_timer_s)
        self._send_datagram = partial(_send_to, sock, self._edge)
        self._loop.add_reader(sock.fileno(), self._readable)
        if self._tcp:
            self._server = await self._loop.create_server(self._new_stream, host, port)

    async def stop(self) -> None:
        """Close the sockets; calls should have been ended before. Idempotent, and fine before start."""
        if self._socket.fileno() < 0:
            return
        self._loop.remove_reader(self._socket.fileno())
        self._socket.close()
        if self._timer is not None:
            self._timer.cancel()
        if self._server is not None:
            self._server.close()
            for stream in list(self._streams):
                stream.close()
            await self._server.wait_closed()

    @property
    def transactions(self) -> int:
        """How many transactions are alive."""
        return self._agent.transactions.alive

    @property
    def sessions(self) -> int:
        """How many sessions are alive or on their way out."""
        return self._agent.sessions

    # ---- calls out -----------------------------------------------------------------------------------

    def invite(
        self,
        target: Target,
        caller: CallerIdentity,
        offer: bytes,
        listener: SessionListener,
        *,
        max_forwards: int = 70,
        headers: Sequence[tuple[str, str]] = (),
    ) -> InviteSession:
        """Send an INVITE with this offer; events go to `listener`. Raises HeaderInjection for texts that would break a line."""
        sender, privacy_line = self._identity.sender(caller)
        routes = tuple(one_line(route) for route in target.routes)
        invitation = Invitation(one_line(target.uri), routes, sender, privacy_line + header_lines(headers), max_forwards, offer)
        session = self._agent.invite(invitation, self._contact_lines[target.transport], self._now())
        session.listener = listener
        self._flush()
        return BoundSession(session, self._now, self._flush)

    # ---- messages in ---------------------------------------------------------------------------------

    def _readable(self) -> None:
        """Read what the socket has, up to a batch."""
        buffer = self._buffer
        view = memoryview(buffer)
        receive, edge = self._socket.recvfrom_into, self._edge
        for _ in range(BATCH):
            try:
                size, source = receive(buffer)
            except (BlockingIOError, InterruptedError):
                break
            if size > MAX_DATAGRAM_TEXT and source[:2] == edge:
                self._take(bytes(view[:size]))
        self._flush()

    def _take(self, data: bytes) -> None:
        try:
            self._agent.receive(parse_message(data), self._now())
        except SipParseError as error:
            self._report(error)
        except Exception as error:  # noqa: BLE001 - task root: one datagram must not stop the others
            _note_fault("datagram", error)

    def _report(self, error: SipParseError) -> None:
        self.malformed += 1
        stamp = error.request.get("x-auricle-source") if error.request is not None else None
        log.warning("sip_malformed", reason=error.reason, source=(stamp or "").rpartition(";trunk=")[0] or stamp)
        if error.request is not None:
            self._agent.refuse_malformed(error.request)

    def _take_from_stream(self, peer: StreamPeer, message: Request | Response) -> None:
        try:
            self._agent.receive(message, self._now(), peer)
        except SipParseError as error:
            self._report(error)
        except Exception as error:  # noqa: BLE001 - task root: one message must not end the connection
            _note_fault("message", error)
        self._flush()

    def _new_stream(self) -> StreamPeer:
        return StreamPeer(self._edge[0], self._take_from_stream, self._stream_broken, self._streams)

    def _stream_broken(self, reason: str) -> None:
        self.malformed += 1
        log.warning("sip_malformed", reason=reason, source="edge stream")

    # ---- effects out ---------------------------------------------------------------------------------

    def _flush(self) -> None:
        """Send what was decided, deliver what was said, and do so again for what that led to."""
        if self._flushing:
            return  # a listener used a verb: the outer flush goes on with what it decided
        self._flushing = True
        outbox = self._agent.outbox
        messages, words = outbox.messages, outbox.words
        try:
            while messages or words:
                if messages:
                    for path, data in messages:
                        self._send(path, data)
                    messages.clear()
                if words:
                    self._deliver(*words.popleft())
        finally:
            self._flushing = False
        self._arm()

    def _send(self, path: Path, data: bytes) -> None:
        if path is not None and isinstance(path, StreamPeer) and path.write(data):
            return
        try:
            self._send_datagram(data)
        except OSError:  # full buffer, edge restarting, or too large: the transaction's timers decide
            self.unsent += 1

    def _deliver(self, session: DialogUsage | None, word: Word) -> None:
        try:
            if isinstance(word, NewCall):
                self._new_call(word)
            elif isinstance(word, NewRequest):
                self._new_request(word)
            elif session is not None and session.listener is not None:
                session.listener(word)
        except Exception as error:  # noqa: BLE001 - task root: one call must not stop the others
            _note_fault("listener", error)
            if session is not None:
                session.hang_up((), self._now())

    def _new_call(self, call: NewCall) -> None:
        session = call.session
        origin = origin_of(call.request)
        contact_line = self._contact_lines.get(origin.transport) if origin is not None else None
        if origin is None or contact_line is None:
            log.warning("sip_unstamped", method="INVITE")
            session.reject(403, "", (), self._now())
            return
        session.adopt(contact_line, (origin.route,) if origin.route else ())
        session.listener = self._handler.on_invite(BoundSession(session, self._now, self._flush), call.request, origin)

    def _new_request(self, new: NewRequest) -> None:
        origin = origin_of(new.request)
        if origin is None:
            log.warning("sip_unstamped", method=new.request.method)
            new.tx.reply(403, self._now())
            return
        self._handler.on_register(new.request, origin, self._responder(new.tx))

    def _responder(self, tx: ServerTransaction) -> Callable[..., None]:
        def respond(status: int, reason: str = "", headers: Sequence[tuple[str, str]] = (), body: bytes = b"") -> None:
            tx.reply(status, self._now(), header_lines(headers), body, one_line(reason))
            self._flush()

        return respond

    # ---- time ------------------------------------------------------------------------------------------

    def _arm(self) -> None:
        at = self._agent.wheel.next_at()
        if at is None or (self._timer is not None and self._timer_at <= at):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer_at = at
        self._timer = self._loop.call_later(at - self._now(), self._on_time)

    def _on_time(self) -> None:
        self._timer = None
        now = self._now()
        for sleeper in self._agent.wheel.due(now):
            try:
                sleeper.on_timer(now)
            except Exception as error:  # noqa: BLE001 - task root: one timer must not stop the others
                _note_fault("timer", error)
        self._flush()


def _note_fault(where: str, error: Exception) -> None:
    """One line for a bug of ours; the text of the error may hold what logs must not."""
    log.error("sip_fault", where=where, error=type(error).__name__)


def _send_to(sock: socket.socket, address: Address, data: bytes) -> int:
    return sock.sendto(data, address)
