"""Emergency access: breaking the glass, ending it, reviewing it."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path

from auricle.access.model import Action
from auricle.kernel.phi import Phi
from auricle.web.break_glass.schemas import BreakGlassForm, BrokenView, GlassQueue, ReviewForm, glass_view
from auricle.web.guard import Ports, Requires
from auricle.web.ports import SignedIn

router = APIRouter(prefix="/break-glass", tags=["break-glass"])
User = Annotated[SignedIn, Depends(Requires(Action.BREAK_GLASS_USE))]
Reviewer = Annotated[SignedIn, Depends(Requires(Action.BREAK_GLASS_REVIEW))]


@router.post("", status_code=201)
async def break_the_glass(form: BreakGlassForm, ports: Ports, me: User) -> BrokenView:
    """Take emergency access to calls and voicemail for a while; the privacy officer is told at once."""
    broken = await ports.break_glass.break_glass(me.actor, Phi(form.reason), form.minutes, form.record)
    return BrokenView(id=broken.id, until=broken.until)


@router.delete("/current", status_code=204)
async def end_break_glass(ports: Ports, me: User) -> None:
    """End one's own emergency access."""
    await ports.break_glass.end(me.actor)


@router.get("")
async def break_glass_queue(ports: Ports, me: Reviewer) -> GlassQueue:
    """Every time the glass was broken, newest first."""
    found = await ports.break_glass.queue(me.actor)
    now = datetime.now(UTC)
    return GlassQueue(
        entries=[glass_view(ports.practice, glass, now) for glass in found], waiting=sum(glass.review is None for glass in found)
    )


@router.post("/{glass}/review", status_code=204)
async def review_break_glass(
    glass: Annotated[str, Path(pattern=r"^[A-Za-z0-9-]{1,64}$")], form: ReviewForm, ports: Ports, me: Reviewer
) -> None:
    """Give a verdict; nobody reviews their own."""
    await ports.break_glass.review(me.actor, glass, form.verdict, Phi(form.note))
