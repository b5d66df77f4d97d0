"""The ng client: one UDP socket, one future a command, one timer that repeats what was not answered (same cookie: never run twice)."""

import asyncio
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from auricle.media.bencode import decode
from auricle.media.errors import MediaFailed
from auricle.media.ng import Command

SWEEP_S = 0.25
RESENDS_S = (0.5, 1.5, 3.5)
GIVE_UP_S = 6.0
MAX_REASON_CHARS = 80
MAX_REPLY_BYTES = 65535
RECEIVE_BUFFER = 1 << 20
BATCH = 32  # replies read before other work gets its turn


@dataclass(slots=True)
class _Pending:
    reply: asyncio.Future[bytes] | None
    """None for a command whose reply nobody reads."""
    data: bytes
    sent_at: float
    resends: int = 0
    then: Command | None = None
    """What waits for this one to be over."""


class NgClient:
    """Speaks to one rtpengine.

    A bare socket: asyncio's datagram transports cost twice the system call, six times a call. It is not connected: an ICMP error on a
    connected one makes libuv stop reading it for good, and rtpengine may restart at any time.
    """

    def __init__(self) -> None:
        self.generation = 0
        """Counts the processes served: what an earlier one knew is gone."""
        self._pending: dict[bytes, _Pending] = {}
        self._abandoned: dict[str, _Pending] = {}
        self._prefix = os.urandom(4).hex().encode()
        self._sent = 0
        self._socket: socket.socket | None = None
        self._server = ("127.0.0.1", 0)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._sweep: asyncio.TimerHandle | None = None

    def connect(self, port: int) -> None:
        """Open the socket toward 127.0.0.1:`port`."""
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        sock.bind(("127.0.0.1", 0))
        self._server = ("127.0.0.1", port)
        self._socket = sock
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(sock.fileno(), self._readable)

    def close(self) -> None:
        """Close the socket; what waits fails. Idempotent."""
        self.engine_lost()
        if self._sweep is not None:
            self._sweep.cancel()
            self._sweep = None
        if self._socket is not None and self._loop is not None:
            self._loop.remove_reader(self._socket.fileno())
            self._socket.close()
            self._socket = None

    def engine_lost(self) -> None:
        """Nobody will answer what is pending: the process died, and its calls with it."""
        self.generation += 1
        pending = list(self._pending.values())
        self._pending.clear()
        self._abandoned.clear()
        for each in pending:
            if each.reply is not None and not each.reply.done():
                each.reply.set_exception(MediaFailed("rtpengine is gone"))

    async def ask(self, command: Command) -> Mapping[str, Any]:
        """Run a command and return its reply. Raises MediaFailed.

        A caller that is cancelled meanwhile leaves the command running; a later `post` for the same leg waits for it.
        """
        if self._loop is None:
            raise MediaFailed("rtpengine is not running")
        waiter: asyncio.Future[bytes] = self._loop.create_future()
        cookie = self._send(command, waiter)
        try:
            data = await waiter
        except asyncio.CancelledError:
            self._abandon(cookie, command.call)
            raise
        reply = decode(data)
        if reply.get("result") not in {b"ok", b"pong"}:
            raise MediaFailed(f"{command.name}: {_reason(reply)}")
        return reply

    def post(self, command: Command) -> None:
        """Send a command whose reply nobody reads; it is repeated like any other until rtpengine has answered, or is gone."""
        if self._socket is None:
            return
        abandoned = self._abandoned.get(command.call)
        if abandoned is None:
            self._send(command, None)
        else:  # rtpengine has several threads: the delete of a leg could be done before the offer that makes it
            abandoned.then = command

    def _send(self, command: Command, reply: asyncio.Future[bytes] | None) -> bytes:
        if self._socket is None or self._loop is None:
            raise MediaFailed("rtpengine is not running")
        self._sent += 1
        cookie = b"%b%x" % (self._prefix, self._sent)
        data = cookie + b" " + command.body
        self._pending[cookie] = _Pending(reply, data, self._loop.time())
        self._put(data)
        if self._sweep is None:
            self._sweep = self._loop.call_later(SWEEP_S, self._on_sweep)
        return cookie

    def _put(self, data: bytes) -> None:
        """Send; what the kernel does not take (rtpengine restarting) is repeated by the sweep."""
        sock = self._socket
        if sock is None:
            return
        try:
            sock.sendto(data, self._server)
        except OSError:
            return

    def _abandon(self, cookie: bytes, call: str) -> None:
        pending = self._pending.get(cookie)
        if pending is not None:
            pending.reply = None
            self._abandoned[call] = pending

    def _readable(self) -> None:
        for _ in range(BATCH):
            sock = self._socket
            if sock is None:
                return
            try:
                data, source = sock.recvfrom(MAX_REPLY_BYTES)
            except BlockingIOError:
                return
            if source == self._server:
                self._received(data)

    def _received(self, data: bytes) -> None:
        """A reply; one nobody waits for is a late copy and is dropped, and so is what cannot be a reply."""
        cookie, _, body = data.partition(b" ")
        if body[:1] != b"d" or (pending := self._pending.pop(cookie, None)) is None:
            return
        if pending.reply is None:
            self._over(pending)
        elif not pending.reply.done():
            pending.reply.set_result(body)

    def _over(self, pending: _Pending) -> None:
        """A command nobody waits for is done or given up: now what came after it may go."""
        for call in [call for call, each in self._abandoned.items() if each is pending]:
            del self._abandoned[call]
        if pending.then is not None:
            self._send(pending.then, None)

    def _on_sweep(self) -> None:
        assert self._loop is not None
        now = self._loop.time()
        self._sweep = self._loop.call_later(SWEEP_S, self._on_sweep) if self._pending else None
        for cookie, pending in list(self._pending.items()):
            waited = now - pending.sent_at
            if waited > GIVE_UP_S:
                del self._pending[cookie]
                if pending.reply is None:
                    self._over(pending)
                elif not pending.reply.done():
                    pending.reply.set_exception(MediaFailed("rtpengine does not answer"))
            elif pending.resends < len(RESENDS_S) and waited > RESENDS_S[pending.resends]:
                pending.resends += 1
                self._put(pending.data)


def _reason(reply: Mapping[str, Any]) -> str:
    """What rtpengine said was wrong; its own constants, cut and made printable."""
    reason = reply.get("error-reason", b"")
    return reason[:MAX_REASON_CHARS].decode("ascii", "replace") if isinstance(reason, bytes) else ""
