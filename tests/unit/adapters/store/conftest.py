"""A practice's store on a disk of its own, the gate before it, and records of made-up patients."""

import os
import re
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
from auricle.adapters.store.link import Database
from auricle.adapters.store.postgres import PostgresDatabase
from auricle.adapters.store.sqlite import SqliteDatabase
from auricle.audit.search import AuditQuery
from auricle.calls.records import CallRecord, Direction, Disposition, LegRecord, Protection
from auricle.calls.voicemail_record import TranscriptState, VoicemailMessage
from auricle.kernel.actor import Actor, ActorKind
from auricle.kernel.ids import CallId, LegId, MailboxId, PersonId, VoicemailId
from auricle.kernel.phi import Phi
from auricle.vault.fields import Fields
from auricle.vault.gate import Decision, Gate, Grant, Ref
from auricle.vault.keyring import Keyring
from real.postgres.server import PostgresServer

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
    """Keys and a database; `open` as often as a test likes."""

    backend: str

    def __init__(self) -> None:
        self.clock = Watch()
        self.keyring = Keyring.generate(SystemEntropy())
        self.signing = Ed25519PrivateKey.generate()
        self.origin = f"{REALM}/audit"
        self._open: list[Store] = []

    def open(self) -> Store:
        fields = Fields(self.keyring, SystemEntropy(), REALM)
        store = Store(self.database(), self.keyring, fields, self.signing, self.origin, self.clock)
        self._open.append(store)
        return store

    def database(self) -> Database:
        raise NotImplementedError

    def address(self) -> tuple[str, dict[str, str]]:
        """For a process of its own: what `database_at` takes, and an environment with the password."""
        raise NotImplementedError

    def raw(self, sql: str, *params: object) -> list[Any]:
        """Ask or change the database behind the store's back; written as for SQLite."""
        raise NotImplementedError

    def disarm(self) -> None:
        """What an owner of the database can do: drop the triggers of the audit tables."""
        raise NotImplementedError

    def close(self) -> None:
        for store in self._open:
            store.close()


class SqlitePractice(Practice):
    backend = "sqlite"

    def __init__(self, directory: Path) -> None:
        super().__init__()
        self.path = directory / "auricle.db"

    def database(self) -> Database:
        return SqliteDatabase(self.path)

    def address(self) -> tuple[str, dict[str, str]]:
        return str(self.path), dict(os.environ)

    def raw(self, sql: str, *params: object) -> list[Any]:
        connection = sqlite3.connect(self.path, isolation_level=None)
        try:
            return connection.execute(sql, params).fetchall()
        finally:
            connection.close()

    def connected(self) -> Any:
        """A connection of the driver's, for SQLAlchemy."""
        return sqlite3.connect(self.path)

    def disarm(self) -> None:
        for (name,) in self.raw("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name LIKE 'audit%'"):
            self.raw(f"DROP TRIGGER {name}")

    def files(self) -> bytes:
        """Every byte of the database, its write-ahead log and its index."""
        return b"".join(path.read_bytes() for path in sorted(self.path.parent.iterdir()) if path.is_file())


class PostgresPractice(Practice):
    backend = "postgresql"

    def __init__(self, server: PostgresServer) -> None:
        super().__init__()
        self.server = server
        if not server.template:
            server.template = self.name = server.database()
            self.database().migrate()
        self.name = server.database(template=server.template)

    def database(self) -> PostgresDatabase:
        return PostgresDatabase(self.server.url(self.name), self.server.password)

    def address(self) -> tuple[str, dict[str, str]]:
        return self.server.url(self.name), {**os.environ, "PASSWORD": self.server.password}

    def raw(self, sql: str, *params: object) -> list[Any]:
        with self.server.connect(self.name) as connection:
            cursor = connection.execute(self._translated(sql), params or None)
            return cursor.fetchall() if cursor.description else []

    def close(self) -> None:
        super().close()
        if self.server.running:
            self.server.drop(self.name)

    def empty(self) -> None:
        """Begin with no schema instead of the newest."""
        self.name = self.server.database()

    def connected(self) -> Any:
        return self.database().connected()

    def disarm(self) -> None:
        for table, name in self.raw("SELECT event_object_table, trigger_name FROM information_schema.triggers"):
            self.raw(f"DROP TRIGGER IF EXISTS {name} ON {table}")

    def files(self) -> bytes:
        """Every byte of the database's own directory and of the server's write-ahead log."""
        with self.server.connect(self.name) as connection:
            connection.execute("CHECKPOINT")
            row = connection.execute("SELECT oid FROM pg_database WHERE datname = current_database()").fetchone()
        assert row is not None
        places = (self.server.data / "base" / str(row[0]), self.server.data / "pg_wal")
        return b"".join(path.read_bytes() for place in places for path in sorted(place.iterdir()) if path.is_file())

    def _translated(self, sql: str) -> str:
        sql = re.sub(r"x'([0-9a-f]*)'", r"'\\\\x\1'::bytea", sql)
        sql = re.sub(r"\bchar\(", "chr(", sql)
        return sql.replace("?", "%s")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.real)])
def backend(request: pytest.FixtureRequest) -> str:
    """Each test runs on both; those on PostgreSQL belong to the real part. A module of one of them overrides this."""
    return str(request.param)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """One server for all tests; each has a database of its own."""
    server = PostgresServer()
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture
def practice(backend: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Practice]:
    made: Practice
    made = SqlitePractice(tmp_path) if backend == "sqlite" else PostgresPractice(request.getfixturevalue("postgres"))
    yield made
    made.close()


@pytest.fixture
def store(practice: Practice) -> Store:
    return practice.open()


class Everything:
    """A policy that allows all: what stands behind it is under test."""

    def decide(self, actor: Actor, action: str, ref: Ref) -> Decision:
        return Decision(True, "test")


@pytest.fixture
def everything() -> Everything:
    return Everything()


Looking = Callable[..., Awaitable[Any]]


@pytest.fixture
def look(store: Store) -> Looking:
    """`await look("call", "*", store.calls_page, limit=3)`: through the gate, with a real grant."""

    async def through(kind: str, ref: str, reading: Callable[..., Awaitable[Any]], *args: Any, **named: Any) -> Any:
        async def opener(grant: Grant) -> Any:
            return await reading(grant, *args, **named)

        return await Gate(Everything(), store).open(NURSE, f"{kind}.look", Ref(kind, ref), "test", opener)

    return through


@pytest.fixture
def newest(store: Store, look: Looking) -> Callable[[int], Awaitable[list[bytes]]]:
    """`await newest(10)`: that many leaves of the audit log, newest first; the look itself is the first."""

    async def read(limit: int) -> list[bytes]:
        return [leaf for _, leaf in await look("audit", "*", store.audit_page, AuditQuery(limit=limit))]

    return read


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
