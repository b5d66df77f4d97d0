"""A practice with accounts, a real store and real sessions, for the ways to sign in; its clock is set by hand."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from auricle.access.decision import Policies
from auricle.access.passkeys import RelyingParty, relying_party
from auricle.adapters.clock import SystemEntropy
from auricle.adapters.passwords import Passwords
from auricle.adapters.store import Store
from auricle.adapters.store.sqlite import SqliteDatabase
from auricle.app.identity.service import IdentityService
from auricle.app.web_passkeys import WebPasskeys
from auricle.audit.search import AuditQuery
from auricle.kernel.actor import Actor, ActorKind
from auricle.kernel.ids import PersonId
from auricle.practice.model import Person, Practice
from auricle.vault.fields import Fields
from auricle.vault.gate import Decision, Gate, Grant, Ref
from auricle.vault.keyring import Keyring
from auricle.web.signed_in import SignedIn

ORIGIN = "https://phones.example"
ADDRESS = "192.0.2.7"
DANA, NOOR = PersonId("dana-reyes"), PersonId("noor-haddad")


class Watch:
    """A clock that is set by hand, beginning now."""

    def __init__(self) -> None:
        self.at = datetime.now(UTC)
        self.ticks = 1000.0

    def now(self) -> datetime:
        """UTC."""
        return self.at

    def monotonic(self) -> float:
        """Seconds."""
        return self.ticks

    def pass_s(self, seconds: float) -> None:
        """Time passes."""
        self.at += timedelta(seconds=seconds)
        self.ticks += seconds


class Everything:
    """A policy that allows all: what stands behind it is under test."""

    def decide(self, actor: Actor, action: str, ref: Ref) -> Decision:
        """Yes."""
        return Decision(True, "test")


def staff() -> Practice:
    """Two people."""
    people = [
        Person(DANA, "Dana Reyes", "101", frozenset({"front-desk"})),
        Person(NOOR, "Noor Haddad, RN", "102", frozenset({"nurse"})),
    ]
    return Practice(
        name="Harbor Street Family Medicine",
        zone=ZoneInfo("America/New_York"),
        region="US",
        realm="harborstreet.example",
        people=MappingProxyType({person.id: person for person in people}),
    )


_SCHEMA: list[bytes] = []
packaged = lru_cache(maxsize=1)(Policies.packaged)


def prepare(path: Path) -> None:
    """An empty database of today's schema: migrated once, then copied."""
    if not _SCHEMA:
        SqliteDatabase(path).migrate()
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        _SCHEMA.append(path.read_bytes())
    path.write_bytes(_SCHEMA[0])


@dataclass
class SignInWorld:
    """All of it. `required` is whether the practice wants a second factor of everybody."""

    directory: Path
    required: bool = False
    clock: Any = field(default_factory=Watch)
    practice: Practice = field(default_factory=staff)
    changes: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        prepare(self.directory / "auricle.db")
        keyring, entropy = Keyring.generate(SystemEntropy()), SystemEntropy()
        fields = Fields(keyring, entropy, self.practice.realm)
        signing = Ed25519PrivateKey.generate()
        self.store = Store(self.directory / "auricle.db", keyring, fields, signing, f"{self.practice.realm}/audit", self.clock)
        self.gate = Gate(Everything(), self.store)
        self.passwords = Passwords()
        self.identity = IdentityService(
            store=self.store,
            gate=self.gate,
            policies=packaged(),
            practice=self.practice,
            passwords=self.passwords,
            clock=self.clock,
            entropy=entropy,
            idle=timedelta(minutes=15),
            second_factor_required=self.required,
            access_changed=lambda: self.changes.append(1),
        )
        self.entropy = entropy

    def passkeys(self, origin: str = ORIGIN) -> WebPasskeys:
        """The service of passkeys for a console at `origin`."""
        party: RelyingParty | None = relying_party(origin, self.practice.name)
        one = self.identity
        return WebPasskeys(self.store, self.practice, party, one.keeper, one.rules, one.attempts, self.clock, self.entropy)

    async def session(self, person: PersonId = DANA, factor: str = "none", *, stepped_up: bool = False) -> SignedIn:
        """Somebody who is signed in."""
        found = await self.identity.keeper.start(person, person.replace("-", "."), ADDRESS, "password", factor)
        return await self.identity.keeper.step_up(found) if stepped_up else found

    async def again(self, session: SignedIn) -> SignedIn | None:
        """The session as its next request finds it."""
        return await self.identity.keeper.resume(session.token, ADDRESS, active=True)

    async def entries(self, limit: int = 20) -> list[str]:
        """The newest leaves of the audit log as text, the newest first; without the look itself."""

        async def read(grant: Grant) -> Any:
            return await self.store.audit_page(grant, AuditQuery(limit=limit + 1))

        looker = Actor(ActorKind.PERSON, "looker", session_id="s")
        page = await self.gate.open(looker, "audit.read", Ref("audit", "*"), "test", read)
        return [leaf.decode() for _, leaf in page if b'"looker"' not in leaf]
