"""The watch over the log: what it finds is kept once, whenever it is stopped, and tells nothing of a patient."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.fakes.web_ports import a_call, a_message

from auricle.access.patients import PatientMark
from auricle.adapters.clock import SystemEntropy
from auricle.adapters.store import Store
from auricle.adapters.store.sqlite import SqliteDatabase
from auricle.app.audit_watch import AlertWatch, StoreFacts
from auricle.app.board import AlertRaised, Board
from auricle.app.web_alerts import WebAlerts
from auricle.audit.rules import Rule, Thresholds
from auricle.audit.search import AuditQuery
from auricle.kernel.actor import Actor, ActorKind
from auricle.kernel.ids import PersonId
from auricle.kernel.phi import Phi
from auricle.practice.model import Person, Practice
from auricle.vault.fields import Fields
from auricle.vault.gate import Decision, Gate, Grant, Outcome, Ref
from auricle.vault.keyring import Keyring
from auricle.web.ports import NotFound

ZONE = ZoneInfo("America/New_York")
NOON = datetime(2026, 11, 25, 17, 0, tzinfo=UTC)
SET = Thresholds(ZONE, mass_records=4, mass_window_s=60, refusals=3, refusals_window_s=60, quiet_s=600)
NOOR = Actor(ActorKind.PERSON, "noor-haddad", frozenset({"nurse"}), "s1", "192.0.2.9")
OFFICER = Actor(ActorKind.PERSON, "pat-officer", frozenset({"privacy-officer"}), "s2", "192.0.2.10")
PRACTICE = Practice(
    name="Harbor Street",
    zone=ZONE,
    region="US",
    realm="harborstreet.example",
    people=MappingProxyType({PersonId("noor-haddad"): Person(PersonId("noor-haddad"), "Noor Haddad, RN", "102", frozenset({"nurse"}))}),
)


class Everything:
    def decide(self, actor: Actor, action: str, ref: Ref) -> Decision:
        return Decision(True, "test")


class Watch:
    def __init__(self) -> None:
        self.at = NOON

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()


class World:
    """A store, and as many watches over it as a test likes."""

    def __init__(self, directory: Path) -> None:
        self.clock = Watch()
        keyring = Keyring.generate(SystemEntropy())
        fields = Fields(keyring, SystemEntropy(), "harborstreet.example")
        key = Ed25519PrivateKey.generate()
        self.path = directory / "auricle.db"
        self.store = Store(SqliteDatabase(self.path), keyring, fields, key, "harborstreet.example/audit", self.clock)
        self.gate = Gate(Everything(), self.store)
        self.events: list[Any] = []

    def watch(self, thresholds: Thresholds = SET) -> AlertWatch:
        board = Board()
        board.watch(self.events.append)
        return AlertWatch(self.store, StoreFacts(self.store), PRACTICE, board, thresholds)

    async def alerts(self) -> list[tuple[str, int, str, str]]:
        async def read(grant: Grant) -> Any:
            return await self.store.alerts_page(grant, None, 200, unseen=False)

        kept = await self.gate.open(OFFICER, "alerts.read", Ref("alert", "*"), "test", read)
        return [(one.alert.rule.value, one.alert.entry, one.alert.subject, one.alert.actor) for one in kept]

    async def refusals(self, count: int = 3) -> None:
        for _ in range(count):
            await self.store.record(NOOR, "audit.read", Ref("audit", "*"), Outcome.REFUSED, "console")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.store.close()


async def drained(watch: AlertWatch) -> None:
    while await watch.step():
        continue


async def test_an_alert_its_entry_and_the_event(world: World) -> None:
    watch = world.watch()
    await world.refusals()
    await drained(watch)
    assert await world.alerts() == [("repeated-refusals", 2, "noor-haddad", "noor-haddad")]
    assert world.events == [AlertRaised("repeated-refusals.2")]
    actions = [leaf for _, leaf in await world.store.audit_after(3, 1)]
    assert b'"action":"alert.raise"' in actions[0]
    assert b'"ref":"repeated-refusals.2"' in actions[0]
    await drained(watch)
    assert len(world.events) == 1


async def test_a_watch_that_starts_late_finds_what_happened_before(world: World) -> None:
    await world.refusals()
    await drained(world.watch())
    assert len(await world.alerts()) == 1


@pytest.mark.parametrize("stopped_after", range(6))
async def test_a_restart_neither_loses_nor_doubles(stopped_after: int, world: World) -> None:
    """Stopped anywhere: the place is kept with alerts alone, so some entries are read twice, and nothing comes of it."""
    await world.refusals(2)
    watch = world.watch()
    for _ in range(stopped_after):
        await watch.step()
    await world.refusals(2)
    await drained(world.watch())
    await drained(world.watch())
    assert await world.alerts() == [("repeated-refusals", 2, "noor-haddad", "noor-haddad")]


async def test_a_crash_before_the_commit_loses_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await world.refusals()
    watch = world.watch()

    async def broken(*_: Any) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patched:
        patched.setattr(world.store, "keep_alerts", broken)
        with pytest.raises(RuntimeError):
            await watch.step()
    assert await world.alerts() == []
    await drained(world.watch())
    assert len(await world.alerts()) == 1


async def test_alerts_kept_by_a_watch_that_died_before_it_told_are_not_kept_again(world: World) -> None:
    await world.refusals()
    one, other = world.watch(), world.watch()
    await other._resume()  # both read from the same place
    await one.step()
    await other.step()
    assert len(await world.alerts()) == 1


async def test_the_place_moves_on_without_alerts_too(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("auricle.app.audit_watch.PLACE_EVERY", 3)
    for _ in range(4):
        await world.store.record(OFFICER, "audit.read", Ref("audit", "*"), Outcome.ALLOWED, "")
    await drained(world.watch())
    assert await world.store.alerts_read_to() == 4


async def test_own_surname_by_blind_index_alone(world: World) -> None:
    world.clock.at = NOON
    await world.store.add_call(a_call(1, NOON, caller_name=Phi("Yusuf HADDAD")))
    await world.store.add_call(a_call(2, NOON, caller_name=Phi("Maria Alvarez")))
    message = a_message("vm1", NOON, 9.0, call="c0000001")
    await world.store.add_voicemail(message)
    for kind, ref in (("call", "c0000002"), ("call", "c0000001"), ("voicemail", "vm1")):
        await world.store.record(NOOR, f"{kind}.look", Ref(kind, ref), Outcome.ALLOWED, "console")
    await drained(world.watch())
    assert [(rule, subject) for rule, _, subject, _ in await world.alerts()] == [
        ("own-family", "voicemail:vm1"),
        ("own-family", "call:c0000001"),
    ]
    assert b"HADDAD" not in b"".join(path.read_bytes() for path in world.path.parent.iterdir())


async def test_a_restricted_patients_record_in_a_listing(world: World) -> None:
    await world.store.add_call(a_call(1, NOON, caller=Phi("+12025550142")))
    await world.store.add_call(a_call(2, NOON, caller=Phi("+12025550143")))
    nobody: frozenset[str] = frozenset()
    mark = PatientMark("pm1", Phi("+12025550142"), Phi("a neighbour"), True, nobody, nobody, "pat-officer", NOON)
    await world.store.put_mark(mark, OFFICER, "test")
    touched = ("call:c0000001", "call:c0000002")
    await world.store.record(NOOR, "calls.list", Ref("call", "*"), Outcome.DONE, "console", touched=touched)
    await drained(world.watch())
    assert [(rule, subject) for rule, _, subject, _ in await world.alerts()] == [("restricted-record", "call:c0000001")]


async def test_a_new_network_is_learnt_durably(world: World) -> None:
    for address in ("192.0.2.9", "198.51.100.7"):
        await world.store.record(replace(NOOR, address=address), "session.start", Ref("session", "s1"), Outcome.DONE, "")
    await drained(world.watch())
    world.clock.at += timedelta(days=1)
    await world.store.record(replace(NOOR, address="198.51.100.9"), "session.start", Ref("session", "s2"), Outcome.DONE, "")
    await drained(world.watch())
    assert [(rule, subject) for rule, _, subject, _ in await world.alerts()] == [("new-network", "198.51.100.0/24")]


async def test_rules_that_are_off_say_nothing(world: World) -> None:
    await world.refusals()
    await drained(world.watch(replace(SET, off=frozenset({Rule.REFUSALS}))))
    assert await world.alerts() == []


async def test_an_acknowledgement_is_sealed_and_the_first_one_counts(world: World) -> None:
    await world.refusals()
    await drained(world.watch())
    web = WebAlerts(world.store, world.gate, SET)
    await web.acknowledge(OFFICER, "repeated-refusals.2", "Talked to Noor: she mistyped for Maria Alvarez")
    await web.acknowledge(NOOR, "repeated-refusals.2", "another note")
    (found,) = await web.alerts(OFFICER, None, 10, unseen=False)
    assert (found.acknowledged_by, found.note) == ("pat-officer", "Talked to Noor: she mistyped for Maria Alvarez")
    assert list(await web.alerts(OFFICER, None, 10, unseen=True)) == []
    assert b"Alvarez" not in b"".join(path.read_bytes() for path in world.path.parent.iterdir())
    with pytest.raises(NotFound):
        await web.acknowledge(OFFICER, "repeated-refusals.99", "x")

    async def search(grant: Grant) -> Any:
        return await world.store.audit_page(grant, AuditQuery(action="alerts.acknowledge", outcome="done"))

    assert len(await world.gate.open(OFFICER, "audit.read", Ref("audit", "*"), "test", search)) == 2


async def test_pages_of_alerts_lose_none(world: World) -> None:
    """Several rules may speak about one entry: they come on one page."""
    night = NOON + timedelta(hours=9)
    for number in range(6):
        world.clock.at = night + timedelta(hours=number)
        touched = tuple(f"call:c{number}{part}" for part in range(5))
        await world.store.record(NOOR, "calls.list", Ref("call", "*"), Outcome.DONE, "console", touched=touched)
    await drained(world.watch())
    web = WebAlerts(world.store, world.gate, SET)
    seen: list[str] = []
    before: int | None = None
    while page := await web.alerts(OFFICER, before, 3, unseen=False):
        seen += [alert.id for alert in page]
        before = page[-1].entry
    everything = [f"{rule}.{entry}" for rule, entry, _, _ in await world.alerts()]
    assert len(everything) == 12
    assert seen == everything
