"""Decisions by Cedar policies. An error in a policy never allows: a `forbid` that errors is skipped by Cedar, so any error denies here."""

import re
from importlib.resources import files
from typing import Any

import cedarpy

from auricle.access.model import Action, Role
from auricle.kernel.actor import Actor, ActorKind
from auricle.kernel.errors import OurError
from auricle.vault.gate import Decision, Ref

ACTIONS = frozenset(action.value for action in Action)
ROLES = frozenset(role.value for role in Role)
_ID = re.compile(r'@id\("([^"]+)"\)')
NO_RULE = "No rule gives your roles this permission."


class PoliciesWrong(OurError):
    """The policy files do not fit their schema; nothing starts with such policies."""

    code = "access.policies_wrong"


class Policies:
    """Fits `vault.gate.PolicyPort`."""

    def __init__(self, policies: str, schema: str) -> None:
        result = cedarpy.validate_policies(policies, schema)
        if not result.validation_passed:
            raise PoliciesWrong("; ".join(str(error) for error in result.errors))
        self._policies = cedarpy.PolicySet.from_str(policies)
        self._schema = schema
        self._words = {f"policy{number}": words for number, words in enumerate(_ID.findall(policies))}
        self._cache: dict[tuple[frozenset[str], bool, str], Decision] = {}

    @classmethod
    def packaged(cls) -> "Policies":
        """The policies that come with the program."""
        folder = files("auricle.access.policies")
        return cls(folder.joinpath("practice.cedar").read_text("utf-8"), folder.joinpath("practice.cedarschema").read_text("utf-8"))

    def decide(self, actor: Actor, action: str, ref: Ref) -> Decision:
        """Whether the actor may; the rule's own words as the reason. Unknown actions and roles count for nothing."""
        if action not in ACTIONS or not actor.roles <= ROLES:
            return Decision(False, NO_RULE)
        signed_in = actor.kind is not ActorKind.ANONYMOUS
        key = (actor.roles, signed_in, action)
        found = self._cache.get(key)
        if found is None:  # no policy looks at the single thing yet, so roles and action decide
            found = self._cache[key] = self._ask(actor, action, ref, signed_in=signed_in)
        return found

    def permissions(self, actor: Actor) -> list[str]:
        """Every action the actor may do."""
        return [action.value for action in Action if self.decide(actor, action.value, Ref("any", "*")).allowed]

    def _ask(self, actor: Actor, action: str, ref: Ref, *, signed_in: bool) -> Decision:
        request = {
            "principal": 'Subject::"actor"',
            "action": f'Action::"{action}"',
            "resource": 'Thing::"thing"',
            "context": {},
        }
        entities: list[dict[str, Any]] = [
            {"uid": {"type": "Subject", "id": "actor"}, "attrs": {"roles": sorted(actor.roles), "signed_in": signed_in}, "parents": []},
            {"uid": {"type": "Thing", "id": "thing"}, "attrs": {"kind": ref.kind}, "parents": []},
        ]
        answer = cedarpy.is_authorized(request, self._policies, entities, self._schema)
        errors = list(answer.diagnostics.errors)
        allowed = bool(answer.allowed) and not errors
        return Decision(allowed, " ".join(self._words.get(rule, rule) for rule in answer.diagnostics.reasons) if allowed else NO_RULE)
