"""SCIM against clients of somebody else's: scim2-tester's checks, and the requests that directories really send."""

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import anyio.from_thread
import httpx
import httpx2
import pytest
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import Status, check_server
from tests.unit.app.test_identity import DANA, Office, a_key, a_store, an_office, program, sign_in

pytestmark = pytest.mark.real  # whole practices, with real passwords and keys: slow for a unit test

SCIM = "/scim/v2"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.unit.app.test_identity import Watch

    path = tmp_path_factory.mktemp("empty") / "auricle.db"
    a_store(path, Watch()).close()
    return path


@pytest.fixture
async def office(tmp_path: Path, empty: Path) -> AsyncIterator[Office]:
    made = await an_office(tmp_path, empty, required=False)
    yield made
    made.store.close()


@pytest.fixture
async def directory(office: Office) -> httpx.AsyncClient:
    """A directory's client."""
    client = program(office, await a_key(office, await office.signed_in(), "people.deprovision"))
    client.headers["Content-Type"] = "application/scim+json"
    return client


async def test_people_are_listed_filtered_and_read(directory: httpx.AsyncClient) -> None:
    whole = await directory.get(f"{SCIM}/Users")
    assert whole.headers["content-type"] == "application/scim+json"
    assert whole.json()["totalResults"] == 3
    found = (await directory.get(f"{SCIM}/Users", params={"filter": 'userName eq "DANA"'})).json()
    (dana,) = found["Resources"]
    assert (dana["id"], dana["userName"], dana["displayName"], dana["active"]) == (DANA, "dana", "Dana Reyes", True)
    assert dana["meta"]["location"].endswith(f"/api/v1/scim/v2/Users/{DANA}")
    assert (await directory.get(f"{SCIM}/Users/{DANA}")).json() == dana
    page = (await directory.get(f"{SCIM}/Users", params={"startIndex": 2, "count": 1})).json()
    assert (page["totalResults"], page["startIndex"], page["itemsPerPage"], len(page["Resources"])) == (3, 2, 1, 1)
    only = (await directory.get(f"{SCIM}/Users/{DANA}", params={"attributes": "userName"})).json()
    assert "displayName" not in only
    assert (await directory.get(f"{SCIM}/Users", params={"filter": 'userName eq "nobody"'})).json()["totalResults"] == 0


@pytest.mark.parametrize(
    "body",
    [
        {"schemas": [PATCH], "Operations": [{"op": "replace", "path": "active", "value": False}]},
        {"schemas": [PATCH], "Operations": [{"op": "replace", "value": {"active": False}}]},
        {"schemas": [PATCH], "Operations": [{"op": "Replace", "path": "active", "value": "False"}]},
    ],
    ids=["by the RFC", "without a path, as Okta does", "as a text, as Entra does"],
)
async def test_a_patch_ends_all_access(office: Office, directory: httpx.AsyncClient, body: Any) -> None:
    dana = await office.signed_in("dana")
    answer = await directory.patch(f"{SCIM}/Users/{DANA}", content=json.dumps(body))
    assert answer.status_code == 200, answer.text
    assert answer.json()["active"] is False
    assert (await dana.get("/session")).status_code == 401
    assert (await sign_in(office.browser(), "dana")).status_code == 401
    assert any('"action":"people.terminate"' in entry and '"actor_kind":"api-client"' in entry for entry in await office.entries())


