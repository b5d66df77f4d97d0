"""Alerts as the console shows them."""

from datetime import datetime

from pydantic import BaseModel, Field

from auricle.kernel.ids import PersonId
from auricle.practice.model import Practice
from auricle.web.alerts.ports import AlertFound, RuleFound
from auricle.web.names import PersonRef, person_ref

MAX_NOTE_CHARS = 2000


class AlertView(BaseModel):
    """What a rule found: the entry that set it off, whose act it was, about what (`*`: several things), how much there was of it.

    `state` is `open` or `acknowledged`.
    """

    id: str
    rule: str
    at: datetime
    entry: int
    actor: PersonRef
    subject: str
    count: int
    text: str
    state: str
    acknowledged_at: datetime | None
    acknowledged_by: PersonRef | None
    note: str | None


class AlertPage(BaseModel):
    """Some alerts, newest first; `next` leads to older ones."""

    alerts: list[AlertView]
    next: int | None


class AlertNote(BaseModel):
    """The event `alert`: the list has what may be shown of it."""

    id: str


class Acknowledgement(BaseModel):
    """What was found out; kept sealed."""

    note: str = Field(min_length=1, max_length=MAX_NOTE_CHARS)


class RuleView(BaseModel):
    """A rule and its threshold in words."""

    id: str
    about: str
    threshold: str
    on: bool


class Rules(BaseModel):
    """Every rule."""

    rules: list[RuleView]


def alert_view(practice: Practice, alert: AlertFound) -> AlertView:
    """One alert for a screen."""
    seen = alert.acknowledged_at is not None
    return AlertView(
        id=alert.id,
        rule=alert.rule,
        at=alert.at,
        entry=alert.entry,
        actor=person_ref(practice, PersonId(alert.actor)),
        subject=alert.subject,
        count=alert.count,
        text=alert.text,
        state="acknowledged" if seen else "open",
        acknowledged_at=alert.acknowledged_at,
        acknowledged_by=person_ref(practice, PersonId(alert.acknowledged_by)) if seen else None,
        note=alert.note,
    )


def rule_view(rule: RuleFound) -> RuleView:
    """One rule."""
    return RuleView(id=rule.id, about=rule.about, threshold=rule.threshold, on=rule.on)
