"""The audit log, to read, search, prove and export; each of these is an entry too."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query
from fastapi.responses import StreamingResponse

from auricle.access.model import Action
from auricle.audit.formats import MEDIA_TYPES, Format
from auricle.audit.search import AuditQuery
from auricle.web.audit.csv import report_csv
from auricle.web.audit.schemas import (
    AuditEntryView,
    AuditPage,
    Checkpoints,
    PatientReport,
    PatientReportRequest,
    audit_view,
    checkpoints_view,
    entry_view,
    look_view,
)
from auricle.web.errors import Refused
from auricle.web.guard import Ports, Requires
from auricle.web.ports import SignedIn

router = APIRouter(prefix="/audit", tags=["audit"])
ZONE = "Give times with a zone, such as 2026-11-25T08:00:00Z."
MAX_TEXT = 200  # longer than any id or action
Text = Annotated[str, Query(max_length=MAX_TEXT)]
Number = Annotated[int, Path(ge=0, le=2**53)]
_FILES: dict[int | str, dict[str, Any]] = {200: {"content": {kind.partition(";")[0]: {} for kind in MEDIA_TYPES.values()}}}


def query_of(  # noqa: PLR0913, PLR0917 - a filter each
    before: Annotated[int | None, Query(ge=0, le=2**53)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 100,
    actor: Text = "",
    action: Text = "",
    kind: Text = "",
    ref: Text = "",
    outcome: Text = "",
    since: Annotated[datetime | None, Query()] = None,
    until: Annotated[datetime | None, Query()] = None,
) -> AuditQuery:
    """The search of a request. Times need a zone."""
    if any(at is not None and at.tzinfo is None for at in (since, until)):
        raise Refused(400, "web.invalid_input", "The request is not in the right form", ZONE)
    return AuditQuery(before, limit, actor, action, kind, ref, outcome, since, until)


@router.get("")
async def audit_page(
    ports: Ports, me: Annotated[SignedIn, Depends(Requires(Action.AUDIT_READ))], query: Annotated[AuditQuery, Depends(query_of)]
) -> AuditPage:
    """Entries that fit every filter, newest first."""
    lines = await ports.audit.page(me.actor, query)
    more = lines[-1].number if len(lines) == query.limit and lines[-1].number else None
    return AuditPage(entries=[audit_view(ports.practice, line) for line in lines], next=more)


@router.get("/checkpoints")
async def audit_checkpoints(ports: Ports, me: Annotated[SignedIn, Depends(Requires(Action.AUDIT_READ))]) -> Checkpoints:
    """The newest signed checkpoints and where they are kept."""
    return checkpoints_view(await ports.audit.checkpoints(me.actor))


@router.get("/export", response_class=StreamingResponse, responses=_FILES)
async def audit_export(
    ports: Ports,
    me: Annotated[SignedIn, Depends(Requires(Action.AUDIT_EXPORT))],
    form: Annotated[Format, Query(alias="format")] = Format.JSONL,
) -> StreamingResponse:
    """The whole log as a file; `jsonl` verifies by itself."""
    pieces: AsyncIterator[bytes] = await ports.audit.export(me.actor, form)
    suffix = "ndjson" if form is Format.FHIR else form.value
    headers = {"Content-Disposition": f'attachment; filename="audit.{suffix}"', "Cache-Control": "no-store"}
    return StreamingResponse(pieces, 200, headers, MEDIA_TYPES[form])


@router.post("/patient-report")
async def patient_report(
    ports: Ports, me: Annotated[SignedIn, Depends(Requires(Action.AUDIT_REPORT))], asked: PatientReportRequest
) -> PatientReport:
    """Who looked at the records of a telephone number."""
    looks = await ports.audit.patient_report(me.actor, asked.number)
    return PatientReport(looks=[look_view(ports.practice, look) for look in looks])


@router.post("/patient-report.csv", response_class=StreamingResponse, responses={200: {"content": {"text/csv": {}}}})
async def patient_report_csv(
    ports: Ports, me: Annotated[SignedIn, Depends(Requires(Action.AUDIT_REPORT))], asked: PatientReportRequest
) -> StreamingResponse:
    """The same as a table, for the patient."""
    looks = await ports.audit.patient_report(me.actor, asked.number)
    headers = {"Content-Disposition": 'attachment; filename="who-looked.csv"', "Cache-Control": "no-store"}
    return StreamingResponse(report_csv(ports.practice, looks), 200, headers, MEDIA_TYPES[Format.CSV])


@router.get("/{number}")
async def audit_entry(
    number: Number,
    ports: Ports,
    me: Annotated[SignedIn, Depends(Requires(Action.AUDIT_READ))],
    private: bool = False,
) -> AuditEntryView:
    """One entry and the proof that it is in the log; `private` opens its sealed detail and needs `audit.private` and a step-up."""
    return entry_view(ports.practice, await ports.audit.entry(me.actor, number, private=private))
