"""The one gate: policy, then a durable audit entry, then decryption. Refusals and failures are entries too.

No system actor skips it, no flag turns it off. What opens sealed data asks for a Grant, and only the gate makes one.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, TypeVar

from auricle.kernel.actor import Actor
from auricle.vault.errors import GrantSpent, NotPermitted, StepUpNeeded

T = TypeVar("T")
_KEY = object()
MAX_REPORTED = 10000


class Outcome(StrEnum):
    """How an audited act ended."""

    ALLOWED = "allowed"
    REFUSED = "refused"
    FAILED = "failed"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Ref:
    """What is looked at: a kind (`call`, `voicemail`) and an id, or `*` for a listing.

    The rest is what policies may ask about it; only kind and id reach the audit log.
    """

    kind: str
    id: str
    mailbox: str = ""
    owner: str = ""
    """The person it belongs to."""
    team: str = ""
    related: frozenset[str] = frozenset()
    """People with a treatment relation to the patient it is about (45 CFR 164.506(c))."""
    restricted: bool = False
    """Of a patient whose records only those related may see."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What the policy says, and why, in words a person can read."""

    allowed: bool
    reason: str
    rules: tuple[str, ...] = ()
    """The same, a sentence each."""
    step_up: bool = False
    """Refused, and a fresh proof of who asks is all that is missing."""

    def refusal(self, action: str) -> NotPermitted:
        """The error that a refusal is."""
        return (StepUpNeeded if self.step_up else NotPermitted)(action, self.reason)


@dataclass(frozen=True, slots=True)
class Damage:
    """A record of which something was changed, cut or moved; `where` names the place in identifiers (45 CFR 164.312(c)(2))."""

    kind: str
    id: str
    where: str


class Grant:
    """Proof that the gate was passed for one act, good while its opener runs. It cannot be made outside this module."""

    __slots__ = ("_damaged", "_live", "_touched", "actor", "ref")

    def __init__(self, key: object, actor: Actor, ref: Ref) -> None:
        if key is not _KEY:
            raise TypeError("only the gate makes grants")
        self._live = True
        self._touched: dict[str, None] = {}
        self._damaged: dict[Damage, None] = {}
        self.actor = actor
        self.ref = ref

    def touch(self, *records: str) -> None:
        """What opens records says which ones it hands out (`call:ID`), so that the log can answer who saw them."""
        self._touched.update(dict.fromkeys(records))

    @property
    def touched(self) -> tuple[str, ...]:
        """The records handed out, each once, in order."""
        return tuple(self._touched)

    def note_damage(self, kind: str, ident: str, where: str) -> None:
        """What opens records says what did not open though it should have: the gate makes an entry of it."""
        self._damaged[Damage(kind, ident, where)] = None

    @property
    def damaged(self) -> tuple["Damage", ...]:
        """What did not open, each once, in order."""
        return tuple(self._damaged)

    def end(self) -> None:
        """The act is over."""
        self._live = False

    @property
    def live(self) -> bool:
        """Whether the act still runs."""
        return self._live


def require(grant: Grant) -> None:
    """What opens something calls this first. Raises GrantSpent for one kept beyond its act, TypeError for anything that is no grant."""
    if type(grant) is not Grant:
        raise TypeError("only the gate makes grants")
    if not grant.live:
        raise GrantSpent("a grant is good for one act, and that act is over")


class PolicyPort(Protocol):
    """Decides."""

    def decide(self, actor: Actor, action: str, ref: Ref) -> Decision:
        """Whether the actor may do this; deny by default."""
        ...


class AuditPort(Protocol):
    """Writes entries."""

    async def record(
        self,
        actor: Actor,
        action: str,
        ref: Ref,
        outcome: Outcome,
        purpose: str,
        *,
        why: str = "",
        private: str = "",
        touched: Sequence[str] = (),
    ) -> int:
        """Append an entry and return its index once it is durable.

        `why` is the policy's own sentence, `private` a text that may hold PHI and is sealed, `touched` the records handed out.
        """
        ...


class Gate:
    """Opens things for actors."""

    def __init__(self, policy: PolicyPort, audit: AuditPort) -> None:
        self._policy = policy
        self._audit = audit
        self._reported: set[Damage] = set()

    async def check(self, actor: Actor, action: str, ref: Ref, purpose: str, *, private: str = "") -> None:
        """Decide and record, for acts that open nothing. Raises NotPermitted."""
        decision = self._policy.decide(actor, action, ref)
        outcome = Outcome.ALLOWED if decision.allowed else Outcome.REFUSED
        await self._audit.record(actor, action, ref, outcome, purpose, why=decision.reason, private=private)
        if not decision.allowed:
            raise decision.refusal(action)

    async def open(
        self, actor: Actor, action: str, ref: Ref, purpose: str, opener: Callable[[Grant], Awaitable[T]], *, private: str = ""
    ) -> T:
        """Decide, record durably, then let `opener` open; what it handed out is recorded before it is returned.

        Raises NotPermitted, or what stopped the opener, once recorded as failed.
        """
        await self.check(actor, action, ref, purpose, private=private)
        grant, opened = Grant(_KEY, actor, ref), False
        try:
            result = await opener(grant)
            if grant.touched:
                await self._audit.record(actor, action, ref, Outcome.DONE, purpose, touched=grant.touched)
            opened = True
        finally:  # also when the request was cancelled: the log then holds that nothing was handed over
            grant.end()
            if not opened:
                await self._audit.record(actor, action, ref, Outcome.FAILED, purpose)
            await self._report(grant, purpose)
        return result

    async def _report(self, grant: Grant, purpose: str) -> None:
        """An entry for each damaged place, once while we run: a list that is looked at all day would repeat it all day."""
        for damage in grant.damaged:
            if damage in self._reported:
                continue
            if len(self._reported) < MAX_REPORTED:
                self._reported.add(damage)
            ref = Ref(damage.kind, damage.id)
            await self._audit.record(grant.actor, "integrity.damaged", ref, Outcome.FAILED, purpose, why=damage.where)
