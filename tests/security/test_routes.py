"""Deny by default: every route of a whole practice refuses whoever has no session, or no role that gives its action, in writing."""

import re

import httpx
import pytest
from tests.security.conftest import MESSAGE, ROLES, Office

from auricle.access.model import Action
from auricle.kernel.actor import Actor, ActorKind
from auricle.vault.gate import Ref
from auricle.web.guard import access_of

pytestmark = pytest.mark.real

SCIM = "/api/v1/scim/v2"
EVERYBODY = {Action.SESSION_READ, Action.ME_SECURITY, Action.EVENTS_WATCH}
"""What every person may: there is nobody to be refused."""


def routes(office: Office) -> list[tuple[str, str, str]]:
    """Method, path with something in its places, action."""
    found = access_of(office.instance._console.app)
    return [(*_filled(route), action) for route, action in sorted(found.items()) if action != "public" and not route.startswith("HEAD")]


def _filled(route: str) -> tuple[str, str]:
    method, _, path = route.partition(" ")
    return method, re.sub(r"\{number[^}]*\}", "0", re.sub(r"\{(?!number)[^}]+\}", MESSAGE, path))


def refused_role(office: Office, action: str) -> str | None:
    """Somebody of the practice who may not."""
    for role in reversed(ROLES):
        actor = Actor(ActorKind.PERSON, role, frozenset({role}), stepped_up=True)
        if not office.instance.policies.decide(actor, action, Ref("route", "*")).allowed:
            return role
    return None


async def asked(browser: httpx.AsyncClient, method: str, path: str) -> httpx.Response:
    return await browser.request(method, path, json={} if method in ("POST", "PUT", "PATCH") else None)


async def test_without_a_session_every_route_refuses(office: Office) -> None:
    browser = office.browser()
    known = routes(office)
    assert len(known) > 50
    for method, path, _ in known:
        assert (await asked(browser, method, path)).status_code == 401, f"{method} {path}"


async def test_without_the_action_every_route_refuses_and_says_so_in_the_log(office: Office) -> None:
    browsers: dict[str, httpx.AsyncClient] = {}
    for method, path, action in routes(office):
        role = refused_role(office, action)
        if role is None:
            assert action in EVERYBODY, action
            continue
        browser = browsers.get(role) or await office.signed_in(role)
        browsers[role] = browser
        before = len(office.log())
        answer = await asked(browser, method, path)
        assert answer.status_code == 403, f"{method} {path} as {role}: {answer.status_code} {answer.text[:200]}"
        refused = [entry for entry in office.log()[before:] if entry["outcome"] == "refused"]
        assert [(entry["actor"], entry["action"]) for entry in refused] == [(role, action)], f"{method} {path}"
        assert refused[0]["detail"]["why"]


async def test_a_refusal_names_the_record_and_never_what_else_stood_in_the_address(office: Office) -> None:
    clerk = await office.signed_in("it")
    for asked_for, named in ((f"v{'0a' * 10}", f"v{'0a' * 10}"), ("12025550142", "*"), ("Quilvex-Zorthuryn", "*")):
        assert (await clerk.get(f"/api/v1/voicemails/{asked_for}/transcript")).status_code == 403
        assert (office.log()[-1]["action"], office.log()[-1]["ref"]) == ("voicemail.read", named)


async def test_another_site_cannot_use_a_session(office: Office) -> None:
    """Every route that changes something asks for our own Origin."""
    browser = await office.signed_in("owner")
    for method, path, _ in routes(office):
        if method in ("POST", "PUT", "PATCH", "DELETE"):
            answer = await browser.request(method, path, json={}, headers={"Origin": "https://elsewhere.example"})
            assert answer.status_code == 403, f"{method} {path}"
            assert answer.json()["type"] == "web.other_origin"


@pytest.mark.parametrize("token", ["", "x", "aur_" + "a" * 43, "Bearer"])
async def test_a_made_up_key_of_a_program_opens_nothing(office: Office, token: str) -> None:
    browser = office.browser()
    for method, path, _ in routes(office)[:10]:
        answer = await browser.request(method, path, headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code in (401, 429), f"{method} {path}"
