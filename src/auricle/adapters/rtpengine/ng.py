"""The ng client: one UDP socket, one future a command, one timer that repeats what was not answered (same cookie: never run twice)."""

import asyncio
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from auricle.media.bencode import decode, encode
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
    """None for a command that was posted."""
    data: bytes
    sent_at: float
    resends: int = 0


class NgClient:
    """Speaks to one rtpengine.

    A bare socket: asyncio's datagram transports cost twice the system call, six times a call. It is not connected: an ICMP error on a
    connected one makes libuv stop reading it for good, and rtpengine may restart at any time.
    """

    def __init__(self) -> None:
        self._pending: dict[bytes, _Pending] = {}
        self._prefix = os.urandom(4).hex().encode()
        self._sent = 0
        self._socket: socket.socket | None = None
        self._server = ("127.0.0.1", 0)
        self._sweep: asyncio.TimerHandle | None = None

    async def connect(self, port: int) -> None:
        """Open the socket toward 127.0.0.1:`port`."""
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        sock.bind(("127.0.0.1", 0))
        self._server = ("127.0.0.1", port)
        self._socket = sock
        asyncio.get_running_loop().add_reader(sock.fileno(), self._readable)

    def close(self) -> None:
        """Close the socket; what waits fails."""
        if self._sweep is not None:
            self._sweep.cancel()
            self._sweep = None
        self.fail_all()
        if self._socket is not None:
            asyncio.get_running_loop().remove_reader(self._socket.fileno())
            self._socket.close()
            self._socket = None

    def fail_all(self) -> None:
        """Nobody will answer what is pending: the engine died."""
        for pending in self._pending.values():
            if pending.reply is not None and not pending.reply.done():
                pending.reply.set_exception(MediaFailed("rtpengine is gone"))
        self._pending.clear()

    async def ask(self, command: Command) -> Mapping[str, Any]:
        """Run a command and return its reply. Raises MediaFailed."""
        reply = decode(await self._ask_raw(command))
        if reply.get("result") not in {b"ok", b"pong"}:
            reason = bytes(reply.get("error-reason", b""))[:MAX_REASON_CHARS].decode("ascii", "replace")
            raise MediaFailed(f"{command['command']!r}: {reason}")
        return reply

    async def _ask_raw(self, command: Command) -> bytes:
        reply: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        cookie = self._send(command, reply)
        try:
            return await reply
        finally:
            self._pending.pop(cookie, None)

    def post(self, command: Command) -> None:
        """Send a command whose reply nobody reads; it is repeated like any other until rtpengine has answered, or is gone."""
        if self._socket is not None:
            self._send(command, None)

    def _send(self, command: Command, reply: asyncio.Future[bytes] | None) -> bytes:
        if self._socket is None:
            raise MediaFailed("rtpengine is not running")
        loop = asyncio.get_running_loop()
        self._sent += 1
        cookie = b"%b%x" % (self._prefix, self._sent)
        data = cookie + b" " + encode(dict(command))
        self._pending[cookie] = _Pending(reply, data, loop.time())
        self._put(data)
        if self._sweep is None:
            self._sweep = loop.call_later(SWEEP_S, self._on_sweep)
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

    def _readable(self) -> None:
        sock = self._socket
        for _ in range(BATCH):
            if sock is None or sock.fileno() < 0:
                return
            try:
                data, source = sock.recvfrom(MAX_REPLY_BYTES)
            except BlockingIOError:
                return
            if source == self._server:
                self._received(data)

    def _received(self, data: bytes) -> None:
        """A reply; one nobody waits for is a late copy and is dropped."""
        cookie, _, body = data.partition(b" ")
        pending = self._pending.get(cookie)
        if pending is None:
            return
        if pending.reply is None:
            del self._pending[cookie]
        elif not pending.reply.done():
            pending.reply.set_result(body)

    def _on_sweep(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        self._sweep = loop.call_later(SWEEP_S, self._on_sweep) if self._pending else None
        for cookie, pending in list(self._pending.items()):
            waited = now - pending.sent_at
            if waited > GIVE_UP_S:
                if pending.reply is None:
                    del self._pending[cookie]
                elif not pending.reply.done():
                    pending.reply.set_exception(MediaFailed("rtpengine does not answer"))
            elif pending.resends < len(RESENDS_S) and waited > RESENDS_S[pending.resends] and self._socket is not None:
                pending.resends += 1
                self._put(pending.data)
