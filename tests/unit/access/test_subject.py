"""The one place where actors are made."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from auricle.access.allowance import Allowance, Source
from auricle.access.break_glass import BreakGlass
from auricle.access.grants import TimeGrant
from auricle.access.model import CARE
from auricle.access.subject import SessionFacts, Standing, actor_of
from auricle.kernel.actor import ActorKind
from auricle.kernel.ids import MailboxId, PersonId
from auricle.practice.model import AllowRule, Person, Practice

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
NOOR = Person(PersonId("noor"), "Noor Haddad", "102", frozenset({"nurse"}), MailboxId("nurses"), frozenset({"east"}))
PRACTICE = Practice(
    "Harbor Street",
    ZoneInfo("UTC"),
    "US",
    "pbx.example",
    MappingProxyType({NOOR.id: NOOR}),
    allow=(AllowRule("nurse", frozenset({"audit.read"})), AllowRule("front-desk", frozenset({"voicemail.play"}), "front-desk")),
)
GRANT = TimeGrant("g1", NOOR.id, "people.read", "", "", "dana", NOW, NOW + HOUR)
GLASS = BreakGlass("b1", NOOR.id, "", NOW, NOW + HOUR)
BY_SETTINGS = Allowance("audit.read", Source.SETTINGS).encode()


def test_a_person_is_what_the_settings_and_the_session_say() -> None:
    actor = actor_of(PRACTICE, NOOR, SessionFacts("s1", "192.0.2.7", stepped_up=True), Standing(), NOW)
    assert (actor.kind, actor.id, actor.session_id, actor.address) == (ActorKind.PERSON, "noor", "s1", "192.0.2.7")
    assert (actor.roles, actor.teams, actor.mailboxes) == (NOOR.roles, frozenset({"east"}), frozenset({"nurses"}))
    assert (actor.scopes, actor.stepped_up) == (None, True)
    assert actor.allowed == {BY_SETTINGS}


def test_only_what_is_in_force_at_this_moment_counts() -> None:
    standing = Standing((GRANT, replace(GRANT, id="g2", revoked_at=NOW)), GLASS)
    during = actor_of(PRACTICE, NOOR, SessionFacts(), standing, NOW)
    assert len(during.allowed) == 1 + 1 + len(CARE)
    assert Allowance("people.read", Source.GRANT, id="g1").encode() in during.allowed
    for moment in (NOW - timedelta(seconds=1), NOW + HOUR):
        assert actor_of(PRACTICE, NOOR, SessionFacts(), standing, moment).allowed == {BY_SETTINGS}


def test_an_api_client_is_its_owner_within_its_scopes_and_has_no_glass_and_no_step_up() -> None:
    session = SessionFacts(scopes=frozenset({"calls.list"}), client="key-1", stepped_up=True)
    actor = actor_of(PRACTICE, NOOR, session, Standing((GRANT,), GLASS), NOW)
    assert (actor.kind, actor.id, actor.roles, actor.scopes) == (ActorKind.API_CLIENT, "key-1", NOOR.roles, frozenset({"calls.list"}))
    assert actor.stepped_up is False
    assert actor.allowed == {BY_SETTINGS, GRANT.allowance().encode()}


def test_somebody_without_a_mailbox_has_none() -> None:
    assert actor_of(PRACTICE, replace(NOOR, mailbox=None), SessionFacts(), Standing(), NOW).mailboxes == frozenset()
