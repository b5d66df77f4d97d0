"""Retention, holds and agreements as the console shows them, and what it sends."""

from datetime import date, datetime
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from auricle.compliance.agreements import AgreementState, PartyState
from auricle.compliance.baa import FeatureStanding, FeatureState
from auricle.compliance.features import FEATURES, Feature
from auricle.compliance.holds import HeldKind
from auricle.compliance.parties import PartyKind
from auricle.compliance.retention import KINDS, KindPreview, RecordKind
from auricle.kernel.ids import PersonId
from auricle.kernel.phi import Phi
from auricle.practice.model import Practice
from auricle.web.compliance.ports import AgreementRequest, HeldNow, HoldRequest, LastRun, Preview, RetentionState
from auricle.web.names import PersonRef, person_ref

WHY = "the console's border, behind the gate"


class Form(BaseModel):
    """What comes from outside has these fields and no others."""

    model_config = ConfigDict(extra="forbid")


# ---- retention -----------------------------------------------------------------------------------


class RuleView(BaseModel):
    """How long a kind is kept. `days` is null where it has no term of its own; `enforced` where the daily run deletes it."""

    kind: RecordKind
    about: str
    days: int | None
    minimum_days: int | None
    default_days: int | None
    source: str
    changeable: bool
    enforced: bool
    changed_at: datetime | None
    changed_by: PersonRef | None


class LastRunView(BaseModel):
    """How the last run went; `stopped` is empty unless the clock was not believed."""

    at: datetime
    shredded: int
    held: int
    failed: int
    stopped: str


class RetentionView(BaseModel):
    """The schedule; `clock_fault` says why nothing would be deleted now, and is empty as a rule."""

    schedule: list[RuleView]
    next_run: datetime
    last_run: LastRunView | None
    clock_fault: str


class RuleForm(Form):
    """Days for one kind."""

    kind: RecordKind
    days: Annotated[int, Field(ge=0, le=100_000)]


class ScheduleForm(Form):
    """Some or all kinds; those left out stay as they are."""

    schedule: Annotated[list[RuleForm], Field(min_length=1, max_length=20)]
    preview_token: Annotated[str, Field(max_length=200)] = ""

    def changes(self) -> dict[RecordKind, int]:
        """By kind; the last of two for one kind counts."""
        return {rule.kind: rule.days for rule in self.schedule}


class KindPreviewView(BaseModel):
    """What a schedule would do to one kind: now, within 30 days more, and what holds keep of that; `oldest` is of all there is."""

    kind: RecordKind
    days: int
    would_delete: int
    within_30_days: int
    held: int
    oldest: datetime | None


class PreviewView(BaseModel):
    """A preview; its token goes with the change."""

    kinds: list[KindPreviewView]
    token: str
    expires_at: datetime


def retention_view(practice: Practice, state: RetentionState) -> RetentionView:
    """For a screen."""
    return RetentionView(
        schedule=[_rule(practice, kind, state) for kind in RecordKind],
        next_run=state.next_run,
        last_run=_last_run(state.last_run) if state.last_run else None,
        clock_fault=state.clock_fault,
    )


def preview_view(found: Preview) -> PreviewView:
    """For a screen."""
    return PreviewView(kinds=[_kind_preview(kind) for kind in found.kinds], token=found.token, expires_at=found.expires_at)


def _kind_preview(found: KindPreview) -> KindPreviewView:
    return KindPreviewView(
        kind=found.kind,
        days=found.days,
        would_delete=found.would_delete,
        within_30_days=found.within_30_days,
        held=found.held,
        oldest=found.oldest,
    )


def _last_run(run: LastRun) -> LastRunView:
    return LastRunView(at=run.at, shredded=run.shredded, held=run.held, failed=run.failed, stopped=run.stopped)


def _rule(practice: Practice, kind: RecordKind, state: RetentionState) -> RuleView:
    facts, changed = KINDS[kind], state.changed.get(kind)
    return RuleView(
        kind=kind,
        about=facts.about,
        days=state.schedule.get(kind),
        minimum_days=facts.minimum,
        default_days=facts.days,
        source=facts.source,
        changeable=facts.changeable,
        enforced=facts.enforced,
        changed_at=changed[0] if changed else None,
        changed_by=person_ref(practice, PersonId(changed[1])) if changed else None,
    )


