"""A practice's store on a disk of its own, the gate before it, and records of made-up patients."""

import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from auricle.adapters.clock import SystemEntropy
from auricle.adapters.store import Store
from auricle.calls.records import CallRecord, Direction, Disposition, LegRecord, Protection
from auricle.calls.voicemail_record import TranscriptState, VoicemailMessage
from auricle.kernel.actor import Actor, ActorKind
from auricle.kernel.ids import CallId, LegId, MailboxId, PersonId, VoicemailId
from auricle.kernel.phi import Phi
from auricle.vault.fields import Fields
from auricle.vault.gate import Decision, Gate, Grant, Ref
from auricle.vault.keyring import Keyring

REALM = "pbx.example"
START = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
NURSE = Actor(ActorKind.PERSON, "p-nurse", frozenset({"nurse"}), "s1", "127.0.0.9")
PATIENT, OTHER_PATIENT, OURS = "+12025550142", "+12025550143", "+12025550100"


class Watch:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.at = START
        self.ticks = 1000.0

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.ticks

    def pass_s(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)
        self.ticks += seconds


class Practice:
    """Keys and a database file; `open` as often as a test likes."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / "auricle.db"
        self.clock = Watch()
        self.keyring = Keyring.generate(SystemEntropy())
        self.signing = Ed25519PrivateKey.generate()
        self.origin = f"{REALM}/audit"
        self._open: list[Store] = []

    def open(self) -> Store:
        fields = Fields(self.keyring, SystemEntropy(), REALM)
        store = Store(self.path, self.keyring, fields, self.signing, self.origin, self.clock)
        self._open.append(store)
        return store

    def raw(self, sql: str, *params: object) -> list[Any]:
        """Ask or change the file behind the store's back."""
        connection = sqlite3.connect(self.path, isolation_level=None)
        try:
            return connection.execute(sql, params).fetchall()
        finally:
            connection.close()

    def files(self) -> bytes:
        """Every byte of the database, its write-ahead log and its index."""
        return b"".join(path.read_bytes() for path in sorted(self.path.parent.iterdir()) if path.is_file())

    def close(self) -> None:
        for store in self._open:
            store.close()


@pytest.fixture
def practice(tmp_path: Path) -> Iterator[Practice]:
    made = Practice(tmp_path)
    yield made
    made.close()


@pytest.fixture
def store(practice: Practice) -> Store:
    return practice.open()


class Everything:
    """A policy that allows all: what stands behind it is under test."""

    def decide(self, actor: Actor, action: str, ref: Ref) -> Decision:
        return Decision(True, "test")


Looking = Callable[..., Awaitable[Any]]


@pytest.fixture
def look(store: Store) -> Looking:
    """`await look("call", "*", store.calls_page, limit=3)`: through the gate, with a real grant."""

    async def through(kind: str, ref: str, reading: Callable[..., Awaitable[Any]], *args: Any, **named: Any) -> Any:
        async def opener(grant: Grant) -> Any:
            return await reading(grant, *args, **named)

        return await Gate(Everything(), store).open(NURSE, f"{kind}.look", Ref(kind, ref), "test", opener)

    return through


def a_leg(number: int = 1, **changes: Any) -> LegRecord:
    leg = LegRecord(
        id=LegId(f"leg-{number}"),
        outgoing=bool(number % 2),
        party=Phi("102"),
        display_name=Phi("Noor Haddad"),
        person=PersonId("noor"),
        started_at=START,
        answered_at=START + timedelta(seconds=4),
        ended_at=START + timedelta(seconds=64, microseconds=123456),
        signalling="TLS",
        media="SRTP",
        protection=Protection.TO_GATEWAY,
        end_status=200,
    )
    return replace(leg, **changes)


def a_call(number: int = 1, **changes: Any) -> CallRecord:
    """The `number`th call, a minute after the one before."""
    started = START + timedelta(minutes=number)
    record = CallRecord(
        id=CallId(f"c{number:04}"),
        direction=Direction.INBOUND,
        caller=Phi(PATIENT),
        caller_name=Phi("Quentin Vandermolen"),
        called=Phi(OURS),
        started_at=started,
        answered_at=started + timedelta(seconds=4),
        ended_at=started + timedelta(seconds=64),
        disposition=Disposition.ANSWERED,
        answered_by=PersonId("noor"),
        steps=("greeting", "top", "nurse"),
        protection=Protection.TO_GATEWAY,
        legs=(a_leg(1), a_leg(2, answered_at=None, person=None, answered_elsewhere=True)),
    )
    return replace(record, **changes)


def a_message(number: int = 1, **changes: Any) -> VoicemailMessage:
    message = VoicemailMessage(
        id=VoicemailId(f"v{number:04}"),
        mailbox=MailboxId("nurses"),
        call=CallId(f"c{number:04}"),
        caller=Phi(PATIENT),
        caller_name=Phi("Quentin Vandermolen"),
        received_at=START + timedelta(minutes=number),
        duration_s=21.5,
        complete=True,
        listened_at=None,
        transcript_state=TranscriptState.WAITING,
    )
    return replace(message, **changes)


@pytest.fixture
def make() -> Any:
    """The factories, for tests that have no import path to this file."""

    class Make:
        leg, call, message, watch = staticmethod(a_leg), staticmethod(a_call), staticmethod(a_message), Watch

    return Make
