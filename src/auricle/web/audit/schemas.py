"""The audit log as the console shows it."""

from datetime import datetime

from pydantic import BaseModel

from auricle.kernel.ids import PersonId
from auricle.practice.model import Practice
from auricle.web.names import PersonRef, person_ref
from auricle.web.ports import AuditLine


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


class AuditPage(BaseModel):
    """Some entries, newest first; `next` leads to older ones, where there are any."""

    entries: list[AuditView]
    next: int | None


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
    )
