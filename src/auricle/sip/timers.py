"""SIP timer values (RFC 3261 table 4, RFC 6026) and the one wheel on which everything that waits is hung.

The wheel is pure: `arm` and `disarm` cost O(1) however many wait, `due(now)` hands out what is ripe, `next_at` tells when to look again.
A disarmed owner leaves nothing behind, so an ended call with a 15-minute refresh ahead is freed at once.
"""

from heapq import heappop, heappush
from typing import Protocol

T1 = 0.5
"""Seconds: round-trip estimate."""
T2 = 4.0
"""Seconds: the longest gap between repeats of a non-INVITE request or of a final response to INVITE."""
T4 = 5.0
"""Seconds: how long a message may stay in the network."""
TIMEOUT_S = 64 * T1
"""Timers B, F, H, J, L, M and the life of an unacknowledged 2xx (13.3.1.4)."""
TIMER_D_S = 32.0
"""At least 32 s over unreliable transports (17.1.1.2)."""

TICKS_A_SECOND = 100  # 10 ms: the granularity RFC 3261 14.1 asks of its own random delays; nothing ever fires early
NOT_ARMED = 0


class Sleeper(Protocol):
    """Something that waits on the wheel; `tick` belongs to the wheel and starts as NOT_ARMED."""

    tick: int

    def on_timer(self, now: float) -> None:
        """The time it was armed for has come. `now` is seconds, monotonic."""
        ...


class Wheel:
    """Sleepers by the 10 ms tick in which they are due."""

    __slots__ = ("_slots", "_ticks")

    def __init__(self) -> None:
        self._slots: dict[int, dict[Sleeper, None]] = {}
        self._ticks: list[int] = []

    def arm(self, sleeper: Sleeper, when: float) -> None:
        """Wake `sleeper` at `when` (seconds, monotonic), instead of whatever it waited for before."""
        tick = int(when * TICKS_A_SECOND) + 1
        if tick / TICKS_A_SECOND < when:
            tick += 1  # the product was rounded down over a whole tick
        if sleeper.tick:
            if sleeper.tick == tick:
                return
            self.disarm(sleeper)
        slot = self._slots.get(tick)
        if slot is None:
            self._slots[tick] = {sleeper: None}
            heappush(self._ticks, tick)
        else:
            slot[sleeper] = None
        sleeper.tick = tick

    def disarm(self, sleeper: Sleeper) -> None:
        """Forget `sleeper`; fine when it does not wait."""
        tick = sleeper.tick
        if tick:
            sleeper.tick = NOT_ARMED
            slot = self._slots[tick]
            del slot[sleeper]
            if not slot:
                del self._slots[tick]

    def due(self, now: float) -> list[Sleeper]:
        """Take off the wheel everything armed for `now` or earlier, in order of time."""
        ripe: list[Sleeper] = []
        ticks = self._ticks
        while ticks and ticks[0] / TICKS_A_SECOND <= now:
            slot = self._slots.pop(heappop(ticks), None)
            if slot:
                for sleeper in slot:
                    sleeper.tick = NOT_ARMED
                    ripe.append(sleeper)
        return ripe

    def next_at(self) -> float | None:
        """The earliest time at which `due` may have something, None when nothing waits."""
        ticks = self._ticks
        while ticks and ticks[0] not in self._slots:
            heappop(ticks)
        return ticks[0] / TICKS_A_SECOND if ticks else None

    def __len__(self) -> int:
        return sum(map(len, self._slots.values()))
