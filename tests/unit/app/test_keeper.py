"""The daily run on a real store with real sealed sound: what is due goes for good, what is held stays, a wrong clock deletes nothing."""

import sqlite3
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from zoneinfo import ZoneInfo

import pytest
import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from auricle.access.decision import Policies
from auricle.adapters.blobs import BlobMissing, FileBlobs
from auricle.adapters.clock import SystemEntropy
from auricle.adapters.keys.records import FileRecordKeys
from auricle.adapters.store import Store
from auricle.adapters.store.holds import KeptHold
from auricle.app import retention
from auricle.app.compliance import ComplianceParts, World
from auricle.app.settings import ComplianceSettings, DataSettings, PracticeSettings, RetentionSettings, Settings
from auricle.audit.verify import verify_export
from auricle.calls.records import CallRecord, Direction, Disposition, Protection
from auricle.calls.voicemail_record import TranscriptState, VoicemailMessage
from auricle.compliance.holds import HeldKind
from auricle.compliance.parties import OPERATOR
from auricle.compliance.retention import RecordKind
from auricle.kernel.actor import Actor, ActorKind
from auricle.kernel.ids import CallId, MailboxId, VoicemailId
from auricle.kernel.phi import Phi
from auricle.practice.model import Practice
from auricle.vault.errors import Shredded
from auricle.vault.fields import Fields
from auricle.vault.gate import Decision, Gate, Grant, Ref
from auricle.vault.keyring import Keyring
from fakes.agreements import an_agreement

START = datetime(2026, 11, 25, 15, 0, tzinfo=UTC)  # ten in the morning in New York
OFFICER = Actor(ActorKind.PERSON, "dana-reyes", frozenset({"privacy-officer"}), "s7")
NURSE = Actor(ActorKind.PERSON, "noor-haddad", frozenset({"nurse"}), "s8")


class Watch:
    """Both clocks, set by hand."""

    def __init__(self) -> None:
        self.at, self.ticks = START, 1000.0

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.ticks

    def passes(self, **time: float) -> None:
        """Real time passes."""
        self.at += timedelta(**time)
        self.ticks += timedelta(**time).total_seconds()


class Everything:
    """What stands behind the gate is under test."""

    def decide(self, actor: Actor, action: str, ref: Ref) -> Decision:
        return Decision(True, "test")


@dataclass
class Office:
    """A practice's data on a disk of its own, opened as often as a test likes."""

    directory: Path
    clock: Watch
    keyring: Keyring
    signing: Ed25519PrivateKey
    store: Store
    blobs: FileBlobs
    parts: ComplianceParts

    @classmethod
    def opened(cls, directory: Path, clock: Watch, keyring: Keyring, signing: Ed25519PrivateKey) -> "Office":
        entropy = SystemEntropy()
        records = FileRecordKeys(directory / "records", keyring, entropy)
        store = Store(
            directory / "auricle.db", keyring, Fields(keyring, entropy, "pbx.example", records), signing, "pbx.example/audit", clock
        )
        blobs = FileBlobs(directory / "blobs", records, entropy, 0)
        practice = Practice("Test", ZoneInfo("America/New_York"), "US", "pbx.example", trunks=MappingProxyType({}))
        settings = Settings(
            PracticeSettings("Test", "America/New_York", "pbx.example"),
            DataSettings(str(directory)),
            compliance=ComplianceSettings("self"),
            retention=RetentionSettings(),
        )
        parts = ComplianceParts(World(settings, practice, store, clock, entropy), Policies.packaged())
        parts.complete(blobs)
        return cls(directory, clock, keyring, signing, store, blobs, parts)

    def again(self) -> "Office":
        """The program ended and starts anew; only the disk is as it was."""
        self.close()
        return Office.opened(self.directory, self.clock, self.keyring, self.signing)

    def close(self) -> None:
        self.blobs.close()
        self.store.close()

    async def message(self, name: str, age_days: float) -> VoicemailId:
        """A message with two seconds of sound, left so many days ago."""
        message = VoicemailId(name)
        recording = await self.blobs.open(message)
        recording.write(b"\x55" * 16000)
        seconds = await recording.close()
        await self.store.add_voicemail(
            VoicemailMessage(
                message, MailboxId("nurses"), CallId("c1"), Phi("+12025550142"), Phi("Quentin Vandermolen"),
                self.clock.now() - timedelta(days=age_days), seconds, True, None, TranscriptState.WAITING,
            )
        )  # fmt: skip
        return message

    async def call(self, name: str, age_days: float) -> None:
        """A call of so many days ago."""
        at = self.clock.now() - timedelta(days=age_days)
        await self.store.add_call(
            CallRecord(
                CallId(name), Direction.INBOUND, Phi("+12025550142"), Phi("Quentin"), Phi("+12025550100"), at, None, at,
                Disposition.ABANDONED, None, (), Protection.TO_GATEWAY, (),
            )
        )  # fmt: skip

    async def listen(self, message: VoicemailId) -> bytes:
        async def read(grant: Grant) -> bytes:
            return (await self.blobs.reader(message, grant)).read(0, 16000)

        return await Gate(Everything(), self.store).open(NURSE, "voicemail.play", Ref("voicemail", message), "test", read)

    async def messages(self) -> list[str]:
        found = await Gate(Everything(), self.store).open(NURSE, "voicemail.list", Ref("voicemail", "*"), "test", self.store.voicemails)
        return [message.id for message in found]

    def bytes_on_disk(self) -> bytes:
        return b"".join(path.read_bytes() for path in sorted(self.directory.rglob("*")) if path.is_file())


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    made = Office.opened(tmp_path, Watch(), Keyring.generate(SystemEntropy()), Ed25519PrivateKey.generate())
    await made.parts.start()
    yield made
    made.close()


