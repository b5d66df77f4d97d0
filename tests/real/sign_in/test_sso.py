"""Single sign-on against oidc-provider over HTTPS: its real pages, and tokens that a broken or hostile provider would send."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from html import unescape
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest

from auricle.access.sso import Match, Problem, Provider
from auricle.adapters.certificates import Certificates
from auricle.adapters.clock import SystemClock
from auricle.adapters.oidc import ProviderClient, ProviderSettings
from auricle.app.web_sso import Joined
from auricle.kernel.actor import Actor, ActorKind
from auricle.kernel.ids import PersonId
from auricle.web.sso.pages import ENGLISH, STATUS
from real.sign_in.browser import query_of, to_callback
from real.sign_in.chromium import Page
from real.sign_in.console import RunningConsole, free_port
from real.sign_in.provider import ProviderProcess

pytestmark = pytest.mark.real

CLIENT, SECRET = "auricle", "s3cret:with/odd+characters and spaces"
DANA = PersonId("dana-reyes")
CLI = Actor(ActorKind.SERVICE, "cli")
START, CALLBACK = "/api/v1/session/sso/clinic/start", "/api/v1/session/sso/clinic/callback"
LOGOUT = "/api/v1/session/sso/clinic/backchannel-logout"


@dataclass
class Place:
    """Where the console will be, and the provider that knows it."""

    port: int
    peer: ProviderProcess
    certificates: Certificates

    def joined(self, **changes: object) -> Joined:
        """The provider as the settings would have it."""
        provider = Provider(
            id="clinic",
            name="Clinic account",
            issuer=self.peer.issuer,
            client_id=CLIENT,
            match=Match.EMAIL,
            people={"dana@clinic.example": DANA},
            second_factor_amr=("mfa",),
        )
        chosen = replace(provider, **changes)  # type: ignore[arg-type]
        settings = ProviderSettings(chosen.id, chosen.issuer, CLIENT, SECRET, str(self.certificates.ca))
        return Joined(chosen, ProviderClient(settings, SystemClock()))


@pytest.fixture(scope="module")
def place(certificates: Certificates) -> Iterator[Place]:
    port = free_port()
    origin = f"https://localhost:{port}"
    options = {
        "client_id": CLIENT,
        "client_secret": SECRET,
        "redirect_uris": [origin + CALLBACK],
        "backchannel_logout_uri": origin + LOGOUT,
    }
    peer = ProviderProcess(certificates.certificate, certificates.private_key, certificates.ca, options)
    yield Place(port, peer, certificates)
    peer.stop()


@pytest.fixture
async def console(tmp_path: Path, place: Place) -> AsyncIterator[RunningConsole]:
    place.peer.say("good")
    running = RunningConsole(tmp_path, place.port, place.certificates, [place.joined()])
    await running.start()
    yield running
    await running.stop()


def shows(answer: httpx.Response, problem: Problem) -> None:
    """The page for this problem, with no cookie of a session."""
    assert ENGLISH[problem][0] in unescape(answer.text)
    assert answer.status_code == STATUS[problem]
    assert "__Host-auricle" not in answer.cookies
    assert answer.headers["content-type"].startswith("text/html")


async def refusal(console: RunningConsole) -> str:
    """The newest entry, which is a refusal; nobody is signed in."""
    assert await console.sessions() == []
    entry = (await console.world.entries(3))[0]
    assert '"refused"' in entry
    assert '"kind":"sso","outcome"' in entry or '"kind":"sso"' in entry
    return entry


# ---- the good way ------------------------------------------------------------------------------------


async def test_a_known_person_signs_in(console: RunningConsole, place: Place) -> None:
    async with console.client() as client:
        assert (await client.get("/api/v1/sso")).json() == {"providers": [{"id": "clinic", "name": "Clinic account"}]}
        departure = await client.get(START)
        asked = query_of(departure.headers["location"])
        assert departure.status_code == 303
        assert (asked["code_challenge_method"], asked["scope"], asked["response_type"]) == ("S256", "openid email", "code")
        assert "samesite=lax" in departure.headers["set-cookie"].lower()
        arrival = await client.get(await to_callback(client, START, "dana"))
        assert arrival.status_code == 200
        assert 'http-equiv="refresh" content="0;url=/"' in arrival.text
        cookie = next(
            value for name, value in arrival.headers.multi_items() if name == "set-cookie" and value.startswith("__Host-auricle=")
        )
        assert "samesite=strict" in cookie.lower()
        assert "httponly" in cookie.lower()
        me = (await client.get("/api/v1/session")).json()
        assert (me["person"]["id"], me["username"], me["second_factor"]) == ("dana-reyes", "dana.reyes", "none")
    assert "sso, second factor none" in (await console.world.entries(2))[0]


async def test_nothing_secret_is_logged_or_audited(
    console: RunningConsole, place: Place, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Neither of a good sign-on nor of one that goes wrong; the libraries' logs at the level our program lets through."""
    caplog.set_level("WARNING")
    capsys.readouterr()
    async with console.client() as client:
        for fault in ("good", "nonce"):
            place.peer.say(fault)
            url = await to_callback(client, START, "dana")
            await client.get(url)
            answer = query_of(url)
        binding = query_of((await client.get(START)).headers["location"])
        cookies = [cookie.value for cookie in client.cookies.jar if cookie.name.startswith("__Host-")]
        told = capsys.readouterr().out + caplog.text + "".join(await console.world.entries(20))
    assert "/session/sso/{provider}/callback" in told
    for secret in (answer["code"], answer["state"], binding["state"], binding["nonce"], SECRET, "dana@clinic.example", *cookies):
        assert secret
        assert secret not in told


