"""Retention, holds and agreements over HTTP: forms, views, refusals in words, and who may."""

from datetime import UTC, datetime, timedelta

import pytest
from tests.fakes.web_ports import PASSWORD
from tests.unit.web.conftest import Web

from auricle.compliance.holds import Record
from fakes.compliance import FakeCompliance

HOLD = {"name": "Vandermolen matter", "reason": "letter of counsel", "kind": "voicemail", "number": "202-555-0142"}


async def officer(web: Web, *, stepped_up: bool = True) -> FakeCompliance:
    """Dana, who is the privacy officer too, and what stands behind the routes."""
    await web.sign_in()
    if stepped_up:
        assert (await web.client.post("/api/v1/session/step-up", json={"password": PASSWORD})).status_code == 204
    behind: FakeCompliance = web.client._transport.app.state.ports.compliance  # type: ignore[attr-defined]
    return behind


async def test_the_schedule_says_days_minimum_and_source(web: Web) -> None:
    await officer(web)
    shown = (await web.client.get("/api/v1/retention")).json()
    rules = {rule["kind"]: rule for rule in shown["schedule"]}
    assert (rules["voicemail"]["days"], rules["voicemail"]["enforced"]) == (90, True)
    assert (rules["audit"]["minimum_days"], rules["audit"]["enforced"]) == (2192, False)
    assert "164.316" in rules["audit"]["source"]
    assert rules["transcript"]["days"] is None
    assert shown["clock_fault"] == ""
    assert shown["last_run"]["shredded"] == 3


async def test_a_change_that_deletes_needs_its_own_preview(web: Web) -> None:
    behind = await officer(web)
    behind.records = [Record("voicemail", f"v{age}", datetime.now(UTC) - timedelta(days=age)) for age in (5, 40, 80)]
    form = {"schedule": [{"kind": "voicemail", "days": 30}]}
    blind = await web.client.put("/api/v1/retention", json=form)
    assert (blind.status_code, blind.json()["type"]) == (409, "retention.preview_needed")
    seen = (await web.client.post("/api/v1/retention/preview", json=form)).json()
    counted = next(kind for kind in seen["kinds"] if kind["kind"] == "voicemail")
    assert (counted["would_delete"], counted["within_30_days"], counted["held"]) == (2, 1, 0)
    other = {"schedule": [{"kind": "voicemail", "days": 3}], "preview_token": seen["token"]}
    assert (await web.client.put("/api/v1/retention", json=other)).status_code == 409
    changed = await web.client.put("/api/v1/retention", json=form | {"preview_token": seen["token"]})
    assert changed.status_code == 200
    assert next(rule["days"] for rule in changed.json()["schedule"] if rule["kind"] == "voicemail") == 30


async def test_a_minimum_is_refused_in_words(web: Web) -> None:
    await officer(web)
    for path, send in (("/api/v1/retention/preview", web.client.post), ("/api/v1/retention", web.client.put)):
        answer = await send(path, json={"schedule": [{"kind": "audit", "days": 365}]})
        assert (answer.status_code, answer.json()["type"]) == (400, "retention.schedule_wrong")
        assert "164.316" in answer.json()["detail"]


async def test_changing_asks_for_a_step_up_and_reading_does_not(web: Web) -> None:
    await officer(web, stepped_up=False)
    assert (await web.client.get("/api/v1/retention")).status_code == 200
    answer = await web.client.put("/api/v1/retention", json={"schedule": [{"kind": "voicemail", "days": 400}]})
    assert (answer.status_code, answer.json()["type"]) == (403, "access.step_up_needed")
    agreement = {"reference": "contract 7", "signed_on": "2026-01-02"}
    assert (await web.client.put("/api/v1/agreements/operator", json=agreement)).json()["type"] == "access.step_up_needed"


async def test_a_run_and_the_clock(web: Web) -> None:
    behind = await officer(web)
    behind.fault = "The clock is more than a day ahead."
    assert (await web.client.post("/api/v1/retention/run")).status_code == 202
    assert behind.runs == 1
    assert "ahead" in (await web.client.get("/api/v1/retention")).json()["clock_fault"]
    assert (await web.client.post("/api/v1/retention/clock")).status_code == 204
    assert (await web.client.get("/api/v1/retention")).json()["clock_fault"] == ""


