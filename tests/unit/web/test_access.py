"""The access pages, and that lists, stream and content show no more than the policies say."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.fakes.web_ports import PASSWORD, FakeWorld, a_running_call
from tests.unit.web.conftest import Web

from auricle.kernel.ids import PersonId, VoicemailId
from auricle.web.break_glass.ports import GlassChanged
from auricle.web.events.hub import Hub
from auricle.web.events.stream import Watcher
from auricle.web.ports import VoicemailChanged

REASON = "caller reported chest pain, line dropped"
PATIENT = "+12025550142"


def become(world: FakeWorld, person: str, *roles: str) -> None:
    """Change somebody's roles, as a changed settings file would."""
    object.__setattr__(world.practice.people[PersonId(person)], "roles", frozenset(roles))


async def until(web: Web) -> str:
    return (web.world.now() + timedelta(hours=2)).isoformat()


async def step_up(web: Web) -> None:
    assert (await web.client.post("/api/v1/session/step-up", json={"password": PASSWORD})).status_code == 204


async def get(web: Web, path: str) -> Any:
    answer = await web.client.get(f"/api/v1{path}")
    assert answer.status_code == 200, answer.text
    return answer.json()


# ---- the policies to read ----------------------------------------------------------------------------


async def test_the_matrix_has_a_cell_for_every_role_and_action(web: Web) -> None:
    await web.sign_in()
    found = await get(web, "/access/matrix")
    assert len(found["cells"]) == len(found["roles"]) * len(found["actions"])
    assert {cell["answer"] for cell in found["cells"]} == {"yes", "no", "depends"}
    assert {action["group"] for action in found["actions"]} >= {"calls", "voicemail", "audit", "keys", "break-glass"}
    (play,) = (cell for cell in found["cells"] if cell["role"] == "front-desk" and cell["action"] == "voicemail.play")
    assert (play["answer"], play["rules"]) == ("yes", ["This practice's settings allow it."])


async def test_what_if_answers_for_a_person_and_for_roles(web: Web) -> None:
    await web.sign_in()
    ask = {"action": "voicemail.play", "kind": "voicemail", "id": "vm1", "mailbox": "nurses"}
    noor = (await web.client.post("/api/v1/access/what-if", json={"person": "noor-haddad", **ask})).json()
    assert noor["allowed"]
    assert noor["needs"] == []
    sam = (await web.client.post("/api/v1/access/what-if", json={"roles": ["billing"], **ask})).json()
    assert (sam["allowed"], sam["rules"]) == (False, ["No rule gives your roles this permission."])
    assert "A time-boxed grant of it." in sam["needs"]
    assert (await web.client.post("/api/v1/access/what-if", json={"person": "nobody", **ask})).status_code == 404


async def test_strange_questions_are_refused(web: Web) -> None:
    await web.sign_in()
    for body in (
        {"action": "calls.erase", "kind": "call"},
        {"action": "calls.list", "kind": "planet"},
        {"action": "calls.list", "kind": "call", "id": "../x"},
        {"action": "calls.list", "kind": "call", "roles": ["root"]},
        {"action": "calls.list"},
    ):
        assert (await web.client.post("/api/v1/access/what-if", json=body)).status_code == 400, body


# ---- grants ------------------------------------------------------------------------------------------


async def test_a_grant_needs_a_step_up_and_counts_at_the_next_request_until_it_is_revoked(web: Web) -> None:
    become(web.world, "sam-okafor", "support")
    body = {"person": "sam-okafor", "action": "calls.list", "kind": "call", "until": await until(web), "reason": REASON}
    await web.sign_in()
    refused = await web.client.post("/api/v1/access/grants", json=body)
    assert (refused.status_code, refused.json()["type"]) == (403, "access.step_up_needed")
    await step_up(web)
    made = (await web.client.post("/api/v1/access/grants", json=body)).json()
    assert (made["state"], made["kind"], made["reason"]) == ("in-force", "any", REASON)
    officer = dict(web.client.cookies)
    web.client.cookies.clear()
    await web.sign_in("sam.okafor")
    assert (await get(web, "/calls"))["calls"][0]["masked"]
    support = dict(web.client.cookies)
    web.client.cookies.update(officer)
    assert (await web.client.delete(f"/api/v1/access/grants/{made['id']}")).status_code == 204
    assert [grant["state"] for grant in (await get(web, "/access/grants"))["grants"]] == ["revoked"]
    web.client.cookies.update(support)
    assert (await web.client.get("/api/v1/calls")).status_code == 403