# ---- holds ---------------------------------------------------------------------------------------


class HoldForm(Form):
    """A hold on all that fits every part that is given; times are from `since` on and before `until`."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    reason: Annotated[str, Field(min_length=1, max_length=2000)]
    kind: HeldKind = HeldKind.ANY
    record: Annotated[str | None, Field(pattern=r"^[A-Za-z0-9-]{1,64}$")] = None
    number: Annotated[str | None, Field(min_length=2, max_length=40)] = None
    mailbox: Annotated[str | None, Field(pattern=r"^[a-z][a-z0-9-]{0,39}$")] = None
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None

    def asked(self) -> HoldRequest:
        """What is asked for, private values boxed."""
        return HoldRequest(
            name=Phi(self.name),
            reason=Phi(self.reason),
            kind=self.kind,
            record=self.record or "",
            number=Phi(self.number) if self.number else None,
            mailbox=self.mailbox or "",
            since=self.since,
            until=self.until,
        )


class HoldView(BaseModel):
    """A hold; `keeps` counts the records it keeps now, 0 once it was released."""

    id: str
    name: str
    reason: str
    kind: HeldKind
    record: str | None
    number: str | None
    mailbox: str | None
    since: datetime | None
    until: datetime | None
    placed_by: PersonRef
    placed_at: datetime
    released_by: PersonRef | None
    released_at: datetime | None
    keeps: int


def hold_view(practice: Practice, hold: HeldNow) -> HoldView:
    """For a screen of those who may read holds."""
    asked = hold.asked
    return HoldView(
        id=hold.id,
        name=asked.name.reveal(WHY),
        reason=asked.reason.reveal(WHY),
        kind=asked.kind,
        record=asked.record or None,
        number=asked.number.reveal(WHY) if asked.number else None,
        mailbox=asked.mailbox or None,
        since=asked.since,
        until=asked.until,
        placed_by=person_ref(practice, PersonId(hold.placed_by)),
        placed_at=hold.placed_at,
        released_by=person_ref(practice, PersonId(hold.released_by)) if hold.released_at else None,
        released_at=hold.released_at,
        keeps=hold.keeps,
    )


# ---- agreements ------------------------------------------------------------------------------------


class AgreementForm(Form):
    """A signed agreement; without `in_force_from` it counts from the day it was signed, without `expires_on` until it is ended."""

    reference: Annotated[str, Field(min_length=1, max_length=200)]
    signed_on: date
    in_force_from: date | None = None
    expires_on: date | None = None

    def asked(self) -> AgreementRequest:
        """What is asked for."""
        return AgreementRequest(self.reference, self.signed_on, self.in_force_from, self.expires_on)


class AgreementView(BaseModel):
    """Where the practice stands with a party, in a state, a sentence and a deed; `blocks` are the features refused because of it."""

    party: str
    kind: PartyKind
    required: bool
    state: AgreementState
    signed_on: date | None
    in_force_from: date | None
    expires_on: date | None
    reference: str | None
    blocks: list[Feature]
    why: str
    what_to_do: str


class FeatureView(BaseModel):
    """A feature that needs agreements; `missing` are the parties without one."""

    feature: Feature
    about: str
    state: FeatureStanding
    why: str
    what_to_do: str
    missing: list[str]


def agreement_view(state: PartyState, blocks: list[Feature]) -> AgreementView:
    """For a screen."""
    agreement = state.agreement
    return AgreementView(
        party=state.party.id,
        kind=state.party.kind,
        required=state.required,
        state=state.state,
        signed_on=agreement.signed_on if agreement else None,
        in_force_from=agreement.starts_on if agreement else None,
        expires_on=agreement.last_day if agreement else None,
        reference=agreement.reference if agreement else None,
        blocks=blocks,
        why=state.why,
        what_to_do=state.what_to_do,
    )


def feature_view(state: FeatureState) -> FeatureView:
    """For a screen."""
    return FeatureView(
        feature=state.feature,
        about=FEATURES[state.feature].about,
        state=state.state,
        why=state.why,
        what_to_do=state.what_to_do,
        missing=[party.id for party in state.missing],
    )
