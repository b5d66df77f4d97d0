"""Decisions by Cedar policies. An error in a policy never allows: a `forbid` that errors is skipped by Cedar, so any error denies here.

Policies ask relations (is it my mailbox, am I related), never names. So a question is reduced to what they can tell apart, and answers
to reduced questions are remembered; a property test compares them with answers to the whole ones.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import replace
from importlib.resources import files
from typing import Any, NamedTuple

import cedarpy

from auricle.access.allowance import EVERYWHERE, WHOLE_KINDS, Allowance, Source, covering
from auricle.access.model import CARE, READING, STEP_UP, Action, Role
from auricle.kernel.actor import Actor, ActorKind
from auricle.kernel.errors import OurError
from auricle.vault.gate import Decision, Ref

ACTIONS = frozenset(action.value for action in Action)
_ASKED = {action: frozenset({action}) for action in ACTIONS}
ROLES = frozenset(role.value for role in Role)
NO_RULE = "No rule gives your roles this permission."
MAX_REMEMBERED = 65536  # roles, kinds and relations are few; the bound only keeps a mistake from growing
MINE, OTHERS = "mine", "another's"
_NONE: frozenset[str] = frozenset()
_SOME, _OTHERS = frozenset({MINE}), frozenset({OTHERS})
STAFF = frozenset({ActorKind.PERSON, ActorKind.API_CLIENT})
_SCHEMA_ACTION = re.compile(r'"([a-z-]+\.[a-z-]+)"')
_SCHEMA_ACTIONS = re.compile(r'^action\s+((?:"[^"]+",?\s*)+)(?:in\s+\[([^\]]*)\]\s+)?appliesTo', re.MULTILINE)
_GROUPS = {
    action: frozenset(name for name, actions in (("care", CARE), ("reading", READING), ("proof", STEP_UP)) if action in actions)
    for action in ACTIONS
}
_NAME = re.compile(r'"([^"]+)"')
_RULE = re.compile(r"^policy(\d+)$")


class PoliciesWrong(OurError):
    """The policy files do not fit their schema or the program; nothing starts with such policies."""

    code = "access.policies_wrong"


class Question(NamedTuple):
    """All that policies can see."""

    actor_kind: ActorKind
    actor: str
    roles: frozenset[str]
    teams: frozenset[str]
    mailboxes: frozenset[str]
    given: frozenset[Source]
    scopes: frozenset[str] | None
    stepped_up: bool
    action: str
    kind: str
    whole: bool
    mailbox: str
    owner: str
    team: str
    related: frozenset[str]
    restricted: bool


def packaged_texts() -> tuple[str, str]:
    """The policies that come with the program, and their schema."""
    folder = files("auricle.access.policies")
    texts = sorted((item.name, item.read_text("utf-8")) for item in folder.iterdir() if item.name.endswith(".cedar"))
    return "\n".join(text for _, text in texts), folder.joinpath("practice.cedarschema").read_text("utf-8")


class Policies:
    """Fits `vault.gate.PolicyPort`. Raises PoliciesWrong for policies that name what the schema does not have, or carry no `@id` words."""

    def __init__(self, policies: str, schema: str) -> None:
        result = cedarpy.validate_policies(policies, schema)
        if not result.validation_passed:
            raise PoliciesWrong("; ".join(str(error) for error in result.errors))
        groups = _groups(schema)
        if set(_SCHEMA_ACTION.findall(schema)) != ACTIONS or groups != _GROUPS:
            raise PoliciesWrong("the schema's actions and their groups are not the program's (access/model.py)")
        rules = _rules(policies)
        self.sentences = tuple(rule["annotations"]["id"] for rule in rules.values())
        """The words of every rule, in the order of the files."""
        self._whole = cedarpy.PolicySet.from_str(policies)
        self._schema = cedarpy.Schema.from_str(schema)
        self._slices = {action: _slice(rules, action, within) for action, within in groups.items()}
        self._remembered: dict[Question, Decision] = {}

    @classmethod
    def packaged(cls) -> "Policies":
        """The policies that come with the program."""
        return cls(*packaged_texts())

    def decide(self, actor: Actor, action: str, ref: Ref) -> Decision:
        """Whether the actor may; the deciding rules' own words as the reason. Who has a role we do not know may nothing."""
        if action not in ACTIONS or not actor.roles <= ROLES:
            return Decision(False, NO_RULE, (NO_RULE,))
        given = covering(actor.allowed, action, ref) if actor.allowed else []
        question = _reduced(actor, action, ref, given)
        decision = self._remembered.get(question)
        if decision is None:
            if len(self._remembered) >= MAX_REMEMBERED:
                self._remembered.clear()
            decision = self._remembered[question] = self._answer(question, self._slices[action])
        return decision if not given else _named(decision, given)

    def decide_afresh(self, actor: Actor, action: str, ref: Ref) -> Decision:
        """The same by all policies at once, under the schema, without reducing or remembering: what `decide` is tested against."""
        if action not in ACTIONS or not actor.roles <= ROLES:
            return Decision(False, NO_RULE, (NO_RULE,))
        given = covering(actor.allowed, action, ref)
        decision = self._answer(_question(actor, action, ref, given), self._whole, self._schema)
        return decision if not given else _named(decision, given)

    def forget(self) -> None:
        """Remember nothing; for the bench."""
        self._remembered.clear()

    def permissions(self, actor: Actor) -> list[str]:
        """Every action the actor may do on some record, those included that first ask for a step-up."""
        proven = replace(actor, stepped_up=True) if actor.kind is ActorKind.PERSON else actor
        return [action.value for action in Action if self.decide(proven, action.value, Ref("any", EVERYWHERE)).allowed]

    def _answer(self, question: Question, policies: cedarpy.PolicySet, schema: cedarpy.Schema | None = None) -> Decision:
        """Ask Cedar. Where a person lacks a step-up, what counts is the answer with one: if it is yes, that is all that is missing."""
        decision = _ask(question, policies, schema)
        if decision.allowed or question.stepped_up or question.actor_kind is not ActorKind.PERSON or question.action not in STEP_UP:
            return decision
        proven = _ask(question._replace(stepped_up=True), policies, schema)
        return replace(decision, step_up=True) if proven.allowed else proven