async def test_grants_that_may_not_be(web: Web) -> None:
    """Nobody grants to themselves, and a grant never gives what only a role may give."""
    await web.sign_in()
    await step_up(web)
    good = {"person": "sam-okafor", "action": "calls.list", "kind": "call", "until": await until(web), "reason": REASON}
    for changes, status in (
        ({"person": "dana-reyes"}, 403),
        ({"person": "nobody"}, 404),
        ({"action": "keys.rotate"}, 400),
        ({"until": "2020-01-01T00:00:00Z"}, 400),
        ({"until": "2099-01-01T00:00:00Z"}, 400),
        ({"until": "tomorrow"}, 400),
        ({"reason": "because"}, 400),
        ({"record": "call:../x"}, 400),
        ({"mailbox": "attic", "action": "voicemail.play"}, 400),
    ):
        answer = await web.client.post("/api/v1/access/grants", json=good | changes)
        assert answer.status_code == status, changes
    assert web.world.given.grants == {}


async def test_reasons_stay_with_those_who_grant(web: Web) -> None:
    become(web.world, "sam-okafor", "auditor")
    await web.sign_in("sam.okafor")
    assert (await web.client.post("/api/v1/access/grants", json={})).status_code in (400, 403)
    assert (await get(web, "/access/grants"))["grants"] == []


# ---- restricted patients -----------------------------------------------------------------------------


async def test_marks_of_patients(web: Web) -> None:
    await web.sign_in()
    body = {"number": "+12025550142", "label": "the mayor", "restricted": True, "people": ["noor-haddad"], "teams": []}
    made = (await web.client.post("/api/v1/access/patients", json=body)).json()
    assert (made["restricted"], made["number"]["text"], made["people"][0]["name"]) == (True, "(202) 555-0142", "Noor Haddad, RN")
    listed = await get(web, "/access/patients")
    assert [mark["id"] for mark in listed["patients"]] == [made["id"]]
    assert (await web.client.delete(f"/api/v1/access/patients/{made['id']}")).status_code == 204
    assert (await web.client.delete(f"/api/v1/access/patients/{made['id']}")).status_code == 404


async def test_a_restricted_patient_is_masked_for_those_who_do_not_care_for_them(web: Web) -> None:
    become(web.world, "dana-reyes", "front-desk")
    web.world.restricted.add(PATIENT)
    await web.sign_in()
    messages = (await get(web, "/voicemails"))["messages"]
    (hidden,) = (message for message in messages if message["id"] == "vm1")
    assert hidden["masked"]
    assert hidden["caller"] == {"number": "", "text": "", "name": "", "withheld": False}
    assert "5550142" not in json.dumps(messages)
    for path in ("/voicemails/vm1/transcript", "/voicemails/vm1/audio"):
        refused = await web.client.get(f"/api/v1{path}")
        assert refused.status_code == 403
        assert refused.json()["detail"].startswith("Records of restricted patients")
    live = {call["id"]: call for call in (await get(web, "/calls/live"))["calls"]}
    assert live["live1"]["masked"] is False  # dana is on that line
    web.client.cookies.clear()
    await web.sign_in("noor.haddad")
    live = {call["id"]: call for call in (await get(web, "/calls/live"))["calls"]}
    assert (live["live1"]["masked"], live["live1"]["caller"]["number"], live["live2"]["masked"]) == (True, "", False)


async def test_an_auditor_sees_that_calls_took_place_not_with_whom(web: Web) -> None:
    become(web.world, "sam-okafor", "auditor")
    await web.sign_in("sam.okafor")
    text = (await web.client.get("/api/v1/calls")).text
    calls = json.loads(text)["calls"]
    assert calls
    assert all(call["masked"] for call in calls)
    assert "+1202" not in text
    assert "Maria" not in text
    assert (await web.client.get("/api/v1/voicemails")).status_code == 403


async def test_an_agent_sees_the_own_calls_alone(web: Web) -> None:
    become(web.world, "noor-haddad", "agent")
    await web.sign_in("noor.haddad")
    calls = (await get(web, "/calls"))["calls"]
    assert calls
    assert all(any(leg["person"] and leg["person"]["id"] == "noor-haddad" for leg in call["legs"]) for call in calls)
    assert not any(call["masked"] for call in calls)
    live = (await get(web, "/calls/live"))["calls"]
    assert [(call["id"], call["masked"]) for call in live] == [("live1", True), ("live2", False)]


async def test_demoted_from_nurse_to_front_desk_content_is_gone_at_the_next_request(web: Web) -> None:
    """Case RBAC-29c5: a demotion takes what PHI the new role may not see, without a new sign-in."""
    object.__setattr__(web.world.practice, "allow", ())
    await web.sign_in("noor.haddad")
    await get(web, "/voicemails/vm1/transcript")
    become(web.world, "noor-haddad", "front-desk")
    assert (await web.client.get("/api/v1/voicemails/vm1/transcript")).status_code == 403
    assert (await web.client.get("/api/v1/voicemails/vm1/audio")).status_code == 403
    assert [message["masked"] for message in (await get(web, "/voicemails"))["messages"]] == [False] * 4
    become(web.world, "noor-haddad", "nurse")
    await get(web, "/voicemails/vm1/transcript")


# ---- breaking the glass ------------------------------------------------------------------------------