async def test_what_is_due_goes_for_good_and_the_log_proves_it(office: Office) -> None:
    old, young = await office.message("v1", 91), await office.message("v2", 89)
    await office.call("c1", 2193)
    await office.call("c2", 2191)
    count = await office.parts.keeper.run_once()
    assert (count.shredded, count.held, count.failed) == (2, 0, 0)
    assert await office.messages() == [young]
    with pytest.raises(BlobMissing):
        await office.listen(old)
    assert not list(office.directory.rglob("v1.*"))
    assert len(await office.listen(young)) == 16000
    await office.store.checkpoint()
    lines = list(office.store.audit_export())
    assert verify_export(lines, office.store.verifier).ok
    text = "\n".join(lines)
    for words in ("retention.shred", "voicemail kept 90 days", "call kept 2192 days", "retention.destroyed", "retention.run"):
        assert words in text


async def test_a_held_message_outlives_its_term(office: Office) -> None:
    await office.message("v1", 400)
    await office.store.place_hold(OFFICER, KeptHold("h1", Phi("matter"), Phi("letter"), HeldKind.ANY, number=Phi("+12025550142")))
    count = await office.parts.keeper.run_once()
    assert (count.shredded, count.held) == (0, 1)
    assert await office.messages() == ["v1"]
    assert len(await office.listen(VoicemailId("v1"))) == 16000
    await office.store.release_hold(OFFICER, "h1")
    assert (await office.parts.keeper.run_once()).shredded == 1


async def test_a_crash_between_the_row_and_the_sound_is_finished_at_the_next_start(office: Office) -> None:
    await office.message("v1", 91)
    assert await office.store.shred_record(retention.KEEPER, RecordKind.VOICEMAIL, "v1", "voicemail kept 90 days")
    assert list((office.directory / "blobs").glob("v1.*")), "the sound is still there"
    started = office.again()
    await started.parts.start()
    assert not list(office.directory.rglob("v1.*"))
    assert await started.store.unfinished_shreddings() == []
    started.close()


