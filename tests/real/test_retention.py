"""Retention, holds and agreements on a whole practice: real sealed messages, the real console, calls over the real daemons."""

import asyncio
import os
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
import structlog

from auricle.adapters.blobs import BlobMissing
from auricle.adapters.clock import SystemEntropy
from auricle.adapters.keys import FileKeys
from auricle.app.demo.practice import ADMIN_USER, MAIN_NUMBER, make_demo_practice
from auricle.app.instance import Instance
from auricle.calls.voicemail_record import TranscriptState, VoicemailMessage
from auricle.kernel.ids import CallId, MailboxId, VoicemailId
from auricle.kernel.phi import Phi
from real.test_instance import SRTP_SDP, Practice, until

pytestmark = pytest.mark.real

BOX_FLOW = "id: main\nstart: box\nsteps:\n  box: {do: voicemail, mailbox: nurses, next: bye}\n  bye: {do: hang_up}\n"
PATIENT, OTHER = "+12025550142", "+12025550143"


async def leave(instance: Instance, name: str, caller: str, age_days: int) -> None:
    """A message with a second of sealed sound, left so many days ago."""
    message = VoicemailId(name)
    recording = await instance._blobs.open(message)
    recording.write(b"\x55" * 8000)
    seconds = await recording.close()
    at = datetime.now(UTC) - timedelta(days=age_days)
    box = MailboxId("nurses")
    await instance._store.add_voicemail(
        VoicemailMessage(message, box, CallId("c1"), Phi(caller), Phi("Quentin"), at, seconds, True, None, TranscriptState.NO_SPEECH)
    )


def made(directory: Path, operated_by: str = "self", flow: str = "", outbound: bool = False) -> tuple[Path, str]:
    """The demo practice's files."""
    practice = make_demo_practice(directory, 0)
    text = practice.settings.read_text().replace('operated_by = "self"', f'operated_by = "{operated_by}"')
    practice.settings.write_text(text.replace("transcribe = true", "transcribe = false"))
    if flow:
        (directory / "main.yaml").write_text(flow)
    FileKeys(directory / "data" / "keys", SystemEntropy()).create(None)
    return practice.settings, practice.console_password


@pytest.fixture
async def instance(tmp_path: Path) -> AsyncIterator[Instance]:
    settings, password = made(tmp_path)
    running = Instance(settings, None)
    await leave(running, "vOld", PATIENT, 91)
    await leave(running, "vHeld", OTHER, 400)
    await leave(running, "vYoung", PATIENT, 3)
    await running.add_account(ADMIN_USER, "dana-reyes", password)
    (tmp_path / "password").write_text(password)
    yield running
    await running.stop()


@asynccontextmanager
async def signed_in(instance: Instance, password: str) -> AsyncIterator[httpx.AsyncClient]:
    """A browser of the privacy officer."""
    context = ssl.create_default_context(cafile=str(instance.ca_certificate))
    url = f"https://127.0.0.1:{instance.settings.network.console_port}"
    async with httpx.AsyncClient(base_url=url, verify=context, headers={"Origin": url}) as browser:
        answer = await browser.post("/api/v1/session", json={"username": ADMIN_USER, "password": password})
        assert answer.status_code == 200, answer.text
        yield browser


async def test_a_real_message_is_shredded_a_held_one_survives_and_the_log_verifies(instance: Instance, tmp_path: Path) -> None:
    """The hold is placed by the command line before the practice starts; the run at start does the rest."""
    placed = await asyncio.to_thread(
        command, tmp_path, "hold", "add", "--name", "matter", "--reason", "letter of counsel", "--number", OTHER
    )
    assert "keeps 1 record" in placed.stdout, placed.stderr
    await instance.start()
    async with signed_in(instance, (tmp_path / "password").read_text()) as browser:

        async def ran() -> bool:
            return (await browser.get("/api/v1/retention")).json()["last_run"] is not None

        await until(ran)
        state = (await browser.get("/api/v1/retention")).json()
        assert (state["last_run"]["shredded"], state["last_run"]["held"], state["clock_fault"]) == (1, 1, "")
        listed = {message["id"] for message in (await browser.get("/api/v1/voicemails")).json()["messages"]}
        assert listed <= {"vHeld", "vYoung"}
        assert (await browser.get("/api/v1/voicemails/vOld/audio")).status_code in {403, 404}
        (hold,) = (await browser.get("/api/v1/holds")).json()
        assert (hold["name"], hold["keeps"]) == ("matter", 1)
    left = {path.name for path in (tmp_path / "data").rglob("v*")}
    assert not [name for name in left if name.startswith("vOld")]
    assert {"vHeld.sealed", "vYoung.sealed"} <= left
    with pytest.raises(BlobMissing):
        await instance.compliance.gate.open(*look("vOld"), lambda grant: instance._blobs.reader(VoicemailId("vOld"), grant))
    report = await instance.verify_audit()
    assert report.ok, report.text()
    lines = "\n".join(instance._store.audit_export())
    for words in ("retention.shred", "voicemail kept 90 days", "retention.destroyed", "hold.place", "retention.run"):
        assert words in lines, words
    assert OTHER not in lines
    assert "letter of counsel" not in lines


