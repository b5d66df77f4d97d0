"""Retention, holds and agreements behind the compliance routes: the gate first, then the act with its entry."""

from collections.abc import Mapping, Sequence

from auricle.adapters.store import Store
from auricle.adapters.store.holds import KeptHold
from auricle.app.agreements import AgreementBook, known_party
from auricle.app.retention import Keeper
from auricle.compliance import agreements as rules
from auricle.compliance.agreements import Agreement, PartyState
from auricle.compliance.baa import AgreementGate, FeatureState
from auricle.compliance.errors import AgreementWrong, HoldWrong, PreviewNeeded
from auricle.compliance.features import Feature
from auricle.compliance.holds import HeldKind, Scope
from auricle.compliance.holds import check as check_scope
from auricle.compliance.parties import Party
from auricle.compliance.retention import (
    CHANGEABLE,
    DEFAULTS,
    PREVIEW_LIFE,
    KindPreview,
    RecordKind,
    Schedule,
    checked,
    preview_token,
    token_fits,
)
from auricle.kernel.actor import Actor
from auricle.kernel.e164 import E164, NotANumber
from auricle.kernel.phi import Phi
from auricle.kernel.time import Clock, Entropy
from auricle.practice.model import Practice
from auricle.vault.gate import Gate, Grant, Ref
from auricle.web.compliance.ports import AgreementRequest, HeldNow, HoldRequest, LastRun, Preview, RetentionState
from auricle.web.ports import NotFound

MAX_EXTENSION = 6
WHY = "normalising the number of a hold"


