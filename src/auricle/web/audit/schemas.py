"""The audit log as the console shows it."""

from base64 import b64encode
from datetime import datetime

from pydantic import BaseModel, Field

from auricle.kernel.ids import PersonId
from auricle.practice.model import Practice
from auricle.web.audit.ports import AnchorState, AuditFound, AuditLine, CheckpointsFound, LookAt
from auricle.web.names import PersonRef, person_ref

MAX_NUMBER_CHARS = 64


class AuditView(BaseModel):
    """Who did what to what, whether it was allowed, and why."""

    number: int
    at: datetime
    actor_kind: str
    actor: PersonRef
    address: str
    session: str
    action: str
    kind: str
    ref: str
    outcome: str
    purpose: str
    why: str
    has_private: bool
    touched: int


class AuditPage(BaseModel):
    """Some entries, newest first; `next` leads to older ones, where there are any."""

    entries: list[AuditView]
    next: int | None


class ProofView(BaseModel):
    """An inclusion proof: hashes in base64 from the leaf upward; verify it with `key`, which you keep elsewhere."""

    leaf: str
    index: int
    size: int
    path: list[str]
    checkpoint: str
    key: str


class AuditEntryView(BaseModel):
    """One entry with all that is clear in it, its proof, and the private detail where it was asked for."""

    entry: AuditView
    detail: dict[str, str]
    records: list[str]
    private: str | None
    proof: ProofView


class PatientReportRequest(BaseModel):
    """The patient's telephone number, in any written form."""

    number: str = Field(min_length=1, max_length=MAX_NUMBER_CHARS)


class LookView(BaseModel):
    """One act that touched a record of the patient."""

    number: int
    at: datetime
    actor_kind: str
    actor: PersonRef
    action: str
    record: str
    outcome: str
    why: str


class PatientReport(BaseModel):
    """Who looked at the patient's records, oldest first."""

    looks: list[LookView]


class AnchorView(BaseModel):
    """One place where checkpoints are kept: `up`, `waiting`, `failing` or `lagging`."""

    name: str
    kind: str
    state: str
    size: int
    at: datetime | None
    tries: int
    error: str


class CheckpointView(BaseModel):
    """A signed state of the log; `witnesses` are those that signed it too."""

    size: int
    at: datetime | None
    note: str
    witnesses: list[str]


class Checkpoints(BaseModel):
    """The newest checkpoints, the log's public key, and the anchors."""

    key: str
    entries: int
    checkpoints: list[CheckpointView]
    anchors: list[AnchorView]


def audit_view(practice: Practice, line: AuditLine) -> AuditView:
    """One entry for a screen."""
    entry = line.entry
    return AuditView(
        number=line.number,
        at=entry.at,
        actor_kind=entry.actor_kind,
        actor=person_ref(practice, PersonId(entry.actor)),
        address=entry.address,
        session=entry.session,
        action=entry.action,
        kind=entry.kind,
        ref=entry.ref,
        outcome=entry.outcome,
        purpose=entry.purpose,
        why=(entry.detail or {}).get("why", ""),
        has_private=bool(entry.sealed),
        touched=len(entry.touched),
    )


def entry_view(practice: Practice, found: AuditFound) -> AuditEntryView:
    """One entry and its proof."""
    proof = found.proof
    return AuditEntryView(
        entry=audit_view(practice, found.line),
        detail=dict(found.line.entry.detail or {}),
        records=list(found.line.entry.touched),
        private=found.private,
        proof=ProofView(
            leaf=proof.leaf,
            index=proof.index,
            size=proof.size,
            path=[b64encode(node).decode() for node in proof.path],
            checkpoint=proof.checkpoint,
            key=proof.key,
        ),
    )


def look_view(practice: Practice, look: LookAt) -> LookView:
    """One line of a patient's report."""
    return LookView(
        number=look.number,
        at=look.at,
        actor_kind=look.actor_kind,
        actor=person_ref(practice, PersonId(look.actor)),
        action=look.action,
        record=look.record,
        outcome=look.outcome,
        why=look.why,
    )


def checkpoints_view(found: CheckpointsFound) -> Checkpoints:
    """All of it."""
    return Checkpoints(
        key=found.key,
        entries=found.entries,
        checkpoints=[CheckpointView(size=c.size, at=c.at, note=c.note, witnesses=list(c.witnesses)) for c in found.checkpoints],
        anchors=[anchor_view(anchor) for anchor in found.anchors],
    )


def anchor_view(anchor: AnchorState) -> AnchorView:
    """One anchor."""
    return AnchorView(
        name=anchor.name, kind=anchor.kind, state=anchor.state, size=anchor.size, at=anchor.at, tries=anchor.tries, error=anchor.error
    )
