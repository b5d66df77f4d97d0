"""Decisions by Cedar policies. An error in a policy never allows: a `forbid` that errors is skipped by Cedar, so any error denies here."""

import json
import re
from importlib.resources import files
from typing import Any

import cedarpy

from auricle.access.model import Action, Role
from auricle.kernel.actor import Actor
from auricle.kernel.errors import OurError
from auricle.vault.gate import Decision, Ref

ACTIONS = frozenset(action.value for action in Action)
ROLES = frozenset(role.value for role in Role)
NO_RULE = "No rule gives your roles this permission."
MAX_REMEMBERED = 4096  # roles, kinds and actions are few; the bound only keeps a mistake from growing
_SCHEMA_ACTION = re.compile(r'"([a-z-]+\.[a-z-]+)"')
_Question = tuple[str, frozenset[str], str, str]


class PoliciesWrong(OurError):
    """The policy files do not fit their schema or the program; nothing starts with such policies."""

    code = "access.policies_wrong"


class Policies:
    """Fits `vault.gate.PolicyPort`. Raises PoliciesWrong for policies that name what the schema does not have, or carry no `@id` words."""

    def __init__(self, policies: str, schema: str) -> None:
        result = cedarpy.validate_policies(policies, schema)
        if not result.validation_passed:
            raise PoliciesWrong("; ".join(str(error) for error in result.errors))
        if set(_SCHEMA_ACTION.findall(schema)) != ACTIONS:
            raise PoliciesWrong("the schema's actions are not the program's (access/model.py)")
        self._policies = cedarpy.PolicySet.from_str(policies)
        self._schema = cedarpy.Schema.from_str(schema)
        self._words = _words(policies)
        self._remembered: dict[_Question, Decision] = {}

    @classmethod
    def packaged(cls) -> "Policies":
        """The policies that come with the program."""
        folder = files("auricle.access.policies")
        return cls(folder.joinpath("practice.cedar").read_text("utf-8"), folder.joinpath("practice.cedarschema").read_text("utf-8"))

    def decide(self, actor: Actor, action: str, ref: Ref) -> Decision:
        """Whether the actor may; the deciding rule's own words as the reason. Who has a role we do not know may nothing."""
        if action not in ACTIONS or not actor.roles <= ROLES:
            return Decision(False, NO_RULE)
        question = (actor.kind.value, actor.roles, action, ref.kind)  # all a policy can see, so all the answer can depend on
        found = self._remembered.get(question)
        if found is None:
            if len(self._remembered) >= MAX_REMEMBERED:
                self._remembered.clear()
            found = self._remembered[question] = self._ask(*question)
        return found

    def permissions(self, actor: Actor) -> list[str]:
        """Every action the actor may do."""
        return [action.value for action in Action if self.decide(actor, action.value, Ref("any", "*")).allowed]

    def _ask(self, kind: str, roles: frozenset[str], action: str, thing: str) -> Decision:
        request = {
            "principal": 'Subject::"actor"',
            "action": f'Action::"{action}"',
            "resource": 'Thing::"thing"',
            "context": {},
        }
        entities: list[dict[str, Any]] = [
            {"uid": {"type": "Subject", "id": "actor"}, "attrs": {"kind": kind, "roles": sorted(roles)}, "parents": []},
            {"uid": {"type": "Thing", "id": "thing"}, "attrs": {"kind": thing}, "parents": []},
        ]
        answer = cedarpy.is_authorized(request, self._policies, entities, self._schema)
        allowed = bool(answer.allowed) and not answer.diagnostics.errors
        words = " ".join(self._words[rule] for rule in sorted(answer.diagnostics.reasons))
        if bool(answer.allowed) != allowed:
            words = ""  # what permitted it is no reason of the refusal
        return Decision(allowed, words or NO_RULE)


def _words(policies: str) -> dict[str, str]:
    """The words of each rule by Cedar's name for it (`policy0`, by position)."""
    rules = json.loads(cedarpy.policies_to_json_str(policies))["staticPolicies"]
    words = {rule: parts.get("annotations", {}).get("id", "") for rule, parts in rules.items()}
    if not all(words.values()):
        raise PoliciesWrong("every policy needs an @id that says in a sentence what it is for")
    return words
