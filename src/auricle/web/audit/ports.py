"""What the audit pages need of the rest. Every method passes the gate inside and raises `vault.errors.NotPermitted`."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from auricle.audit.entry import Entry
from auricle.audit.formats import Format
from auricle.audit.search import AuditQuery
from auricle.kernel.actor import Actor


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One entry and its number in the log."""

    number: int
    entry: Entry


@dataclass(frozen=True, slots=True)
class AuditProof:
    """That the entry is in the log of a signed checkpoint (RFC 9162 2.1.3): the leaf, its path, and the note."""

    leaf: str
    index: int
    size: int
    path: Sequence[bytes]
    checkpoint: str
    key: str


@dataclass(frozen=True, slots=True)
class AuditFound:
    """One entry, its proof and, where it was asked for, the opened private detail."""

    line: AuditLine
    proof: AuditProof
    private: str | None = None


@dataclass(frozen=True, slots=True)
class LookAt:
    """One act that touched a record of a patient."""

    number: int
    at: datetime
    actor_kind: str
    actor: str
    action: str
    record: str
    outcome: str
    why: str


@dataclass(frozen=True, slots=True)
class AnchorState:
    """One place outside the database where checkpoints are kept: `up`, `waiting`, `failing` or `lagging`."""

    name: str
    kind: str
    state: str
    size: int
    """Entries covered by the newest checkpoint kept there."""
    at: datetime | None
    tries: int
    """Tries that failed since the last success."""
    error: str
    """The kind of the last failure."""


@dataclass(frozen=True, slots=True)
class SignedSize:
    """One checkpoint: entries covered, time of the last of them, the note with all its signatures."""

    size: int
    at: datetime | None
    note: str
    witnesses: Sequence[str]


@dataclass(frozen=True, slots=True)
class CheckpointsFound:
    """The newest checkpoints, the key that checks them, and where they are anchored."""

    key: str
    entries: int
    checkpoints: Sequence[SignedSize]
    anchors: Sequence[AnchorState]


class Audit(Protocol):
    """The audit log, for those who may read it."""

    async def page(self, actor: Actor, query: AuditQuery) -> Sequence[AuditLine]:
        """Entries that fit, newest first."""
        ...

    async def entry(self, actor: Actor, number: int, *, private: bool) -> AuditFound:
        """One entry with its proof; `private` opens the sealed detail and needs `audit.private`. Raises NotFound, VaultError."""
        ...

    async def export(self, actor: Actor, form: Format) -> AsyncIterator[bytes]:
        """The whole log in pieces. Passes the gate before it returns."""
        ...

    async def patient_report(self, actor: Actor, number: str) -> Sequence[LookAt]:
        """Who looked at records of this telephone number, oldest first. Raises `kernel.e164.NotANumber`."""
        ...

    async def checkpoints(self, actor: Actor) -> CheckpointsFound:
        """The newest checkpoints and the state of the anchors."""
        ...