async def test_the_providers_second_factor_counts_where_the_settings_say_so(console: RunningConsole, place: Place) -> None:
    place.peer.say("mfa")
    async with console.client() as client:
        await client.get(await to_callback(client, START, "dana"))
        assert (await client.get("/api/v1/session")).json()["second_factor"] == "sso"


async def test_in_chromium_the_strict_cookie_survives_the_way_back(console: RunningConsole, place: Place, page: Page) -> None:
    """From one site (127.0.0.1) to another (localhost): the redirect's cookie is not sent with a redirect, but with our page's own step."""
    await page.goto(console.origin)
    await page.goto(console.origin + START)
    assert (await page.where()).startswith(place.peer.issuer)
    fill = """(account) => {
        const login = document.querySelector('input[name="login"]');
        if (login) { login.value = account; document.querySelector('input[name="password"]').value = "any"; }
        document.querySelector("form").submit();
    }"""

    async def came_back() -> bool:
        where = await page.where()
        if where.startswith(place.peer.issuer) and await page.run(
            "() => !!document.querySelector('form') && document.readyState === 'complete'"
        ):
            await page.run(fill, "dana")
        return where == console.origin + "/"

    await page.until(came_back, "the console after the provider")
    assert await page.run("async () => (await (await fetch('/api/v1/session')).json()).username") == "dana.reyes"
    assert "Console" in await page.text()
    assert set(await page.cookies()) >= {"__Host-auricle"}
    assert "__Host-auricle-sso" not in await page.cookies()
    ours = [asked["headers"] for asked in page.requests if asked["headers"].get(":path", asked["headers"].get("Host")) is not None]
    assert not any("code=" in str(headers.get("Referer", headers.get("referer", ""))) for headers in ours)


# ---- tokens that do not hold ---------------------------------------------------------------------------


WRONG_TOKENS = {
    "nonce": "nonce",
    "no-nonce": "nonce",
    "audience": "another client",
    "two-audiences": "another client",
    "party": "another client",
    "issuer": "another issuer",
    "expired": "expired",
    "old": "not issued just now",
    "none": "algorithm",
    "none-with-kid": "algorithm",
    "hmac": "algorithm",
    "forged": "signature does not hold",
    "unknown-kid": "no key",
    "logout-typed": "another kind",
}
"""A fault of tests/peers/oidc/provider.mjs, and what the audit log says of it."""


async def test_a_token_that_does_not_hold_signs_nobody_in(console: RunningConsole, place: Place) -> None:
    async with console.client() as client:
        for fault, why in WRONG_TOKENS.items():
            place.peer.say(fault)
            shows(await client.get(await to_callback(client, START, "dana")), Problem.WRONG_ANSWER)
            assert why in await refusal(console), fault
        place.peer.say("good")
        await client.get(await to_callback(client, START, "dana"))
        assert len(await console.sessions()) == 1, "the good token after them is taken"


