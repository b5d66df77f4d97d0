"""Passkeys with a browser's own ceremonies: Chromium and its virtual authenticator against the real server."""

import asyncio
from typing import Any

import pytest

from real.sign_in.chromium import Page
from real.sign_in.console import PASSWORD, USERNAME, RunningConsole

pytestmark = pytest.mark.real

ASK = """async (method, path, body) => {
    const answer = await fetch(path, {method, headers: {"content-type": "application/json"}, body: body && JSON.stringify(body)});
    const text = await answer.text();
    return [answer.status, text && JSON.parse(text)];
}"""
REGISTER = """async (name) => {
    const asked = await fetch("/api/v1/me/passkeys/options", {method: "POST"});
    if (!asked.ok) return [asked.status, await asked.json()];
    const options = PublicKeyCredential.parseCreationOptionsFromJSON(await asked.json());
    let made;
    try { made = await navigator.credentials.create({publicKey: options}); } catch (error) { return [0, error.name]; }
    const body = JSON.stringify({name, credential: made.toJSON()});
    const kept = await fetch("/api/v1/me/passkeys", {method: "POST", headers: {"content-type": "application/json"}, body});
    return [kept.status, await kept.json()];
}"""
USE = """async (path) => {
    const asked = await fetch(path + "/options", {method: "POST"});
    if (!asked.ok) return [asked.status, await asked.json()];
    const options = PublicKeyCredential.parseRequestOptionsFromJSON(await asked.json());
    let used;
    try { used = await navigator.credentials.get({publicKey: options}); } catch (error) { return [0, error.name]; }
    const body = JSON.stringify({credential: used.toJSON()});
    const answer = await fetch(path, {method: "POST", headers: {"content-type": "application/json"}, body});
    const text = await answer.text();
    return [answer.status, text && JSON.parse(text)];
}"""
SIGN_IN, STEP_UP = "/api/v1/session/passkey", "/api/v1/session/step-up/passkey"


async def with_password(console: RunningConsole, page: Page) -> None:
    """At the console, signed in by password."""
    await page.goto(console.origin)
    status, body = await page.run(ASK, "POST", "/api/v1/session", {"username": USERNAME, "password": PASSWORD})
    assert status == 200, body


async def enrolled(console: RunningConsole, page: Page, **options: Any) -> str:
    """At the console with a passkey; the authenticator's id."""
    authenticator = await page.authenticator(**options)
    await with_password(console, page)
    status, body = await page.run(REGISTER, "Virtual")
    assert status == 201, body
    return authenticator


async def test_register_sign_out_sign_in_and_step_up(console: RunningConsole, page: Page) -> None:
    authenticator = await enrolled(console, page)
    (held,) = (await page.call("WebAuthn.getCredentials", authenticatorId=authenticator))["credentials"]
    assert held["isResidentCredential"]
    assert held["rpId"] == "localhost"
    _, me = await page.run(ASK, "GET", "/api/v1/session")
    assert me["second_factor"] == "passkey"
    assert (await page.run(ASK, "DELETE", "/api/v1/session"))[0] == 204
    assert (await page.run(ASK, "GET", "/api/v1/session"))[0] == 401

    status, me = await page.run(USE, SIGN_IN)
    assert status == 200, me
    assert (me["person"]["id"], me["username"], me["second_factor"], me["stepped_up_until"]) == ("dana-reyes", USERNAME, "passkey", None)
    cookies = await page.cookies()
    assert set(cookies) == {"__Host-auricle"}
    assert cookies["__Host-auricle"]["sameSite"] == "Strict"
    assert cookies["__Host-auricle"]["httpOnly"]

    status, refused = await page.run(REGISTER, "Second")
    assert (status, refused["type"]) == (403, "access.step_up_needed")
    before = cookies["__Host-auricle"]["value"]
    assert (await page.run(USE, STEP_UP))[0] == 204
    assert (await page.cookies())["__Host-auricle"]["value"] != before
    _, me = await page.run(ASK, "GET", "/api/v1/session")
    assert me["stepped_up_until"] is not None
    _, mine = await page.run(ASK, "GET", "/api/v1/me/passkeys")
    assert mine["available"]
    assert [passkey["name"] for passkey in mine["passkeys"]] == ["Virtual"]


