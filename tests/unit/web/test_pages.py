"""The lists: shapes, cursors, names and numbers as people read them."""

from datetime import UTC, datetime

import pytest
from tests.fakes.web_ports import practice
from tests.unit.web.conftest import Web

from auricle.kernel.phi import Phi
from auricle.web.cursor import decode_cursor, encode_cursor
from auricle.web.errors import BadCursor
from auricle.web.names import party


async def test_calls_come_in_pages_without_gap_or_repeat(web: Web) -> None:
    await web.sign_in()
    seen: list[str] = []
    cursor: str | None = None
    for _ in range(10):
        page = (await web.client.get("/api/v1/calls", params={"limit": 7} | ({"before": cursor} if cursor else {}))).json()
        seen += [call["id"] for call in page["calls"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == [call.id for call in sorted(web.world.calls, key=lambda call: call.started_at, reverse=True)]


async def test_a_call_names_people_and_writes_numbers_as_people_do(web: Web) -> None:
    await web.sign_in()
    call = (await web.client.get("/api/v1/calls", params={"limit": 1})).json()["calls"][0]
    assert call["caller"] == {"number": "+12025550110", "text": "(202) 555-0110", "name": "Maria Alvarez", "withheld": False}
    assert call["answered_by"] == {"id": "dana-reyes", "name": "Dana Reyes"}
    assert [leg["person"] for leg in call["legs"]] == [None, {"id": "dana-reyes", "name": "Dana Reyes"}]
    assert call["talk_s"] == 90


@pytest.mark.parametrize(
    ("number", "name", "text", "shown", "withheld"),
    [
        ("+12025550142", "Maria", "(202) 555-0142", "Maria", False),
        ("anonymous", "Maria", "", "", True),
        ("", "", "", "", True),
        ("101", "", "101", "Dana Reyes", False),
        ("+999", "", "+999", "", False),
        ("sip:odd@harborstreet.example", "", "sip:odd@harborstreet.example", "", False),
    ],
)
def test_parties(number: str, name: str, text: str, shown: str, withheld: bool) -> None:
    """Case CALL-fecd: a caller who asked for privacy stays anonymous, whatever name came with the call."""
    found = party(practice(), Phi(number), Phi(name))
    assert (found.text, found.name, found.withheld) == (text, shown, withheld)


def test_long_names_are_cut() -> None:
    assert len(party(practice(), Phi("+12025550142"), Phi("x" * 5000)).name) == 80


def test_cursors_come_back() -> None:
    at = datetime(2026, 11, 25, 8, 0, 0, 123456, tzinfo=UTC)
    assert decode_cursor(encode_cursor(at, "c1|2")) == (at, "c1|2")


@pytest.mark.parametrize("text", ["", "x", "AAAA", "=", encode_cursor(datetime(2026, 1, 1, tzinfo=UTC), ""), "MjAyNi0wMS0wMXxh", "é"])
def test_strange_cursors_are_refused(text: str) -> None:
    with pytest.raises(BadCursor):
        decode_cursor(text)


async def test_voicemail_and_its_text(web: Web) -> None:
    await web.sign_in("noor.haddad")
    messages = (await web.client.get("/api/v1/voicemails")).json()["messages"]
    assert [message["id"] for message in messages] == ["vm1", "vm3", "vm4"]  # vm2 is in the front desk's box
    assert messages[0]["mailbox"] == {"id": "nurses", "name": "Nurse line"}
    assert messages[1]["caller"]["withheld"]
    text = (await web.client.get("/api/v1/voicemails/vm1/transcript")).json()
    assert text["state"] == "done"
    assert [word["text"] for word in text["words"] if word["unsure"]] == ["lisinopril", "Dock"]
    silent = (await web.client.get("/api/v1/voicemails/vm3/transcript")).json()
    assert (silent["state"], silent["words"]) == ("no-speech", [])


async def test_marking_heard(web: Web) -> None:
    await web.sign_in()
    assert (await web.client.post("/api/v1/voicemails/vm1/listened")).status_code == 204
    first = (await web.client.get("/api/v1/voicemails")).json()["messages"][0]["listened_at"]
    assert first is not None
    assert (await web.client.post("/api/v1/voicemails/none/listened")).status_code == 404


async def test_the_audit_log_comes_in_pages_and_reading_it_is_an_entry(web: Web) -> None:
    await web.sign_in()
    page = (await web.client.get("/api/v1/audit", params={"limit": 1})).json()
    assert (page["entries"][0]["action"], page["entries"][0]["actor"]["name"]) == ("audit.read", "Dana Reyes")
    older = (await web.client.get("/api/v1/audit", params={"limit": 200, "before": page["next"]})).json()
    assert older["entries"][-1]["action"] == "session.start"
    assert older["next"] is None


async def test_system_and_health(web: Web) -> None:
    assert (await web.client.get("/api/v1/health")).json() == {"status": "ok"}
    web.world.services["rtpengine"] = "restarting"
    health = await web.client.get("/api/v1/health")
    assert (health.status_code, health.json()) == (503, {"status": "degraded"})
    await web.sign_in("sam.okafor")
    services = (await web.client.get("/api/v1/system")).json()["services"]
    assert {"name": "rtpengine", "state": "restarting"} in services


async def test_the_console_is_served_everywhere_else(web: Web) -> None:
    index = await web.client.get("/voicemail/vm1")
    assert index.text.startswith("<!doctype html>")
    assert index.headers["cache-control"] == "no-store"
    asset = await web.client.get("/assets/app-abc.js", headers={"Accept-Encoding": "gzip, br"})
    assert (asset.headers["content-encoding"], asset.headers["content-type"].split(";")[0]) == ("br", "text/javascript")
    assert "immutable" in asset.headers["cache-control"]
    plain = await web.client.get("/assets/app-abc.js", headers={"Accept-Encoding": "identity"})
    assert (plain.text, plain.headers["vary"]) == ("1", "Accept-Encoding")
    assert (await web.client.get("/assets/app-old.js")).status_code == 404
    assert (await web.client.get("/..%2f..%2fetc/passwd")).text.startswith("<!doctype html>")
