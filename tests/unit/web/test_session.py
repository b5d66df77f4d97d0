"""Sign-in, sign-out, who am I."""

from datetime import timedelta

import pytest
from structlog.testing import capture_logs
from tests.fakes.web_ports import PASSWORD
from tests.unit.web.conftest import Web


async def test_sign_in_gives_a_cookie_that_stays_with_the_host_and_out_of_scripts(web: Web) -> None:
    answer = await web.sign_in()
    assert answer.status_code == 200
    assert answer.json()["person"] == {"id": "dana-reyes", "name": "Dana Reyes"}
    assert "calls.list" in answer.json()["permissions"]
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-auricle=")
    assert {part.strip().lower() for part in cookie.split(";")[1:]} == {"httponly", "secure", "samesite=strict", "path=/"}
    assert (await web.client.get("/api/v1/session")).json()["username"] == "dana.reyes"


async def test_wrong_name_and_wrong_password_look_the_same(web: Web) -> None:
    wrong = [await web.sign_in(password="not it"), await web.sign_in("nobody.here")]
    bodies = [{**answer.json(), "request_id": ""} for answer in wrong]
    assert [answer.status_code for answer in wrong] == [401, 401]
    assert bodies[0] == bodies[1]
    assert "set-cookie" not in wrong[0].headers


async def test_guessing_is_slowed_down_with_a_time_to_come_back(web: Web) -> None:
    answers = [await web.sign_in(password=f"guess {number}") for number in range(6)]
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["retry-after"]) >= 1
    assert (await web.sign_in(password=PASSWORD)).status_code == 429


async def test_sign_out_ends_it_on_the_server(web: Web) -> None:
    await web.sign_in()
    kept = web.client.cookies["__Host-auricle"]
    assert (await web.client.delete("/api/v1/session")).status_code == 204
    assert (await web.client.get("/api/v1/session", headers={"Cookie": f"__Host-auricle={kept}"})).status_code == 401


async def test_background_requests_keep_no_session_alive(web: Web) -> None:
    await web.sign_in()
    start = web.world.now()
    web.world.now = lambda: start + timedelta(minutes=10)
    assert (await web.client.get("/api/v1/calls", headers={"X-Auricle-Background": "1"})).status_code == 200
    web.world.now = lambda: start + timedelta(minutes=16)
    assert (await web.client.get("/api/v1/session")).status_code == 401


async def test_use_keeps_it_alive(web: Web) -> None:
    await web.sign_in()
    start = web.world.now()
    web.world.now = lambda: start + timedelta(minutes=10)
    assert (await web.client.get("/api/v1/session")).status_code == 200
    web.world.now = lambda: start + timedelta(minutes=16)
    assert (await web.client.get("/api/v1/session")).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"username": "a"},
        {"username": "a" * 65, "password": "b"},
        {"username": "a", "password": "b" * 257},
        {"username": "a", "password": "b", "role": "x"},
    ],
)
async def test_malformed_forms_are_refused_without_repeating_them(web: Web, body: dict[str, str]) -> None:
    answer = await web.client.post("/api/v1/session", json=body)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert "bbbb" not in answer.text


async def test_a_password_appears_in_no_log(web: Web) -> None:
    with capture_logs() as logs:
        await web.sign_in(password="hunter-two-canary")
        await web.client.post(
            "/api/v1/session",
            content=b'{"username": "canary-user", "password": ["hunter-two-canary"]}',
            headers={"content-type": "application/json"},
        )
    assert logs
    assert "canary" not in str(logs)