class WebCompliance:
    """Fits `web.compliance.ports.Compliance`; the command line uses it too."""

    def __init__(  # noqa: PLR0913 - joined by keyword in one place, app/instance.py
        self,
        *,
        store: Store,
        gate: Gate,
        keeper: Keeper,
        book: AgreementBook,
        agreements: AgreementGate,
        practice: Practice,
        clock: Clock,
        entropy: Entropy,
        purpose: str,
    ) -> None:
        self._store = store
        self._gate = gate
        self._keeper = keeper
        self._book = book
        self._agreements = agreements
        self._practice = practice
        self._clock = clock
        self._entropy = entropy
        self._purpose = purpose
        self._token_key = entropy.token(32)  # previews do not outlive the process

    # ---- retention -------------------------------------------------------------------------------------

    async def retention(self, actor: Actor) -> RetentionState:
        """The schedule and its runs."""
        await self._gate.check(actor, "retention.read", Ref("retention", "*"), self._purpose)
        schedule, changed = await self._store.retention_schedule()
        run = await self._store.run_state()
        last = LastRun(run.ran_at, run.shredded, run.held, run.failed, run.stopped) if run.ran_at else None
        return RetentionState(schedule, changed, self._keeper.next_run(), last, await self._keeper.clock_fault())

    async def _schedule(self) -> Schedule:
        """The terms of now; a practice that was never started has the ones that come with the program."""
        kept, _ = await self._store.retention_schedule()
        return {**DEFAULTS, **kept}

    async def preview(self, actor: Actor, changes: Mapping[RecordKind, int]) -> Preview:
        """What the schedule would do with these changes."""
        await self._gate.check(actor, "retention.read", Ref("retention", "*"), "preview")
        before = await self._schedule()
        after: Schedule = {**before, **checked(changes)}
        expires_at = self._clock.now() + PREVIEW_LIFE
        token = preview_token(self._token_key, actor.id, before, after, int(expires_at.timestamp()))
        return Preview([await self._kind_preview(kind, after) for kind in CHANGEABLE], token, expires_at)

    async def change(self, actor: Actor, changes: Mapping[RecordKind, int], token: str) -> None:
        """Put changes in force; where something would go, with the token of their preview."""
        await self._gate.check(actor, "retention.change", Ref("retention", "*"), self._purpose)
        before = await self._schedule()
        after: Schedule = {**before, **checked(changes)}
        shorter = [kind for kind in changes if after[kind] < before.get(kind, 0)]
        found = [await self._kind_preview(kind, after) for kind in shorter]
        deletes = any(kind.would_delete or kind.within_30_days for kind in found)
        if deletes and not token_fits(token, self._token_key, actor.id, before, after, self._clock.now()):
            raise PreviewNeeded("this change deletes records: preview it first")
        await self._store.change_retention(actor, before, changes)

    async def run(self, actor: Actor) -> None:
        """Begin a run now."""
        await self._gate.check(actor, "retention.run", Ref("retention", "*"), self._purpose)
        self._keeper.wake()

    async def believe_clock(self, actor: Actor) -> None:
        """Somebody says that the clock is right."""
        await self._gate.check(actor, "retention.run", Ref("retention", "*"), "the clock is right")
        await self._keeper.believe_clock()

    async def _kind_preview(self, kind: RecordKind, schedule: Schedule) -> KindPreview:
        now = self._clock.now()
        if kind is RecordKind.AGREEMENT:
            return rules.preview(self._book.agreements(), schedule, now, self._practice.zone)
        return await self._store.retention_preview(kind, schedule, now)

    # ---- holds -----------------------------------------------------------------------------------------

    async def holds(self, actor: Actor) -> Sequence[HeldNow]:
        """All holds."""
        found = await self._gate.open(actor, "holds.read", Ref("hold", "*"), self._purpose, self._store.legal_holds)
        return [_held(hold) for hold in found]

    async def place(self, actor: Actor, asked: HoldRequest) -> HeldNow:
        """Place a hold."""

        async def placing(grant: Grant) -> HeldNow:
            scope = Scope(asked.kind, asked.record, frozenset(), asked.mailbox, asked.since, asked.until)
            check_scope(scope, by_number=asked.number is not None)
            if asked.mailbox and asked.mailbox not in self._practice.mailboxes:
                raise HoldWrong("the settings have no such mailbox")
            if asked.record and not await self._store.has_record(asked.kind, asked.record):
                raise NotFound(f"there is no record {asked.record}")
            number = Phi(self._normal(asked.number.reveal(WHY))) if asked.number else None
            placed = KeptHold(
                id=self._entropy.name("h"),
                name=asked.name,
                reason=asked.reason,
                kind=asked.kind,
                record=asked.record,
                number=number,
                mailbox=asked.mailbox,
                since=asked.since,
                until=asked.until,
            )
            await self._store.place_hold(actor, placed)
            return next(_held(hold) for hold in await self._store.legal_holds(grant) if hold.id == placed.id)

        return await self._gate.open(actor, "holds.change", Ref("hold", "*"), self._purpose, placing)

    async def release(self, actor: Actor, hold: str) -> None:
        """Release a hold."""
        await self._gate.check(actor, "holds.change", Ref("hold", hold), self._purpose)
        if not await self._store.release_hold(actor, hold):
            raise NotFound(f"there is no hold {hold} to release")

    def _normal(self, typed: str) -> str:
        """A number as records have it: E.164, or one of our extensions."""
        digits = typed.strip()
        if digits.isascii() and digits.isdigit() and len(digits) <= MAX_EXTENSION:
            return digits
        try:
            return E164.parse(digits, self._practice.region).text
        except NotANumber:
            raise HoldWrong("that is no telephone number: write it as +12025550142 or as an extension") from None

    # ---- agreements --------------------------------------------------------------------------------------

    async def agreements(self, actor: Actor) -> Sequence[tuple[PartyState, Sequence[Feature]]]:
        """Every party, and what is refused because of it."""
        await self._gate.check(actor, "agreements.read", Ref("agreement", "*"), self._purpose)
        return [(state, self._agreements.blocked_by(state.party)) for state in self._agreements.parties()]

    async def agree(self, actor: Actor, party: Party, asked: AgreementRequest) -> None:
        """Note an agreement."""
        await self._gate.check(actor, "agreements.change", Ref("agreement", party.id), self._purpose)
        if not known_party(party, self._practice):
            raise AgreementWrong("the settings have no such trunk")
        starts_on = asked.starts_on or asked.signed_on
        now = self._clock.now()
        noted = Agreement(self._entropy.name("g"), party, asked.reference.strip(), asked.signed_on, starts_on, asked.expires_on, now)
        rules.check(noted)
        await self._store.add_agreement(actor, noted)
        await self._book.load()

    async def end_agreement(self, actor: Actor, party: Party) -> None:
        """End what is in force or to come."""
        await self._gate.check(actor, "agreements.change", Ref("agreement", party.id), self._purpose)
        await self._book.load()
        today = self._agreements.today()
        ending = [one for one in self._book.agreements() if one.party == party and (one.last_day is None or one.last_day >= today)]
        if not ending:
            raise NotFound(f"no agreement with {party.id} is noted")
        await self._store.end_agreements(actor, ending, today)
        await self._book.load()

    async def features(self, actor: Actor) -> Sequence[FeatureState]:
        """Every feature; it says nothing of any patient, and the route has asked the policy."""
        del actor
        return self._agreements.features()


def _held(hold: KeptHold) -> HeldNow:
    assert hold.placed_at is not None
    asked = HoldRequest(hold.name, hold.reason, HeldKind(hold.kind), hold.record, hold.number, hold.mailbox, hold.since, hold.until)
    return HeldNow(hold.id, asked, hold.placed_by, hold.placed_at, hold.released_by, hold.released_at, hold.keeps)
