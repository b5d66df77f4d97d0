"""Who may do what: the matrix, what-if, grants, and marks of patients."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path

from auricle.access.model import Action
from auricle.web.access.schemas import (
    GrantForm,
    GrantList,
    GrantView,
    MatrixView,
    PatientForm,
    PatientList,
    PatientView,
    WhatIfForm,
    WhatIfView,
    grant_view,
    matrix_view,
    patient_view,
    what_if_view,
)
from auricle.web.guard import Ports, Requires
from auricle.web.ports import SignedIn

router = APIRouter(prefix="/access", tags=["access"])
Reader = Annotated[SignedIn, Depends(Requires(Action.ACCESS_READ))]
Granter = Annotated[SignedIn, Depends(Requires(Action.ACCESS_GRANT))]
Marker = Annotated[SignedIn, Depends(Requires(Action.ACCESS_PATIENTS))]
Ident = Annotated[str, Path(pattern=r"^[A-Za-z0-9-]{1,64}$")]


@router.get("/matrix")
async def access_matrix(ports: Ports, me: Reader) -> MatrixView:
    """Every role and action, by the policies and this practice's settings."""
    return matrix_view(list(await ports.access_admin.matrix(me.actor)))


@router.post("/what-if")
async def access_what_if(form: WhatIfForm, ports: Ports, me: Reader) -> WhatIfView:
    """One decision explained, for a person or for somebody with these roles."""
    return what_if_view(await ports.access_admin.what_if(me.actor, form.question()))


@router.get("/grants")
async def access_grants(ports: Ports, me: Reader) -> GrantList:
    """Grants, newest first."""
    now = datetime.now(UTC)
    return GrantList(grants=[grant_view(ports.practice, grant, now) for grant in await ports.access_admin.grants(me.actor)])


@router.post("/grants", status_code=201)
async def access_grant(form: GrantForm, ports: Ports, me: Granter) -> GrantView:
    """Make a grant; nobody can make one for themselves."""
    return grant_view(ports.practice, await ports.access_admin.grant(me.actor, form.wanted()), datetime.now(UTC))


@router.delete("/grants/{grant}", status_code=204)
async def revoke_grant(grant: Ident, ports: Ports, me: Granter) -> None:
    """End a grant at once."""
    await ports.access_admin.revoke(me.actor, grant)


@router.get("/patients")
async def marked_patients(ports: Ports, me: Marker) -> PatientList:
    """Marked numbers, newest first."""
    teams = sorted({team for person in ports.practice.people.values() for team in person.teams})
    found = await ports.access_admin.patients(me.actor)
    return PatientList(patients=[patient_view(ports.practice, mark) for mark in found], teams=teams)


@router.post("/patients", status_code=201)
async def mark_patient(form: PatientForm, ports: Ports, me: Marker) -> PatientView:
    """Make or replace the mark of a number."""
    return patient_view(ports.practice, await ports.access_admin.mark(me.actor, form.marking()))


@router.delete("/patients/{mark}", status_code=204)
async def unmark_patient(mark: Ident, ports: Ports, me: Marker) -> None:
    """Forget a mark."""
    await ports.access_admin.unmark(me.actor, mark)
