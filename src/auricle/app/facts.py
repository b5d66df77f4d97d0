"""Facts for policies: what is known about records before anything of them is opened, and which rows are somebody's to know of."""

from collections.abc import Iterable, Mapping, Sequence

from auricle.access.allowance import Allowance
from auricle.access.decision import Policies
from auricle.access.patients import Facts, related
from auricle.adapters.store import Store
from auricle.adapters.store.record_facts import Care, ListScope
from auricle.calls.live import LiveCall
from auricle.kernel.actor import Actor
from auricle.kernel.phi import Phi
from auricle.kernel.time import Clock
from auricle.practice.model import Practice
from auricle.vault.gate import Ref

CARE_FRESH_S = 30.0  # marks change in this process, and are then forgotten at once; another process is seen within this time
SOME = "some"  # an id that no record has, for questions about records in general


class RecordFacts:
    """Attaches facts to refs. `forget` after a mark has changed."""

    def __init__(self, store: Store, policies: Policies, practice: Practice, clock: Clock) -> None:
        self._store = store
        self._policies = policies
        self._practice = practice
        self._clock = clock
        self._care: Mapping[bytes, Care] = {}
        self._care_at: float | None = None

    def forget(self) -> None:
        """A mark changed."""
        self._care_at = None

    async def calls(self, ids: Sequence[str]) -> dict[str, Ref]:
        """The calls that there are, with their facts."""
        found = await self._store.call_facts(ids, await self._known())
        return {ident: self._ref("call", ident, facts) for ident, facts in found.items()}

    async def voicemails(self, ids: Sequence[str]) -> dict[str, Ref]:
        """The messages that there are, with their facts."""
        found = await self._store.voicemail_facts(ids, await self._known())
        return {ident: self._ref("voicemail", ident, facts) for ident, facts in found.items()}

    async def live(self, call: LiveCall) -> Ref:
        """A running call: those on the line or being rung are on it."""
        care = await self._known()
        found = [one for number in (call.caller, call.called) for one in self._of_number(care, number)]
        people = frozenset[str]().union(*(one.people for one in found))
        teams = frozenset[str]().union(*(one.teams for one in found))
        facts = Facts("", frozenset(call.with_people), people, teams, any(one.restricted for one in found))
        return self._ref("call", call.id, facts)

    async def one(self, kind: str, ident: str) -> Ref | None:
        """One record, where there is one of this kind."""
        match kind:
            case "call":
                return (await self.calls([ident])).get(ident)
            case "voicemail":
                return (await self.voicemails([ident])).get(ident)
            case _:
                return None

    def box(self, mailbox: str, ident: str = SOME) -> Ref:
        """A message of a box in general."""
        box = {box.id: box for box in self._practice.mailboxes.values()}.get(mailbox)  # type: ignore[call-overload]
        return Ref("voicemail", ident, mailbox=mailbox, team=box.team if box else "")

    async def scope(self, actor: Actor, action: str) -> ListScope | None:
        """The rows of a list (`calls.list`, `voicemail.list`) that are this actor's to know of; None is all."""
        kind = "call" if action.startswith("calls") else "voicemail"
        if self._may(actor, action, Ref(kind, SOME)):
            return None
        by_relation = self._may(actor, action, Ref(kind, SOME, related=frozenset({actor.id})))
        mailboxes = [box for box in self._practice.mailboxes if kind == "voicemail" and self._may(actor, action, self.box(box))]
        marks = self._marks_of(actor.id, (await self._known()).values()) if by_relation else ()
        return ListScope(tuple(mailboxes), actor.id if by_relation else "", tuple(marks), tuple(_records(actor, action, kind)))

    def _may(self, actor: Actor, action: str, ref: Ref) -> bool:
        return self._policies.decide(actor, action, ref).allowed

    def _ref(self, kind: str, ident: str, facts: Facts) -> Ref:
        box = self.box(facts.mailbox)
        staff = self._practice.people
        return Ref(kind, ident, facts.mailbox, team=box.team, related=related(facts, staff), restricted=facts.restricted)

    def _marks_of(self, person: str, care: Iterable[Care]) -> list[str]:
        return sorted({one.mark for one in care if person in related(Facts(people=one.people, teams=one.teams), self._practice.people)})

    def _of_number(self, care: Mapping[bytes, Care], number: Phi[str]) -> list[Care]:
        return [care[index] for index in self._store.indexes_of(number) if index in care] if care else []

    async def _known(self) -> Mapping[bytes, Care]:
        now = self._clock.monotonic()
        if self._care_at is None or now - self._care_at > CARE_FRESH_S:
            self._care, self._care_at = await self._store.care(), now
        return self._care


def _records(actor: Actor, action: str, kind: str) -> list[str]:
    """Records a grant names."""
    given = (Allowance.decode(text) for text in actor.allowed if text.startswith(f"{action} "))
    return sorted(allowance.record.partition(":")[2] for allowance in given if allowance.record.startswith(f"{kind}:"))
