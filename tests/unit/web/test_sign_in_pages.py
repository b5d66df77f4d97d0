"""Routes of passkeys and single sign-on over the fakes: cookies, pages, and what comes from servers instead of browsers."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from auricle.access.passkeys import relying_party
from auricle.access.sso import Problem
from auricle.web.app import create_app
from auricle.web.sso.pages import ENGLISH, SPANISH, STATUS, arrived_page, refused_page
from fakes.authenticator import Authenticator
from fakes.passkeys import FakePasskeys, FakeSso
from fakes.web_ports import PASSWORD, FakeWorld

ORIGIN = "https://console.example"
NOT_FOUND, FORBIDDEN = 404, 403


@dataclass
class Web:
    """The client and what stands behind the app."""

    client: httpx.AsyncClient
    passkeys: FakePasskeys
    sso: FakeSso

    async def sign_in(self) -> None:
        """As Dana."""
        answer = await self.client.post("/api/v1/session", json={"username": "dana.reyes", "password": PASSWORD})
        assert answer.status_code == 200


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pages")


@pytest.fixture
async def web(empty: Path) -> AsyncIterator[Web]:
    ports = FakeWorld().ports()
    assert isinstance(ports.passkeys, FakePasskeys)
    assert isinstance(ports.sso, FakeSso)
    transport = httpx.ASGITransport(create_app(ports, empty), client=("192.0.2.7", 1234), raise_app_exceptions=True)
    async with httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers={"Origin": ORIGIN}) as client:
        yield Web(client, ports.passkeys, ports.sso)


def cookies_set(answer: httpx.Response) -> dict[str, str]:
    return {line.partition("=")[0]: line.lower() for name, line in answer.headers.multi_items() if name == "set-cookie"}


async def test_a_passkey_through_the_routes(web: Web) -> None:
    passkeys = web.passkeys
    passkeys.party = relying_party(ORIGIN, "Harbor Street")
    device = Authenticator(ORIGIN, "console.example")
    await web.sign_in()
    asked = await web.client.post("/api/v1/me/passkeys/options")
    assert asked.status_code == 200
    made = await web.client.post("/api/v1/me/passkeys", json={"name": "Key", "credential": device.create(asked.json())})
    assert (made.status_code, made.json()["name"]) == (201, "Key")
    listed = (await web.client.get("/api/v1/me/passkeys")).json()
    assert (listed["available"], len(listed["passkeys"])) == (True, 1)
    web.client.cookies.clear()
    begun = await web.client.post("/api/v1/session/passkey/options")
    cookie = cookies_set(begun)["__Host-auricle-passkey"]
    assert all(word in cookie for word in ("secure", "httponly", "samesite=strict", "path=/", "max-age=300"))
    assert "public_key" not in begun.text
    done = await web.client.post("/api/v1/session/passkey", json={"credential": device.get(begun.json())})
    assert (done.status_code, done.json()["second_factor"]) == (200, "passkey")
    assert "max-age=0" in cookies_set(done)["__Host-auricle-passkey"]
    assert "samesite=strict" in cookies_set(done)["__Host-auricle"]


async def test_a_console_without_a_name_says_so(web: Web) -> None:
    answer = await web.client.post("/api/v1/session/passkey/options")
    assert (answer.status_code, answer.json()["type"]) == (409, "passkey.unavailable")


@pytest.mark.parametrize("path", ["/api/v1/session/passkey", "/api/v1/session/passkey/options", "/api/v1/me/passkeys"])
async def test_other_sites_cannot_begin_a_ceremony(web: Web, path: str) -> None:
    answer = await web.client.post(path, headers={"Origin": "https://evil.example"}, json={})
    assert (answer.status_code, answer.json()["type"]) == (FORBIDDEN, "web.other_origin")


async def test_only_logout_tokens_come_without_an_origin(web: Web) -> None:
    del web.client.headers["Origin"]
    path = "/api/v1/session/sso/clinic/backchannel-logout"
    assert (await web.client.post(path, data={"logout_token": "good"})).status_code == 200
    assert (await web.client.post(path, data={"logout_token": "bad"})).json() == {"error": "invalid_request"}
    assert (await web.client.post(path, content=b"\xff" * 500)).status_code == 400
    for near in (path + "/", path.replace("clinic", "Clinic"), path + "x", "/api/v1/session/sso/clinic/start"):
        assert (await web.client.post(near, data={"logout_token": "good"})).status_code == FORBIDDEN


async def test_the_way_there_and_back(web: Web) -> None:
    begun = await web.client.get("/api/v1/session/sso/clinic/start")
    cookie = cookies_set(begun)["__Host-auricle-sso"]
    assert begun.status_code == 303
    assert all(word in cookie for word in ("secure", "httponly", "samesite=lax", "path=/", "max-age=300"))
    back = await web.client.get(begun.headers["location"])
    assert 'content="0;url=/"' in back.text
    assert "samesite=strict" in cookies_set(back)["__Host-auricle"]
    assert "max-age=0" in cookies_set(back)["__Host-auricle-sso"]
    assert back.headers["cache-control"] == "no-store"
    assert "default-src 'none'" in back.headers["content-security-policy"]


async def test_unknown_providers_are_not_found(web: Web) -> None:
    for name in ("other", "a" * 41, "../x"):
        assert (await web.client.get(f"/api/v1/session/sso/{name}/start")).status_code in (NOT_FOUND, 400)


@pytest.mark.parametrize("problem", Problem)
async def test_every_problem_has_a_page_in_both_languages(web: Web, problem: Problem) -> None:
    web.sso.problem = problem
    english = await web.client.get("/api/v1/session/sso/clinic/callback?state=%3Cscript%3E&code=c&error_description=%3Cb%3E")
    assert english.status_code == STATUS[problem]
    assert "<script" not in english.text
    assert "__Host-auricle" not in cookies_set(english)
    spanish = refused_page(problem, "es-MX,es;q=0.9,en;q=0.5").body.decode()
    assert 'lang="es"' in spanish
    assert ENGLISH[problem] != SPANISH[problem]


def test_pages_need_neither_script_nor_style() -> None:
    for page in (arrived_page("").body.decode(), refused_page(Problem.NOBODY, "").body.decode()):
        assert not re.search(r"<script|<style|style=|\bon\w+=|http:|https:", page)
        assert '<a href="/">' in page
