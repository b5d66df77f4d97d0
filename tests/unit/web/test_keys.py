"""Keys over HTTP: what is shown and to whom, rotation behind a step-up, refusals in words, and the live topic."""

from typing import Any

import pytest
from tests.fakes.keys import FakeKeys
from tests.fakes.web_ports import PASSWORD
from tests.unit.web.conftest import Web

from auricle.kernel.ids import PersonId
from auricle.vault.errors import SealingRefused
from auricle.vault.keyring import Purpose
from auricle.web.keys.ports import KeyJob, KeysChanged, KeyState
from auricle.web.keys.schemas import keys_note


async def officer(web: Web, *, stepped_up: bool = True) -> FakeKeys:
    """Dana as security officer, and what stands behind the routes."""
    object.__setattr__(web.world.practice.people[PersonId("dana-reyes")], "roles", frozenset({"security-officer"}))
    await web.sign_in()
    if stepped_up:
        assert (await web.client.post("/api/v1/session/step-up", json={"password": PASSWORD})).status_code == 204
    behind: FakeKeys = web.client._transport.app.state.ports.keys  # type: ignore[attr-defined]
    return behind


async def page(web: Web) -> dict[str, Any]:
    answer = await web.client.get("/api/v1/keys")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_the_page_has_everything_but_keys(web: Web) -> None:
    await officer(web, stepped_up=False)
    shown = await page(web)
    assert (shown["provider"], shown["holders"], shown["development"]) == ("passphrase", ["passphrase", "recovery"], False)
    assert [one["purpose"] for one in shown["purposes"]] == [purpose.value for purpose in Purpose]
    assert shown["recovery"] == {"made_at": "2026-11-01T09:00:00Z", "shares": 3, "needed": 2}
    assert shown["state"] == {"state": "up", "since": None, "text": ""}
    assert shown["job"] is None


async def test_a_rotation_needs_a_step_up(web: Web) -> None:
    await officer(web, stepped_up=False)
    refused = await web.client.post("/api/v1/keys/rotate", json={})
    assert (refused.status_code, refused.json()["type"]) == (403, "access.step_up_needed")
    assert (await page(web))["job"] is None


@pytest.mark.parametrize(("form", "epochs"), [({}, {2}), ({"purpose": "blob"}, {1, 2})])
async def test_a_rotation_is_taken_and_done_in_the_background(form: dict[str, str], epochs: set[int], web: Web) -> None:
    await officer(web)
    answer = await web.client.post("/api/v1/keys/rotate", json=form)
    assert answer.status_code == 202
    shown = await page(web)
    assert {one["epoch"] for one in shown["purposes"]} == epochs
    assert shown["job"] == {"state": "running", "done": 0, "total": 12, "damaged": 0}


async def test_a_purpose_that_is_none_and_a_refusing_provider_are_answered_in_words(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    behind = await officer(web)
    assert (await web.client.post("/api/v1/keys/rotate", json={"purpose": "no-such"})).status_code == 404
    assert (await web.client.post("/api/v1/keys/rotate", json={"purpose": "x" * 99})).status_code in (400, 422)

    async def refused(*_: object) -> None:
        raise SealingRefused("no new keys while their provider refuses")

    monkeypatch.setattr(behind, "rotate", refused)
    answer = await web.client.post("/api/v1/keys/rotate", json={})
    assert (answer.status_code, answer.json()["type"]) == (503, "vault.sealing_refused")
    behind.state = KeyState("refused", web.world.now(), "keys: refused by provider since 09:01 UTC")
    assert (await page(web))["state"]["state"] == "refused"


@pytest.mark.parametrize("username", ["noor.haddad", "sam.okafor"])
async def test_others_see_and_rotate_nothing(username: str, web: Web) -> None:
    await web.sign_in(username)
    assert (await web.client.get("/api/v1/keys")).status_code == 403
    assert (await web.client.post("/api/v1/keys/rotate", json={})).status_code == 403


def test_the_live_note() -> None:
    note = keys_note(KeysChanged(KeyJob("running", 3, 12, 0), "up"))
    assert note.model_dump() == {"job": {"state": "running", "done": 3, "total": 12, "damaged": 0}, "state": "up"}
    assert keys_note(KeysChanged(None, "refused")).job is None
