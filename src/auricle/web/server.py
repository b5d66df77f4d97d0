"""Serving the app over HTTPS by uvicorn: TLS 1.2 or newer, no access log of its own, and broken HTTP answered as a problem."""

import json
import ssl
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from auricle.web.errors import PROBLEM_JSON
from auricle.web.protect import HEADERS

STOP_S = 3  # how long running answers may take to end when the server stops
_BODY = {
    "type": "web.not_http",
    "title": "This is not HTTP",
    "status": 400,
    "detail": "The request cannot be read. Send it again with a current browser.",
    "request_id": "",
}


class ProblemProtocol(HttpToolsProtocol):
    """uvicorn's protocol, with our answer to what is not HTTP."""

    def send_400_response(self, msg: str) -> None:
        """Answer 400 and close (RFC 9112 2.2)."""
        del msg
        body = json.dumps(_BODY).encode()
        lines = [
            "HTTP/1.1 400 Bad Request",
            f"content-type: {PROBLEM_JSON}",
            f"content-length: {len(body)}",
            "cache-control: no-store",
            "connection: close",
        ]
        lines += [f"{name}: {value}" for name, value in HEADERS.items()]
        self.transport.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        self.transport.close()


def server(app: FastAPI, host: str, port: int, certificate: Path, private_key: Path) -> uvicorn.Server:
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
    return uvicorn.Server(config)


def _tls(config: uvicorn.Config, default: object) -> ssl.SSLContext:
    del default
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(str(config.ssl_certfile), config.ssl_keyfile)
    return context
