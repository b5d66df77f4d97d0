"""A member of staff at the console, over HTTPS as a browser would."""

import http.client
import json
import ssl
from pathlib import Path
from typing import Any, NamedTuple

from auricle.kernel.errors import OurError

TIMEOUT_S = 20.0
API = "/api/v1"
JSON, PROBLEM = "application/json", "application/problem+json"


class StaffFailed(OurError):
    """The console did not answer as it should."""

    code = "sweep.staff_failed"


class Answer(NamedTuple):
    """Status, media type and body."""

    status: int
    kind: str
    data: bytes


class Staff:
    """One browser. Methods block: call them in a thread."""

    def __init__(self, host: str, port: int, ca: Path) -> None:
        self._origin = f"https://{host}:{port}"
        self._at = (host, port)
        self._context = ssl.create_default_context(cafile=str(ca))
        self._cookie = ""

    @property
    def token(self) -> str:
        """The session's cookie, which is as good as a password while it lasts."""
        return self._cookie.partition("=")[2]

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Answer:
        """One request to the API."""
        connection = http.client.HTTPSConnection(*self._at, context=self._context, timeout=TIMEOUT_S)
        headers = {"Origin": self._origin, "Cookie": self._cookie}
        text = None if body is None else json.dumps(body)
        if text is not None:
            headers["Content-Type"] = "application/json"
        try:
            connection.request(method, API + path, text, headers)
            answer = connection.getresponse()
            data = answer.read()
        finally:
            connection.close()
        cookie = answer.headers.get("Set-Cookie", "")
        if cookie:
            self._cookie = cookie.partition(";")[0]
        return Answer(answer.status, answer.headers.get_content_type(), data)

    def get(self, path: str) -> Any:
        """What the API answers. Raises StaffFailed for anything but 200."""
        return self._wanted("GET", path, None)

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """Send something. Raises StaffFailed for anything but success."""
        return self._wanted("POST", path, body)

    def _wanted(self, method: str, path: str, body: dict[str, Any] | None) -> Any:
        answer = self.ask(method, path, body)
        if answer.status not in (200, 201, 202, 204, 206):
            why = json.loads(answer.data).get("type", "") if answer.kind == PROBLEM else ""
            raise StaffFailed(f"{method} {path}: the console answered {answer.status} {why}")
        return json.loads(answer.data) if answer.kind == JSON and answer.data else answer.data
