"""The access pages behind `web.access.ports`: the matrix, what-if, grants and marks of patients, each through the gate."""

from collections.abc import Sequence
from dataclasses import replace

from auricle.access.decision import Policies
from auricle.access.grants import TimeGrant, Wanted, check_grant
from auricle.access.matrix import Cell, Explanation, cells, explain
from auricle.access.patients import MAX_LABEL_CHARS, BadPatient, PatientMark
from auricle.access.subject import SessionFacts, actor_of, allowances_of, encoded
from auricle.adapters.store import Store
from auricle.app.facts import RecordFacts
from auricle.kernel.actor import Actor, ActorKind
from auricle.kernel.e164 import E164, NotANumber
from auricle.kernel.ids import PersonId
from auricle.kernel.phi import Phi
from auricle.kernel.time import Clock, Entropy
from auricle.practice.model import Practice
from auricle.vault.gate import Gate, Grant, Ref
from auricle.web.access.ports import Marking, WhatIf
from auricle.web.ports import NotFound

CONSOLE, COMMAND_LINE = "console", "command line"
SOMEBODY = "somebody"


class WebAccessAdmin:
    """Fits `web.access.ports.AccessAdmin`; the command line uses it too."""

    def __init__(
        self,
        *,
        store: Store,
        gate: Gate,
        policies: Policies,
        practice: Practice,
        facts: RecordFacts,
        clock: Clock,
        entropy: Entropy,
    ) -> None:
        self._store = store
        self._gate = gate
        self._policies = policies
        self._practice = practice
        self._facts = facts
        self._clock = clock
        self._entropy = entropy

    # ---- the policies --------------------------------------------------------------------------------

    async def matrix(self, actor: Actor) -> Sequence[Cell]:
        """Every role and action."""
        await self._gate.check(actor, "access.read", Ref("access", "matrix"), _purpose(actor))
        return cells(self._policies, self._practice)

    async def what_if(self, actor: Actor, question: WhatIf) -> Explanation:
        """One decision explained."""
        await self._gate.check(actor, "access.read", Ref("access", question.person or "roles"), _purpose(actor))
        subject = await self._subject(question)
        return explain(self._policies, subject, question.action, await self._asked(question))

    async def _subject(self, question: WhatIf) -> Actor:
        if question.person is None:
            given = encoded(allowances_of(self._practice, question.roles))
            return Actor(ActorKind.PERSON, SOMEBODY, question.roles, allowed=given, stepped_up=question.stepped_up)
        person = self._practice.people.get(question.person)
        if person is None:
            raise NotFound(f"there is no person {question.person}")
        now = self._clock.now()
        standing = await self._store.standing(person.id, now)
        return actor_of(self._practice, person, SessionFacts(stepped_up=question.stepped_up), standing, now)

    async def _asked(self, question: WhatIf) -> Ref:
        found = await self._facts.one(question.kind, question.id)
        ref = found or Ref(question.kind, question.id)
        if not question.mailbox:
            return ref
        box = self._facts.box(question.mailbox)
        return replace(ref, mailbox=box.mailbox, team=box.team, id="some" if ref.id == "*" else ref.id)

    # ---- grants --------------------------------------------------------------------------------------

    async def grants(self, actor: Actor) -> Sequence[TimeGrant]:
        """All grants."""
        reasons = self._policies.decide(replace(actor, stepped_up=True), "access.grant", Ref("grant", "*")).allowed

        async def read(proof: Grant) -> list[TimeGrant]:
            return await self._store.grants(proof, reasons=reasons)

        return await self._gate.open(actor, "access.read", Ref("grant", "*"), _purpose(actor), read)

    async def grant(self, actor: Actor, wanted: Wanted) -> TimeGrant:
        """Make one."""
        if wanted.person not in self._practice.people:
            raise NotFound(f"there is no person {wanted.person}")
        now = self._clock.now()
        check_grant(wanted, now, self._practice.mailboxes)
        ident = self._entropy.name("g")
        ref = Ref("grant", ident, owner=wanted.person)
        why = await self._allowed(actor, "access.grant", ref)
        made = TimeGrant(ident, wanted.person, wanted.action, wanted.record, wanted.mailbox, actor.id, now, wanted.until)
        await self._store.add_grant(made, wanted.reason, actor, why)
        return replace(made, reason=wanted.reason)

    async def revoke(self, actor: Actor, grant: str) -> None:
        """End one at once."""
        found = await self._store.grant(grant)
        await self._allowed(actor, "access.grant", Ref("grant", grant))
        if found is None:
            raise NotFound(f"there is no grant {grant} in force")
        await self._store.revoke_grant(grant, actor)

    # ---- marks of patients ---------------------------------------------------------------------------

    async def patients(self, actor: Actor) -> Sequence[PatientMark]:
        """All marks."""
        return await self._gate.open(actor, "access.patients", Ref("patient", "*"), _purpose(actor), self._store.marks)

    async def mark(self, actor: Actor, marking: Marking) -> PatientMark:
        """Make or replace the mark of a number."""
        ident = self._entropy.name("pt")
        why = await self._allowed(actor, "access.patients", Ref("patient", ident))
        number = self._number(marking.number)
        self._check_team(marking)
        mark = PatientMark(ident, number, marking.label, marking.restricted, marking.people, marking.teams, actor.id, self._clock.now())
        await self._store.put_mark(mark, actor, why)
        self._facts.forget()
        return mark

    async def unmark(self, actor: Actor, mark: str) -> None:
        """Forget one."""
        why = await self._allowed(actor, "access.patients", Ref("patient", mark))
        if not await self._store.has_mark(mark):
            raise NotFound(f"there is no mark {mark}")
        await self._store.drop_mark(mark, actor, why)
        self._facts.forget()

    def _number(self, number: Phi[str]) -> Phi[str]:
        try:
            return Phi(E164.parse(number.reveal("parsing a patient's number"), self._practice.region).text)
        except NotANumber:
            raise BadPatient("that is no telephone number: write it as +12025550142 or as people here write it") from None

    def _check_team(self, marking: Marking) -> None:
        unknown = [person for person in marking.people if PersonId(person) not in self._practice.people]
        teams = {team for person in self._practice.people.values() for team in person.teams}
        if unknown or marking.teams - teams:
            raise BadPatient("a care team is made of people and teams of the practice")
        if len(marking.label.reveal("checking a label")) > MAX_LABEL_CHARS:
            raise BadPatient(f"let the label have at most {MAX_LABEL_CHARS} characters")

    async def _allowed(self, actor: Actor, action: str, ref: Ref) -> str:
        """The gate's yes, in the log, and the rule that gave it. Raises NotPermitted."""
        await self._gate.check(actor, action, ref, _purpose(actor))
        return self._policies.decide(actor, action, ref).reason


def _purpose(actor: Actor) -> str:
    """Where an act comes from, as the log says it."""
    return COMMAND_LINE if actor.kind is ActorKind.SERVICE else CONSOLE
