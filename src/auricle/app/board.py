"""What is going on right now: live calls and the state of the parts, for whoever watches."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from auricle.calls.live import LiveCall
from auricle.kernel.ids import CallId, VoicemailId


@dataclass(frozen=True, slots=True)
class ServiceChanged:
    """A supervised part is now in this state."""

    name: str
    state: str


@dataclass(frozen=True, slots=True)
class VoicemailChanged:
    """A message arrived, was transcribed or was heard."""

    id: VoicemailId


@dataclass(frozen=True, slots=True)
class AlertRaised:
    """A rule over the audit log found something."""

    id: str


@dataclass(frozen=True, slots=True)
class AccessChanged:
    """Sessions ended, or what people may do changed."""


@dataclass(frozen=True, slots=True)
class KeysMoved:
    """Keys were rotated, sealing anew went on, or the state of their provider changed."""


@dataclass(frozen=True, slots=True)
class GlassChanged:
    """Somebody broke the glass, ended it, or it was reviewed (`broken`, `ended`, `reviewed`)."""

    id: str
    person: str
    state: str


Event = AccessChanged | GlassChanged | LiveCall | ServiceChanged | VoicemailChanged | AlertRaised | KeysMoved
Watcher = Callable[[Event], None]


class Board:
    """Fits `calls.ports.CallObserver`. Watchers are called in turn and must not block."""

    def __init__(self) -> None:
        self._calls: dict[CallId, LiveCall] = {}
        self._services: dict[str, str] = {}
        self._watchers: list[Watcher] = []
        self._change = asyncio.Event()

    def changed(self, call: LiveCall) -> None:
        """A call changed or ended."""
        if call.over:
            self._calls.pop(call.id, None)
        else:
            self._calls[call.id] = call
        self.publish(call)

    def service(self, name: str, state: str) -> None:
        """A supervised part changed."""
        self._services[name] = state
        self.publish(ServiceChanged(name, state))

    def publish(self, event: Event) -> None:
        """Tell all watchers, and wake `wait`."""
        for watcher in self._watchers:
            watcher(event)
        self._change.set()
        self._change = asyncio.Event()

    def watch(self, watcher: Watcher) -> Callable[[], None]:
        """Add a watcher; the returned call removes it."""
        self._watchers.append(watcher)
        return lambda: self._watchers.remove(watcher)

    def calls(self) -> tuple[LiveCall, ...]:
        """The running calls, oldest first."""
        return tuple(self._calls.values())

    def services(self) -> dict[str, str]:
        """The last known state of every part."""
        return dict(self._services)

    async def wait(self, timeout_s: float) -> None:
        """Return at the next event, or after `timeout_s`."""
        change = self._change
        try:
            await asyncio.wait_for(change.wait(), timeout_s)
        except TimeoutError:
            return
