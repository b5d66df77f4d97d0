"""Time-boxed grants: one action, for one person, until a moment, with a reason (45 CFR 164.308(a)(4)(ii)(B))."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from auricle.access.allowance import Allowance, Source
from auricle.access.model import CARE, READING
from auricle.kernel.errors import PeerError
from auricle.kernel.ids import PersonId
from auricle.kernel.phi import Phi

LONGEST = timedelta(days=31)  # longer than a month is a role, and roles stand in the settings
MIN_REASON_CHARS, MAX_REASON_CHARS = 10, 500
GRANTABLE = CARE | READING
RECORD = re.compile(r"(call|voicemail):[A-Za-z0-9-]{1,64}")


class BadGrant(PeerError):
    """A grant that may not be made; the text says what to change."""

    code: ClassVar[str] = "access.bad_grant"


@dataclass(frozen=True, slots=True)
class TimeGrant:
    """One grant. `record` is `call:ID` or `voicemail:ID`, empty for all; `reason` is sealed where it is kept."""

    id: str
    person: PersonId
    action: str
    record: str
    mailbox: str
    granted_by: str
    granted_at: datetime
    until: datetime
    revoked_at: datetime | None = None
    revoked_by: str = ""
    reason: Phi[str] | None = None
    """None where it was not opened."""

    def in_force(self, now: datetime) -> bool:
        """At this moment; the last one is already outside."""
        return self.granted_at <= now < self.until and (self.revoked_at is None or now < self.revoked_at)

    def allowance(self) -> Allowance:
        """As an actor carries it."""
        return Allowance(self.action, Source.GRANT, self.mailbox, self.record, self.id)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A grant somebody asks for."""

    person: PersonId
    action: str
    until: datetime
    reason: Phi[str]
    record: str = ""
    mailbox: str = ""


def check_grant(wanted: Wanted, now: datetime, mailboxes: Collection[str]) -> None:
    """Refuse what no grant may give. Raises BadGrant."""
    if wanted.action not in GRANTABLE:
        raise BadGrant("a grant gives looks at calls, voicemail and how the practice is run; anything else takes a role")
    if wanted.until <= now or wanted.until - now > LONGEST:
        raise BadGrant(f"let the grant end within {LONGEST.days} days from now")
    length = len(wanted.reason.reveal("grant rules").strip())
    if not MIN_REASON_CHARS <= length <= MAX_REASON_CHARS:
        raise BadGrant(f"give a reason of {MIN_REASON_CHARS} to {MAX_REASON_CHARS} characters")
    family = wanted.action.partition(".")[0]
    if wanted.record and (not RECORD.fullmatch(wanted.record) or not family.startswith(wanted.record.partition(":")[0])):
        raise BadGrant("name one record as call:ID for calls or voicemail:ID for voicemail, or leave it out")
    if wanted.mailbox and (family != "voicemail" or wanted.mailbox not in mailboxes):
        raise BadGrant("name a mailbox of the practice, for voicemail alone, or leave it out")