def _ask(question: Question, policies: cedarpy.PolicySet, schema: cedarpy.Schema | None) -> Decision:
    request = {
        "principal": {"type": "Subject", "id": "actor"},
        "action": {"type": "Action", "id": question.action},
        "resource": {"type": "Thing", "id": "thing"},
        "context": _context(question),
    }
    answer = cedarpy.is_authorized(request, policies, _entities(question), schema)
    permitted, words = bool(answer.allowed), answer.diagnostics.id_annotations_by_reason
    allowed = permitted and not answer.diagnostics.errors
    rules = tuple(sorted(words.values()))
    if permitted != allowed or not rules:
        rules = (NO_RULE,)  # what permitted it is no reason of the refusal
    return Decision(allowed, " ".join(rules), rules)


def _question(actor: Actor, action: str, ref: Ref, given: Iterable[Allowance]) -> Question:
    """As it is."""
    return Question(
        actor.kind,
        actor.id,
        actor.roles,
        actor.teams,
        actor.mailboxes,
        frozenset(allowance.source for allowance in given),
        actor.scopes,
        actor.stepped_up,
        action,
        ref.kind,
        ref.id == EVERYWHERE or ref.kind in WHOLE_KINDS,
        ref.mailbox,
        ref.owner,
        ref.team,
        ref.related,
        ref.restricted,
    )


def _reduced(actor: Actor, action: str, ref: Ref, given: Iterable[Allowance]) -> Question:
    """With names replaced by how they relate to the actor: as far as policies can tell it apart from others."""
    me, related, scopes = actor.id, ref.related, actor.scopes
    return Question(
        actor.kind,
        MINE,
        actor.roles,
        _SOME if actor.teams else _NONE,
        _SOME if actor.mailboxes else _NONE,
        frozenset([allowance.source for allowance in given]) if given else _NONE,  # type: ignore[arg-type]
        scopes and (_ASKED[action] if action in scopes else _NONE),
        actor.stepped_up,
        action,
        ref.kind,
        ref.id == EVERYWHERE or ref.kind in WHOLE_KINDS,
        ref.mailbox and (MINE if ref.mailbox in actor.mailboxes else OTHERS),
        ref.owner and (MINE if ref.owner == me else OTHERS),
        ref.team and (MINE if ref.team in actor.teams else OTHERS),
        related and (_SOME if me in related else _OTHERS),
        ref.restricted,
    )


