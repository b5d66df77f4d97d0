"""Around every request: an id, an origin check, a size limit, security headers, one log line, and the last catch for errors.

The log line has the route's template, never the path, the query or a body.
"""

import re
import secrets
import time
from collections.abc import Callable

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from auricle.web.errors import Refused, answer, failure

log = structlog.get_logger(__name__)

MAX_BODY_BYTES = 64 * 1024  # the largest body of ours is a sign-in, under 1 kB
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
FROM_SERVERS = re.compile(r"/api/v1/session/sso/[a-z0-9-]+/backchannel-logout")
"""Called by programs that are no browser: no cookie counts there, a signed token says all."""
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "media-src 'self' blob:",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "strict-transport-security": "max-age=63072000",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


class Protect:
    """ASGI middleware; stands outside all others."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = scope["auricle.request_id"] = secrets.token_hex(8)
        started = time.perf_counter()
        sender = _Sender(send, request_id)
        try:
            refused = refusal(scope)
            app = self._app if refused is None else answer(request_id, refused)
            await app(scope, receive, sender)
        except Exception as error:  # noqa: BLE001 - request root: one failed request must not take the server down
            log.error("request_failed", request_id=request_id, route=_template(scope), error=type(error).__name__)  # noqa: TRY400 - the type is enough
            if not sender.status:
                await failure(request_id)(scope, receive, sender)
        finally:
            log.info(
                "request",
                request_id=request_id,
                method=scope["method"] if scope["method"].isalpha() else "other",
                route=_template(scope),
                status=sender.status,
                ms=round((time.perf_counter() - started) * 1000, 1),
                actor=scope.get("auricle.actor", ""),
            )


def refusal(scope: Scope) -> Refused | None:
    """Why a request is refused unread: of another site, too large, or of unknown length."""
    headers = Headers(scope=scope)
    # a page of another site can send no Authorization without asking first (Fetch 4.8), and where there is one no cookie counts
    guarded = scope["method"] not in SAFE_METHODS and not FROM_SERVERS.fullmatch(scope["path"])
    if guarded and "authorization" not in headers and not _same_origin(headers):
        return Refused(403, "web.other_origin", "The request comes from another site", "Open the console itself and do it there.")
    if "transfer-encoding" in headers:
        return Refused(411, "web.length_required", "The length of the body is missing", "Send Content-Length.")
    length = headers.get("content-length", "0")
    if not length.isdecimal() or int(length) > MAX_BODY_BYTES:
        return Refused(413, "web.too_large", "The request is too large", f"Send at most {MAX_BODY_BYTES} bytes.")
    return None


def _same_origin(headers: Headers) -> bool:
    """Browsers send Origin with every unsafe request (Fetch 3.2); what comes without one is not the console."""
    return headers.get("origin") == f"https://{headers.get('host', '')}" and headers.get("sec-fetch-site", "same-origin") == "same-origin"


def _template(scope: Scope) -> str:
    return str(getattr(scope.get("route"), "path", "-"))


class _Sender:
    """Adds the headers and remembers the status."""

    def __init__(self, send: Callable[[Message], object], request_id: str) -> None:
        self._send = send
        self._request_id = request_id
        self.status = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
            headers.setdefault("cache-control", "no-store")  # 45 CFR 164.312(a)(1): nothing of a patient stays in a browser's cache
            headers["x-request-id"] = self._request_id
        await self._send(message)  # type: ignore[misc]
