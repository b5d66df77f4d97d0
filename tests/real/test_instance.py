"""A whole practice, started for real and treated badly: malformed messages, wrong passwords, killed daemons, a full disk."""

import asyncio
import os
import re
import signal
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import httpx
import pytest
import structlog

from auricle.adapters.clock import SystemEntropy
from auricle.adapters.keys import FileKeys
from auricle.app.demo.practice import ADMIN_USER, MAIN_NUMBER, DemoPractice, make_demo_practice
from auricle.app.instance import Instance
from auricle.sip.digest import authorization

pytestmark = pytest.mark.real

PLAIN_SDP = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9700 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
SRTP_SDP = (
    PLAIN_SDP.replace("RTP/AVP", "RTP/SAVP") + "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:GKw+c0PwFokMUQ6T+TUmEWnZ4/VlQ2Qpgw+vCTT0\r\n"
)


class Practice:
    """A running demo practice and a TLS connection to its edge."""

    def __init__(self, made: DemoPractice, instance: Instance) -> None:
        self.made = made
        self.instance = instance
        self.network = instance.settings.network

    async def connect(self) -> "Line":
        context = ssl.create_default_context(cafile=str(self.instance.ca_certificate))
        reader, writer = await asyncio.open_connection("127.0.0.1", self.network.tls_port, ssl=context)
        return Line(reader, writer)

    def browser(self) -> httpx.AsyncClient:
        context = ssl.create_default_context(cafile=str(self.instance.ca_certificate))
        url = f"https://127.0.0.1:{self.network.console_port}"
        return httpx.AsyncClient(base_url=url, verify=context, headers={"Origin": url})


