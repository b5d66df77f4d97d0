"""The whole of the policies as a table, and one decision explained: which rules decide, and what would change the answer."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from auricle.access.allowance import Allowance, Source
from auricle.access.decision import Policies
from auricle.access.model import CARE, PEOPLE_ROLES, READING, SYSTEM_ROLES, Action, Role
from auricle.access.subject import allowances_of, encoded
from auricle.kernel.actor import Actor, ActorKind
from auricle.practice.model import Practice
from auricle.vault.gate import Ref

ME, OTHER = "somebody", "another"
STEP_UP_ALONE = "A step-up: prove again who you are."


class Answer(StrEnum):
    """What a role by itself gives. `depends` is on whose record it is, or on a fresh proof of who asks."""

    YES = "yes"
    NO = "no"
    DEPENDS = "depends"


@dataclass(frozen=True, slots=True)
class Cell:
    """One role and one action; `rules` are the sentences that decide."""

    role: Role
    action: Action
    answer: Answer
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """One decision, the sentences that made it, and each single thing that would turn a refusal."""

    allowed: bool
    rules: tuple[str, ...]
    needs: tuple[str, ...]


def kind_of(action: str) -> str:
    """The kind of record an action is about, as `Ref.kind` has it."""
    family = action.partition(".")[0]
    return {"calls": "call", "voicemail": "voicemail"}.get(family, family)


def cells(policies: Policies, practice: Practice | None = None) -> list[Cell]:
    """Every role and action; with a practice, what its settings allow counts too."""
    return [_cell(policies, role, action, practice) for role in Role for action in Action]


def explain(policies: Policies, actor: Actor, action: str, ref: Ref) -> Explanation:
    """One decision and what it would take."""
    decision = policies.decide(actor, action, ref)
    needs = () if decision.allowed else (STEP_UP_ALONE,) if decision.step_up else tuple(_needs(policies, actor, action, ref))
    return Explanation(decision.allowed, decision.rules or (decision.reason,), needs)


def _cell(policies: Policies, role: Role, action: Action, practice: Practice | None) -> Cell:
    allowed = encoded(allowances_of(practice, [role])) if practice is not None else frozenset[str]()
    actor = Actor(_kind(role), ME, frozenset({role.value}), allowed=allowed, scopes=_scopes(role, action))
    kind = kind_of(action.value)
    worst = policies.decide(actor, action.value, Ref(kind, OTHER, mailbox=OTHER, owner=OTHER, team=OTHER, related=frozenset({OTHER})))
    best = policies.decide(_best(actor), action.value, _best_ref(kind, practice, allowed))
    if worst.allowed:
        return Cell(role, action, Answer.YES, worst.rules)
    if not best.allowed:
        return Cell(role, action, Answer.NO, best.rules)
    return Cell(role, action, Answer.DEPENDS, (*best.rules, *worst.rules))


def _kind(role: Role) -> ActorKind:
    if role in SYSTEM_ROLES:
        return ActorKind.SERVICE
    return ActorKind.API_CLIENT if role is Role.API_CLIENT else ActorKind.PERSON


def _scopes(role: Role, action: Action) -> frozenset[str] | None:
    return frozenset({action.value}) if role is Role.API_CLIENT else None


def _best(actor: Actor) -> Actor:
    return replace(actor, stepped_up=actor.kind is ActorKind.PERSON, teams=frozenset({ME}), mailboxes=frozenset({ME}))


def _best_ref(kind: str, practice: Practice | None, allowed: Iterable[str]) -> Ref:
    """A record everything speaks for: in a box that the settings name, if they name one."""
    boxes = sorted({Allowance.decode(text).mailbox for text in allowed} - {""})
    mailbox = boxes[0] if practice is not None and boxes else ME
    return Ref(kind, OTHER, mailbox=mailbox, owner=OTHER, team=ME, related=frozenset({ME}))


def _needs(policies: Policies, actor: Actor, action: str, ref: Ref) -> Iterable[str]:
    """Each change that alone makes it allowed; with a step-up on top where only both together do."""
    for words, changed, there in _changes(policies, actor, action, ref):
        if policies.decide(changed, action, there).allowed:
            yield f"{words}."
        elif actor.kind is ActorKind.PERSON and policies.decide(replace(changed, stepped_up=True), action, there).allowed:
            yield f"{words}, and a step-up: prove again who you are."


def _changes(policies: Policies, actor: Actor, action: str, ref: Ref) -> Iterable[tuple[str, Actor, Ref]]:
    """What could be otherwise: the words for it, and who would then ask about what."""
    if action in CARE:
        yield "A treatment relation: be on the call, or in the patient's care team", actor, replace(ref, related=ref.related | {actor.id})
    if action.startswith("voicemail.") and ref.id != "*":
        box, team = ref.mailbox or OTHER, ref.team or OTHER
        yield "The mailbox as one's own", replace(actor, mailboxes=actor.mailboxes | {box}), replace(ref, mailbox=box)
        yield "To be in the mailbox's team", replace(actor, teams=actor.teams | {team}), replace(ref, team=team)
    if action in CARE | READING:
        yield "A time-boxed grant of it", _given(actor, Allowance(action, Source.GRANT, id="one")), ref
        yield "The practice's settings to allow it ([[access.allow]])", _given(actor, Allowance(action, Source.SETTINGS)), ref
    if action in CARE and policies.decide(actor, Action.BREAK_GLASS_USE.value, Ref("any", "*")).allowed:
        yield "Breaking the glass, in an emergency", _given(actor, Allowance(action, Source.BREAK_GLASS, id="one")), ref
    if actor.kind is ActorKind.PERSON:
        for role in PEOPLE_ROLES:
            if role.value not in actor.roles:
                yield f"The role {role.value}", replace(actor, roles=actor.roles | {role.value}), ref


def _given(actor: Actor, allowance: Allowance) -> Actor:
    return replace(actor, allowed=actor.allowed | {allowance.encode()})
