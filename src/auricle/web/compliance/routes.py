"""Retention, legal holds, agreements, and which features they switch off."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path

from auricle.access.model import Action
from auricle.compliance.parties import Party
from auricle.web.compliance.schemas import (
    AgreementForm,
    AgreementView,
    FeatureView,
    HoldForm,
    HoldView,
    PreviewView,
    RetentionView,
    ScheduleForm,
    agreement_view,
    feature_view,
    hold_view,
    preview_view,
    retention_view,
)
from auricle.web.guard import Ports, Requires
from auricle.web.ports import SignedIn

router = APIRouter(tags=["compliance"])
HoldId = Annotated[str, Path(pattern=r"^[A-Za-z0-9]{1,64}$")]
PartyId = Annotated[str, Path(pattern=r"^[a-z-]{1,20}(:[a-z0-9-]{1,40})?$")]


@router.get("/retention")
async def retention(ports: Ports, me: Annotated[SignedIn, Depends(Requires(Action.RETENTION_READ))]) -> RetentionView:
    """How long each kind of record is kept, and how the daily run goes."""
    return retention_view(ports.practice, await ports.compliance.retention(me.actor))


@router.post("/retention/preview")
async def preview_retention(
    form: ScheduleForm, ports: Ports, me: Annotated[SignedIn, Depends(Requires(Action.RETENTION_READ))]
) -> PreviewView:
    """What a schedule would delete; changes nothing."""
    return preview_view(await ports.compliance.preview(me.actor, form.changes()))


@router.put("/retention")
async def change_retention(
    form: ScheduleForm, ports: Ports, me: Annotated[SignedIn, Depends(Requires(Action.RETENTION_CHANGE))]
) -> RetentionView:
    """Change the schedule; where that deletes anything, with the token of its preview."""
    await ports.compliance.change(me.actor, form.changes(), form.preview_token)
    return retention_view(ports.practice, await ports.compliance.retention(me.actor))


@router.post("/retention/run", status_code=202)
async def run_retention(ports: Ports, me: Annotated[SignedIn, Depends(Requires(Action.RETENTION_RUN))]) -> None:
    """Begin a run now instead of at the quiet hour."""
    await ports.compliance.run(me.actor)


@router.post("/retention/clock", status_code=204)
async def believe_clock(ports: Ports, me: Annotated[SignedIn, Depends(Requires(Action.RETENTION_RUN))]) -> None:
    """Say that the clock is right: after a long time off, nothing is deleted until somebody does."""
    await ports.compliance.believe_clock(me.actor)


@router.get("/holds")
async def holds(ports: Ports, me: Annotated[SignedIn, Depends(Requires(Action.HOLDS_READ))]) -> list[HoldView]:
    """Legal holds, those in force first."""
    return [hold_view(ports.practice, hold) for hold in await ports.compliance.holds(me.actor)]


@router.post("/holds", status_code=201)
async def place_hold(form: HoldForm, ports: Ports, me: Annotated[SignedIn, Depends(Requires(Action.HOLDS_CHANGE))]) -> HoldView:
    """Keep records from being deleted, by schedule or by hand."""
    return hold_view(ports.practice, await ports.compliance.place(me.actor, form.asked()))


@router.delete("/holds/{hold}", status_code=204)
async def release_hold(hold: HoldId, ports: Ports, me: Annotated[SignedIn, Depends(Requires(Action.HOLDS_CHANGE))]) -> None:
    """Release a hold; what is due goes at the next run."""
    await ports.compliance.release(me.actor, hold)


@router.get("/agreements")
async def agreements(ports: Ports, me: Annotated[SignedIn, Depends(Requires(Action.AGREEMENTS_READ))]) -> list[AgreementView]:
    """Business associate agreements: every party there is or could be, and where the practice stands."""
    return [agreement_view(state, list(blocks)) for state, blocks in await ports.compliance.agreements(me.actor)]


@router.put("/agreements/{party}", status_code=204)
async def note_agreement(
    party: PartyId, form: AgreementForm, ports: Ports, me: Annotated[SignedIn, Depends(Requires(Action.AGREEMENTS_CHANGE))]
) -> None:
    """Note a signed agreement, or correct the one that was noted."""
    await ports.compliance.agree(me.actor, Party.parse(party), form.asked())


@router.delete("/agreements/{party}", status_code=204)
async def end_agreement(party: PartyId, ports: Ports, me: Annotated[SignedIn, Depends(Requires(Action.AGREEMENTS_CHANGE))]) -> None:
    """End an agreement at once; it stays on record."""
    await ports.compliance.end_agreement(me.actor, Party.parse(party))


@router.get("/features")
async def features(ports: Ports, me: Annotated[SignedIn, Depends(Requires(Action.SYSTEM_READ))]) -> list[FeatureView]:
    """The features that need an agreement, and where each one stands."""
    return [feature_view(state) for state in await ports.compliance.features(me.actor)]
