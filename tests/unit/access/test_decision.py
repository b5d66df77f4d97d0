"""Roles against actions: the whole matrix is written down here once more, by hand, and the policies must agree with it."""

from importlib.resources import files
from itertools import product

import pytest

from auricle.access.decision import NO_RULE, Policies, PoliciesWrong
from auricle.access.model import Action, Role
from auricle.kernel.actor import ANONYMOUS, Actor, ActorKind
from auricle.vault.gate import Ref

STAFF = {"session.read", "system.read", "events.watch"}
CALLS = {"calls.list", "calls.live"}
VOICEMAIL = {"voicemail.list", "voicemail.play", "voicemail.read", "voicemail.mark"}
MAY: dict[Role, set[str]] = {
    Role.FRONT_DESK: STAFF | CALLS | VOICEMAIL,
    Role.NURSE: STAFF | CALLS | VOICEMAIL,
    Role.CLINICIAN: STAFF | CALLS | VOICEMAIL,
    Role.MANAGER: STAFF | CALLS | VOICEMAIL,
    Role.PRIVACY_OFFICER: STAFF | CALLS | {"audit.read"},
    Role.BILLING: STAFF,
    Role.ADMINISTRATOR: STAFF,
    Role.OPERATOR: STAFF,
    Role.TRANSCRIBER: {"voicemail.transcribe"},
    Role.SWITCHBOARD: {"registrations.restore"},
    Role.DEMO: {"calls.list", "voicemail.list", "voicemail.read", "audit.read"},
}
SERVICES = {Role.TRANSCRIBER, Role.SWITCHBOARD, Role.DEMO}
SCHEMA = files("auricle.access.policies").joinpath("practice.cedarschema").read_text("utf-8")
ALLOW = '@id("All.") permit (principal, action, resource);'
THING = Ref("call", "*")


@pytest.fixture(scope="module")
def policies() -> Policies:
    return Policies.packaged()


def wanted(kind: ActorKind, role: Role, action: Action) -> bool:
    if role in SERVICES:
        return kind is ActorKind.SERVICE and action in MAY[role]
    if kind is ActorKind.DEVICE:
        return action in MAY[role] - {"audit.read"}
    if kind is ActorKind.PERSON:
        return action in MAY[role] | STAFF
    return False


@pytest.mark.parametrize("role", Role)
def test_the_matrix(role: Role, policies: Policies) -> None:
    for kind, action in product(ActorKind, Action):
        decision = policies.decide(Actor(kind, "x", frozenset({role})), action, THING)
        want = wanted(kind, role, action) or (kind in (ActorKind.PERSON, ActorKind.DEVICE) and action in STAFF)
        assert decision.allowed == want, (kind, role, action)
        assert decision.reason.endswith(".")


def test_every_action_is_given_to_some_role() -> None:
    assert set().union(*MAY.values()) == set(Action)


def test_roles_add_up(policies: Policies) -> None:
    both = Actor(ActorKind.PERSON, "p", frozenset({Role.NURSE, Role.PRIVACY_OFFICER}))
    assert set(policies.permissions(both)) == STAFF | CALLS | VOICEMAIL | {"audit.read"}


def test_nobody_without_a_role_sees_patients(policies: Policies) -> None:
    assert set(policies.permissions(Actor(ActorKind.PERSON, "p"))) == STAFF
    assert policies.permissions(Actor(ActorKind.SERVICE, "s")) == []
    assert policies.permissions(ANONYMOUS) == []


@pytest.mark.parametrize("action", ["", "calls", "calls.list ", "CALLS.LIST", "calls.erase", '"]; permit(principal, action, resource);//'])
def test_an_unknown_action_is_refused(action: str, policies: Policies) -> None:
    decision = policies.decide(Actor(ActorKind.PERSON, "p", frozenset({Role.NURSE})), action, THING)
    assert (decision.allowed, decision.reason) == (False, NO_RULE)


@pytest.mark.parametrize("role", ["", "root", "Nurse", "nurse "])
def test_an_unknown_role_is_refused_even_beside_a_known_one(role: str, policies: Policies) -> None:
    actor = Actor(ActorKind.PERSON, "p", frozenset({"nurse", role}))
    assert not any(policies.decide(actor, action, THING).allowed for action in Action)


def test_the_reason_is_the_rule_in_words(policies: Policies) -> None:
    nurse, stranger = Actor(ActorKind.PERSON, "p", frozenset({"nurse"})), Actor(ActorKind.ANONYMOUS, "x", frozenset({"nurse"}))
    assert policies.decide(nurse, "calls.list", THING).reason.startswith("Front desk, nurses,")
    assert policies.decide(nurse, "audit.read", THING).reason == NO_RULE
    assert policies.decide(stranger, "calls.list", THING).reason == "Nobody may do anything before signing in."


def test_a_forbid_that_errs_does_not_allow() -> None:
    """Cedar skips a policy that errs: an overflow passes validation and would leave the permit alone."""
    broken = Policies(ALLOW + '@id("Broken.") forbid (principal, action, resource) when { 9223372036854775807 + 1 > 0 };', SCHEMA)
    decision = broken.decide(Actor(ActorKind.PERSON, "p", frozenset({"nurse"})), "calls.list", THING)
    assert (decision.allowed, decision.reason) == (False, NO_RULE)
    assert Policies(ALLOW, SCHEMA).decide(ANONYMOUS, "calls.list", THING).allowed  # it is the error that denies above


def test_a_rule_about_the_kind_of_thing_is_not_answered_from_memory() -> None:
    kinds = Policies('@id("Calls.") permit (principal, action, resource) when { resource.kind == "call" };', SCHEMA)
    assert kinds.decide(ANONYMOUS, "calls.list", Ref("call", "*")).allowed
    assert not kinds.decide(ANONYMOUS, "calls.list", Ref("voicemail", "*")).allowed


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch, policies: Policies) -> None:
    monkeypatch.setattr("auricle.access.decision.MAX_REMEMBERED", 3)
    nurse = Actor(ActorKind.PERSON, "p", frozenset({"nurse"}))
    for number in range(20):
        assert policies.decide(nurse, "calls.list", Ref(f"kind-{number}", "*")).allowed
    assert len(policies._remembered) <= 3


@pytest.mark.parametrize(
    ("policy", "schema"),
    [
        ('@id("x.") permit (principal, action, resource) when { principal.tenant == "a" };', SCHEMA),
        ('@id("x.") permit (principal, action == Action::"calls.erase", resource);', SCHEMA),
        ('@id("x.") permit (principal, action, resource', SCHEMA),
        ("permit (principal, action, resource);", SCHEMA),
        (ALLOW, SCHEMA.replace('"calls.list", ', "")),
        (ALLOW, SCHEMA.replace('"calls.list", ', '"calls.list", "calls.erase", ')),
    ],
    ids=["unknown attribute", "unknown action", "no Cedar", "without words", "schema lacks an action", "schema has one more"],
)
def test_wrong_policies_are_refused_at_load(policy: str, schema: str) -> None:
    with pytest.raises(PoliciesWrong):
        Policies(policy, schema)
