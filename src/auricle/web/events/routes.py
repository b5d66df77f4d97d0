"""The live stream."""

from typing import Annotated, cast

from fastapi import APIRouter, Depends, Header, Request
from fastapi.responses import StreamingResponse

from auricle.access.model import Action
from auricle.web.errors import Refused
from auricle.web.events.hub import Hub
from auricle.web.events.stream import Watcher
from auricle.web.guard import Ports, Requires, address_of
from auricle.web.ports import SignedIn

router = APIRouter(tags=["events"])
MAX_STREAMS = 8  # windows of one session; a ninth is somebody's loop


@router.get("/events", response_class=StreamingResponse, responses={200: {"content": {"text/event-stream": {}}}})
async def events(
    request: Request,
    ports: Ports,
    me: Annotated[SignedIn, Depends(Requires(Action.EVENTS_WATCH))],
    last_event_id: Annotated[str | None, Header(max_length=64)] = None,
) -> StreamingResponse:
    """`live` and `system` snapshots, then `call`, `voicemail` and `service` changes; `signed-out` at the end of a session."""
    hub = cast(Hub, request.app.state.hub)
    if hub.streams_of(me.actor.session_id) >= MAX_STREAMS:
        raise Refused(
            429, "web.too_many_streams", "Too many windows are open", "Close other windows of the console, then load this one again."
        )
    watcher = Watcher(ports, hub, me, address_of(request))
    return StreamingResponse(watcher.run(last_event_id), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})
