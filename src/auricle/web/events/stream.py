"""One watcher's stream (WHATWG HTML 9.2): what it missed or a snapshot, then every change its roles may see.

The session is looked at again every few seconds: a sign-out, an ended session or a lost role ends what the stream shows.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from pydantic import BaseModel

from auricle.access.model import Action
from auricle.calls.live import LiveCall
from auricle.kernel.ids import PersonId
from auricle.web.alerts.ports import AlertRaised
from auricle.web.alerts.schemas import AlertNote
from auricle.web.break_glass.ports import GlassChanged
from auricle.web.break_glass.schemas import GlassNote
from auricle.web.calls.schemas import LiveCalls, live_view
from auricle.web.events.hub import Hub, Numbered
from auricle.web.events.topics import TOPICS
from auricle.web.keys.ports import KeysChanged
from auricle.web.keys.schemas import keys_note
from auricle.web.names import person_ref
from auricle.web.ports import AccessChanged, Happening, ServiceState, SignedIn, VoicemailChanged, WebPorts
from auricle.web.system.schemas import ServiceView, SystemView

CHECK_S = 10.0  # how long a revoked session may still see changes (case RBAC-29c5), and the keep-alive of proxies
PACE_S = 0.1  # a change alone is told at once; a storm of them ten times a second
RECONNECT = b"retry: 2000\n\n"


class VoicemailNote(BaseModel):
    """A message changed; the list has what may be shown of it."""

    id: str


class AccessNote(BaseModel):
    """What this session may do has changed: load it again."""

    changed: bool = True


class SignedOut(BaseModel):
    """The session has ended."""

    reason: str = "ended"


@dataclass(slots=True)
class Watcher:
    """One stream. `permitted` is renewed while it runs."""

    ports: WebPorts
    hub: Hub
    session: SignedIn
    address: str
    permitted: frozenset[str] = frozenset()

    async def run(self, last_event_id: str | None, check_s: float = CHECK_S, pace_s: float = PACE_S) -> AsyncIterator[bytes]:
        """The stream's bytes, until the session or the server ends."""
        with self.hub.stream(self.session.actor.session_id):
            async for piece in self._pieces(last_event_id, check_s, pace_s):
                yield piece

    async def _pieces(self, last_event_id: str | None, check_s: float, pace_s: float) -> AsyncIterator[bytes]:
        self.permitted = frozenset(self.ports.access.permissions(self.session.actor))
        yield RECONNECT
        place = self.hub.place_of(last_event_id)
        if place is None:
            place = self.hub.last
            yield await self._snapshot()
        elif self._may("live"):
            await self.ports.calls.live(self.session.actor)  # the stream shows callers, so opening it is an audited look at them
        while not self.hub.closed:
            missed, before = self.hub.since(place), self.permitted
            if not await self._still_signed_in():  # asked after `missed` was read: nothing of later than the end is sent
                yield frame("signed-out", SignedOut(), "")
                return
            if self.permitted != before and self._may("access"):
                yield frame("access", AccessNote(), "")
            if missed is None:  # too slow for the ring: start over
                place = self.hub.last
                yield await self._snapshot()
                continue
            for item in _newest(missed):
                yield await self._event(item.what, self.hub.event_id(item.number))
            if missed:
                place = missed[-1].number
                await asyncio.sleep(pace_s)
            await self.hub.wait(place, check_s)
            if self.hub.last == place:
                yield b": still here\n\n"

    async def _still_signed_in(self) -> bool:
        session = await self.ports.sessions.still(self.session)
        if session is None:
            return False
        self.session = session
        self.permitted = frozenset(self.ports.access.permissions(session.actor))
        return Action.EVENTS_WATCH in self.permitted

    async def _snapshot(self) -> bytes:
        """All that runs, through the audited ports."""
        ident, out = self.hub.event_id(self.hub.last), b""
        if self._may("live"):
            calls = await self.ports.calls.live(self.session.actor)
            out += frame("live", LiveCalls(calls=[live_view(self.ports.practice, call) for call in calls]), ident)
        if not self._may("system"):
            return out
        services = await self.ports.system.services(self.session.actor)
        return out + frame("system", SystemView(services=[ServiceView(name=part.name, state=part.state) for part in services]), ident)

    async def _event(self, what: Happening, ident: str) -> bytes:
        if isinstance(what, LiveCall):
            return await self._call(what, ident)
        if isinstance(what, VoicemailChanged):
            return await self._voicemail(what, ident)
        if isinstance(what, AccessChanged):
            return b""  # it woke this stream, which has looked again
        topic, view = self._view(what)
        return frame(topic, view, ident) if self._may(topic) else b""

    async def _call(self, call: LiveCall, ident: str) -> bytes:
        """As this person may see this very call; nothing where its being is not theirs to know."""
        seen = await self.ports.calls.seen(self.session.actor, call) if self._may("call") else None
        return frame("call", live_view(self.ports.practice, seen), ident) if seen is not None else b""

    async def _voicemail(self, changed: VoicemailChanged, ident: str) -> bytes:
        known = self._may("voicemail") and await self.ports.voicemails.known_to(self.session.actor, changed.id)
        return frame("voicemail", VoicemailNote(id=changed.id), ident) if known else b""

    def _view(self, what: AlertRaised | GlassChanged | KeysChanged | ServiceState) -> tuple[str, BaseModel]:
        match what:
            case GlassChanged():
                person = person_ref(self.ports.practice, PersonId(what.person))
                return "break-glass", GlassNote(id=what.id, person=person, state=what.state)
            case AlertRaised():
                return "alert", AlertNote(id=what.id)
            case ServiceState():
                return "service", ServiceView(name=what.name, state=what.state)
            case KeysChanged():
                return "keys", keys_note(what)

    def _may(self, topic: str) -> bool:
        return TOPICS[topic] in self.permitted


def _newest(items: Sequence[Numbered]) -> list[Numbered]:
    """Without the states of a call that a later one in the same batch replaces."""
    last = {item.what.id: item.number for item in items if isinstance(item.what, LiveCall)}
    return [item for item in items if not isinstance(item.what, LiveCall) or last[item.what.id] == item.number]


def frame(event: str, data: BaseModel, ident: str) -> bytes:
    """One SSE event; JSON has no line ends, so one data line is enough."""
    head = f"id: {ident}\n" if ident else ""
    return f"{head}event: {event}\ndata: {data.model_dump_json()}\n\n".encode()
