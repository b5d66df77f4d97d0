"""Case RBAC-29c5 on a running practice: one act ends somebody's sessions, streams, keys, phones and calls, within a second.

Everything is tried again and again while the act (a request of a colleague, or the command line in a process of its own) happens;
measured is the time from its audit entry, which is in the transaction that ends the access, to each refusal.
"""

import asyncio
import json
import os
import re
import sqlite3
import sys
import time
from collections.abc import AsyncIterator, Awaitable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from tests.real.test_instance import MAIN_NUMBER, SRTP_SDP, Line, Practice, until

from auricle.adapters.clock import SystemEntropy
from auricle.adapters.keys import FileKeys
from auricle.app.demo.practice import make_demo_practice
from auricle.app.instance import Instance
from auricle.kernel.ids import PersonId
from auricle.sip.digest import authorization

pytestmark = pytest.mark.real

NOOR = PersonId("noor-haddad")
PASSWORD = "copper kettle on the north wall"
LIMIT_S, PAUSE_S = 1.0, 0.02
IN_FLIGHT_S = 0.25
PHONE, URI = "desk-102", "sip:desk-102@127.0.0.1"


@pytest.fixture
async def practice(tmp_path: Path) -> AsyncIterator[Practice]:
    made = make_demo_practice(tmp_path, 0)
    text = made.settings.read_text()
    made.settings.write_text(text.replace('roles = ["nurse"]', 'roles = ["nurse", "owner"]'))
    FileKeys(tmp_path / "data" / "keys", SystemEntropy()).create(None)
    instance = Instance(made.settings, None)
    await instance.start()
    for username, person in (("olive", "dana-reyes"), ("noor", "noor-haddad")):
        await instance.add_account(username, person, PASSWORD)
    try:
        yield Practice(made, instance)
    finally:
        await instance.stop()