def _context(question: Question) -> dict[str, Any]:
    return {
        "action": question.action,
        "by_settings": Source.SETTINGS in question.given,
        "by_grant": Source.GRANT in question.given,
        "by_emergency": Source.BREAK_GLASS in question.given,
    }


def _entities(question: Question) -> list[dict[str, Any]]:
    subject: dict[str, Any] = {
        "id": question.actor,
        "kind": question.actor_kind.value,
        "staff": question.actor_kind in STAFF,
        "roles": list(question.roles),
        "teams": list(question.teams),
        "mailboxes": list(question.mailboxes),
        "stepped_up": question.stepped_up,
    }
    if question.scopes is not None:
        subject["scopes"] = list(question.scopes)
    thing = {
        "kind": question.kind,
        "whole": question.whole,
        "mailbox": question.mailbox,
        "owner": question.owner,
        "team": question.team,
        "related": list(question.related),
        "restricted": question.restricted,
    }
    return [
        {"uid": {"type": "Subject", "id": "actor"}, "attrs": subject, "parents": []},
        {"uid": {"type": "Thing", "id": "thing"}, "attrs": thing, "parents": []},
    ]


_GIVEN = {Source.GRANT: "grant", Source.BREAK_GLASS: "break-glass"}
BY_GIFT = {Source.GRANT: "A time-boxed grant in force allows it.", Source.BREAK_GLASS: "The glass was broken: emergency access to calls"}


def _named(decision: Decision, given: Iterable[Allowance]) -> Decision:
    """With the ids of the grants that made it allowed, so that the log shows each use of each grant."""
    used = [
        f"({_GIVEN[allowance.source]} {allowance.id})"
        for allowance in given
        if allowance.source in _GIVEN and any(rule.startswith(BY_GIFT[allowance.source]) for rule in decision.rules)
    ]
    if not decision.allowed or not used:
        return decision
    return replace(decision, reason=" ".join((decision.reason, *used)))


def _rules(policies: str) -> dict[str, Any]:
    """Every rule as Cedar's JSON, in the order of the text."""
    rules: dict[str, Any] = json.loads(cedarpy.policies_to_json_str(policies))["staticPolicies"]
    if not all(rule.get("annotations", {}).get("id") for rule in rules.values()):
        raise PoliciesWrong("every policy needs an @id that says in a sentence what it is for")
    return {name: rules[name] for name in sorted(rules, key=lambda name: int(_RULE.sub(r"\1", name)))}


def _groups(schema: str) -> dict[str, frozenset[str]]:
    """Every action of the schema with the groups it is in."""
    found = {}
    for names, groups in _SCHEMA_ACTIONS.findall(schema):
        for action in _SCHEMA_ACTION.findall(names):
            found[action] = frozenset(_NAME.findall(groups))
    return found


def _slice(rules: dict[str, Any], action: str, groups: frozenset[str]) -> cedarpy.PolicySet:
    """The rules whose scope holds an action, that scope taken off: Cedar then looks at a fifth of them."""
    names = groups | {action}
    theirs = {name: rule | {"action": {"op": "All"}} for name, rule in rules.items() if _scope(rule["action"], names)}
    document = {"templates": {}, "staticPolicies": theirs, "templateLinks": []}
    return cedarpy.PolicySet.from_json_str(json.dumps(document))


def _scope(scope: dict[str, Any], names: frozenset[str]) -> bool:
    """Whether an action constraint (`==`, `in` one or several, or none) holds one of these names."""
    if scope["op"] == "All":
        return True
    entities = [scope["entity"]] if "entity" in scope else scope["entities"]
    return any(entity["id"] in names for entity in entities)
