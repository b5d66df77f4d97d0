"""The compliance port over memory: the real rules and the real gate, records that a test makes up."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from auricle.access.model import Action
from auricle.compliance import agreements as rules
from auricle.compliance.agreements import Agreement, PartyState
from auricle.compliance.baa import AgreementGate, FeatureState
from auricle.compliance.errors import PreviewNeeded
from auricle.compliance.features import Feature
from auricle.compliance.holds import Record, Scope
from auricle.compliance.holds import check as check_scope
from auricle.compliance.parties import Party, Standing
from auricle.compliance.retention import CHANGEABLE, DEFAULTS, PREVIEW_LIFE, RecordKind, checked, preview, preview_token, token_fits
from auricle.kernel.actor import Actor
from auricle.web.compliance.ports import AgreementRequest, HeldNow, HoldRequest, LastRun, Preview, RetentionState
from auricle.web.ports import NotFound
from fakes.agreements import ZONE, FakeBook

Gate = Callable[[Actor, Action, str, str], None]


class Today:
    """The machine's clock."""

    def now(self) -> datetime:
        """UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Not asked for."""
        return 0.0


@dataclass
class FakeCompliance:
    """Fits `web.compliance.ports.Compliance`."""

    gate: Gate
    operated_by: str = "self"
    trunks: tuple[str, ...] = ("carrier",)
    book: FakeBook = field(default_factory=FakeBook)
    schedule: dict[RecordKind, int] = field(default_factory=lambda: dict(DEFAULTS))
    records: list[Record] = field(default_factory=list)
    held: dict[str, HeldNow] = field(default_factory=dict)
    runs: int = 0
    fault: str = ""

    @property
    def agreement_gate(self) -> AgreementGate:
        """The real one, over the book."""
        return AgreementGate(Standing(self.operated_by, self.trunks), self.book, Today(), ZONE)

    async def retention(self, actor: Actor) -> RetentionState:
        """The schedule."""
        self.gate(actor, Action.RETENTION_READ, "retention", "*")
        now = Today().now()
        changed = {kind: (now - timedelta(days=40), "settings") for kind in self.schedule}
        last = LastRun(now - timedelta(hours=5), 3, 1, 0, "")
        return RetentionState(self.schedule, changed, now + timedelta(hours=19), last, self.fault)

    async def preview(self, actor: Actor, changes: Mapping[RecordKind, int]) -> Preview:
        """By the rule itself."""
        self.gate(actor, Action.RETENTION_READ, "retention", "*")
        after, now = {**self.schedule, **checked(changes)}, Today().now()
        kinds = [preview(kind, [one for one in self.records if one.kind == kind], after, now, ()) for kind in CHANGEABLE]
        expires = now + PREVIEW_LIFE
        return Preview(kinds, preview_token(b"k", actor.id, self.schedule, after, int(expires.timestamp())), expires)

    async def change(self, actor: Actor, changes: Mapping[RecordKind, int], token: str) -> None:
        """With a preview where something would go."""
        self.gate(actor, Action.RETENTION_CHANGE, "retention", "*")
        after, now = {**self.schedule, **checked(changes)}, Today().now()
        found = [preview(kind, [one for one in self.records if one.kind == kind], after, now, ()) for kind in changes]
        if any(kind.would_delete for kind in found) and not token_fits(token, b"k", actor.id, self.schedule, after, now):
            raise PreviewNeeded
        self.schedule = after

    async def run(self, actor: Actor) -> None:
        """Counted."""
        self.gate(actor, Action.RETENTION_RUN, "retention", "*")
        self.runs += 1

    async def believe_clock(self, actor: Actor) -> None:
        """The fault is gone."""
        self.gate(actor, Action.RETENTION_RUN, "retention", "*")
        self.fault = ""

    async def holds(self, actor: Actor) -> Sequence[HeldNow]:
        """Those in force first."""
        self.gate(actor, Action.HOLDS_READ, "hold", "*")
        return sorted(self.held.values(), key=lambda hold: (hold.released_at is not None, hold.placed_at))

    async def place(self, actor: Actor, asked: HoldRequest) -> HeldNow:
        """Kept in memory."""
        self.gate(actor, Action.HOLDS_CHANGE, "hold", "*")
        check_scope(
            Scope(asked.kind, asked.record, frozenset(), asked.mailbox, asked.since, asked.until), by_number=asked.number is not None
        )
        hold = HeldNow(f"h{len(self.held)}", asked, actor.id, Today().now(), "", None, len(self.records))
        self.held[hold.id] = hold
        return hold

    async def release(self, actor: Actor, hold: str) -> None:
        """Once."""
        self.gate(actor, Action.HOLDS_CHANGE, "hold", hold)
        if hold not in self.held or self.held[hold].released_at is not None:
            raise NotFound
        self.held[hold] = replace(self.held[hold], released_by=actor.id, released_at=Today().now(), keeps=0)

    async def agreements(self, actor: Actor) -> Sequence[tuple[PartyState, Sequence[Feature]]]:
        """By the real gate."""
        self.gate(actor, Action.AGREEMENTS_READ, "agreement", "*")
        gate = self.agreement_gate
        return [(state, gate.blocked_by(state.party)) for state in gate.parties()]

    async def agree(self, actor: Actor, party: Party, asked: AgreementRequest) -> None:
        """Into the book."""
        self.gate(actor, Action.AGREEMENTS_CHANGE, "agreement", party.id)
        starts_on = asked.starts_on or asked.signed_on
        noted = Agreement(f"g{len(self.book.noted)}", party, asked.reference, asked.signed_on, starts_on, asked.expires_on, Today().now())
        rules.check(noted)
        self.book.noted.append(noted)

    async def end_agreement(self, actor: Actor, party: Party) -> None:
        """At once."""
        self.gate(actor, Action.AGREEMENTS_CHANGE, "agreement", party.id)
        today = self.agreement_gate.today()
        ending = [one for one in self.book.noted if one.party == party and one.ended_on is None]
        if not ending:
            raise NotFound
        self.book.noted = [replace(one, ended_on=today) if one in ending else one for one in self.book.noted]

    async def features(self, actor: Actor) -> Sequence[FeatureState]:
        """By the real gate."""
        return self.agreement_gate.features()
