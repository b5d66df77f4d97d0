"""Signing in, stepping up, second factors, API keys and SCIM: the real services and store behind the real routes, time set by hand."""

import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx
import pyotp
import pytest
from argon2 import PasswordHasher
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from structlog.testing import capture_logs
from tests.fakes.web_ports import FakeWorld

from auricle.access.decision import Policies
from auricle.adapters.clock import SystemEntropy
from auricle.adapters.passwords import Passwords
from auricle.adapters.store import Store
from auricle.app.identity.service import IdentityService
from auricle.app.route_access import WebAccess
from auricle.audit.search import AuditQuery
from auricle.kernel.actor import Actor, ActorKind
from auricle.kernel.ids import PersonId
from auricle.practice.model import Device, Person, Practice
from auricle.vault.fields import Fields
from auricle.vault.gate import Gate, Ref
from auricle.vault.keyring import Keyring
from auricle.web.app import create_app

pytestmark = pytest.mark.real  # whole practices, with real passwords and keys: slow for a unit test

ORIGIN = "https://console.example"
PASSWORD, OTHER_PASSWORD = "quiet-harbor-lantern-7", "copper kettle on the north wall"
OLIVE, DANA, SAM = PersonId("olive-park"), PersonId("dana-reyes"), PersonId("sam-okafor")
HOME, AWAY = "192.0.2.7", "198.51.100.9"
START = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)


class Watch:
    """A clock set by hand."""

    def __init__(self) -> None:
        self.at, self.ticks = START, 1000.0

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.ticks

    def pass_s(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)
        self.ticks += seconds


class QuickPasswords(Passwords):
    """The same, without the tenth of a second."""

    def __init__(self) -> None:
        super().__init__()
        self._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        self.asked = 0

    async def right(self, password: str, kept: str | None) -> bool:
        self.asked += 1
        return await super().right(password, kept)


class AllowAll:
    def decide(self, actor: Actor, action: str, ref: Ref) -> Any:
        from auricle.vault.gate import Decision

        return Decision(True, "test")


def a_practice() -> Practice:
    people = [
        Person(OLIVE, "Olive Park", "100", frozenset({"owner"})),
        Person(DANA, "Dana Reyes", "101", frozenset({"nurse"})),
        Person(SAM, "Sam Okafor", "103", frozenset({"billing"})),
    ]
    base = FakeWorld().practice
    device = Device("desk-101", DANA, "0" * 32, "0" * 64)
    return replace(base, people=MappingProxyType({one.id: one for one in people}), devices=MappingProxyType({"desk-101": device}))


@dataclass
class Office:
    """The app, its services, and shorthand for browsers."""

    app: Any
    identity: IdentityService
    store: Store
    clock: Watch
    passwords: QuickPasswords
    changes: list[int]

    def browser(self, address: str = HOME) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(self.app, client=(address, 1234), raise_app_exceptions=True)
        return httpx.AsyncClient(transport=transport, base_url=ORIGIN + "/api/v1", headers={"Origin": ORIGIN})

    async def signed_in(self, username: str = "olive", password: str = PASSWORD, address: str = HOME) -> httpx.AsyncClient:
        browser = self.browser(address)
        answer = await sign_in(browser, username, password)
        assert answer.status_code == 200, answer.text
        return browser

    async def entries(self) -> list[str]:
        gate = Gate(AllowAll(), self.store)
        reader = Actor(ActorKind.SERVICE, "test")
        leaves = await gate.open(
            reader, "audit.read", Ref("audit", "*"), "test", lambda grant: self.store.audit_page(grant, AuditQuery(limit=100))
        )
        return [leaf.decode() for _, leaf in leaves]


async def sign_in(browser: httpx.AsyncClient, username: str = "olive", password: str = PASSWORD) -> httpx.Response:
    return await browser.post("/session", json={"username": username, "password": password})


async def step_up(browser: httpx.AsyncClient, code: str | None = None, password: str = PASSWORD) -> httpx.Response:
    return await browser.post("/session/step-up", json={"password": password} | ({"totp": code} if code else {}))


