"""The one place where an Actor is made of a person: roles, teams and boxes of now, and what grants give at this moment."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from auricle.access.allowance import Allowance, Source
from auricle.access.break_glass import BreakGlass
from auricle.access.grants import TimeGrant
from auricle.access.model import Role
from auricle.kernel.actor import Actor, ActorKind
from auricle.practice.model import Person, Practice

COMMAND_LINE = Actor(ActorKind.SERVICE, "cli", frozenset({Role.COMMAND_LINE.value}))
"""Whoever runs `auricle …` with the passphrase, on the practice's own machine."""
KEEPER = Actor(ActorKind.SERVICE, "keeper", frozenset({Role.KEEPER.value}))
"""What the system does by itself to what it keeps: deletes what is due, seals anew, ends what was given for a while."""


@dataclass(frozen=True, slots=True)
class SessionFacts:
    """How somebody is here. `scopes` is for API clients alone: their kind follows from it."""

    session_id: str = ""
    address: str = ""
    stepped_up: bool = False
    scopes: frozenset[str] | None = None
    client: str = ""
    """The API client's own id: audit entries name the key, its rights are within its owner's."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What the store says about a person's grants; only those in force at the moment of asking count."""

    grants: tuple[TimeGrant, ...] = ()
    glass: BreakGlass | None = None


def actor_of(practice: Practice, person: Person, session: SessionFacts, standing: Standing, now: datetime) -> Actor:
    """The actor of one request. An API client never has its owner's break-glass."""
    client = session.scopes is not None
    given = [*_settings(practice, person), *(grant.allowance() for grant in standing.grants if grant.in_force(now))]
    if standing.glass is not None and standing.glass.in_force(now) and not client:
        given += standing.glass.allowances()
    return Actor(
        kind=ActorKind.API_CLIENT if client else ActorKind.PERSON,
        id=session.client if client else person.id,
        roles=person.roles,
        session_id=session.session_id,
        address=session.address,
        teams=person.teams,
        mailboxes=frozenset({person.mailbox}) if person.mailbox else frozenset(),
        allowed=encoded(given),
        scopes=session.scopes,
        stepped_up=session.stepped_up and not client,
    )


def allowances_of(practice: Practice, roles: Iterable[str]) -> list[Allowance]:
    """What the settings give to these roles beyond the policies."""
    held = frozenset(roles)
    return [
        Allowance(action, Source.SETTINGS, rule.mailbox) for rule in practice.allow if rule.role in held for action in sorted(rule.actions)
    ]


def encoded(given: Iterable[Allowance]) -> frozenset[str]:
    """As `Actor.allowed` carries them."""
    return frozenset(allowance.encode() for allowance in given)


def _settings(practice: Practice, person: Person) -> list[Allowance]:
    return allowances_of(practice, person.roles)