async def test_the_glass_is_broken_used_ended_and_reviewed(web: Web) -> None:
    object.__setattr__(web.world.practice, "allow", ())
    become(web.world, "sam-okafor", "front-desk")
    await web.sign_in("sam.okafor")
    assert (await web.client.get("/api/v1/voicemails/vm1/transcript")).status_code == 403
    broken = await web.client.post("/api/v1/break-glass", json={"reason": REASON, "minutes": 30})
    assert broken.status_code == 201
    await get(web, "/voicemails/vm1/transcript")
    again = await web.client.post("/api/v1/break-glass", json={"reason": REASON, "minutes": 30})
    assert (again.status_code, again.json()["type"]) == (409, "break_glass.already")
    for path in ("/audit", "/keys", "/access/matrix", "/people"):
        assert (await web.client.get(f"/api/v1{path}")).status_code == 403, path
    assert (await web.client.delete("/api/v1/break-glass/current")).status_code == 204
    assert (await web.client.get("/api/v1/voicemails/vm1/transcript")).status_code == 403
    assert (await web.client.delete("/api/v1/break-glass/current")).status_code == 404
    web.client.cookies.clear()
    await web.sign_in()
    queue = await get(web, "/break-glass")
    assert (queue["waiting"], queue["entries"][0]["state"], queue["entries"][0]["reason"]) == (1, "to-review", REASON)
    path = f"/api/v1/break-glass/{queue['entries'][0]['id']}/review"
    assert (await web.client.post(path, json={"verdict": "not-justified", "note": "no emergency"})).status_code == 204
    assert (await web.client.post(path, json={"verdict": "justified"})).status_code == 409
    (entry,) = (await get(web, "/break-glass"))["entries"]
    assert (entry["state"], entry["review"]["verdict"], entry["review"]["note"]) == ("reviewed", "not-justified", "no emergency")


async def test_glass_that_may_not_be_broken(web: Web) -> None:
    await web.sign_in("noor.haddad")
    for body in ({"reason": "short", "minutes": 30}, {"reason": REASON, "minutes": 241}, {"reason": REASON, "minutes": 0}):
        assert (await web.client.post("/api/v1/break-glass", json=body)).status_code == 400, body


async def test_those_without_patients_cannot_break_the_glass_and_nobody_reviews_their_own(web: Web) -> None:
    await web.sign_in("sam.okafor")
    assert (await web.client.post("/api/v1/break-glass", json={"reason": REASON, "minutes": 30})).status_code == 403
    web.client.cookies.clear()
    await web.sign_in()
    made = (await web.client.post("/api/v1/break-glass", json={"reason": REASON, "minutes": 30})).json()
    refused = await web.client.post(f"/api/v1/break-glass/{made['id']}/review", json={"verdict": "justified"})
    assert (refused.status_code, refused.json()["detail"]) == (403, "Nobody reviews their own emergency access.")


# ---- the live stream ---------------------------------------------------------------------------------


async def pieces(world: FakeWorld, username: str, *happen: Any) -> str:
    """What one watcher is sent after its snapshot, until the stream rests."""
    hub, ports = Hub(), world.ports()
    world.watchers.append(hub.publish)
    session = await ports.sessions.sign_in(username, PASSWORD, "192.0.2.7")
    watcher = Watcher(ports, hub, session, "192.0.2.7")  # type: ignore[arg-type]
    text, stream = "", watcher.run(None, check_s=0.01, pace_s=0)
    async for piece in stream:
        text += piece.decode()
        if "event: system" in text:
            break
    for event in happen:
        world.tell(event)
    async for piece in stream:
        text += piece.decode()
        if "still here" in text:
            break
    await stream.aclose()  # type: ignore[attr-defined]
    return text


async def test_the_stream_masks_and_leaves_out_item_by_item(web: Web) -> None:
    world = web.world
    world.restricted.add("+12025550188")
    call = a_running_call("live9", datetime.now(UTC), "+12025550188", "Hidden Name")
    changes = (call, VoicemailChanged(VoicemailId("vm1")), VoicemailChanged(VoicemailId("vm2")))
    nurse = await pieces(world, "noor.haddad", *changes)
    assert '"id":"live9"' in nurse
    assert "5550188" not in nurse
    assert "Hidden Name" not in nurse
    assert 'event: voicemail\ndata: {"id":"vm1"}' in nurse
    assert "vm2" not in nurse
    billing = await pieces(world, "sam.okafor", *changes)
    assert "live9" not in billing
    assert "vm1" not in billing
    officer = await pieces(world, "dana.reyes", call)
    assert "5550188" in officer


async def test_only_reviewers_hear_of_broken_glass_at_once_and_without_the_reason(web: Web) -> None:
    told = GlassChanged("bg1", "noor-haddad", "broken")
    officer = await pieces(web.world, "dana.reyes", told)
    assert 'event: break-glass\ndata: {"id":"bg1","person":{"id":"noor-haddad","name":"Noor Haddad, RN"},"state":"broken"}' in officer
    assert "break-glass" not in await pieces(web.world, "noor.haddad", told)
