"""The one gate: policy, then a durable audit entry, then decryption. Refusals and failures are entries too.

No system actor skips it, no flag turns it off. What opens sealed data asks for a Grant, and only the gate makes one.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, TypeVar

from auricle.kernel.actor import Actor
from auricle.vault.errors import NotPermitted

T = TypeVar("T")
_KEY = object()


class Outcome(StrEnum):
    """How an audited act ended."""

    ALLOWED = "allowed"
    REFUSED = "refused"
    FAILED = "failed"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Ref:
    """What is looked at: a kind (`call`, `voicemail`) and an id, or `*` for a listing."""

    kind: str
    id: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What the policy says, and why, in words a person can read."""

    allowed: bool
    reason: str


class Grant:
    """Proof that the gate was passed for one act. It cannot be made outside this module."""

    __slots__ = ("_genuine", "actor", "ref")

    def __init__(self, key: object, actor: Actor, ref: Ref) -> None:
        if key is not _KEY:
            raise TypeError("only the gate makes grants")
        self._genuine = key
        self.actor = actor
        self.ref = ref

    def require(self) -> None:
        """What opens something calls this first: neither None nor a look-alike gets past it. Raises TypeError."""
        if getattr(self, "_genuine", None) is not _KEY:
            raise TypeError("only the gate makes grants")


class PolicyPort(Protocol):
    """Decides."""

    def decide(self, actor: Actor, action: str, ref: Ref) -> Decision:
        """Whether the actor may do this; deny by default."""
        ...


class AuditPort(Protocol):
    """Writes entries."""

    async def record(self, actor: Actor, action: str, ref: Ref, outcome: Outcome, purpose: str) -> int:
        """Append an entry and return its index once it is durable."""
        ...


class Gate:
    """Opens things for actors."""

    def __init__(self, policy: PolicyPort, audit: AuditPort) -> None:
        self._policy = policy
        self._audit = audit

    async def check(self, actor: Actor, action: str, ref: Ref, purpose: str) -> None:
        """Decide and record, for acts that open nothing. Raises NotPermitted."""
        decision = self._policy.decide(actor, action, ref)
        await self._audit.record(actor, action, ref, Outcome.ALLOWED if decision.allowed else Outcome.REFUSED, purpose)
        if not decision.allowed:
            raise NotPermitted(action, decision.reason)

    async def open(self, actor: Actor, action: str, ref: Ref, purpose: str, opener: Callable[[Grant], Awaitable[T]]) -> T:
        """Decide, record durably, then let `opener` open. Raises NotPermitted; whatever stops the opener is recorded as failed and raised."""
        await self.check(actor, action, ref, purpose)
        opened = False
        try:
            result = await opener(Grant(_KEY, actor, ref))
            opened = True
        finally:  # also when the request was cancelled: the log then holds that nothing was handed over
            if not opened:
                await self._audit.record(actor, action, ref, Outcome.FAILED, purpose)
        return result
