"""The optional TCP listener for the edge: framing, and a way back for the responses. Requests of ours go by datagram."""

import asyncio
from collections.abc import Callable

from auricle.sip.errors import FramingError, SipParseError
from auricle.sip.message import Request, Response, StreamParser

KEEP_ALIVE = b"\r\n\r\n"  # RFC 5626 3.5.1: answered by one CRLF
PONG = b"\r\n"

Receive = Callable[["StreamPeer", Request | Response], None]


class StreamPeer(asyncio.Protocol):
    """One connection of the edge. `receive` gets its messages, `report` the reason constant of what could not be read."""

    def __init__(self, edge_host: str, receive: Receive, report: Callable[[str], None], open_peers: "set[StreamPeer]") -> None:
        self._edge_host = edge_host
        self._receive = receive
        self._report = report
        self._open = open_peers
        self._parser = StreamParser()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection if it is the edge's."""
        assert isinstance(transport, asyncio.Transport)
        if transport.get_extra_info("peername")[0] != self._edge_host:
            transport.abort()
            return
        self._transport = transport
        self._open.add(self)

    def connection_lost(self, error: Exception | None) -> None:
        """Responses that are still to come have no way back; the peer will ask again."""
        self._transport = None
        self._open.discard(self)

    def data_received(self, data: bytes) -> None:
        """Read what is complete; a stream out of step is closed (RFC 3261 18.3)."""
        if self._transport is None:
            return
        if data == KEEP_ALIVE:
            self._transport.write(PONG)
            return
        try:
            for message in self._parser.feed(data):
                self._receive(self, message)
        except FramingError as error:
            self._report(error.reason)
            self.close()
        except SipParseError as error:
            self._report(error.reason)

    def write(self, data: bytes) -> bool:
        """Send on this connection; False when it is gone."""
        if self._transport is None or self._transport.is_closing():
            return False
        self._transport.write(data)
        return True

    def close(self) -> None:
        """Close after what was written."""
        if self._transport is not None:
            self._transport.close()
