"""What stands around every request."""

import pytest
from structlog.testing import capture_logs
from tests.unit.web.conftest import ORIGIN, Web

from auricle.web import protect


@pytest.mark.parametrize("path", ["/", "/api/v1/health", "/api/v1/session", "/api/v1/nothing", "/assets/none.js"])
async def test_every_answer_has_the_headers(web: Web, path: str) -> None:
    answer = await web.client.get(path)
    for name, value in protect.HEADERS.items():
        assert answer.headers[name] == value
    assert len(answer.headers["x-request-id"]) == 16
    assert answer.headers["cache-control"] == "no-store"


def test_the_policy_allows_nothing_inline() -> None:
    assert "unsafe" not in protect.CONTENT_SECURITY_POLICY
    assert "frame-ancestors 'none'" in protect.CONTENT_SECURITY_POLICY
    assert "default-src 'none'" in protect.CONTENT_SECURITY_POLICY


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Origin": "http://console.example"},
        {"Origin": "https://console.example:444"},
        {"Origin": ORIGIN, "Sec-Fetch-Site": "cross-site"},
    ],
)
async def test_requests_of_other_sites_are_refused_before_anything_is_looked_at(web: Web, headers: dict[str, str]) -> None:
    await web.sign_in()
    before = len(web.world.entries)
    for method, path in (("POST", "/api/v1/voicemails/vm1/listened"), ("DELETE", "/api/v1/session"), ("POST", "/api/v1/session")):
        answer = await web.client.request(method, path, headers=headers)
        assert (answer.status_code, answer.json()["type"]) == (403, "web.other_origin")
    assert len(web.world.entries) == before


async def test_a_missing_origin_is_another_site(web: Web) -> None:
    del web.client.headers["origin"]
    assert (await web.client.post("/api/v1/session", json={"username": "a", "password": "b"})).status_code == 403


async def test_large_bodies_are_refused_unread(web: Web) -> None:
    answer = await web.client.post("/api/v1/session", content=b"x" * (protect.MAX_BODY_BYTES + 1))
    assert (answer.status_code, answer.json()["type"]) == (413, "web.too_large")


async def test_bodies_of_unknown_length_are_refused(web: Web) -> None:
    async def pieces():  # type: ignore[no-untyped-def]
        yield b"{}"

    answer = await web.client.post("/api/v1/session", content=pieces())
    assert answer.status_code == 411


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/v1/nothing", 404),
        ("GET", "/api", 404),
        ("PUT", "/api/v1/session", 405),
        ("TRACE", "/api/v1/calls", 403),
        ("POST", "/api/v1/calls", 405),
        ("GET", "/api/v1/calls?limit=0", 400),
        ("GET", "/api/v1/calls?limit=abc", 400),
        ("GET", "/api/v1/calls?before=%00", 400),
        ("GET", "/api/v1/calls?before=!!!", 400),
        ("GET", "/api/v1/calls?before=" + "A" * 300, 400),
        ("GET", "/api/v1/audit?before=-1", 400),
        ("GET", "/api/v1/voicemails/%00/audio", 400),
        ("GET", "/api/v1/voicemails/..%2F..%2Fetc%2Fpasswd/audio", 404),
        ("GET", "/api/v1/voicemails/" + "a" * 65 + "/transcript", 400),
        ("GET", "/api/v1/voicemails/unknown/transcript", 404),
    ],
)
async def test_malformed_requests_are_problems(web: Web, method: str, path: str, status: int) -> None:
    await web.sign_in()
    headers = {"Origin": "https://evil.example"} if method == "TRACE" else {}
    answer = await web.client.request(method, path, headers=headers)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json().keys() == {"type", "title", "status", "detail", "request_id"}
    assert answer.json()["detail"].endswith(".")


@pytest.mark.parametrize("body", [b"{", b"\xff\xfe", b"[]", b"null", b"\0" * 100, b'{"username": "\\ud800", "password": "x"}'])
async def test_malformed_json_is_a_problem(web: Web, body: bytes) -> None:
    answer = await web.client.post("/api/v1/session", content=body, headers={"content-type": "application/json"})
    assert answer.status_code in {400, 401}
    assert answer.headers["content-type"] == "application/problem+json"


async def test_an_error_nobody_foresaw_is_a_problem_without_its_text(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    await web.sign_in()

    async def broken(*_: object) -> None:
        raise RuntimeError("canary +12025550142")

    monkeypatch.setattr(web.world.ports().calls.__class__, "page", broken)
    with capture_logs() as logs:
        answer = await web.client.get("/api/v1/calls")
    assert (answer.status_code, answer.json()["type"]) == (500, "web.failed")
    assert "canary" not in answer.text + str(logs)
    assert any(line["event"] == "request_failed" and line["error"] == "RuntimeError" for line in logs)


async def test_the_log_line_has_the_template_and_no_values(web: Web) -> None:
    await web.sign_in()
    with capture_logs() as logs:
        await web.client.get("/api/v1/voicemails/vm1/transcript?note=canary")
        await web.client.get("/canary-path")
    lines = [line for line in logs if line["event"] == "request"]
    assert lines[0]["route"].endswith("/voicemails/{message}/transcript")
    assert (lines[0]["status"], lines[0]["actor"]) == (200, "dana-reyes")
    for private in ("canary", "555-01", "+1202", "Alvarez", "lisinopril"):
        assert private not in str(logs)
