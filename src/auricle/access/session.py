"""Console sessions: how long they live, and how long a step-up counts."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from auricle.kernel.ids import PersonId

ABSOLUTE = timedelta(hours=12)
STEP_UP = timedelta(minutes=5)
TOKEN_GRACE = timedelta(seconds=10)  # requests that were on their way when the token changed; such a token proves no step-up
MAX_SESSIONS = 20  # windows, tablets and forgotten ones of one account; a new one ends the oldest


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in session. Only a hash of its token is kept."""

    id: str
    username: str
    person: PersonId
    started_at: datetime
    last_seen_at: datetime
    address: str = ""
    method: str = "password"
    second_factor: str = "none"
    stepped_up_until: datetime | None = None

    def alive(self, now: datetime, idle: timedelta) -> bool:
        """Neither idle for too long (45 CFR 164.312(a)(2)(iii)) nor older than a working day."""
        return now - self.last_seen_at <= idle and now - self.started_at <= ABSOLUTE

    def stepped_up(self, now: datetime) -> bool:
        """Whether a step-up counts now."""
        return self.stepped_up_until is not None and now < self.stepped_up_until
