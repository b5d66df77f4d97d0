"""What the alert pages need of the rest. Every method passes the gate inside and raises `vault.errors.NotPermitted`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from auricle.kernel.actor import Actor


@dataclass(frozen=True, slots=True)
class AlertFound:
    """Something a rule found in the log. Nothing of a patient stands here; `note` is the opened note of whoever acknowledged it."""

    id: str
    rule: str
    at: datetime
    entry: int
    actor: str
    subject: str
    """A record, an address, or `*` for several."""
    count: int
    text: str
    acknowledged_at: datetime | None = None
    acknowledged_by: str = ""
    note: str | None = None


@dataclass(frozen=True, slots=True)
class RuleFound:
    """A rule as it is set: what it watches, and its threshold in words."""

    id: str
    about: str
    threshold: str
    on: bool


@dataclass(frozen=True, slots=True)
class AlertRaised:
    """A rule found something; the list says what."""

    id: str


class Alerts(Protocol):
    """Alerts, for those who may see them."""

    async def alerts(self, actor: Actor, before: int | None, limit: int, *, unseen: bool) -> Sequence[AlertFound]:
        """Alerts, newest first, those about entries before a number; `unseen` leaves out acknowledged ones."""
        ...

    async def acknowledge(self, actor: Actor, alert: str, note: str) -> None:
        """Note that it was looked into; the first acknowledgement counts. Raises NotFound."""
        ...

    def rules(self) -> Sequence[RuleFound]:
        """Every rule and its threshold."""
        ...
