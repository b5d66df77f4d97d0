"""A call: its legs in time, one inbox for all that happens to them, and the record that remains."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from auricle.calls.leg import CallInbox, Leg, Party
from auricle.calls.live import LiveCall
from auricle.calls.ports import CallerIdentity, CallObserver, CallStore, Loop, MediaPort, Prompts, Recordings, SipPort
from auricle.calls.records import CallRecord, Direction, Disposition, Protection
from auricle.compliance.baa import AgreementGate
from auricle.kernel.ids import CallId, LegId, PersonId
from auricle.kernel.phi import Phi
from auricle.kernel.time import Clock, Entropy
from auricle.practice.model import Practice
from auricle.sip.events import Reason

WEAKEST_FIRST = (Protection.UNPROTECTED, Protection.PUBLIC_NETWORK, Protection.TO_GATEWAY, Protection.END_TO_END)
MAX_LEGS = 32  # more than any ring group of a practice; a call that wants more is going round in circles


@dataclass(frozen=True, slots=True)
class CallPorts:
    """All that calls need of the world."""

    sip: SipPort
    media: MediaPort
    prompts: Prompts
    recordings: Recordings
    store: CallStore
    observer: CallObserver
    loop: Loop
    clock: Clock
    entropy: Entropy
    agreements: AgreementGate


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, as far as we may believe it. A withheld number is never kept (RFC 3323, RFC 3325 7)."""

    address: Phi[str]
    name: Phi[str]
    withheld: bool = False
    verified: bool = False
    """True for an authenticated phone or a number asserted by a trunk."""

    def identity(self) -> CallerIdentity:
        """How outgoing legs of this call name the caller."""
        address = self.address.reveal("From of an outgoing leg")
        return CallerIdentity(address, self.name.reveal("From of an outgoing leg"), self.withheld)


class Call:
    """One call of ours, from the first leg to the last."""

    def __init__(
        self, call_id: CallId, direction: Direction, caller: Caller, called: Phi[str], practice: Practice, ports: CallPorts
    ) -> None:
        self.id = call_id
        self.direction = direction
        self.caller = caller
        self.called = called
        self.practice = practice
        self.ports = ports
        self.inbox: CallInbox = ports.loop.inbox()
        self.legs: list[Leg] = []
        self.steps: list[str] = []
        self.started_at: datetime = ports.clock.now()
        self.answered_at: datetime | None = None
        self.answered_by: PersonId | None = None
        self.disposition = Disposition.ABANDONED
        self.max_forwards = 70
        self.emergency = False
        """A call for help: nothing of ours ends it."""

    def add_leg(self, party: Party, *, outgoing: bool) -> Leg:
        """A new leg of this call, with media not yet set up."""
        leg_id = LegId(self.ports.entropy.name("l"))
        leg: Leg

        def on_digit(key: str) -> None:
            leg.on_digit(key)

        leg = Leg(leg_id, party, self.ports.media.leg(leg_id, on_digit), self.inbox, self.ports.clock, outgoing=outgoing)
        self.legs.append(leg)
        return leg

    def enter(self, step: str) -> None:
        """Note that the call reached a step, and tell whoever watches."""
        self.steps.append(step)
        self.tell()

    def talking(self, leg: Leg) -> None:
        """Note that a person (or an outside party) answered."""
        self.answered_at = leg.answered_at
        self.answered_by = leg.party.person
        self.disposition = Disposition.ANSWERED
        self.enter("talking")

    def tell(self, *, over: bool = False) -> None:
        """Show the call as it is now to the observer."""
        self.ports.observer.changed(
            LiveCall(
                id=self.id,
                direction=self.direction,
                caller=self.caller.address,
                caller_name=self.caller.name,
                called=self.called,
                started_at=self.started_at,
                answered_at=self.answered_at,
                step=self.steps[-1] if self.steps else "arriving",
                with_people=tuple(leg.party.person for leg in self.legs if leg.live and leg.party.person),
                protection=self.protection(),
                over=over,
            )
        )

    def protection(self) -> Protection:
        """The protection of the weakest leg that had a conversation; of any leg when none had."""
        legs = [leg for leg in self.legs if leg.answered_at] or self.legs
        return min((leg.protection() for leg in legs), key=WEAKEST_FIRST.index, default=Protection.UNPROTECTED)

    async def finish(self, reasons: Sequence[Reason] = ()) -> None:
        """End every leg, free its media, and keep the record durably."""
        for leg in self.legs:
            leg.hang_up(reasons)
        for leg in self.legs:
            await leg.release()
        self.tell(over=True)
        await self.ports.store.add_call(self.record())

    def record(self) -> CallRecord:
        """What is kept of this call."""
        return CallRecord(
            id=self.id,
            direction=self.direction,
            caller=self.caller.address,
            caller_name=self.caller.name,
            called=self.called,
            started_at=self.started_at,
            answered_at=self.answered_at,
            ended_at=self.ports.clock.now(),
            disposition=self.disposition,
            answered_by=self.answered_by,
            steps=tuple(self.steps),
            protection=self.protection(),
            legs=tuple(leg.record_entry() for leg in self.legs),
        )