async def test_a_hold_is_placed_listed_and_released(web: Web) -> None:
    await officer(web)
    placed = await web.client.post("/api/v1/holds", json=HOLD | {"since": "2026-01-01T00:00:00-05:00"})
    assert placed.status_code == 201
    assert placed.json()["placed_by"] == {"id": "dana-reyes", "name": "Dana Reyes"}
    ident = placed.json()["id"]
    (listed,) = (await web.client.get("/api/v1/holds")).json()
    assert (listed["name"], listed["reason"], listed["number"]) == (HOLD["name"], HOLD["reason"], HOLD["number"])
    assert listed["since"] == "2026-01-01T00:00:00-05:00"
    assert (await web.client.delete(f"/api/v1/holds/{ident}")).status_code == 204
    assert (await web.client.delete(f"/api/v1/holds/{ident}")).status_code == 404
    assert (await web.client.get("/api/v1/holds")).json()[0]["released_by"]["id"] == "dana-reyes"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"kind": "any", "record": "v1", "number": None}, "holds.wrong"),
        ({"since": "2026-02-01T00:00:00Z", "until": "2026-01-01T00:00:00Z"}, "holds.wrong"),
        ({"since": "2026-02-01T00:00:00"}, "web.invalid_input"),
        ({"name": ""}, "web.invalid_input"),
        ({"unknown": 1}, "web.invalid_input"),
        ({"record": "../../x"}, "web.invalid_input"),
    ],
)
async def test_a_hold_that_says_nothing_sensible_is_refused(web: Web, changes: dict[str, object], code: str) -> None:
    await officer(web)
    answer = await web.client.post("/api/v1/holds", json=HOLD | changes)
    assert (answer.status_code, answer.json()["type"]) == (400, code)
    assert "Vandermolen" not in answer.text


async def test_agreements_and_what_they_switch_off(web: Web) -> None:
    behind = await officer(web)
    behind.operated_by = "Harbor Hosting"
    before = {line["party"]: line for line in (await web.client.get("/api/v1/agreements")).json()}
    assert (before["operator"]["state"], before["operator"]["required"]) == ("missing", True)
    assert set(before["operator"]["blocks"]) == {"voicemail", "transcription", "console"}
    assert (before["trunk:carrier"]["state"], before["trunk:carrier"]["required"]) == ("not-needed", False)
    assert before["trunk:carrier"]["blocks"] == ["caller-names"]
    form = {"reference": "contract 7", "signed_on": "2026-01-02", "expires_on": "2099-12-31"}
    assert (await web.client.put("/api/v1/agreements/operator", json=form)).status_code == 204
    after = next(line for line in (await web.client.get("/api/v1/agreements")).json() if line["party"] == "operator")
    assert (after["state"], after["blocks"], after["in_force_from"], after["expires_on"]) == ("in-force", [], "2026-01-02", "2099-12-31")
    assert (await web.client.delete("/api/v1/agreements/operator")).status_code == 204
    assert (await web.client.delete("/api/v1/agreements/operator")).status_code == 404
    assert next(line["state"] for line in (await web.client.get("/api/v1/agreements")).json() if line["party"] == "operator") == "expired"


@pytest.mark.parametrize(("party", "code"), [("bank", "compliance.agreement_wrong"), ("trunk", "compliance.agreement_wrong")])
async def test_unknown_parties_are_refused_in_words(web: Web, party: str, code: str) -> None:
    await officer(web)
    answer = await web.client.put(f"/api/v1/agreements/{party}", json={"reference": "x", "signed_on": "2026-01-02"})
    assert (answer.status_code, answer.json()["type"]) == (400, code)
    assert "operator" in answer.json()["detail"]


async def test_everybody_signed_in_sees_which_features_are_off(web: Web) -> None:
    await web.sign_in("noor.haddad")
    shown = {line["feature"]: line for line in (await web.client.get("/api/v1/features")).json()}
    assert shown["voicemail"]["state"] == "on"
    assert (shown["caller-names"]["state"], shown["caller-names"]["missing"]) == ("refused", ["trunk:carrier"])
    assert shown["caller-names"]["what_to_do"]
    assert shown["sms"]["state"] == "not-built"


@pytest.mark.parametrize("user", ["noor.haddad", "sam.okafor"])
async def test_a_nurse_and_a_biller_may_do_none_of_it(web: Web, user: str) -> None:
    await web.sign_in(user)
    asked = [
        await web.client.get("/api/v1/retention"),
        await web.client.put("/api/v1/retention", json={"schedule": [{"kind": "voicemail", "days": 1}]}),
        await web.client.post("/api/v1/retention/run"),
        await web.client.post("/api/v1/retention/clock"),
        await web.client.get("/api/v1/holds"),
        await web.client.post("/api/v1/holds", json=HOLD),
        await web.client.delete("/api/v1/holds/h0"),
        await web.client.get("/api/v1/agreements"),
        await web.client.put("/api/v1/agreements/operator", json={"reference": "x", "signed_on": "2026-01-02"}),
        await web.client.delete("/api/v1/agreements/operator"),
    ]
    assert {answer.status_code for answer in asked} == {403}