async def enrol(office: Office, browser: httpx.AsyncClient) -> tuple[pyotp.TOTP, list[str]]:
    begun = await browser.post("/me/totp")
    assert begun.status_code == 200, begun.text
    totp = pyotp.TOTP(begun.json()["secret"])
    confirmed = await browser.post("/me/totp/confirm", json={"code": totp.at(office.clock.at)})
    assert confirmed.status_code == 200, confirmed.text
    return totp, confirmed.json()["recovery_codes"]


KEYRING, SIGNING, POLICIES = Keyring.generate(SystemEntropy()), Ed25519PrivateKey.generate(), Policies.packaged()


def a_store(path: Path, clock: Watch) -> Store:
    return Store(path, KEYRING, Fields(KEYRING, SystemEntropy(), "pbx.example"), SIGNING, "pbx.example/audit", clock)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with its tables: making them takes longer than a test."""
    path = tmp_path_factory.mktemp("empty") / "auricle.db"
    a_store(path, Watch()).close()
    return path


async def an_office(tmp_path: Path, empty: Path, *, required: bool) -> Office:
    clock, entropy, practice = Watch(), SystemEntropy(), a_practice()
    shutil.copy(empty, tmp_path / "auricle.db")
    store = a_store(tmp_path / "auricle.db", clock)
    policies, passwords, changes = POLICIES, QuickPasswords(), list[int]()
    gate = Gate(policies, store)
    identity = IdentityService(
        store=store,
        gate=gate,
        policies=policies,
        practice=practice,
        passwords=passwords,
        clock=clock,
        entropy=entropy,
        idle=timedelta(minutes=15),
        second_factor_required=required,
        access_changed=lambda: changes.append(1),
    )
    for username, person in (("olive", OLIVE), ("dana", DANA), ("sam", SAM)):
        await store.put_account(username, person, await passwords.hashed(PASSWORD))
    await identity.restore()
    world = FakeWorld(practice=practice, policies=policies)
    ports = replace(
        world.ports(),
        sessions=identity.sessions,
        me=identity.me,
        people=identity.people,
        api_keys=identity.api_keys,
        scim=identity.scim,
        access=WebAccess(policies, store),
    )
    return Office(create_app(ports, tmp_path), identity, store, clock, passwords, changes)


@pytest.fixture
async def office(tmp_path: Path, empty: Path) -> AsyncIterator[Office]:
    made = await an_office(tmp_path, empty, required=False)
    yield made
    made.store.close()


@pytest.fixture
async def strict(tmp_path: Path, empty: Path) -> AsyncIterator[Office]:
    """A practice that asks everybody for a second factor."""
    made = await an_office(tmp_path, empty, required=True)
    yield made
    made.store.close()


# ---- the password


async def test_unknown_users_wrong_passwords_and_ended_access_look_and_cost_the_same(office: Office) -> None:
    await office.identity.users.terminate("sam-okafor", "left")
    bodies = []
    for username, password in (("nobody", PASSWORD), ("olive", "not it at all"), ("sam", PASSWORD)):
        before = office.passwords.asked
        answer = await sign_in(office.browser(), username, password)
        bodies.append({**answer.json(), "request_id": ""})
        assert answer.status_code == 401
        assert office.passwords.asked == before + 1
    assert bodies[0] == bodies[1] == bodies[2]
    entries = await office.entries()
    assert sum('"action":"session.start"' in entry and '"outcome":"refused"' in entry for entry in entries) == 3
    assert any("access was ended" in entry for entry in entries)


async def test_a_password_typed_on_another_keyboard_is_the_same_password(office: Office) -> None:
    await office.identity.users.password("olive", "caf\u00e9 lantern north wall")
    assert (await sign_in(office.browser(), password="cafe\u0301 lantern north wall")).status_code == 200


async def test_changing_it_needs_the_old_one_ends_other_sessions_and_changes_the_token(office: Office) -> None:
    mine, other = await office.signed_in(), await office.signed_in()
    wrong = await mine.post("/me/password", json={"old": "not it", "new": OTHER_PASSWORD})
    assert (wrong.status_code, wrong.json()["type"]) == (403, "me.wrong_password")
    for bad in ("short", "Harbor Street Family Medicine", "passwordpassword", PASSWORD):
        answer = await mine.post("/me/password", json={"old": PASSWORD, "new": bad})
        assert (answer.status_code, answer.json()["type"]) == (400, "access.bad_password"), bad
        assert bad not in answer.text
    before = mine.cookies["__Host-auricle"]
    assert (await mine.post("/me/password", json={"old": PASSWORD, "new": OTHER_PASSWORD})).status_code == 204
    assert mine.cookies["__Host-auricle"] != before
    assert (await mine.get("/session")).status_code == 200
    assert (await other.get("/session")).status_code == 401
    assert (await sign_in(office.browser())).status_code == 401
    assert (await sign_in(office.browser(), password=OTHER_PASSWORD)).status_code == 200


async def test_the_hint(office: Office) -> None:
    me = await office.signed_in()
    weak = (await me.post("/me/password/strength", json={"password": "passwordpassword"})).json()
    strong = (await me.post("/me/password/strength", json={"password": OTHER_PASSWORD})).json()
    assert weak["score"] < 2
    assert weak["refused"]
    assert strong["score"] == 4
    assert strong["refused"] == ""


# ---- the second factor


async def test_enrolment_then_two_steps(office: Office) -> None:
    me, other = await office.signed_in(), await office.signed_in()
    totp, codes = await enrol(office, me)
    assert len(set(codes)) == 10
    assert (await me.get("/session")).json()["second_factor"] == "totp"
    assert (await other.get("/session")).status_code == 401, "a session from before the factor does not outlive it"

    browser = office.browser()
    first = await sign_in(browser)
    assert first.status_code == 202
    assert first.json()["methods"] == ["totp", "recovery-code"]
    assert "set-cookie" not in first.headers
    assert (await browser.get("/session")).status_code == 401
    office.clock.pass_s(30)
    second = await browser.post("/session/second-factor", json={"ticket": first.json()["ticket"], "totp": totp.at(office.clock.at)})
    assert second.status_code == 200
    assert second.json()["second_factor"] == "totp"
    assert (await browser.get("/session")).status_code == 200


async def test_a_code_is_good_once_in_its_window(office: Office) -> None:
    totp, _ = await enrol(office, await office.signed_in())
    confirmed = totp.at(office.clock.at)
    ticket = (await sign_in(office.browser())).json()["ticket"]
    replayed = await office.browser().post("/session/second-factor", json={"ticket": ticket, "totp": confirmed})
    assert (replayed.status_code, replayed.json()["type"]) == (401, "session.bad_code")
    office.clock.pass_s(30)
    code = totp.at(office.clock.at)
    assert (await office.browser().post("/session/second-factor", json={"ticket": ticket, "totp": code})).status_code == 200
    ticket = (await sign_in(office.browser())).json()["ticket"]
    assert (await office.browser().post("/session/second-factor", json={"ticket": ticket, "totp": code})).status_code == 401


async def test_a_ticket_is_good_once_for_five_minutes_from_its_address(office: Office) -> None:
    _, codes = await enrol(office, await office.signed_in())
    ticket = (await sign_in(office.browser())).json()["ticket"]
    away = await office.browser(AWAY).post("/session/second-factor", json={"ticket": ticket, "recovery_code": codes[0]})
    assert (away.status_code, away.json()["type"]) == (401, "session.ticket_over")
    assert (await office.browser().post("/session/second-factor", json={"ticket": ticket, "recovery_code": codes[0]})).status_code == 200
    again = await office.browser().post("/session/second-factor", json={"ticket": ticket, "recovery_code": codes[1]})
    assert (again.status_code, again.json()["type"]) == (401, "session.ticket_over")
    ticket = (await sign_in(office.browser())).json()["ticket"]
    office.clock.pass_s(301)
    late = await office.browser().post("/session/second-factor", json={"ticket": ticket, "recovery_code": codes[1]})
    assert (late.status_code, late.json()["type"]) == (401, "session.ticket_over")


async def test_a_recovery_code_is_good_once_and_regenerating_needs_a_step_up(office: Office) -> None:
    me = await office.signed_in()
    totp, codes = await enrol(office, me)
    for code, status in ((codes[0].upper().replace("-", " "), 200), (codes[0], 401)):
        ticket = (await sign_in(office.browser())).json()["ticket"]
        answer = await office.browser().post("/session/second-factor", json={"ticket": ticket, "recovery_code": code})
        assert answer.status_code == status
    assert (await me.get("/me/second-factors")).json()["recovery_codes_left"] == 9
    office.clock.pass_s(301)
    assert (await me.post("/me/recovery-codes")).json()["type"] == "access.step_up_needed"
    assert (await step_up(me, totp.at(office.clock.at))).status_code == 204
    renewed = (await me.post("/me/recovery-codes")).json()["recovery_codes"]
    assert not set(renewed) & set(codes)


async def test_a_thief_of_the_password_cannot_guess_codes_from_many_addresses(office: Office) -> None:
    await enrol(office, await office.signed_in())
    waits = 0
    for number in range(14):
        browser = office.browser(f"203.0.113.{number}")
        ticket = (await sign_in(browser)).json()["ticket"]
        answer = await browser.post("/session/second-factor", json={"ticket": ticket, "totp": "000000"})
        waits += answer.status_code == 429
    assert waits >= 2
    assert sum("after the right password" in entry for entry in await office.entries()) >= 10


async def test_after_a_hundred_wrong_codes_the_authenticator_is_off_until_a_recovery_code(office: Office) -> None:
    """NIST SP 800-63B-4 3.2.2."""
    totp, codes = await enrol(office, await office.signed_in())
    for _ in range(100):
        assert not await office.identity.rules.totp_right("olive", "000000", HOME)
    office.clock.pass_s(4000)

    async def second_step(**code: str) -> int:
        ticket = (await sign_in(office.browser())).json()["ticket"]
        return (await office.browser().post("/session/second-factor", json={"ticket": ticket, **code})).status_code

    assert await second_step(totp=totp.at(office.clock.at)) == 401
    assert await second_step(recovery_code=codes[0]) == 200
    assert await second_step(totp=totp.at(office.clock.at)) == 200


async def test_a_stranger_without_the_password_slows_nobody_else_down(office: Office) -> None:
    _, codes = await enrol(office, await office.signed_in())
    for number in range(30):
        stranger = office.browser("203.0.113.66")
        await sign_in(stranger, password=f"guess number {number}")
        await stranger.post("/session/second-factor", json={"ticket": f"made-up-{number}", "totp": "000000"})
    assert (await sign_in(office.browser("203.0.113.66"))).status_code == 429
    answer = await sign_in(office.browser())
    assert answer.status_code == 202
    form = {"ticket": answer.json()["ticket"], "recovery_code": codes[0]}
    assert (await office.browser().post("/session/second-factor", json=form)).status_code == 200


async def test_where_it_is_required_one_may_only_enrol(strict: Office) -> None:
    me = await strict.signed_in()
    view = (await me.get("/session")).json()
    assert view["must_enrol"] is True
    assert view["roles"] == []
    assert set(view["permissions"]) <= {"session.read", "me.security", "events.watch", "system.read"}
    for path in ("/calls", "/people", "/system", "/events", "/audit", "/voicemails"):
        answer = await me.get(path)
        assert (answer.status_code, answer.json()["type"]) == (403, "session.must_enrol"), path
    assert any("a second factor must be set up first" in entry for entry in await strict.entries())
    _, codes = await enrol(strict, me)
    view = (await me.get("/session")).json()
    assert view["must_enrol"] is False
    assert view["roles"] == ["owner"]
    assert (await me.get("/people")).status_code == 200
    refused = await me.delete("/me/totp")
    assert (refused.status_code, refused.json()["title"]) == (409, "This is your last second factor")
    assert codes


async def test_somebody_who_only_has_the_password_gains_nothing_when_its_owner_enrols(strict: Office) -> None:
    thief, owner = await strict.signed_in(address=AWAY), await strict.signed_in()
    await enrol(strict, owner)
    assert (await thief.get("/session")).status_code == 401


async def test_a_stolen_session_cannot_add_or_remove_a_factor(office: Office) -> None:
    me = await office.signed_in()
    totp, _ = await enrol(office, me)
    office.clock.pass_s(301)
    for answer in (await me.post("/me/totp"), await me.delete("/me/totp")):
        assert (answer.status_code, answer.json()["type"]) == (403, "access.step_up_needed")
    assert (await step_up(me, totp.at(office.clock.at))).status_code == 204
    assert (await me.post("/me/totp")).status_code == 200
    assert (await me.delete("/me/totp")).status_code == 204
    assert (await sign_in(office.browser())).status_code == 200


# ---- step-up


async def test_a_step_up_counts_for_five_minutes_under_a_new_token(office: Office) -> None:
    me = await office.signed_in()
    assert (await me.get("/api-keys")).json()["type"] == "access.step_up_needed"
    before = me.cookies["__Host-auricle"]
    assert (await step_up(me)).status_code == 204
    assert me.cookies["__Host-auricle"] != before
    assert (await me.get("/api-keys")).status_code == 200
    stale = office.browser()
    stale.cookies.set("__Host-auricle", before)
    assert (await stale.get("/session")).status_code == 200, "a request on its way is not signed out"
    assert (await stale.get("/api-keys")).status_code == 403, "and proves no step-up"
    office.clock.pass_s(11)
    assert (await stale.get("/session")).status_code == 401
    office.clock.pass_s(290)
    assert (await me.get("/api-keys")).status_code == 403
    assert (await me.get("/session")).json()["stepped_up_until"] is None


async def test_a_step_up_asks_for_all_factors_and_is_slowed_down(office: Office) -> None:
    me = await office.signed_in()
    assert (await step_up(me, password="not it")).status_code == 401
    assert (await me.get("/session")).status_code == 200
    totp, _ = await enrol(office, me)
    office.clock.pass_s(301)
    assert (await step_up(me)).json()["type"] == "session.bad_code"
    assert (await step_up(me, totp.at(office.clock.at))).status_code == 204
    answers = [await step_up(me, password="not it") for _ in range(6)]
    assert answers[-1].status_code == 429


async def test_who_came_by_single_sign_on_steps_up_with_the_code_alone(office: Office) -> None:
    session = await office.identity.keeper.start(SAM, "sam-okafor", HOME, "sso", "sso")
    browser = office.browser()
    browser.cookies.set("__Host-auricle", session.token)
    assert (await step_up(browser, password="anything at all")).status_code == 401, "no password here, and no factor yet"
    browser.cookies.set("__Host-auricle", session.token)
    begun = await browser.post("/me/totp")
    totp = pyotp.TOTP(begun.json()["secret"])
    assert (await browser.post("/me/totp/confirm", json={"code": totp.at(office.clock.at)})).status_code == 200
    office.clock.pass_s(301)
    assert (await browser.post("/session/step-up", json={"totp": "000000"})).status_code == 401
    assert (await browser.post("/session/step-up", json={"totp": totp.at(office.clock.at)})).status_code == 204


# ---- sessions


async def test_the_list_one_and_all(office: Office) -> None:
    me, other = await office.signed_in(), await office.signed_in(address=AWAY)
    third = await office.signed_in()
    listed = (await me.get("/me/sessions")).json()["sessions"]
    assert [(one["address"], one["current"]) for one in listed if one["current"] or one["address"] == AWAY] == [
        (AWAY, False),
        (HOME, True),
    ] or len(listed) == 3
    theirs = next(one["id"] for one in listed if one["address"] == AWAY)
    assert (await me.delete(f"/me/sessions/{theirs}")).status_code == 204
    assert (await other.get("/session")).status_code == 401
    assert (await me.delete("/me/sessions")).json() == {"ended": 1}
    assert (await third.get("/session")).status_code == 401
    assert (await me.get("/session")).status_code == 200
    assert (await me.delete("/me/sessions/s-unknown")).status_code == 404
    assert office.changes, "streams look again"


async def test_nobody_ends_a_colleague_s_session_without_the_right(office: Office) -> None:
    dana, sam, olive = await office.signed_in("dana"), await office.signed_in("sam"), await office.signed_in()
    (session,) = (await dana.get("/me/sessions")).json()["sessions"]
    assert (await sam.delete(f"/me/sessions/{session['id']}")).status_code == 404
    assert (await sam.get("/people/dana-reyes/sessions")).status_code == 403
    (seen,) = (await olive.get("/people/dana-reyes/sessions")).json()["sessions"]
    assert seen["id"] == session["id"]
    assert (await olive.delete(f"/people/dana-reyes/sessions/{session['id']}")).status_code == 204
    assert (await dana.get("/session")).status_code == 401


async def test_a_sign_in_from_a_new_address_is_told_until_it_is_known(office: Office) -> None:
    me = await office.signed_in()
    assert (await me.get("/session")).json()["new_addresses"] == []
    await office.signed_in(address=AWAY)
    (told,) = (await me.get("/session")).json()["new_addresses"]
    assert told["address"] == AWAY
    assert any("from a new address" in entry for entry in await office.entries())
    assert (await me.delete("/me/new-addresses")).status_code == 204
    assert (await me.get("/session")).json()["new_addresses"] == []


# ---- people


async def test_ending_access_is_one_act(office: Office) -> None:
    """Case RBAC-29c5, the part of the console; phones and streams are in tests/real/test_termination.py."""
    olive, dana = await office.signed_in(), await office.signed_in("dana")
    assert (await olive.post("/people/dana-reyes/terminate", json={"reason": "left"})).json()["type"] == "access.step_up_needed"
    await step_up(olive)
    assert (await olive.post("/people/dana-reyes/terminate", json={"reason": "left"})).status_code == 204
    assert office.identity.watch.terminated(DANA)
    assert (await dana.get("/session")).status_code == 401
    assert (await sign_in(office.browser(), "dana")).status_code == 401
    people = {one["id"]: one for one in (await olive.get("/people")).json()}
    assert people["dana-reyes"]["state"] == "terminated"
    assert people["dana-reyes"]["sessions"] == 0
    assert (await olive.post("/people/olive-park/terminate", json={"reason": "myself"})).json()["type"] == "people.own_access"
    assert (await olive.post("/people/nobody/terminate", json={"reason": "who"})).status_code == 404
    assert (await olive.post("/people/dana-reyes/restore", json={"reason": "back"})).status_code == 204
    assert (await sign_in(office.browser(), "dana")).status_code == 200


async def test_a_ticket_of_before_does_not_outlive_the_access(office: Office) -> None:
    dana = await office.signed_in("dana")
    _, codes = await enrol(office, dana)
    ticket = (await sign_in(office.browser(), "dana")).json()["ticket"]
    await office.identity.users.terminate("dana-reyes", "left")
    answer = await office.browser().post("/session/second-factor", json={"ticket": ticket, "recovery_code": codes[0]})
    assert answer.json()["type"] == "session.ticket_over"


# ---- API keys


async def a_key(office: Office, browser: httpx.AsyncClient, *scopes: str, days: int = 30) -> str:
    await step_up(browser)
    expires = (office.clock.at + timedelta(days=days)).isoformat()
    made = await browser.post("/api-keys", json={"name": "Reports", "scopes": list(scopes), "expires_at": expires})
    assert made.status_code == 201, made.text
    return str(made.json()["key"])


def program(office: Office, key: str, address: str = HOME) -> httpx.AsyncClient:
    browser = office.browser(address)
    del browser.headers["Origin"]
    browser.headers["Authorization"] = f"Bearer {key}"
    return browser


async def test_a_key_does_what_its_scopes_say_and_nothing_else(office: Office) -> None:
    olive = await office.signed_in()
    key = await a_key(office, olive, "people.deprovision")
    client = program(office, key)
    assert (await client.get("/scim/v2/Users")).status_code == 200
    for path in ("/people", "/session", "/me/sessions", "/api-keys", "/calls"):
        assert (await client.get(path)).status_code == 403, path
    assert any('"actor_kind":"api-client"' in entry and '"action":"people.deprovision"' in entry for entry in await office.entries())
    listed = (await olive.get("/api-keys")).json()["keys"]
    assert [(one["name"], one["scopes"], one["last_used_at"] is not None) for one in listed] == [("Reports", ["people.deprovision"], True)]
    assert key not in str(listed)
    assert (await olive.delete(f"/api-keys/{listed[0]['id']}")).status_code == 204
    assert (await client.get("/scim/v2/Users")).status_code == 401


async def test_a_key_is_never_more_than_its_owner(office: Office) -> None:
    olive = await office.signed_in()
    await step_up(olive)
    expires = (office.clock.at + timedelta(days=30)).isoformat()
    for scopes, days in ((["people.terminate"], 30), (["voicemail.transcribe"], 30), (["no.such"], 30), (["calls.list"], 400)):
        form = {"name": "x", "scopes": scopes, "expires_at": (office.clock.at + timedelta(days=days)).isoformat()}
        assert (await olive.post("/api-keys", json=form)).json()["type"] == "api_keys.bad_request", scopes
    assert (await olive.post("/api-keys", json={"name": "x", "scopes": ["calls.list"], "expires_at": expires[:-6]})).status_code == 400
    key = await a_key(office, olive, "calls.list", "people.deprovision")
    await office.identity.users.terminate("olive-park", "left")
    assert (await program(office, key).get("/calls")).status_code == 401


async def test_a_key_expires(office: Office) -> None:
    key = await a_key(office, await office.signed_in(), "calls.list", days=1)
    office.clock.pass_s(86401)
    assert (await program(office, key).get("/calls")).status_code == 401


async def test_with_a_key_no_cookie_counts_and_no_origin_is_asked_for(office: Office) -> None:
    olive = await office.signed_in()
    cookie = olive.cookies["__Host-auricle"]
    forged = office.browser()
    forged.cookies.set("__Host-auricle", cookie)
    forged.headers["Origin"] = "https://evil.example"
    assert (await forged.delete("/me/sessions")).status_code == 403
    forged.headers["Authorization"] = "Bearer nonsense"
    assert (await forged.delete("/me/sessions")).status_code == 401
    forged.headers["Authorization"] = "Basic b2xpdmU6eA=="
    assert (await forged.delete("/me/sessions")).status_code == 401
    assert (await olive.get("/session")).status_code == 200


async def test_guessing_keys_is_slowed_down_for_the_guesser_alone(office: Office) -> None:
    key = await a_key(office, await office.signed_in(), "calls.list")
    wrong = key[:-4] + "AAAA"
    statuses = [(await program(office, wrong, AWAY).get("/calls")).status_code for _ in range(6)]
    assert statuses[-1] == 429
    assert (await program(office, key).get("/calls")).status_code == 200
    entries = await office.entries()
    assert sum('"action":"api-key.use"' in entry for entry in entries) == 5
    assert key not in "".join(entries)


# ---- nothing leaks


async def test_no_secret_in_the_log_of_the_program_or_of_the_audit(office: Office) -> None:
    with capture_logs() as logs:
        me = await office.signed_in()
        totp, codes = await enrol(office, me)
        key = await program_key(office, me, totp)
        ticket = (await sign_in(office.browser())).json()["ticket"]
        await office.browser().post("/session/second-factor", json={"ticket": ticket, "recovery_code": codes[3]})
        await program(office, key).get("/calls")
    said = str(logs) + "".join(await office.entries())
    for secret in (
        PASSWORD,
        totp.secret,
        codes[3],
        codes[3].replace("-", ""),
        key,
        key.rpartition("_")[2],
        ticket,
        me.cookies["__Host-auricle"],
    ):
        assert secret not in said


async def program_key(office: Office, me: httpx.AsyncClient, totp: pyotp.TOTP) -> str:
    office.clock.pass_s(30)
    await step_up(me, totp.at(office.clock.at))
    expires = (office.clock.at + timedelta(days=3)).isoformat()
    return str((await me.post("/api-keys", json={"name": "x", "scopes": ["calls.list"], "expires_at": expires})).json()["key"])
