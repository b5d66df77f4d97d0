"""Whether the clock may be believed before something is deleted by it. A wrong clock stops deletion; it never hurries it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

SLACK = timedelta(minutes=5)  # clocks are corrected by seconds; more than that is somebody's hand or a dead battery
MAX_JUMP = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Witness:
    """What was seen of time: the wall clock and the monotonic clock at one moment of this run."""

    wall: datetime
    ticks: float

    def expected(self, ticks: float) -> datetime:
        """What the wall clock should say when the monotonic one says `ticks`."""
        return self.wall + timedelta(seconds=ticks - self.ticks)


def jump(now: datetime, ticks: float, witness: Witness) -> timedelta:
    """How far the wall clock went ahead of the monotonic one since the witness; negative where it was set back."""
    return now - witness.expected(ticks)


def fault(now: datetime, *, newest_entry: datetime | None, seen: datetime | None, jumped: timedelta) -> str:
    """Why nothing may be deleted by this clock, in a sentence; empty where it may be believed.

    `newest_entry` is the time of the newest audit entry, `seen` the last time an earlier run (or this one) saw and believed,
    `jumped` what this run saw the clock jump.
    """
    if newest_entry is not None and now < newest_entry - SLACK:
        return "The clock is behind the newest entry of the audit log: it was set back, or was wrong before."
    if jumped < -SLACK:
        return "The clock was set back while the practice ran."
    if jumped > MAX_JUMP:
        return "The clock jumped ahead by more than a day while the practice ran."
    if seen is not None and now < seen - SLACK:
        return "The clock is behind what it said before: it was set back, or was wrong before."
    if seen is not None and now - seen > MAX_JUMP:
        return "The clock is more than a day ahead of when the practice last ran: it was off for that long, or the clock is wrong."
    return ""
