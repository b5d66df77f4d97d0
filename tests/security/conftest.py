"""A practice with people of every role, a call, a voicemail with sound and text, and everything an attacker could hold of it."""

import json
import shutil
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from auricle.app.demo.practice import make_demo_practice
from auricle.app.instance import Instance, create_keys
from auricle.calls.records import CallRecord, Direction, Disposition, LegRecord, Protection
from auricle.calls.voicemail_record import TranscriptState, VoicemailMessage
from auricle.kernel.ids import CallId, LegId, MailboxId, PersonId, VoicemailId
from auricle.kernel.phi import Phi
from auricle.speech.transcript import Hearing, Transcript, Word

PASSPHRASE = "a long passphrase of a test"
PASSWORD = "correct horse battery staple"
PATIENT, NAME = "+12025550142", "Quilvex Zorthuryn"
SPOKEN = "the biopsy result worries me very much"
CALL, MESSAGE = CallId("c0000000000000000test"), VoicemailId("v0000000000000000test")
ROLES = (
    "owner", "privacy-officer", "security-officer", "manager", "clinician", "nurse", "front-desk", "billing", "agent", "it", "auditor",
    "support",
)  # fmt: skip
SOUND = np.random.default_rng(11).integers(0, 255, 24000, dtype=np.uint8).tobytes()


@dataclass
class Office:
    """The files of a practice, and the practice while it is open."""

    directory: Path
    settings: Path
    instance: Instance

    @property
    def data(self) -> Path:
        return self.directory / "data"

    def copy(self, to: Path) -> Path:
        """What somebody gets who copies the whole directory; the settings file of the copy."""
        shutil.copytree(self.directory, to)
        return to / "settings.toml"

    def browser(self) -> httpx.AsyncClient:
        origin = f"https://127.0.0.1:{self.instance.settings.network.console_port}"
        transport = httpx.ASGITransport(self.instance._console.app, client=("127.0.0.9", 1))
        return httpx.AsyncClient(transport=transport, base_url=origin, headers={"Origin": origin})

    async def signed_in(self, role: str) -> httpx.AsyncClient:
        """A browser of the person of this role, whose account is made at the first time."""
        if await self.instance._store.account(f"{role}.user") is None:
            await self.instance.add_account(f"{role}.user", role, PASSWORD)
        browser = self.browser()
        answer = await browser.post("/api/v1/session", json={"username": f"{role}.user", "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        return browser

    async def stepped_up(self, role: str) -> httpx.AsyncClient:
        browser = await self.signed_in(role)
        assert (await browser.post("/api/v1/session/step-up", json={"password": PASSWORD})).status_code == 204
        return browser

    def log(self) -> list[dict[str, Any]]:
        """The entries of the audit log, as an export has them."""
        rows = sqlite3.connect(self.data / "auricle.db").execute("SELECT leaf FROM audit_leaf ORDER BY number").fetchall()
        return [json.loads(leaf) for (leaf,) in rows]


def finished_call(at: datetime) -> CallRecord:
    leg = LegRecord(
        id=LegId("l1"), outgoing=False, party=Phi(PATIENT), display_name=Phi(NAME), person=None, started_at=at, answered_at=at,
        ended_at=at + timedelta(seconds=60), signalling="TLS", media="SRTP", protection=Protection.PUBLIC_NETWORK, end_status=200,
        answered_elsewhere=False,
    )  # fmt: skip
    return CallRecord(
        id=CALL, direction=Direction.INBOUND, caller=Phi(PATIENT), caller_name=Phi(NAME), called=Phi("+12025550100"), started_at=at,
        answered_at=at, ended_at=at + timedelta(seconds=60), disposition=Disposition.ANSWERED, answered_by=PersonId("nurse"),
        steps=("greeting", "front"), protection=Protection.PUBLIC_NETWORK, legs=(leg,),
    )  # fmt: skip


async def put_private_things(instance: Instance, at: datetime) -> None:
    """What a day leaves: one call, one message with its sound and its text."""
    await instance._store.add_call(finished_call(at))
    message = VoicemailMessage(
        id=MESSAGE, mailbox=MailboxId("nurses"), call=CALL, caller=Phi(PATIENT), caller_name=Phi(NAME), received_at=at, duration_s=3.0,
        complete=True, listened_at=None, transcript_state=TranscriptState.WAITING,
    )  # fmt: skip
    writer = await instance._blobs.open(MESSAGE)
    await instance._store.begin_voicemail(message)
    writer.write(SOUND)
    await writer.close()
    await instance._store.add_voicemail(message)
    words = tuple(Word(text, index * 0.3, index * 0.3 + 0.2, 0.9) for index, text in enumerate(SPOKEN.split()))
    transcript = Transcript(words, "en", Hearing.SPEECH, "made up")
    await instance._store.set_transcript(MESSAGE, TranscriptState.DONE, transcript.to_json())


def add_people(settings: Path) -> None:
    """One person a role, beside the demo's own; nobody needs a second factor here."""
    text = settings.read_text()
    people = "".join(
        f'\n[[people]]\nid = "{role}"\nname = "{role.title()} Person"\nextension = "{300 + index}"\nroles = ["{role}"]\n'
        + ('mailbox = "nurses"\n' if role in ("nurse", "clinician") else "")
        for index, role in enumerate(ROLES)
    )
    settings.write_text(text.replace("\n[[devices]]", people + "\n[[devices]]", 1))


async def opened(directory: Path, passphrase: str | None = PASSPHRASE, realm: str = "") -> Office:
    made = make_demo_practice(directory, 0)
    add_people(made.settings)
    if realm:
        made.settings.write_text(made.settings.read_text().replace('realm = "harborstreet.example"', f'realm = "{realm}"'))
    create_keys(made.settings, passphrase)
    return Office(directory, made.settings, Instance(made.settings, passphrase))


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    office = await opened(tmp_path / "ours")
    try:
        await office.instance.keys.start(office.instance.blob_directory)
        await office.instance.identity.restore()
        await put_private_things(office.instance, datetime.now(UTC))
        yield office
    finally:
        await office.instance.stop()
