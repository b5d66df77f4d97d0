"""Serving the app over HTTPS by uvicorn: TLS 1.2 or newer, no access log of its own, and broken HTTP answered as a problem."""

import asyncio
import json
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from auricle.web.errors import PROBLEM_JSON
from auricle.web.events.hub import Hub
from auricle.web.protect import HEADERS

STOP_S = 3  # how long running answers may take to end when the server stops
REQUEST_S = 20.0  # from its first byte (or the connection) to its last; a phone on a poor line needs under 5
MAX_REQUEST_BYTES = 128 * 1024  # head and body; our largest head is 4 kB, the largest body that `protect` takes 64 kB
_TEXTS = {
    400: ("web.not_http", "Bad Request", "The request cannot be read. Send it again with a current browser."),
    408: ("web.too_slow", "Request Timeout", "The request took too long to arrive. Send it again."),
    431: ("web.too_large", "Request Header Fields Too Large", "The request is too large. Clear this site's cookies and send it again."),
}


class ProblemProtocol(HttpToolsProtocol):
    """uvicorn's protocol with our answers to what is not HTTP, and a limit on the time and size of a request, which it lacks."""

    _timer: asyncio.TimerHandle | None = None
    _received = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A connection that says nothing is closed."""
        super().connection_made(transport)
        self._await_request()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is waited for any more."""
        self._request_is_whole()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count what comes until the request is whole."""
        if self._timer is not None:
            self._received += len(data)
            if self._received > MAX_REQUEST_BYTES:
                self._refuse(431)
                return
        super().data_received(data)

    def on_message_begin(self) -> None:
        """The clock of a request starts."""
        self._await_request()
        super().on_message_begin()

    def on_message_complete(self) -> None:
        """The request is whole."""
        self._request_is_whole()
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Answer 400 and close (RFC 9112 2.2)."""
        del msg
        self._refuse(400)

    def _await_request(self) -> None:
        if self._timer is None:
            self._timer = self.loop.call_later(REQUEST_S, self._refuse, 408)

    def _request_is_whole(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self._received = None, 0

    def _refuse(self, status: int) -> None:
        if self.transport.is_closing():
            return
        if self.cycle is not None and self.cycle.response_started and not self.cycle.response_complete:
            self.transport.close()  # an earlier answer is on its way; nothing may stand in the middle of it
            return
        code, phrase, detail = _TEXTS[status]
        body = json.dumps({"type": code, "title": phrase, "status": status, "detail": detail, "request_id": ""}).encode()
        lines = [f"HTTP/1.1 {status} {phrase}", f"content-type: {PROBLEM_JSON}", f"content-length: {len(body)}"]
        lines += ["cache-control: no-store", "connection: close", *(f"{name}: {value}" for name, value in HEADERS.items())]
        self.transport.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        self.transport.close()


class ConsoleServer(uvicorn.Server):
    """uvicorn's server that ends live streams before it waits for them, and leaves signals to the program."""

    def __init__(self, config: uvicorn.Config, hub: Hub) -> None:
        super().__init__(config)
        self._hub = hub

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """None are captured: the program that runs us decides when to stop."""
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the streams, then everything else."""
        self._hub.close()
        await super().shutdown(sockets)


def server(app: FastAPI, host: str, port: int, certificate: Path, private_key: Path) -> ConsoleServer:
    """A server to be run by `await server.serve()` and stopped by `server.should_exit = True`."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        http=ProblemProtocol,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ssl_certfile=certificate,
        ssl_keyfile=private_key,
        ssl_context_factory=_tls,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=STOP_S,
        limit_concurrency=512,
    )
    return ConsoleServer(config, app.state.hub)


def _tls(config: uvicorn.Config, default: object) -> ssl.SSLContext:
    del default
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(str(config.ssl_certfile), config.ssl_keyfile)
    return context
