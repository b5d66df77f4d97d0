"""What the compliance routes need of the rest. Every method passes the gate inside and raises `vault.gate.NotPermitted`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from auricle.compliance.agreements import PartyState
from auricle.compliance.baa import FeatureState
from auricle.compliance.features import Feature
from auricle.compliance.holds import HeldKind
from auricle.compliance.parties import Party
from auricle.compliance.retention import KindPreview, RecordKind
from auricle.kernel.actor import Actor
from auricle.kernel.phi import Phi


@dataclass(frozen=True, slots=True)
class LastRun:
    """How the last daily run went; `stopped` says why it deleted nothing where it did not believe the clock."""

    at: datetime
    shredded: int
    held: int
    failed: int
    stopped: str


@dataclass(frozen=True, slots=True)
class RetentionState:
    """The schedule in force, when it runs next, how it went last, and why it would delete nothing now (`clock_fault`)."""

    schedule: Mapping[RecordKind, int]
    changed: Mapping[RecordKind, tuple[datetime, str]]
    """When and by whom (a person's id, or `settings`) each kind was set."""
    next_run: datetime
    last_run: LastRun | None
    clock_fault: str


@dataclass(frozen=True, slots=True)
class Preview:
    """What a schedule would do; `token` lets the one who asked put it in force until `expires_at`."""

    kinds: Sequence[KindPreview]
    token: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class HoldRequest:
    """A hold to be placed. `number` is as it was typed; `since` counts, `until` does not."""

    name: Phi[str]
    reason: Phi[str]
    kind: HeldKind
    record: str = ""
    number: Phi[str] | None = None
    mailbox: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class HeldNow:
    """A hold as it is kept, opened, with the records it keeps now."""

    id: str
    asked: HoldRequest
    placed_by: str
    placed_at: datetime
    released_by: str
    released_at: datetime | None
    keeps: int


@dataclass(frozen=True, slots=True)
class AgreementRequest:
    """An agreement to be noted; without `starts_on` it counts from the day it was signed."""

    reference: str
    signed_on: date
    starts_on: date | None = None
    expires_on: date | None = None


class Compliance(Protocol):
    """Retention, holds, agreements."""

    async def retention(self, actor: Actor) -> RetentionState:
        """The schedule and its runs."""
        ...

    async def preview(self, actor: Actor, changes: Mapping[RecordKind, int]) -> Preview:
        """What the schedule would do with these changes. Raises ScheduleWrong."""
        ...

    async def change(self, actor: Actor, changes: Mapping[RecordKind, int], token: str) -> None:
        """Put changes in force. Raises ScheduleWrong, or PreviewNeeded where something would be deleted sooner and no preview was seen."""
        ...

    async def run(self, actor: Actor) -> None:
        """Begin a run now."""
        ...

    async def believe_clock(self, actor: Actor) -> None:
        """Say that the clock is right, after a long time off."""
        ...

    async def holds(self, actor: Actor) -> Sequence[HeldNow]:
        """All holds, those in force first, newest first."""
        ...

    async def place(self, actor: Actor, asked: HoldRequest) -> HeldNow:
        """Place a hold. Raises HoldWrong; NotFound for a record that is not there."""
        ...

    async def release(self, actor: Actor, hold: str) -> None:
        """Release a hold. Raises NotFound."""
        ...

    async def agreements(self, actor: Actor) -> Sequence[tuple[PartyState, Sequence[Feature]]]:
        """Every party, where the practice stands, and what is refused because of it."""
        ...

    async def agree(self, actor: Actor, party: Party, asked: AgreementRequest) -> None:
        """Note an agreement. Raises AgreementWrong."""
        ...

    async def end_agreement(self, actor: Actor, party: Party) -> None:
        """End the agreement with a party now. Raises NotFound where none is in force or to come."""
        ...

    async def features(self, actor: Actor) -> Sequence[FeatureState]:
        """Every feature that needs an agreement, and where it stands."""
        ...