async def test_a_put_with_all_a_directory_knows_ends_it_too(office: Office, directory: httpx.AsyncClient) -> None:
    body = {
        "schemas": [USER, "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
        "id": DANA,
        "userName": "dana@harborstreet.example",
        "name": {"givenName": "Dana", "familyName": "Reyes"},
        "emails": [{"value": "dana@harborstreet.example", "primary": True}],
        "active": False,
    }
    answer = await directory.put(f"{SCIM}/Users/{DANA}", content=json.dumps(body))
    assert answer.status_code == 200, answer.text
    assert (answer.json()["active"], answer.json()["userName"]) == (False, "dana")
    assert office.identity.watch.terminated(DANA)


async def test_deleting_hides_the_person_until_the_console_restores_them(office: Office, directory: httpx.AsyncClient) -> None:
    assert (await directory.delete(f"{SCIM}/Users/{DANA}")).status_code == 204
    for answer in (await directory.get(f"{SCIM}/Users/{DANA}"), await directory.delete(f"{SCIM}/Users/{DANA}")):
        assert answer.status_code == 404
        assert answer.json()["status"] == "404"
    assert (await directory.get(f"{SCIM}/Users")).json()["totalResults"] == 2
    await office.identity.users.restore(DANA, "back")
    assert (await directory.get(f"{SCIM}/Users/{DANA}")).json()["active"] is True


async def test_access_is_not_given_back_over_scim(office: Office, directory: httpx.AsyncClient) -> None:
    await office.identity.users.terminate(DANA, "left")
    body = {"schemas": [PATCH], "Operations": [{"op": "replace", "path": "active", "value": True}]}
    answer = await directory.patch(f"{SCIM}/Users/{DANA}", content=json.dumps(body))
    assert answer.status_code == 403
    assert office.identity.watch.terminated(DANA)


async def test_people_are_not_created(directory: httpx.AsyncClient) -> None:
    answer = await directory.post(f"{SCIM}/Users", content=json.dumps({"schemas": [USER], "userName": "new"}))
    assert answer.status_code == 501
    assert answer.json()["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "kind"),
    [
        ("GET", "/Users?filter=userName+zz+%22x%22", None, 400, "invalidFilter"),
        ("GET", "/Users?count=many", None, 400, "invalidValue"),
        ("GET", "/Users?filter=" + "a" * 3000, None, 414, None),
        ("PATCH", f"/Users/{DANA}", "{", 400, "invalidSyntax"),
        (
            "PATCH",
            f"/Users/{DANA}",
            {"schemas": [PATCH], "Operations": [{"op": "replace", "path": "userName", "value": "x"}]},
            400,
            "mutability",
        ),
        ("PATCH", f"/Users/{DANA}", {"schemas": [PATCH], "Operations": [{"op": "remove", "path": "active"}]}, 400, None),
        ("PUT", f"/Users/{DANA}", {"schemas": [USER], "userName": "dana"}, 400, "invalidValue"),
        ("PUT", f"/Users/{DANA}", [], 400, None),
        ("GET", "/Users/nobody", None, 404, None),
        ("GET", "/Groups", None, 404, None),
        ("POST", "/Bulk", "{}", 501, None),
        ("GET", "/Me", None, 501, None),
        ("POST", "/.search", "{}", 501, None),
        ("GET", "/Schemas?filter=x", None, 403, None),
        ("POST", "/Schemas", "{}", 405, None),
        ("DELETE", "/Users", None, 405, None),
    ],
)
async def test_errors_by_the_rfc(directory: httpx.AsyncClient, method: str, path: str, body: Any, status: int, kind: str | None) -> None:
    content = body if isinstance(body, str) else json.dumps(body) if body is not None else None
    answer = await directory.request(method, SCIM + path, content=content)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/scim+json"
    said = answer.json()
    assert said["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
    assert said["status"] == str(status)
    if kind:
        assert said["scimType"] == kind


async def test_who_may_not(office: Office, directory: httpx.AsyncClient) -> None:
    nobody = await office.browser().get(f"{SCIM}/Users")
    assert (nobody.status_code, nobody.headers["www-authenticate"]) == (401, 'Bearer realm="scim"')
    other = program(office, await a_key(office, await office.signed_in(), "calls.list"))
    assert (await other.get(f"{SCIM}/Users")).status_code == 403
    assert (await other.delete(f"{SCIM}/Users/{DANA}")).json()["status"] == "403"
    assert not office.identity.watch.terminated(DANA)


async def test_a_directory_whose_own_key_s_owner_it_ends_is_locked_out_at_once(office: Office, directory: httpx.AsyncClient) -> None:
    assert (await directory.delete(f"{SCIM}/Users/olive-park")).status_code == 204
    assert (await directory.get(f"{SCIM}/Users")).status_code == 401


# ---- scim2-tester


class Bridge(httpx2.BaseTransport):
    """Lets a synchronous client talk to the app on a loop of its own thread."""

    def __init__(self, portal: Any, client: httpx.AsyncClient) -> None:
        self._portal, self._client = portal, client

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        async def send() -> httpx2.Response:
            body = request.read()
            headers = {name: value for name, value in request.headers.items() if name not in ("host", "content-length")}
            path = request.url.raw_path.decode().removeprefix("/api/v1")
            answer = await self._client.request(request.method, path, content=body or None, headers=headers)
            return httpx2.Response(answer.status_code, headers=list(answer.headers.items()), content=answer.content)

        answer: httpx2.Response = self._portal.call(send)
        return answer


@pytest.fixture
def stranger(tmp_path: Path, empty: Path) -> Iterator[SyncSCIMClient]:
    """scim2-client on our app."""
    with anyio.from_thread.start_blocking_portal() as portal:

        async def begin() -> tuple[Office, httpx.AsyncClient]:
            office = await an_office(tmp_path, empty, required=False)
            return office, program(office, await a_key(office, await office.signed_in(), "people.deprovision"))

        office, client = portal.call(begin)
        http = httpx2.Client(transport=Bridge(portal, client), base_url="https://console.example/api/v1/scim/v2")
        yield SyncSCIMClient(http)
        portal.call(client.aclose)
        office.store.close()


def test_scim2_tester_finds_nothing_but_what_we_say_we_do_not_do(stranger: SyncSCIMClient) -> None:
    """Its checks of discovery, queries, errors; those that begin by creating a user end there, as creating is not supported."""
    results = check_server(stranger, exclude_tags={"crud:create", "crud:update", "crud:delete"})
    failed = {
        (result.title, result.reason) for result in results if result.status not in (Status.SUCCESS, Status.SKIPPED, Status.ACCEPTABLE)
    }
    assert len(results) > 10
    assert {title for title, reason in failed if "501" not in str(reason) and "settings file" not in str(reason)} == set(), failed


def test_scim2_client_reads_and_deactivates(stranger: SyncSCIMClient) -> None:
    stranger.discover()
    user_model = stranger.get_resource_model("User")
    page = stranger.query(user_model)
    assert {user.user_name for user in page.resources} == {"olive", "dana", "sam"}
    dana = stranger.query(user_model, DANA)
    dana.active = False
    assert stranger.replace(dana).active is False
    stranger.delete(user_model, "sam-okafor")
    assert stranger.query(user_model).total_results == 2
