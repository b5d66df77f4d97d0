"""Breaking the glass: emergency access to care records for a short time, told at once and reviewed after (45 CFR 164.312(a)(2)(ii))."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar

from auricle.access.allowance import Allowance, Source
from auricle.access.grants import MAX_REASON_CHARS, MIN_REASON_CHARS, RECORD
from auricle.access.model import CARE
from auricle.kernel.errors import PeerError
from auricle.kernel.ids import PersonId
from auricle.kernel.phi import Phi

MAX_MINUTES = 240
MAX_NOTE_CHARS = 1000


class BadBreakGlass(PeerError):
    """The glass may not be broken like this; the text says what to change."""

    code: ClassVar[str] = "break_glass.refused"


class AlreadyBroken(PeerError):
    """One at a time a person: end the one that runs, or use it."""

    code: ClassVar[str] = "break_glass.already"


class NothingBroken(PeerError):
    """There is no break-glass of this person in force, or none by this id."""

    code: ClassVar[str] = "break_glass.none"


class AlreadyReviewed(PeerError):
    """A verdict stands and is not changed afterwards."""

    code: ClassVar[str] = "break_glass.already_reviewed"


class Verdict(StrEnum):
    """What the review found."""

    JUSTIFIED = "justified"
    NOT_JUSTIFIED = "not-justified"


@dataclass(frozen=True, slots=True)
class Review:
    """A verdict, by whom and when."""

    verdict: Verdict
    by: str
    at: datetime
    note: Phi[str]


@dataclass(frozen=True, slots=True)
class BreakGlass:
    """One time somebody broke the glass. `record` narrows it to one record; `reason` is None where it was not opened."""

    id: str
    person: PersonId
    record: str
    started_at: datetime
    until: datetime
    ended_at: datetime | None = None
    reason: Phi[str] | None = None
    review: Review | None = None

    def in_force(self, now: datetime) -> bool:
        """At this moment; the last one is already outside."""
        return self.started_at <= now < self.until and (self.ended_at is None or now < self.ended_at)

    def allowances(self) -> tuple[Allowance, ...]:
        """Care, and nothing else: a record narrows those actions that are about one, the lists around it stay as they are."""
        actions = sorted(CARE)
        if self.record:
            family = self.record.partition(":")[0]
            actions = [action for action in actions if action.startswith(family)]
        return tuple(Allowance(action, Source.BREAK_GLASS, "", self.record, self.id) for action in actions)


def check_break(reason: Phi[str], minutes: int, record: str, current: BreakGlass | None, now: datetime) -> datetime:
    """When it will end. Raises BadBreakGlass or AlreadyBroken."""
    if current is not None and current.in_force(now):
        raise AlreadyBroken("you have broken the glass already: use it, or end it first")
    if not MIN_REASON_CHARS <= len(reason.reveal("break-glass rules").strip()) <= MAX_REASON_CHARS:
        raise BadBreakGlass(f"say why in {MIN_REASON_CHARS} to {MAX_REASON_CHARS} characters")
    if not 1 <= minutes <= MAX_MINUTES:
        raise BadBreakGlass(f"choose 1 to {MAX_MINUTES} minutes")
    if record and not RECORD.fullmatch(record):
        raise BadBreakGlass("name one record as call:ID or voicemail:ID, or leave it out")
    return now + timedelta(minutes=minutes)
