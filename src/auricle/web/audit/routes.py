"""The audit log, to read; reading it is an entry too."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from auricle.access.model import Action
from auricle.web.audit.schemas import AuditPage, audit_view
from auricle.web.guard import Ports, Requires
from auricle.web.ports import SignedIn

router = APIRouter(prefix="/audit", tags=["audit"])


@router.get("")
async def audit_page(
    ports: Ports,
    me: Annotated[SignedIn, Depends(Requires(Action.AUDIT_READ))],
    before: Annotated[int | None, Query(ge=0, le=2**53)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 100,
) -> AuditPage:
    """Entries, newest first."""
    lines = await ports.audit.page(me.actor, before, limit)
    more = lines[-1].number if len(lines) == limit and lines[-1].number else None
    return AuditPage(entries=[audit_view(ports.practice, line) for line in lines], next=more)