async def test_a_disk_that_fails_is_tried_again_by_the_next_run(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    await office.message("v1", 91)
    with monkeypatch.context() as broken:

        async def fails(blob: VoicemailId) -> None:
            raise OSError(5, "input/output error")

        broken.setattr(office.blobs, "shred", fails)
        with structlog.testing.capture_logs() as logs:
            assert (await office.parts.keeper.run_once()).failed == 1
        assert {"shredding_unfinished"} <= {line["event"] for line in logs}
    assert await office.messages() == []
    await office.parts.keeper.run_once()
    assert not list(office.directory.rglob("v1.*"))


async def test_many_go_in_batches(office: Office) -> None:
    for number in range(retention.BATCH + 3):
        await office.call(f"c{number:03}", 3000)
    assert (await office.parts.keeper.run_once()).shredded == retention.BATCH + 3


# ---- the clock -------------------------------------------------------------------------------------


async def stops(office: Office, word: str) -> None:
    count = await office.parts.keeper.run_once()
    assert count.shredded == 0
    assert word in (await office.store.run_state()).stopped
    assert await office.parts.keeper.clock_fault()
    assert "v1" in await office.messages()


async def test_a_clock_that_jumps_ahead_deletes_nothing(office: Office) -> None:
    await office.message("v1", 1)
    office.clock.at += timedelta(days=400)
    await stops(office, "ahead")


async def test_a_jump_is_still_known_after_a_restart(office: Office) -> None:
    """Also when entries were written by the wrong clock in between."""
    await office.message("v1", 1)
    office.clock.at += timedelta(days=400)
    await office.call("c1", 0)
    started = office.again()
    await started.parts.start()
    await stops(started, "ahead")
    started.close()


async def test_a_clock_set_back_deletes_nothing(office: Office) -> None:
    await office.message("v1", 91)
    office.clock.at -= timedelta(hours=2)
    await stops(office, "behind")


async def test_set_right_again_it_goes_on_by_itself(office: Office) -> None:
    await office.message("v1", 91)
    office.clock.at += timedelta(days=400)
    await office.parts.keeper.run_once()
    office.clock.at -= timedelta(days=400)
    office.clock.passes(minutes=10)
    await office.call("c1", 0)  # the newest entry is of now again
    assert (await office.parts.keeper.run_once()).shredded == 1


async def test_after_a_long_time_off_somebody_says_that_the_clock_is_right(office: Office) -> None:
    await office.message("v1", 85)
    office.clock.passes(days=10)
    started = office.again()
    await started.parts.start()
    await stops(started, "off for that long")
    await started.parts.keeper.believe_clock()
    assert (await started.parts.keeper.run_once()).shredded == 1
    started.close()


async def test_another_process_may_have_said_it(office: Office) -> None:
    """`auricle retention run --clock-is-right` beside the running practice."""
    await office.message("v1", 91)
    office.clock.at += timedelta(days=3)
    await stops(office, "ahead")
    await office.store.clock_seen(office.clock.now())
    assert (await office.parts.keeper.run_once()).shredded == 1


async def test_time_that_passes_while_it_runs_is_no_jump(office: Office) -> None:
    await office.message("v1", 60)
    for _ in range(40):
        office.clock.passes(hours=23)
        assert await office.parts.keeper.clock_fault() == ""
    assert (await office.parts.keeper.run_once()).shredded == 1


async def test_many_small_jumps_are_one_large_one(office: Office) -> None:
    await office.message("v1", 60)
    faults = []
    for _ in range(40):
        office.clock.at += timedelta(hours=23)
        faults.append(await office.parts.keeper.clock_fault())
    assert faults[0] == ""
    assert all("jumped" in fault or "ahead" in fault for fault in faults[1:])
    assert (await office.parts.keeper.run_once()).shredded == 0


@pytest.mark.parametrize(
    ("now", "wanted"),
    [
        (datetime(2026, 11, 25, 7, 59, tzinfo=UTC), datetime(2026, 11, 25, 8, 0, tzinfo=UTC)),
        (datetime(2026, 11, 25, 8, 0, tzinfo=UTC), datetime(2026, 11, 26, 8, 0, tzinfo=UTC)),
        (datetime(2026, 3, 8, 6, 30, tzinfo=UTC), datetime(2026, 3, 8, 7, 0, tzinfo=UTC)),
    ],
    ids=["before", "at", "the night the clocks go forward"],
)
async def test_the_quiet_hour_is_the_practices(office: Office, now: datetime, wanted: datetime) -> None:
    office.clock.at = now
    assert office.parts.keeper.next_run().astimezone(UTC) == wanted


# ---- agreements ------------------------------------------------------------------------------------


async def test_agreements_go_six_years_after_their_last_effect(office: Office) -> None:
    old = an_agreement(OPERATOR, office.clock, expires_on=date(2020, 6, 1))
    await office.store.add_agreement(OFFICER, old)
    await office.parts.book.load()
    assert (await office.parts.keeper.run_once()).shredded == 1
    assert office.parts.book.agreements() == ()


async def test_settings_note_an_agreement_once_and_an_ended_one_stays_ended(office: Office) -> None:
    noted = an_agreement(OPERATOR, office.clock)
    await office.parts.book.take_settings(OFFICER, [noted])
    await office.parts.book.take_settings(OFFICER, [noted])
    assert len(office.parts.book.agreements()) == 1
    await office.store.end_agreements(OFFICER, office.parts.book.agreements(), date(2026, 11, 25))
    await office.parts.book.take_settings(OFFICER, [noted])
    assert office.parts.book.agreements()[0].ended_on == date(2026, 11, 25)


async def test_the_shredded_message_is_nowhere_on_the_disk(office: Office) -> None:
    """Neither its sealed sound nor its sealed row: there is nothing left that a key found later could open."""
    await office.message("v1", 91)
    sound = next((office.directory / "blobs").glob("v1.*")).read_bytes()[64:2000]
    assert sound in office.bytes_on_disk()
    await office.parts.keeper.run_once()
    assert sound not in office.bytes_on_disk()


async def test_a_copy_of_the_row_does_not_open_either(office: Office) -> None:
    """Out of a backup, say: its record's own key is gone, and with it the caller and the text."""
    await office.message("v1", 91)
    connection = sqlite3.connect(office.directory / "auricle.db")
    row = connection.execute("SELECT * FROM voicemail").fetchone()
    connection.close()
    await office.parts.keeper.run_once()
    connection = sqlite3.connect(office.directory / "auricle.db")
    connection.execute(f"INSERT INTO voicemail VALUES ({','.join('?' * len(row))})", row)
    connection.commit()
    connection.close()
    with pytest.raises(Shredded):
        await Gate(Everything(), office.store).open(
            NURSE, "voicemail.list", Ref("voicemail", "v1"), "test", lambda grant: office.store.voicemail(grant, VoicemailId("v1"))
        )
