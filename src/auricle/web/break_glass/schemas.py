"""Emergency access as the console shows it."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from auricle.access.break_glass import MAX_MINUTES, MAX_NOTE_CHARS, BreakGlass, Verdict
from auricle.access.grants import MAX_REASON_CHARS, MIN_REASON_CHARS
from auricle.kernel.ids import PersonId
from auricle.practice.model import Practice
from auricle.web.names import PersonRef, person_ref, said


class BreakGlassForm(BaseModel):
    """Why, for how long, and the one record it is about, if it is one (`voicemail:ID`)."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(min_length=MIN_REASON_CHARS, max_length=MAX_REASON_CHARS)
    minutes: int = Field(ge=1, le=MAX_MINUTES)
    record: str = Field("", pattern=r"^((call|voicemail):[A-Za-z0-9-]{1,64})?$")


class BrokenView(BaseModel):
    """Emergency access in force."""

    id: str
    until: datetime


class ReviewForm(BaseModel):
    """A verdict and what was found."""

    model_config = ConfigDict(extra="forbid")

    verdict: Verdict
    note: str = Field("", max_length=MAX_NOTE_CHARS)


class ReviewView(BaseModel):
    """A verdict that stands."""

    verdict: Verdict
    note: str
    by: PersonRef
    at: datetime


class GlassView(BaseModel):
    """One time somebody broke the glass; what was looked at is in the audit log between `started_at` and `over_at`."""

    id: str
    person: PersonRef
    reason: str
    record: str
    started_at: datetime
    until: datetime
    over_at: datetime
    state: Literal["in-force", "to-review", "reviewed"]
    review: ReviewView | None


class GlassQueue(BaseModel):
    """All of them, newest first; `waiting` counts those without a verdict."""

    entries: list[GlassView]
    waiting: int


class GlassNote(BaseModel):
    """On the live stream, for those who review."""

    id: str
    person: PersonRef
    state: str


def glass_view(practice: Practice, glass: BreakGlass, now: datetime) -> GlassView:
    """One for a screen."""
    review = glass.review
    state: Literal["in-force", "to-review", "reviewed"] = "reviewed" if review else "in-force" if glass.in_force(now) else "to-review"
    return GlassView(
        id=glass.id,
        person=person_ref(practice, glass.person),
        reason=said(glass.reason) if glass.reason is not None else "",
        record=glass.record,
        started_at=glass.started_at,
        until=glass.until,
        over_at=min(glass.until, glass.ended_at or glass.until),
        state=state,
        review=ReviewView(verdict=review.verdict, note=said(review.note), by=person_ref(practice, PersonId(review.by)), at=review.at)
        if review
        else None,
    )
