"""Every route declares its access once, and what it declares is enforced."""

from pathlib import Path

import pytest
from fastapi import Depends, FastAPI
from fastapi.routing import APIRoute, iter_route_contexts
from tests.fakes.web_ports import FakeWorld
from tests.unit.web.conftest import Web

from auricle.access.model import Action
from auricle.web.app import create_app
from auricle.web.guard import Requires, UnguardedRoute, access_of, public

PUBLIC = {
    "POST /api/v1/session",
    "POST /api/v1/session/second-factor",
    "POST /api/v1/session/passkey",
    "POST /api/v1/session/passkey/options",
    "GET /api/v1/sso",
    "GET /api/v1/session/sso/{provider}/start",
    "GET /api/v1/session/sso/{provider}/callback",
    "POST /api/v1/session/sso/{provider}/backchannel-logout",
    "GET /api/v1/health",
    "GET /{path:path}",
    "HEAD /{path:path}",
}
PATHS = {"{message}": "vm1"}


def test_every_route_declares_its_access() -> None:
    app = create_app(FakeWorld().ports(), Path("/nonexistent"))
    found = access_of(app)
    walked = {
        f"{method} {context.path}"
        for context in iter_route_contexts(app.routes)
        if isinstance(context.original_route, APIRoute)
        for method in context.original_route.methods or ()
    }
    assert set(found) == walked
    assert {route for route, action in found.items() if action == "public"} == PUBLIC
    assert {action for action in found.values() if action != "public"} <= {action.value for action in Action}


@pytest.mark.parametrize("dependencies", [[], [Depends(public), Depends(Requires(Action.AUDIT_READ))]])
def test_a_route_without_one_access_is_refused(dependencies: list[object]) -> None:
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    app.add_api_route("/open", lambda: None, dependencies=dependencies)  # type: ignore[arg-type]
    with pytest.raises(UnguardedRoute):
        access_of(app)


def test_a_mounted_app_is_refused() -> None:
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    app.mount("/inner", FastAPI())
    with pytest.raises(UnguardedRoute):
        access_of(app)


async def test_nothing_answers_without_a_session(web: Web) -> None:
    for route, action in access_of(web.client._transport.app).items():  # type: ignore[attr-defined]
        if action == "public":
            continue
        method, path = route.split(" ")
        answer = await web.client.request(method, path.replace("{message}", "vm1"))
        said = answer.json()
        assert answer.status_code == 401, route
        if "/scim/" in path:  # RFC 7644 3.12
            assert said["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"], route
        else:
            assert said["type"] == "session.none", route


async def test_roles_without_the_action_are_refused_in_words_and_audited(web: Web) -> None:
    await web.sign_in("sam.okafor")
    for path in ("/access/matrix", "/calls/live", "/voicemails", "/voicemails/vm1/audio", "/voicemails/vm1/transcript", "/audit"):
        answer = await web.client.get(f"/api/v1{path}")
        assert answer.status_code == 403, path
        assert answer.json()["type"] == "access.not_permitted"
        assert "roles" in answer.json()["detail"]
    assert sum(entry.outcome == "refused" for entry in web.world.entries) == 6


async def test_a_role_taken_away_works_at_the_next_request(web: Web) -> None:
    """Case RBAC-29c5: rights are read for each request."""
    await web.sign_in("noor.haddad")
    assert (await web.client.get("/api/v1/voicemails")).status_code == 200
    people = dict(web.world.practice.people)
    nurse = people[next(person for person in people if person == "noor-haddad")]
    object.__setattr__(nurse, "roles", frozenset())
    assert (await web.client.get("/api/v1/voicemails")).status_code == 403
