"""Console sessions: how long they live, and what a password must be (NIST SP 800-63B 5.1.1)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from auricle.kernel.errors import PeerError
from auricle.kernel.ids import PersonId

ABSOLUTE = timedelta(hours=12)
MIN_PASSWORD_CHARS, MAX_PASSWORD_CHARS = 12, 256


class BadPassword(PeerError):
    """A new password that may not be used; the text says what to do."""

    code: ClassVar[str] = "access.bad_password"


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in session. Only a hash of its token is kept."""

    id: str
    username: str
    person: PersonId
    started_at: datetime
    last_seen_at: datetime

    def alive(self, now: datetime, idle: timedelta) -> bool:
        """Neither idle for too long (45 CFR 164.312(a)(2)(iii)) nor older than a working day."""
        return now - self.last_seen_at <= idle and now - self.started_at <= ABSOLUTE


def check_password(password: str, username: str) -> None:
    """Refuse what is too short, too long, or the user name. Raises BadPassword."""
    if len(password) < MIN_PASSWORD_CHARS:
        raise BadPassword(f"choose a password of at least {MIN_PASSWORD_CHARS} characters")
    if len(password) > MAX_PASSWORD_CHARS:
        raise BadPassword(f"choose a password of at most {MAX_PASSWORD_CHARS} characters")
    if username.lower() in password.lower() or len(set(password)) < 5:
        raise BadPassword("choose a password that is not your user name and not one character repeated")