async def test_without_an_agreement_a_caller_is_told_and_the_practice_still_answers(tmp_path: Path) -> None:
    settings, password = made(tmp_path, "Harbor Hosting", BOX_FLOW)
    running = Instance(settings, None)
    await running.add_account(ADMIN_USER, "dana-reyes", password)
    await running.start()
    try:
        async with signed_in(running, password) as browser:
            features = {line["feature"]: line for line in (await browser.get("/api/v1/features")).json()}
            assert features["voicemail"]["state"] == "refused"
            assert "operator" in features["voicemail"]["why"]
            refused = await browser.get("/api/v1/calls")
            assert (refused.status_code, refused.json()["type"]) == (403, "access.not_permitted")
            assert "operator" in refused.json()["detail"]
            line = await Practice(None, running).connect()  # type: ignore[arg-type]
            await line.say("INVITE", f"sip:{MAIN_NUMBER}@127.0.0.1", body=SRTP_SDP, extra="Content-Type: application/sdp\r\n")
            accepted = await line.final()
            assert accepted.startswith("SIP/2.0 200"), "the call itself is answered"
            await line.ack(accepted)

            async def over() -> bool:
                return bool(await running.look.calls()) and await running.media_legs() == 0

            await until(over, 40)
            (record,) = await running.look.calls()
            assert record.steps == ("box", "voicemail_not_agreed", "bye")
            assert list((tmp_path / "data" / "blobs").iterdir()) == []
            line.close()
            noted = await asyncio.to_thread(
                command, tmp_path, "agreements", "set", "operator", "--reference", "contract 7", "--signed-on", "2026-01-02"
            )
            assert noted.returncode == 0, noted.stderr

            async def shown() -> bool:
                return (await browser.get("/api/v1/calls")).status_code == 200

            await until(shown, 20)
        report = await running.verify_audit()
        assert report.ok, report.text()
    finally:
        await running.stop()


async def test_a_killed_practice_finishes_its_shredding_at_the_next_start(instance: Instance, tmp_path: Path) -> None:
    from auricle.access.subject import KEEPER
    from auricle.compliance.retention import RecordKind

    assert await instance._store.shred_record(KEEPER, RecordKind.VOICEMAIL, "vOld", "voicemail kept 90 days")
    assert (tmp_path / "data" / "blobs" / "vOld.sealed").exists()
    await instance.stop()
    with structlog.testing.capture_logs() as logs:
        again = Instance(tmp_path / "settings.toml", None)
        try:
            await again.start(console=False)
            assert not list((tmp_path / "data").rglob("vOld*"))
            assert (await again.verify_audit()).ok
        finally:
            await again.stop()
    assert OTHER not in str(logs)


async def test_the_command_line_shows_previews_and_runs(instance: Instance, tmp_path: Path) -> None:
    await instance.stop()
    shown = await asyncio.to_thread(command, tmp_path, "retention", "show")
    assert "there was no run yet" in shown.stdout, shown.stderr
    ran = await asyncio.to_thread(command, tmp_path, "retention", "run")
    assert (ran.returncode, ran.stdout.strip()) == (0, "2 deleted, 0 held, 0 failed"), ran.stderr
    tried = await asyncio.to_thread(command, tmp_path, "retention", "preview", "voicemail=1")
    assert any("1 now" in line for line in tried.stdout.splitlines() if line.startswith("voicemail"))
    wrong = await asyncio.to_thread(command, tmp_path, "retention", "preview", "audit=3")
    assert wrong.returncode == 1
    assert "2192" in wrong.stderr
    listed = await asyncio.to_thread(command, tmp_path, "agreements", "list")
    assert "operator" in listed.stdout
    assert "not-needed" in listed.stdout


def command(directory: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    """`auricle …` as a process of its own."""
    environment = {name: value for name, value in os.environ.items() if name != "AURICLE_PASSPHRASE"}
    settings = ["--settings", str(directory / "settings.toml")]
    return subprocess.run(
        [sys.executable, "-m", "auricle", *words, *settings], capture_output=True, text=True, timeout=60, env=environment, check=False
    )


def look(message: str) -> tuple[object, str, object, str]:
    """What the demo's own eyes pass the gate with."""
    from auricle.app.look import DEMO
    from auricle.vault.gate import Ref

    return DEMO, "voicemail.read", Ref("voicemail", message), "test"