async def test_new_keys_of_the_provider_are_fetched_when_a_token_names_one(
    console: RunningConsole, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("auricle.adapters.oidc.provider.REFETCH_S", 0.0)
    async with console.client() as client:
        await client.get(await to_callback(client, START, "dana"))
        before = place.peer.say("jwks")["asked"]
        place.peer.say("rotate")
        await client.get(await to_callback(client, START, "dana"))
        assert (await client.get("/api/v1/session")).status_code == 200
        assert place.peer.say("jwks")["asked"] == before + 1
        await client.get(await to_callback(client, START, "dana"))
        assert place.peer.say("jwks")["asked"] == before + 1, "keys are not fetched for every sign-in"
    assert len(await console.sessions()) == 3


async def test_unknown_keys_do_not_make_us_ask_again_and_again(console: RunningConsole, place: Place) -> None:
    async with console.client() as client:
        await client.get(await to_callback(client, START, "dana"))
        before = place.peer.say("jwks")["asked"]
        place.peer.say("unknown-kid")
        for _ in range(3):
            shows(await client.get(await to_callback(client, START, "dana")), Problem.WRONG_ANSWER)
        assert place.peer.say("jwks")["asked"] == before


# ---- answers that do not hold --------------------------------------------------------------------------


async def test_an_answer_is_taken_once(console: RunningConsole, place: Place) -> None:
    async with console.client() as client:
        url = await to_callback(client, START, "dana")
        await client.get(url)
        client.cookies.delete("__Host-auricle")
        shows(await client.get(url), Problem.OVER)
    assert len(await console.sessions()) == 1


async def test_a_code_that_was_used_is_refused_by_the_provider(console: RunningConsole, place: Place) -> None:
    """A code stolen after it was used, with a state and cookie of the thief's own."""
    async with console.client() as client, console.client() as thief:
        url = await to_callback(client, START, "dana")
        code = query_of(url)["code"]
        await client.get(url)
        for session in await console.sessions():
            await console.world.identity.keeper.end([session.id], CLI, "test")
        theirs = query_of((await thief.get(START)).headers["location"])
        answer = {"code": code, "state": theirs["state"], "iss": place.peer.issuer}
        shows(await thief.get(f"{CALLBACK}?{urlencode(answer)}"), Problem.WRONG_ANSWER)
    assert "does not take the code" in await refusal(console)


async def test_a_code_that_was_injected_is_refused_for_its_verifier(console: RunningConsole, place: Place) -> None:
    """RFC 7636: a code that was never used is no good without the verifier of who asked for it."""
    async with console.client() as client, console.client() as thief:
        code = query_of(await to_callback(client, START, "dana"))["code"]
        theirs = query_of((await thief.get(START)).headers["location"])
        answer = {"code": code, "state": theirs["state"], "iss": place.peer.issuer}
        shows(await thief.get(f"{CALLBACK}?{urlencode(answer)}"), Problem.WRONG_ANSWER)
    assert "does not take the code" in await refusal(console)


async def test_another_browsers_answer_is_refused(console: RunningConsole, place: Place) -> None:
    """Login by forgery (RFC 9700 4.7): the thief's own answer in the victim's browser."""
    async with console.client() as thief, console.client() as victim:
        url = await to_callback(thief, START, "dana")
        shows(await victim.get(url), Problem.OVER)
        await victim.get(START)
        shows(await victim.get(url), Problem.OVER)
    await refusal(console)


async def test_an_answer_of_another_issuer_is_refused(console: RunningConsole, place: Place) -> None:
    """RFC 9207: `iss` must be there, since the provider says that it sends it, and be the one that was asked."""
    async with console.client() as client:
        for changed in ({"iss": "https://evil.example"}, {"iss": ""}, {}):
            answer = query_of(await to_callback(client, START, "dana"))
            kept = {name: value for name, value in answer.items() if name != "iss"} | changed
            shows(await client.get(f"{CALLBACK}?{urlencode(kept)}"), Problem.WRONG_ANSWER)
            assert "another issuer" in await refusal(console)


async def test_a_parameter_that_comes_twice_makes_the_answer_nobodys(console: RunningConsole, place: Place) -> None:
    async with console.client() as client:
        url = await to_callback(client, START, "dana")
        shows(await client.get(url + "&iss=https%3A%2F%2Fevil.example"), Problem.OVER)
    await refusal(console)


async def test_who_cancels_at_the_provider_is_told_so(console: RunningConsole, place: Place) -> None:
    async with console.client() as client:
        shows(await client.get(await to_callback(client, START, "dana", cancel=True)), Problem.CANCELLED)
    assert "error instead of a code" in await refusal(console)


# ---- people ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("account", ["joe", "eve"])
async def test_an_identity_of_nobody_is_refused_and_never_made(console: RunningConsole, place: Place, account: str) -> None:
    """Joe is in no settings; Eve has Dana's address, not verified."""
    async with console.client() as client:
        answer = await client.get(await to_callback(client, START, account))
        shows(answer, Problem.NOBODY)
        assert "clinic.example" not in answer.text
    entry = await refusal(console)
    assert "clinic.example" not in entry, "who it was stands sealed"
    assert '"sealed"' in entry


async def test_who_was_terminated_is_refused(console: RunningConsole, place: Place) -> None:
    await console.world.identity.ender.end(CLI, DANA, "left")
    async with console.client() as client:
        shows(await client.get(await to_callback(client, START, "dana")), Problem.NOBODY)
    assert "not active" in await refusal(console)


async def test_who_has_a_second_factor_here_must_show_one_there(console: RunningConsole, place: Place) -> None:
    store = console.world.store
    await store.begin_totp("dana.reyes", "SECRET", CLI)
    await store.confirm_totp("dana.reyes", "SECRET", 1, (), CLI)
    async with console.client() as client:
        shows(await client.get(await to_callback(client, START, "dana")), Problem.NO_SECOND_FACTOR)
        await refusal(console)
        place.peer.say("mfa")
        await client.get(await to_callback(client, START, "dana"))
        assert (await client.get("/api/v1/session")).json()["second_factor"] == "sso"


async def test_many_wrong_answers_from_an_address_have_to_wait(console: RunningConsole, place: Place) -> None:
    async with console.client() as client:
        for _ in range(25):
            answer = await client.get(f"{CALLBACK}?state=x&code=y")
        shows(answer, Problem.THROTTLED)
        assert (await client.get("/api/v1/sso")).status_code == 200


# ---- the provider ends a session -----------------------------------------------------------------------


async def test_signing_out_at_the_provider_ends_the_session_here(console: RunningConsole, place: Place) -> None:
    """OpenID Connect RP-Initiated Logout in a browser of its own, then Back-Channel Logout by oidc-provider itself."""
    async with console.client() as client:
        await client.get(await to_callback(client, START, "dana"))
        assert (await client.get("/api/v1/session")).status_code == 200
        page = await client.get(f"{place.peer.issuer}/session/end")
        xsrf = page.text.partition('name="xsrf" value="')[2].partition('"')[0]
        assert xsrf, page.text
        done = await client.post(
            f"{place.peer.issuer}/session/end/confirm", data={"xsrf": xsrf, "logout": "yes"}, headers={"Origin": place.peer.issuer}
        )
        assert done.status_code in (200, 303), done.text
        assert (await client.get("/api/v1/session")).status_code == 401
    assert await console.sessions() == []
    told = await console.world.entries(4)
    assert any('"session.end"' in entry and "signed out at the provider" in entry for entry in told)
    assert any('"sso.logout"' in entry and '"done"' in entry for entry in told)


async def test_logout_tokens_are_held_to_their_rules(console: RunningConsole, place: Place) -> None:
    async with console.client() as client, console.client() as provider:
        del provider.headers["Origin"]
        await client.get(await to_callback(client, START, "dana"))
        token = place.peer.say("logout joe")["token"]
        assert (await provider.post(LOGOUT, data={"logout_token": token})).status_code == 200, "nobody's sessions end"
        assert len(await console.sessions()) == 1
        for wrong in ({"logout_token": token}, {"logout_token": "a.b.c"}, {"logout_token": ""}, {}, {"other": "x"}):
            answer = await provider.post(LOGOUT, data=wrong)
            assert (answer.status_code, answer.headers["cache-control"]) == (400, "no-store")
        assert len(await console.sessions()) == 1
        other = await provider.post("/api/v1/session/sso/unknown/backchannel-logout", data={"logout_token": token})
        assert other.status_code == 404
        good = place.peer.say("logout dana")["token"]
        assert (await provider.post(LOGOUT, data={"logout_token": good})).status_code == 200
        assert await console.sessions() == []


# ---- the provider is down ------------------------------------------------------------------------------


async def test_without_the_provider_passwords_go_on(tmp_path: Path, place: Place) -> None:
    gone = place.joined(issuer=f"https://127.0.0.1:{free_port()}")
    running = RunningConsole(tmp_path, place.port, place.certificates, [gone])
    await running.start()
    async with running.client() as client:
        shows(await client.get(START), Problem.PROVIDER_DOWN)
        assert "cannot be reached" in await refusal(running)
        page = await client.get(START, headers={"accept-language": "es-US,es;q=0.9,en;q=0.8"})
        assert 'lang="es"' in page.text
        signed_in = await client.post("/api/v1/session", json={"username": "dana.reyes", "password": "quiet-harbor-lantern-7"})
        assert signed_in.status_code == 200
    await running.stop()


@pytest.mark.parametrize("issuer", ["{issuer}/", "{issuer}/other"])
async def test_a_provider_that_answers_for_another_issuer_is_not_asked(tmp_path: Path, place: Place, issuer: str) -> None:
    wrong = place.joined(issuer=issuer.format(issuer=place.peer.issuer))
    running = RunningConsole(tmp_path, place.port, place.certificates, [wrong])
    await running.start()
    async with running.client() as client:
        shows(await client.get(START), Problem.PROVIDER_DOWN)
    await running.stop()