async def signed_in(practice: Practice, username: str) -> httpx.AsyncClient:
    browser = practice.browser()
    answer = await browser.post("/api/v1/session", json={"username": username, "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    return browser


def leaves(practice: Practice) -> list[str]:
    """The audit log as it lies in the database."""
    connection = sqlite3.connect(practice.instance.data_directory / "auricle.db")
    try:
        return [leaf.decode() for (leaf,) in connection.execute("SELECT leaf FROM audit_leaf ORDER BY number")]
    finally:
        connection.close()


async def with_credentials(practice: Practice, line: Line, method: str, uri: str, *, user: str = PHONE, body: str = "") -> str:
    """A request of a phone: challenged, then sent again with its credentials; the final answer."""
    extra = "Content-Type: application/sdp\r\n" if body else ""
    await line.say(method, uri, user=user, body=body, extra=extra)
    credentials = answer_to(await line.final(), method, uri, user, practice.made.phone_password)
    await line.say(method, uri, user=user, body=body, extra=f"{extra}Authorization: {credentials}\r\n")
    return await line.final()


def answer_to(challenged: str, method: str, uri: str, user: str, password: str) -> str:
    challenge = re.search(r"WWW-Authenticate: (Digest [^\r]*)", challenged, re.IGNORECASE)
    assert challenge is not None, challenged
    return authorization(challenge.group(1), method, uri, user, password, "abcdef")


class Stream:
    """An event stream being read; `ended` is when it was closed by the other side."""

    def __init__(self, browser: httpx.AsyncClient) -> None:
        self.text = ""
        self.open = asyncio.Event()
        self.ended_at: float | None = None
        self._task = asyncio.ensure_future(self._read(browser))

    async def _read(self, browser: httpx.AsyncClient) -> None:
        async with browser.stream("GET", "/api/v1/events", timeout=30) as answer:
            assert answer.status_code == 200
            async for piece in answer.aiter_text():
                self.text += piece
                self.open.set()
        self.ended_at = time.time()

    async def end(self) -> float:
        await asyncio.wait_for(self._task, 60)
        assert self.ended_at is not None
        return self.ended_at


class Everything:
    """Noor as a whole: two browsers, a stream, a key, a registered phone and a call into the main number."""

    def __init__(self, practice: Practice) -> None:
        self.practice = practice

    async def begin(self) -> None:
        practice = self.practice
        self.first, self.second = await signed_in(practice, "noor"), await signed_in(practice, "noor")
        assert (await self.first.post("/api/v1/session/step-up", json={"password": PASSWORD})).status_code == 204
        expires = (datetime.now(UTC) + timedelta(days=1)).isoformat()
        made = await self.first.post("/api/v1/api-keys", json={"name": "x", "scopes": ["calls.list"], "expires_at": expires})
        assert made.status_code == 201, made.text
        self.program = practice.browser()
        self.program.headers = httpx.Headers({"Authorization": f"Bearer {made.json()['key']}"})
        assert (await self.program.get("/api/v1/calls")).status_code == 200
        self.stream = Stream(self.second)
        await asyncio.wait_for(self.stream.open.wait(), 5)
        self.line = await practice.connect()
        assert (await with_credentials(practice, self.line, "REGISTER", URI)).startswith("SIP/2.0 200")
        self.colleague, self.call = await practice.connect(), await practice.connect()
        register = await with_credentials(practice, self.colleague, "REGISTER", "sip:desk-101@127.0.0.1", user="desk-101")
        assert register.startswith("SIP/2.0 200")
        await self.ring_colleague()

    async def ring_colleague(self) -> None:
        """A call from Noor's phone that rings, and goes on ringing."""
        uri, extra = "sip:101@127.0.0.1", "Content-Type: application/sdp\r\n"
        await self.call.say("INVITE", uri, user=PHONE, body=SRTP_SDP, extra=extra)
        credentials = answer_to(await self.call.final(), "INVITE", uri, PHONE, self.practice.made.phone_password)
        await self.call.say("INVITE", uri, user=PHONE, body=SRTP_SDP, extra=f"{extra}Authorization: {credentials}\r\n")

        async def rings() -> bool:
            return any(NOOR in call.with_people for call in self.practice.instance.live_calls())

        await until(rings)

    async def ended(self) -> dict[str, float]:
        """When each was refused, on the clock of time.time."""
        at: dict[str, float] = {}

        async def until_refused(name: str, ask: httpx.AsyncClient, path: str) -> None:
            while (await ask.get(f"/api/v1{path}")).status_code != 401:
                await asyncio.sleep(PAUSE_S)
            at[name] = time.time()

        async def phone_refused(name: str, method: str, uri: str, body: str = "") -> None:
            line = await self.practice.connect()
            while not (await with_credentials(self.practice, line, method, uri, body=body)).startswith("SIP/2.0 403"):
                await asyncio.sleep(PAUSE_S)
            at[name] = time.time()
            line.close()

        async def call_ended() -> None:
            answer = await self.call.final(60)
            at["running call"] = time.time()
            assert re.match(r"SIP/2.0 (487|603|480)", answer), answer

        async def stream_ended() -> None:
            at["stream"] = await self.stream.end()

        await asyncio.gather(
            until_refused("first browser", self.first, "/session"),
            until_refused("second browser", self.second, "/calls"),
            until_refused("API key", self.program, "/calls"),
            phone_refused("REGISTER", "REGISTER", URI),
            phone_refused("INVITE", "INVITE", f"sip:{MAIN_NUMBER}@127.0.0.1", SRTP_SDP),
            stream_ended(),
            call_ended(),
        )
        return at

    async def close(self) -> None:
        for browser in (self.first, self.second, self.program):
            await browser.aclose()
        for line in (self.line, self.call, self.colleague):
            line.close()


async def check_everything_ended(practice: Practice, noor: Everything, act: Awaitable[None]) -> None:
    trying = asyncio.ensure_future(noor.ended())
    await act
    at = await asyncio.wait_for(trying, 30)
    log = leaves(practice)
    index = next(index for index, leaf in enumerate(log) if '"action":"people.terminate"' in leaf and '"outcome":"done"' in leaf)
    entry = datetime.fromisoformat(json.loads(log[index])["at"]).timestamp()
    took = {name: round(moment - entry, 3) for name, moment in sorted(at.items())}
    print("seconds from the entry to each refusal:", took)
    assert 0 < max(took.values()) < LIMIT_S, took
    assert "event: signed-out" in noor.stream.text
    for action in ("phone.authenticate", "call.end"):
        assert any(f'"action":"{action}"' in leaf and "access was ended" in leaf for leaf in log), action
    allowed = [json.loads(leaf) for leaf in log if f'"actor":"{NOOR}"' in leaf and '"outcome":"allowed"' in leaf]
    last_use = max(datetime.fromisoformat(use["at"]).timestamp() for use in allowed)
    assert last_use - entry < IN_FLIGHT_S, "the log shows no use after the end but of a request that was being answered"
    line = await practice.connect()
    helped = await with_credentials(practice, line, "INVITE", "sip:911@127.0.0.1", body=SRTP_SDP)
    assert not helped.startswith("SIP/2.0 403"), "nothing may stand before a call for help"
    line.close()


async def test_a_colleague_ends_it_in_the_console(practice: Practice) -> None:
    noor = Everything(practice)
    await noor.begin()
    olive = practice.browser()
    await practice.instance.add_account("quill", "dana-reyes", PASSWORD)
    assert (await olive.post("/api/v1/session", json={"username": "quill", "password": PASSWORD})).status_code == 200
    assert (await olive.post("/api/v1/session/step-up", json={"password": PASSWORD})).status_code == 204

    async def act() -> None:
        answer = await olive.post(f"/api/v1/people/{NOOR}/terminate", json={"reason": "left without a word"})
        assert answer.status_code == 204, answer.text

    await check_everything_ended(practice, noor, act())
    assert (await olive.get("/api/v1/session")).status_code == 200, "and nobody else's"
    await noor.close()
    await olive.aclose()


async def test_the_command_line_ends_it_in_a_running_practice_and_gives_it_back(practice: Practice) -> None:
    noor = Everything(practice)
    await noor.begin()
    await check_everything_ended(practice, noor, command(practice, "user", "terminate", NOOR, "--reason", "left"))
    await command(practice, "user", "restore", NOOR)
    line = await practice.connect()

    async def registers() -> bool:
        return (await with_credentials(practice, line, "REGISTER", URI)).startswith("SIP/2.0 200")

    await until(registers, 2)
    again = await signed_in(practice, "noor")
    await again.aclose()
    line.close()
    await noor.close()


async def command(practice: Practice, *arguments: str) -> None:
    """Run `auricle …` in a process of its own."""
    program = [sys.executable, "-c", "from auricle.app.cli import app; app()", *arguments, "--settings", str(practice.made.settings)]
    process = await asyncio.create_subprocess_exec(*program, env={**os.environ, "PYTHONPATH": ""}, stdout=asyncio.subprocess.PIPE)
    said, _ = await process.communicate()
    assert process.returncode == 0, said
