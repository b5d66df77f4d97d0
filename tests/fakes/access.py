"""The access and break-glass ports over memory, with the real rules behind them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from auricle.access.break_glass import AlreadyReviewed, BreakGlass, NothingBroken, Review, Verdict, check_break
from auricle.access.decision import Policies
from auricle.access.grants import TimeGrant, Wanted, check_grant
from auricle.access.matrix import Cell, Explanation, cells, explain
from auricle.access.model import Action
from auricle.access.patients import PatientMark
from auricle.access.subject import SessionFacts, Standing, actor_of
from auricle.kernel.actor import Actor, ActorKind
from auricle.kernel.ids import PersonId
from auricle.kernel.phi import Phi
from auricle.practice.model import Practice
from auricle.vault.gate import Ref
from auricle.web.access.ports import Marking, WhatIf
from auricle.web.break_glass.ports import GlassChanged
from auricle.web.ports import Happening, NotFound


class World(Protocol):
    """What these fakes need of `FakeWorld`."""

    practice: Practice
    policies: Policies
    now: Callable[[], datetime]
    given: "Given"

    def gate(self, actor: Actor, action: Action, kind: str | Ref, ref: str = "") -> None: ...

    def tell(self, what: Happening) -> None: ...


@dataclass
class Given:
    """Grants, broken glass and marks of a fake world."""

    grants: dict[str, TimeGrant] = field(default_factory=dict)
    glasses: dict[str, BreakGlass] = field(default_factory=dict)
    marks: dict[str, PatientMark] = field(default_factory=dict)

    def standing(self, person: str, now: datetime) -> Standing:
        """What is in force."""
        grants = tuple(grant for grant in self.grants.values() if grant.person == person)
        glass = next((glass for glass in self.glasses.values() if glass.person == person and glass.in_force(now)), None)
        return Standing(grants, glass)


class FakeAccessAdmin:
    """Grants and marks in dicts."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def matrix(self, actor: Actor) -> Sequence[Cell]:
        """The real one."""
        self._world.gate(actor, Action.ACCESS_READ, "access", "matrix")
        return cells(self._world.policies, self._world.practice)

    async def what_if(self, actor: Actor, question: WhatIf) -> Explanation:
        """The real one, about records without facts."""
        self._world.gate(actor, Action.ACCESS_READ, "access", "what-if")
        subject = Actor(ActorKind.PERSON, "somebody", question.roles, stepped_up=question.stepped_up)
        if question.person is not None:
            if question.person not in self._world.practice.people:
                raise NotFound
            person, now = self._world.practice.people[question.person], self._world.now()
            session = SessionFacts(stepped_up=question.stepped_up)
            subject = actor_of(self._world.practice, person, session, self._world.given.standing(person.id, now), now)
        ref = Ref(question.kind, question.id, mailbox=question.mailbox)
        return explain(self._world.policies, subject, question.action, ref)

    async def grants(self, actor: Actor) -> Sequence[TimeGrant]:
        """Newest first."""
        self._world.gate(actor, Action.ACCESS_READ, "grant", "*")
        return sorted(self._world.given.grants.values(), key=lambda grant: grant.granted_at, reverse=True)

    async def grant(self, actor: Actor, wanted: Wanted) -> TimeGrant:
        """A new one."""
        now = self._world.now()
        if wanted.person not in self._world.practice.people:
            raise NotFound
        check_grant(wanted, now, self._world.practice.mailboxes)
        ident = f"g{len(self._world.given.grants) + 1}"
        self._world.gate(actor, Action.ACCESS_GRANT, Ref("grant", ident, owner=wanted.person))
        place = (wanted.person, wanted.action, wanted.record, wanted.mailbox)
        made = self._world.given.grants[ident] = TimeGrant(ident, *place, actor.id, now, wanted.until, reason=wanted.reason)
        return made

    async def revoke(self, actor: Actor, grant: str) -> None:
        """End one."""
        self._world.gate(actor, Action.ACCESS_GRANT, "grant", grant)
        if grant not in self._world.given.grants:
            raise NotFound
        found = self._world.given.grants[grant]
        self._world.given.grants[grant] = replace(found, revoked_at=self._world.now(), revoked_by=actor.id)

    async def patients(self, actor: Actor) -> Sequence[PatientMark]:
        """All marks."""
        self._world.gate(actor, Action.ACCESS_PATIENTS, "patient", "*")
        return list(self._world.given.marks.values())

    async def mark(self, actor: Actor, marking: Marking) -> PatientMark:
        """A new one."""
        ident = f"pt{len(self._world.given.marks) + 1}"
        self._world.gate(actor, Action.ACCESS_PATIENTS, "patient", ident)
        team = (marking.restricted, marking.people, marking.teams)
        made = self._world.given.marks[ident] = PatientMark(ident, marking.number, marking.label, *team, actor.id, self._world.now())
        return made

    async def unmark(self, actor: Actor, mark: str) -> None:
        """Forget one."""
        self._world.gate(actor, Action.ACCESS_PATIENTS, "patient", mark)
        if self._world.given.marks.pop(mark, None) is None:
            raise NotFound


class FakeBreakGlasses:
    """Broken glass in a dict."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def break_glass(self, actor: Actor, reason: Phi[str], minutes: int, record: str) -> BreakGlass:
        """From now on."""
        given, now = self._world.given, self._world.now()
        ident = f"bg{len(given.glasses) + 1}"
        self._world.gate(actor, Action.BREAK_GLASS_USE, "break-glass", ident)
        until = check_break(reason, minutes, record, given.standing(actor.id, now).glass, now)
        made = given.glasses[ident] = BreakGlass(ident, PersonId(actor.id), record, now, until, reason=reason)
        self._world.tell(GlassChanged(ident, actor.id, "broken"))
        return made

    async def end(self, actor: Actor) -> None:
        """End one's own."""
        glass = self._world.given.standing(actor.id, self._world.now()).glass
        if glass is None:
            raise NothingBroken("none")
        self._world.given.glasses[glass.id] = replace(glass, ended_at=self._world.now())
        self._world.tell(GlassChanged(glass.id, actor.id, "ended"))

    async def queue(self, actor: Actor) -> Sequence[BreakGlass]:
        """All of them."""
        self._world.gate(actor, Action.BREAK_GLASS_REVIEW, "break-glass", "*")
        return list(reversed(self._world.given.glasses.values()))

    async def review(self, actor: Actor, glass: str, verdict: Verdict, note: Phi[str]) -> None:
        """A verdict."""
        found = self._world.given.glasses.get(glass)
        self._world.gate(actor, Action.BREAK_GLASS_REVIEW, Ref("break-glass", glass, owner=found.person if found else ""))
        if found is None:
            raise NothingBroken("none")
        if found.review is not None:
            raise AlreadyReviewed("done")
        self._world.given.glasses[glass] = replace(found, review=Review(verdict, actor.id, self._world.now(), note))
        self._world.tell(GlassChanged(glass, found.person, "reviewed"))
