"""Finished and running calls."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from auricle.access.model import Action
from auricle.web.calls.schemas import CallPage, LiveCalls, call_view, live_view
from auricle.web.cursor import MAX_CURSOR_CHARS, decode_cursor, encode_cursor
from auricle.web.guard import Ports, Requires
from auricle.web.ports import SignedIn

router = APIRouter(prefix="/calls", tags=["calls"])


@router.get("")
async def calls_page(
    ports: Ports,
    me: Annotated[SignedIn, Depends(Requires(Action.CALLS_LIST))],
    before: Annotated[str | None, Query(max_length=MAX_CURSOR_CHARS)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 100,
) -> CallPage:
    """Finished calls, newest first."""
    calls = await ports.calls.page(me.actor, decode_cursor(before) if before else None, limit)
    more = encode_cursor(calls[-1].what.started_at, calls[-1].what.id) if len(calls) == limit else None
    return CallPage(calls=[call_view(ports.practice, call) for call in calls], next=more)


@router.get("/live")
async def live_calls(ports: Ports, me: Annotated[SignedIn, Depends(Requires(Action.CALLS_LIVE))]) -> LiveCalls:
    """Running calls, oldest first."""
    calls = await ports.calls.live(me.actor)
    return LiveCalls(calls=[live_view(ports.practice, call) for call in calls])
