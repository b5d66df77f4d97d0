"""The last happenings, numbered, shared by all watchers. A watcher that falls behind the ring loses its place, never memory of ours."""

import asyncio
import secrets
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from auricle.web.ports import Happening

KEPT = 512  # at 40 changes a minute, more than ten minutes of absence


@dataclass(frozen=True, slots=True)
class Numbered:
    """One happening; numbers grow by one."""

    number: int
    what: Happening


class Hub:
    """One a server. `publish` fits `web.ports.Watch`'s watcher: it is called on the loop and does not block."""

    def __init__(self, kept: int = KEPT) -> None:
        self._boot = secrets.token_hex(4)
        self._ring: deque[Numbered] = deque(maxlen=kept)
        self._last = 0
        self._change = asyncio.Event()
        self._closed = False
        self._streams: Counter[str] = Counter()

    @property
    def last(self) -> int:
        """The number of the newest happening."""
        return self._last

    @property
    def closed(self) -> bool:
        """Whether the server stops."""
        return self._closed

    def publish(self, what: Happening) -> None:
        """Keep a happening and wake all watchers."""
        self._last += 1
        self._ring.append(Numbered(self._last, what))
        self._wake()

    def close(self) -> None:
        """End all streams, so that the server can stop."""
        self._closed = True
        self._wake()

    def event_id(self, number: int) -> str:
        """The SSE id of a number; ids of an earlier run of the server are told apart."""
        return f"{self._boot}-{number}"

    def place_of(self, event_id: str | None) -> int | None:
        """The number behind an SSE id, if what followed it is still kept."""
        boot, _, number = (event_id or "").partition("-")
        if boot != self._boot or not number.isascii() or not number.isdecimal() or len(number) > 15:
            return None
        place = int(number)
        return place if self.since(place) is not None else None

    def since(self, place: int) -> Sequence[Numbered] | None:
        """What came after a place; None where some of it is no longer kept (or never was)."""
        missed = self._last - place
        if missed < 0 or missed > len(self._ring):
            return None
        return list(self._ring)[len(self._ring) - missed :]

    async def wait(self, place: int, timeout_s: float) -> None:
        """Return once something follows the place, the hub closes, or `timeout_s` have passed."""
        if self._last > place or self._closed:
            return
        change = self._change
        try:
            await asyncio.wait_for(change.wait(), timeout_s)
        except TimeoutError:
            return

    def streams_of(self, session_id: str) -> int:
        """How many streams a session has open."""
        return self._streams[session_id]

    @contextmanager
    def stream(self, session_id: str) -> Iterator[None]:
        """Count a stream while it runs."""
        self._streams[session_id] += 1
        try:
            yield
        finally:
            self._streams[session_id] -= 1
            self._streams += Counter()  # drop those at zero

    def _wake(self) -> None:
        self._change.set()
        self._change = asyncio.Event()
