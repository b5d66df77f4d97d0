"""The audit and alert pages: filters, one entry with its proof, exports as files, a patient's report, acknowledgements."""

import json
from base64 import b64decode
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.fakes.audit import FakeAlerts, FakeAudit
from tests.unit.web.conftest import Web
from tests.unit.web.test_events import events, watcher

from auricle.audit.entry import Entry
from auricle.audit.tree import leaf_hash, verify_inclusion
from auricle.audit.verify import verify_export
from auricle.web.alerts.ports import AlertFound, AlertRaised
from auricle.web.audit.ports import LookAt
from auricle.web.ports import ServiceState

AT = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)


def add(web: Web, **fields: Any) -> None:
    base = {"actor_kind": "person", "actor": "noor-haddad", "session": "s1", "address": "192.0.2.9", "purpose": "console"}
    base |= {"action": "voicemail.play", "kind": "voicemail", "ref": "v1", "outcome": "allowed"}
    web.world.entries.append(Entry(at=AT, **base | fields))


async def test_filters_and_what_an_entry_shows(web: Web) -> None:
    await web.sign_in("dana.reyes")
    add(web, detail={"why": "Nurses hear their boxes."}, touched=("voicemail:v1",))
    add(web, outcome="refused", sealed=b"\x00\x01x", place="e1")
    body = (await web.client.get("/api/v1/audit?actor=noor-haddad&outcome=allowed&kind=voicemail")).json()
    (entry,) = body["entries"]
    assert (entry["why"], entry["touched"], entry["has_private"]) == ("Nurses hear their boxes.", 1, False)
    (entry,) = (await web.client.get("/api/v1/audit?actor=noor-haddad&outcome=refused")).json()["entries"]
    assert entry["has_private"]
    assert (await web.client.get("/api/v1/audit?actor=noor-haddad&until=2026-11-25T08:00:00Z")).json()["entries"] == []
    assert len((await web.client.get("/api/v1/audit?actor=noor-haddad&since=2026-11-25T08:00:00Z")).json()["entries"]) == 2


@pytest.mark.parametrize(
    "query", ["since=2026-11-25T08:00:00", "since=yesterday", "limit=0", "limit=201", "before=-1", f"actor={'x' * 201}"]
)
async def test_a_search_that_is_none(query: str, web: Web) -> None:
    await web.sign_in("dana.reyes")
    answer = await web.client.get(f"/api/v1/audit?{query}")
    assert (answer.status_code, answer.json()["type"]) == (400, "web.invalid_input")


async def test_one_entry_proves_itself(web: Web) -> None:
    await web.sign_in("dana.reyes")
    for _ in range(5):
        add(web)
    found = (await web.client.get("/api/v1/audit/2")).json()
    proof = found["proof"]
    lines = proof["checkpoint"].split("\n")
    path = [b64decode(node) for node in proof["path"]]
    assert verify_inclusion(leaf_hash(proof["leaf"].encode()), proof["index"], int(lines[1]), path, b64decode(lines[2]))
    assert (found["private"], json.loads(proof["leaf"])["action"]) == (None, found["entry"]["action"])
    assert (await web.client.get("/api/v1/audit/999")).status_code == 404
    assert (await web.client.get("/api/v1/audit/x")).status_code == 400


async def test_a_private_detail_needs_a_fresh_proof_of_who_asks(web: Web) -> None:
    await web.sign_in("dana.reyes")
    add(web, sealed=b"\x00\x01x", place="e1")
    number = len(web.world.entries) - 1
    assert (await web.client.get(f"/api/v1/audit/{number}")).json()["private"] is None
    answer = await web.client.get(f"/api/v1/audit/{number}?private=true")
    assert answer.status_code == 403
    assert web.world.entries[-1].outcome == "refused"


async def test_an_export_needs_a_fresh_proof_of_who_asks(web: Web) -> None:
    await web.sign_in("dana.reyes")
    assert (await web.client.get("/api/v1/audit/export")).status_code == 403


async def test_the_forms_of_an_export_are_files() -> None:
    entries = [Entry(AT, "person", "p", "s", "a", "x.y", "k", "r", "done", "")]
    audit = FakeAudit(entries, lambda *_: None)
    from auricle.audit.formats import Format
    from auricle.kernel.actor import ANONYMOUS

    data = {form: b"".join([piece async for piece in await audit.export(ANONYMOUS, form)]) for form in Format}
    assert verify_export(data[Format.JSONL].splitlines()).ok
    assert all(data.values())