async def test_the_same_authenticator_is_not_registered_twice(console: RunningConsole, page: Page) -> None:
    await enrolled(console, page)
    assert await page.run(REGISTER, "Again") == [0, "InvalidStateError"]


async def test_without_user_verification_the_browser_gives_nothing(console: RunningConsole, page: Page) -> None:
    """User verification is required by us and checked again: tests/unit/adapters/test_webauthn.py."""
    authenticator = await enrolled(console, page)
    await page.call("WebAuthn.setUserVerified", authenticatorId=authenticator, isUserVerified=False)
    status, name = await asyncio.wait_for(page.run(USE, STEP_UP), 20)
    assert (status, name) == (0, "NotAllowedError")


async def test_weba_9ae1_a_copied_authenticator_is_refused_and_told_of(console: RunningConsole, page: Page) -> None:
    """WEBA-9ae1: the copy still has the counter of when it was made."""
    authenticator = await enrolled(console, page)
    (copied,) = (await page.call("WebAuthn.getCredentials", authenticatorId=authenticator))["credentials"]
    for _ in range(2):
        assert (await page.run(USE, SIGN_IN))[0] == 200
    await page.call("WebAuthn.removeVirtualAuthenticator", authenticatorId=authenticator)
    thief = await page.authenticator()
    await page.call("WebAuthn.addCredential", authenticatorId=thief, credential=copied)
    status, refused = await page.run(USE, SIGN_IN)
    assert (status, refused["type"]) == (401, "passkey.refused")
    (suspect,) = await console.world.store.passkeys_of(console.world.practice.person_at("101").id)
    assert suspect.suspect
    told = await console.world.entries(4)
    assert any('"passkey.suspect"' in entry for entry in told)
    assert any('"session.start"' in entry and '"refused"' in entry for entry in told)


async def test_a_removed_passkey_signs_nobody_in(console: RunningConsole, page: Page) -> None:
    await enrolled(console, page)
    _, mine = await page.run(ASK, "GET", "/api/v1/me/passkeys")
    (passkey,) = mine["passkeys"]
    assert (await page.run(ASK, "PATCH", f"/api/v1/me/passkeys/{passkey['id']}", {"name": "Old phone"}))[1]["name"] == "Old phone"
    assert (await page.run(ASK, "DELETE", f"/api/v1/me/passkeys/{passkey['id']}"))[0] == 204
    status, refused = await page.run(USE, SIGN_IN)
    assert (status, refused["type"]) == (401, "passkey.refused")


async def test_an_answer_is_taken_once_and_only_with_its_cookie(console: RunningConsole, page: Page) -> None:
    await enrolled(console, page)
    script = """async () => {
        const ask = async () => PublicKeyCredential.parseRequestOptionsFromJSON(
            await (await fetch("/api/v1/session/passkey/options", {method: "POST"})).json());
        const send = async (used) => (await fetch("/api/v1/session/passkey", {method: "POST",
            headers: {"content-type": "application/json"}, body: JSON.stringify({credential: used.toJSON()})})).status;
        const first = await navigator.credentials.get({publicKey: await ask()});
        const taken = await send(first);
        const again = await send(first);
        const older = await navigator.credentials.get({publicKey: await ask()});
        await ask();
        return [taken, again, await send(older)];
    }"""
    assert await page.run(script) == [200, 400, 401]


async def test_a_page_of_another_origin_cannot_ask_for_our_passkeys(console: RunningConsole, page: Page) -> None:
    """The same server by another name: the browser keeps the passkey from it, and the server its session."""
    await enrolled(console, page)
    await page.goto(console.origin.replace("localhost", "127.0.0.1"))
    status, name = await page.run(USE, SIGN_IN)
    assert (status, name) == (0, "SecurityError")
