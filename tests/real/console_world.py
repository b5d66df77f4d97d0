"""A practice with something on every page of the console, all of it made up."""

from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType

from tests.fakes.web_ports import FakeWorld, busy_world

from auricle.access.break_glass import BreakGlass, Review, Verdict
from auricle.access.grants import TimeGrant
from auricle.access.patients import PatientMark
from auricle.compliance.holds import HeldKind, Record
from auricle.kernel.ids import PersonId
from auricle.kernel.phi import Phi
from auricle.practice.model import Person
from auricle.web.alerts.ports import AlertFound
from auricle.web.audit.ports import LookAt
from auricle.web.compliance.ports import HeldNow, HoldRequest
from auricle.web.ports import WebPorts
from fakes.access import Given
from fakes.audit import FakeAlerts, FakeAudit
from fakes.compliance import FakeCompliance

PEOPLE = (
    Person(
        PersonId("iris-moreno"),
        "Iris Moreno",
        "100",
        frozenset({"owner", "privacy-officer", "security-officer"}),
        teams=frozenset({"care"}),
    ),
    Person(PersonId("leo-park"), "Leo Park", "104", frozenset({"it"})),
    Person(PersonId("ruth-keller"), "Ruth Keller", "105", frozenset({"auditor"})),
    Person(PersonId("amara-nwosu"), "Dr. Amara Nwosu", "106", frozenset({"clinician"}), teams=frozenset({"care"})),
    Person(PersonId("ben-tran"), "Ben Tran", "107", frozenset({"agent"})),
)


def full_world() -> FakeWorld:
    """A busy morning in a larger office, with a team that works in every mailbox."""
    world = busy_world()
    people = dict(world.practice.people) | {person.id: person for person in PEOPLE}
    boxes = {box.id: replace(box, team="care") for box in world.practice.mailboxes.values()}
    world.practice = replace(world.practice, people=MappingProxyType(people), mailboxes=MappingProxyType(boxes), allow=())
    world.alerts = FakeAlerts(world.gate)
    world.compliance = FakeCompliance(world.gate)
    _give(world.given, world.now())
    _keep(world.compliance, world.now())
    return world


def fill(ports: WebPorts, now: datetime) -> None:
    """What only the made ports hold: alerts, and what was done to a patient's records."""
    assert isinstance(ports.alerts, FakeAlerts)
    assert isinstance(ports.audit, FakeAudit)
    ports.alerts.found = [
        AlertFound(
            "al3",
            "mass-look-up",
            now - timedelta(minutes=6),
            2,
            "sam-okafor",
            "*",
            64,
            "Sam Okafor opened 64 records in 10 minutes; 50 are the limit.",
        ),
        AlertFound(
            "al2",
            "after-hours",
            now - timedelta(hours=9),
            1,
            "noor-haddad",
            "voicemail:vm2",
            1,
            "Noor Haddad, RN opened a record at 23:41, outside 07:00 to 19:00.",
        ),
        AlertFound(
            "al1",
            "restricted-record",
            now - timedelta(days=1),
            0,
            "dana-reyes",
            "call:c0000007",
            1,
            "Dana Reyes opened a record of a restricted patient.",
            now - timedelta(hours=20),
            "iris-moreno",
            "The patient had asked for a call back; shown in the task list.",
        ),
    ]
    ports.audit.looks = [
        LookAt(
            11,
            now - timedelta(days=3, hours=2),
            "person",
            "dana-reyes",
            "calls.list",
            "call:c0000007",
            "done",
            "The front desk sees who called.",
        ),
        LookAt(
            19,
            now - timedelta(days=2),
            "person",
            "noor-haddad",
            "voicemail.play",
            "voicemail:vm1",
            "done",
            "People hear messages in their own mailbox.",
        ),
        LookAt(
            23,
            now - timedelta(days=1),
            "person",
            "sam-okafor",
            "voicemail.read",
            "voicemail:vm1",
            "refused",
            "No rule gives your roles this permission.",
        ),
    ]


def _give(given: Given, now: datetime) -> None:
    day = timedelta(days=1)
    given.grants["g1"] = TimeGrant(
        "g1",
        PersonId("sam-okafor"),
        "voicemail.list",
        "",
        "front-desk",
        "iris-moreno",
        now - day,
        now + 5 * day,
        reason=Phi("Covers the front desk this week"),
    )
    given.grants["g2"] = TimeGrant(
        "g2",
        PersonId("leo-park"),
        "audit.read",
        "",
        "",
        "iris-moreno",
        now - 9 * day,
        now - 2 * day,
        reason=Phi("Finding out why exports failed"),
    )
    given.marks["pt1"] = PatientMark(
        "pt1", Phi("+12025550117"), Phi("Works here"), True, frozenset({"amara-nwosu"}), frozenset({"care"}), "iris-moreno", now - 3 * day
    )
    given.marks["pt2"] = PatientMark(
        "pt2", Phi("+12025550142"), Phi(""), False, frozenset({"noor-haddad"}), frozenset(), "iris-moreno", now - day
    )
    seen = Review(Verdict.JUSTIFIED, "iris-moreno", now - day, Phi("The chart shows the call that night."))
    given.glasses["bg1"] = BreakGlass(
        "bg1",
        PersonId("amara-nwosu"),
        "",
        now - 2 * day,
        now - 2 * day + timedelta(minutes=30),
        reason=Phi("Pharmacy called about an overdose at night"),
        review=seen,
    )
    given.glasses["bg2"] = BreakGlass(
        "bg2",
        PersonId("noor-haddad"),
        "voicemail:vm2",
        now - timedelta(hours=3),
        now - timedelta(hours=2),
        reason=Phi("Caller fainted on the line and nobody of the team answered"),
    )


def _keep(compliance: FakeCompliance, now: datetime) -> None:
    compliance.records = [Record("voicemail", f"v{n}", now - timedelta(days=40 * n), "", "nurses") for n in range(1, 30)]
    asked = HoldRequest(
        Phi("Alvarez v. Dock Street Pharmacy"),
        Phi("Letter from counsel"),
        HeldKind.VOICEMAIL,
        "",
        Phi("+12025550142"),
        "",
        now - timedelta(days=200),
        None,
    )
    compliance.held["h1"] = HeldNow("h1", asked, "iris-moreno", now - timedelta(days=12), "", None, 3)