async def test_checkpoints_and_anchors(web: Web) -> None:
    await web.sign_in("dana.reyes")
    found = (await web.client.get("/api/v1/audit/checkpoints")).json()
    assert found["checkpoints"][0]["note"].startswith("harborstreet.example/audit\n")
    assert [(anchor["name"], anchor["state"]) for anchor in found["anchors"]] == [("usb", "up"), ("offsite", "lagging")]


async def test_a_patients_report(web: Web) -> None:
    await web.sign_in("dana.reyes")
    audit = web.client._transport.app.state.ports.audit  # type: ignore[attr-defined]
    audit.looks = [LookAt(3, AT, "person", "noor-haddad", "voicemail.play", "voicemail:v1", "allowed", "=why")]
    answer = await web.client.post("/api/v1/audit/patient-report", json={"number": "(202) 555-0142"})
    (look,) = answer.json()["looks"]
    assert (look["actor"]["name"], look["record"]) == ("Noor Haddad, RN", "voicemail:v1")
    table = await web.client.post("/api/v1/audit/patient-report.csv", json={"number": "(202) 555-0142"})
    assert table.headers["content-type"].startswith("text/csv")
    assert "'=why" in table.text
    refused = await web.client.post("/api/v1/audit/patient-report", json={"number": "not a number 555"})
    assert refused.status_code == 400
    assert "555" not in refused.text
    assert (await web.client.get("/api/v1/audit/patient-report")).status_code in {400, 405}


async def test_alerts_are_listed_and_acknowledged(web: Web) -> None:
    await web.sign_in("dana.reyes")
    alerts: FakeAlerts = web.client._transport.app.state.ports.alerts  # type: ignore[attr-defined]
    alerts.found = [AlertFound(f"after-hours.{n}", "after-hours", AT, n, "noor-haddad", "*", 2, "Looked at 2 records.") for n in range(3)]
    page = (await web.client.get("/api/v1/alerts?limit=2")).json()
    assert ([alert["entry"] for alert in page["alerts"]], page["next"]) == ([2, 1], 1)
    assert page["alerts"][0]["actor"]["name"] == "Noor Haddad, RN"
    assert (await web.client.post("/api/v1/alerts/after-hours.2/acknowledge", json={"note": "on call"})).status_code == 204
    (first,) = (await web.client.get("/api/v1/alerts?limit=1")).json()["alerts"]
    assert (first["state"], first["note"], first["acknowledged_by"]["id"]) == ("acknowledged", "on call", "dana-reyes")
    assert len((await web.client.get("/api/v1/alerts?unseen=true")).json()["alerts"]) == 2
    assert (await web.client.post("/api/v1/alerts/after-hours.9/acknowledge", json={"note": "x"})).status_code == 404
    assert (await web.client.post("/api/v1/alerts/after-hours.2/acknowledge", json={"note": ""})).status_code == 400
    rules = (await web.client.get("/api/v1/alerts/rules")).json()["rules"]
    assert {"mass-look-up", "own-family", "after-hours"} <= {rule["id"] for rule in rules}


@pytest.mark.parametrize("path", ["/audit", "/audit/0", "/audit/checkpoints", "/alerts", "/alerts/rules"])
async def test_not_for_everybody(path: str, web: Web) -> None:
    await web.sign_in("sam.okafor")
    assert (await web.client.get(f"/api/v1{path}")).status_code == 403


async def test_an_alert_is_told_on_the_stream_to_those_who_may_see_alerts_and_holds_an_id_alone() -> None:
    world, _, watching, _ = await watcher("dana.reyes")
    stream = watching.run(None)
    await events(stream, 2)
    world.tell(AlertRaised("after-hours.2"))
    ((_, name, data),) = await events(stream, 1)
    assert (name, data) == ("alert", {"id": "after-hours.2"})
    world, _, watching, _ = await watcher("noor.haddad")
    stream = watching.run(None)
    await events(stream, 2)
    world.tell(AlertRaised("after-hours.2"))
    world.tell(ServiceState("kamailio", "restarting"))
    assert [name for _, name, _ in await events(stream, 1)] == ["service"]
