"""A practice's data on a disk of its own: a real store, real sealed sound, the real compliance parts, and clocks set by hand."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from zoneinfo import ZoneInfo

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from auricle.adapters.blobs import FileBlobs
from auricle.adapters.clock import SystemEntropy
from auricle.adapters.keys.records import FileRecordKeys
from auricle.adapters.store import Store
from auricle.app.compliance import ComplianceParts, World
from auricle.app.settings import ComplianceSettings, DataSettings, PracticeSettings, RetentionSettings, Settings
from auricle.calls.records import CallRecord, Direction, Disposition, Protection
from auricle.calls.voicemail_record import TranscriptState, VoicemailMessage
from auricle.kernel.actor import Actor, ActorKind
from auricle.kernel.ids import CallId, MailboxId, TrunkName, VoicemailId
from auricle.kernel.phi import Phi
from auricle.practice.model import Mailbox, MediaRule, Practice, Trunk
from auricle.vault.fields import Fields
from auricle.vault.gate import Decision, Gate, Grant, Ref
from auricle.vault.keyring import Keyring

START = datetime(2026, 11, 25, 15, 0, tzinfo=UTC)  # ten in the morning in New York
OFFICER = Actor(ActorKind.PERSON, "dana-reyes", frozenset({"privacy-officer"}), "s7", stepped_up=True)
NURSE = Actor(ActorKind.PERSON, "noor-haddad", frozenset({"nurse"}), "s8", mailboxes=frozenset({"nurses"}))


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


def a_practice() -> Practice:
    """A mailbox and a carrier."""
    box = Mailbox(MailboxId("nurses"), "Nurse line")
    blue = Trunk(TrunkName("blue"), (), "sip:gw.blue.example;transport=tls", MediaRule.SRTP_REQUIRED)
    return Practice(
        "Test",
        ZoneInfo("America/New_York"),
        "US",
        "pbx.example",
        trunks=MappingProxyType({blue.name: blue}),
        mailboxes=MappingProxyType({box.id: box}),
    )


@dataclass
class KeptOffice:
    """A practice's data on a disk of its own, opened as often as a test likes."""

    directory: Path
    clock: Watch
    keyring: Keyring
    signing: Ed25519PrivateKey
    store: Store
    blobs: FileBlobs
    parts: ComplianceParts

    @classmethod
    def opened(cls, directory: Path, clock: Watch, keyring: Keyring, signing: Ed25519PrivateKey, operated_by: str = "self") -> "KeptOffice":
        entropy = SystemEntropy()
        records = FileRecordKeys(directory / "records", keyring, entropy)
        store = Store(
            directory / "auricle.db", keyring, Fields(keyring, entropy, "pbx.example", records), signing, "pbx.example/audit", clock
        )
        blobs = FileBlobs(directory / "blobs", records, entropy, 0)
        practice = a_practice()
        settings = Settings(
            PracticeSettings("Test", "America/New_York", "pbx.example"),
            DataSettings(str(directory)),
            compliance=ComplianceSettings(operated_by),
            retention=RetentionSettings(),
        )
        parts = ComplianceParts(World(settings, practice, store, clock, entropy))
        parts.complete(blobs)
        return cls(directory, clock, keyring, signing, store, blobs, parts)

    def again(self) -> "KeptOffice":
        """The program ended and starts anew; only the disk is as it was."""
        self.close()
        return KeptOffice.opened(self.directory, self.clock, self.keyring, self.signing)

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