class Line:
    """One SIP connection, by hand."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._count = 0

    async def say(self, method: str, uri: str, *, user: str = "+12025550142", extra: str = "", body: str = "") -> None:
        self._count += 1
        head = (
            f"{method} {uri} SIP/2.0\r\nVia: SIP/2.0/TLS 192.0.2.9:5061;branch=z9hG4bK{os.urandom(6).hex()};rport\r\n"
            f"From: <sip:{user}@192.0.2.9>;tag={os.urandom(4).hex()}\r\nTo: <{uri}>\r\nCall-ID: {os.urandom(8).hex()}\r\n"
            f"CSeq: {self._count} {method}\r\nContact: <sip:{user}@192.0.2.9;transport=tls>\r\nMax-Forwards: 70\r\n{extra}"
        )
        await self.raw(f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())

    async def raw(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def final(self, timeout_s: float = 10) -> str:
        """The next final response."""
        async with asyncio.timeout(timeout_s):
            while True:
                head = (await self._reader.readuntil(b"\r\n\r\n")).decode()
                size = re.search(r"(?i)content-length:\s*(\d+)", head)
                body = await self._reader.readexactly(int(size.group(1))) if size else b""
                if not head.startswith("SIP/2.0 1"):
                    return head + body.decode()

    async def ack(self, accepted: str) -> None:
        """Acknowledge a 200 to an INVITE."""
        kept = "\r\n".join(re.findall(r"(?m)^(?:From|To|Call-ID): [^\r]*", accepted))
        target = re.search(r"(?m)^Contact: <([^>]+)>", accepted).group(1)
        number = re.search(r"(?m)^CSeq: (\d+)", accepted).group(1)
        via = f"Via: SIP/2.0/TLS 192.0.2.9:5061;branch=z9hG4bK{os.urandom(6).hex()};rport"
        await self.raw(
            f"ACK {target} SIP/2.0\r\n{via}\r\n{kept}\r\nCSeq: {number} ACK\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n".encode()
        )

    def close(self) -> None:
        self._writer.close()


@pytest.fixture
async def practice(tmp_path: Path) -> AsyncIterator[Practice]:
    made = make_demo_practice(tmp_path, 0)
    FileKeys(tmp_path / "data" / "keys", SystemEntropy()).create(None)
    instance = Instance(made.settings, None)
    await instance.start()
    await instance.add_account(ADMIN_USER, "dana-reyes", made.console_password)
    try:
        yield Practice(made, instance)
    finally:
        await instance.stop()


async def until(true: Callable[[], Awaitable[bool]], timeout_s: float = 15) -> None:
    async with asyncio.timeout(timeout_s):
        while not await true():
            await asyncio.sleep(0.05)


async def test_an_offer_without_srtp_is_refused_and_leaves_nothing(practice: Practice) -> None:
    line = await practice.connect()
    await line.say("INVITE", f"sip:{MAIN_NUMBER}@127.0.0.1", body=PLAIN_SDP, extra="Content-Type: application/sdp\r\n")
    answer = await line.final()
    assert answer.startswith("SIP/2.0 488")
    assert "SRTP required" in answer

    async def gone() -> bool:
        return await practice.instance.media_legs() == 0 and not practice.instance.live_calls()

    await until(gone)
    (record,) = await practice.instance.look.calls()
    assert record.disposition == "refused"
    line.close()


async def test_unknown_numbers_and_unproven_phones_are_refused(practice: Practice) -> None:
    line = await practice.connect()
    await line.say("INVITE", "sip:+12025550199@127.0.0.1", body=SRTP_SDP, extra="Content-Type: application/sdp\r\n")
    assert (await line.final()).startswith("SIP/2.0 404")
    await line.say("INVITE", "sip:102@127.0.0.1", user="desk-101", body=SRTP_SDP, extra="Content-Type: application/sdp\r\n")
    assert (await line.final()).startswith("SIP/2.0 401")
    line.close()


async def test_a_wrong_phone_password_gets_a_fresh_challenge_then_a_delay(practice: Practice) -> None:
    line = await practice.connect()
    uri = "sip:desk-101@127.0.0.1"
    await line.say("REGISTER", uri, user="desk-101")
    challenge = await line.final()
    nonces = set()
    for _ in range(5):
        value = re.search(r"WWW-Authenticate: (Digest [^\r]*)", challenge, re.IGNORECASE)
        assert value is not None
        nonces.add(re.search(r'nonce="([^"]+)"', value.group(1)).group(1))
        credentials = authorization(value.group(1), "REGISTER", uri, "desk-101", "wrong", "abcdef")
        await line.say("REGISTER", uri, user="desk-101", extra=f"Authorization: {credentials}\r\n")
        challenge = await line.final()
        assert challenge.startswith("SIP/2.0 401")
    assert len(nonces) == 5
    await line.say("REGISTER", uri, user="desk-101", extra=f"Authorization: {credentials}\r\n")
    answer = await line.final()
    assert answer.startswith("SIP/2.0 503")
    assert "Retry-After:" in answer
    line.close()


async def test_malformed_sip_gets_an_answer_or_a_closed_door_and_one_line_in_the_log(practice: Practice) -> None:
    with structlog.testing.capture_logs() as logs:
        for bad in (b"nonsense\r\n\r\n", b"INVITE sip:x SIP/2.0\r\nContent-Length: -1\r\n\r\n", os.urandom(400) + b"\r\n\r\n"):
            line = await practice.connect()
            await line.raw(bad)
            line.close()
        line = await practice.connect()
        await line.say("INVITE", f"sip:{MAIN_NUMBER}@127.0.0.1", body="v=0\r\nnot sdp", extra="Content-Type: application/sdp\r\n")
        assert (await line.final()).startswith("SIP/2.0 4")
        await line.say("OPTIONS", "sip:127.0.0.1")
        assert (await line.final()).startswith("SIP/2.0 200"), "and the practice still answers"
        line.close()
    assert "2025550142" not in str(logs)


async def test_killed_daemons_come_back_and_the_console_says_so(practice: Practice) -> None:
    async with practice.browser() as browser:
        signed_in = await browser.post("/api/v1/session", json={"username": ADMIN_USER, "password": practice.made.console_password})
        assert signed_in.status_code == 200

        async def state(name: str) -> str:
            services = (await browser.get("/api/v1/system")).json()["services"]
            return next(service["state"] for service in services if service["name"] == name)

        for name, pid in practice.instance.parts().items():
            assert await state(name) == "up"
            os.kill(pid, signal.SIGKILL)

            async def down(part: str = name) -> bool:
                return await state(part) in {"restarting", "starting"}

            async def up(part: str = name, old: int = pid) -> bool:
                return await state(part) == "up" and practice.instance.parts()[part] != old

            await until(down)
            await until(up)
    line = await practice.connect()
    await line.say("INVITE", f"sip:{MAIN_NUMBER}@127.0.0.1", body=SRTP_SDP, extra="Content-Type: application/sdp\r\n")
    answer = await line.final()
    assert answer.startswith("SIP/2.0 200"), "a new call works on the new daemons"
    assert "RTP/SAVP" in answer
    line.close()


async def test_the_console_refuses_wrong_passwords_and_slows_guessers_down(practice: Practice) -> None:
    async with practice.browser() as browser:
        assert (await browser.get("/api/v1/calls")).status_code == 401
        codes: list[int] = []
        while 429 not in codes and len(codes) < 10:  # on a busy machine a check may take longer than the first wait
            answer = await browser.post("/api/v1/session", json={"username": ADMIN_USER, "password": "not the password"})
            codes.append(answer.status_code)
        assert codes[:5] == [401] * 5
        assert codes[-1] == 429
        assert int(answer.headers["retry-after"]) >= 1
        assert answer.headers["content-type"] == "application/problem+json"


async def test_every_look_is_in_the_audit_log_and_the_log_verifies(practice: Practice) -> None:
    async with practice.browser() as browser:
        await browser.post("/api/v1/session", json={"username": ADMIN_USER, "password": practice.made.console_password})
        assert (await browser.get("/api/v1/calls")).status_code == 200
        assert (await browser.get("/api/v1/voicemails")).status_code == 200
        entries = (await browser.get("/api/v1/audit")).json()["entries"]
    seen = {(entry["action"], entry["outcome"]) for entry in entries}
    assert {("session.start", "done"), ("calls.list", "allowed"), ("voicemail.list", "allowed")} <= seen
    report = await practice.instance.verify_audit()
    assert report.ok, report.fault


async def test_calls_go_on_without_voicemail_when_the_disk_is_full(tmp_path: Path) -> None:
    made = make_demo_practice(tmp_path, 0)
    settings = made.settings.read_text().replace('directory = "data"', 'directory = "data"\nmin_free_mb = 100000000')
    made.settings.write_text(settings)
    flow = "id: main\nstart: box\nsteps:\n  box: {do: voicemail, mailbox: nurses, next: bye}\n  bye: {do: hang_up}\n"
    (tmp_path / "main.yaml").write_text(flow)
    FileKeys(tmp_path / "data" / "keys", SystemEntropy()).create(None)
    instance = Instance(made.settings, None)
    await instance.start(console=False)
    try:
        with structlog.testing.capture_logs() as logs:
            line = await Practice(made, instance).connect()
            await line.say("INVITE", f"sip:{MAIN_NUMBER}@127.0.0.1", body=SRTP_SDP, extra="Content-Type: application/sdp\r\n")
            accepted = await line.final()
            assert accepted.startswith("SIP/2.0 200")
            await line.ack(accepted)

            async def refused() -> bool:
                return any(entry["event"] == "recording_refused" for entry in logs)

            await until(refused, 30)
        line.close()
    finally:
        await instance.stop()
    assert list((tmp_path / "data" / "blobs").glob("*")) == []
