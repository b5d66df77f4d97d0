"""The table and the explanations say what the policies do."""

from dataclasses import replace
from types import MappingProxyType
from zoneinfo import ZoneInfo

import pytest

from auricle.access.decision import NO_RULE, Policies
from auricle.access.matrix import Answer, Cell, cells, explain, kind_of
from auricle.access.model import Action, Role
from auricle.access.words import ACTIONS, ROLES
from auricle.kernel.actor import Actor, ActorKind
from auricle.practice.model import AllowRule, Practice
from auricle.vault.gate import Ref

POLICIES = Policies.packaged()
V1 = Ref("voicemail", "v1", mailbox="front-desk")


def answers(found: list[Cell], role: Role) -> dict[str, Answer]:
    return {cell.action.value: cell.answer for cell in found if cell.role is role}


def person(*roles: str, **changes: object) -> Actor:
    return replace(Actor(ActorKind.PERSON, "me", frozenset(roles)), **changes)  # type: ignore[arg-type]


def test_every_role_and_action_has_words_and_a_cell() -> None:
    assert set(ROLES) == set(Role)
    assert set(ACTIONS) == set(Action)
    found = cells(POLICIES)
    assert len(found) == len(Role) * len(Action)
    assert all(cell.rules and all(rule.endswith(".") for rule in cell.rules) for cell in found)


def test_minimum_necessary_in_the_table() -> None:
    desk, nurse, auditor = (answers(cells(POLICIES), role) for role in (Role.FRONT_DESK, Role.NURSE, Role.AUDITOR))
    assert (desk["voicemail.list"], desk["voicemail.parties"]) == (Answer.YES, Answer.YES)
    assert (desk["voicemail.play"], desk["voicemail.read"]) == (Answer.NO, Answer.NO)
    assert (nurse["voicemail.play"], nurse["voicemail.list"], nurse["calls.list"]) == (Answer.DEPENDS, Answer.DEPENDS, Answer.YES)
    assert (auditor["calls.list"], auditor["calls.parties"]) == (Answer.YES, Answer.NO)
    assert answers(cells(POLICIES), Role.OWNER)["keys.rotate"] is Answer.DEPENDS  # on a step-up
    assert set(answers(cells(POLICIES), Role.SUPPORT).values()) == {Answer.NO, Answer.YES}
    assert answers(cells(POLICIES), Role.TRANSCRIBER)["voicemail.transcribe"] is Answer.YES


def test_the_practices_settings_are_in_its_table() -> None:
    practice = Practice("", ZoneInfo("UTC"), "US", "", MappingProxyType({}))
    whole = replace(practice, allow=(AllowRule("front-desk", frozenset({"voicemail.play"})),))
    box = replace(practice, allow=(AllowRule("front-desk", frozenset({"voicemail.play"}), "front-desk"),))
    assert answers(cells(POLICIES, practice), Role.FRONT_DESK)["voicemail.play"] is Answer.NO
    assert answers(cells(POLICIES, whole), Role.FRONT_DESK)["voicemail.play"] is Answer.YES
    assert answers(cells(POLICIES, box), Role.FRONT_DESK)["voicemail.play"] is Answer.DEPENDS


def test_an_allowed_act_names_its_rule_and_needs_nothing() -> None:
    found = explain(POLICIES, person("nurse", mailboxes=frozenset({"front-desk"})), "voicemail.play", V1)
    assert found.allowed
    assert found.rules == ("Clinicians, nurses, managers and owners open voicemail of their own mailbox and of their team's mailboxes.",)
    assert found.needs == ()


STEP = "A step-up"
RELATION, BOX, TEAM, GIVEN, SETTINGS, GLASS = (
    *("A treatment relation", "The mailbox as one's own", "To be in the mailbox's team", "A time-boxed grant"),
    *("The practice's settings", "Breaking the glass"),
)


@pytest.mark.parametrize(
    ("actor", "action", "ref", "needs", "not_needs"),
    [
        (person("nurse"), "voicemail.play", V1, [BOX, TEAM, RELATION, GIVEN, SETTINGS, GLASS], [STEP]),
        (person("billing"), "voicemail.read", V1, [GIVEN, SETTINGS], [GLASS, RELATION, BOX, "The role nurse"]),
        (person("owner"), "keys.rotate", Ref("keys", "*"), ["A step-up: prove again who you are."], ["The role", GIVEN]),
        (person("nurse"), "keys.rotate", Ref("keys", "*"), ["The role owner, and a step-up: prove again who you are."], [GIVEN, STEP]),
        (person("support"), "audit.read", Ref("audit", "*"), [GIVEN, "The role auditor."], [STEP, GLASS]),
        (person("nurse"), "voicemail.read", replace(V1, restricted=True), [RELATION, GLASS], [GIVEN, BOX, TEAM]),
    ],
)
def test_a_refusal_says_what_would_do(actor: Actor, action: str, ref: Ref, needs: list[str], not_needs: list[str]) -> None:
    found = explain(POLICIES, actor, action, ref)
    assert not found.allowed
    assert found.rules
    for words in needs:
        assert any(need.startswith(words) for need in found.needs), (words, found.needs)
    for words in not_needs:
        assert not any(need.startswith(words) for need in found.needs), (words, found.needs)


def test_what_nobody_can_have_needs_nothing() -> None:
    found = explain(POLICIES, person("owner"), "voicemail.transcribe", V1)
    assert (found.allowed, found.rules, found.needs) == (False, (NO_RULE,), ())


def test_kinds() -> None:
    assert [kind_of(action) for action in ("calls.list", "voicemail.play", "audit.read")] == ["call", "voicemail", "audit"]
