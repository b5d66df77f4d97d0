"""Minimum necessary, record by record: what an actor may know of at all, and what only without numbers and names (45 CFR 164.502(b))."""

from collections.abc import Sequence
from typing import TypeVar

from auricle.access.decision import Policies
from auricle.app.facts import RecordFacts
from auricle.calls.live import LiveCall
from auricle.calls.records import CallRecord
from auricle.calls.voicemail_record import VoicemailMessage
from auricle.kernel.actor import Actor
from auricle.vault.gate import Ref
from auricle.web.ports import Seen

T = TypeVar("T")


class Sight:
    """What an actor may see of records: which of them at all, and which only without their parties."""

    def __init__(self, policies: Policies, facts: RecordFacts) -> None:
        self._policies = policies
        self.facts = facts

    def of(self, actor: Actor, ref: Ref | None, *, listed: str, parties: str, what: T) -> Seen[T] | None:
        """One record; None where even its being is not the actor's to know. Without facts nothing is shown."""
        if ref is None or not self._policies.decide(actor, listed, ref).allowed:
            return None
        return Seen(what, masked=not self._policies.decide(actor, parties, ref).allowed)

    async def calls(self, actor: Actor, calls: Sequence[CallRecord]) -> list[Seen[CallRecord]]:
        """Finished calls."""
        refs = await self.facts.calls([call.id for call in calls])
        seen = (self.of(actor, refs.get(call.id), listed="calls.list", parties="calls.parties", what=call) for call in calls)
        return [one for one in seen if one is not None]

    async def live(self, actor: Actor, call: LiveCall) -> Seen[LiveCall] | None:
        """A running call."""
        ref = await self.facts.live(call)
        return self.of(actor, ref, listed="calls.live", parties="calls.parties", what=call)

    async def voicemails(self, actor: Actor, messages: Sequence[VoicemailMessage]) -> list[Seen[VoicemailMessage]]:
        """Messages."""
        refs = await self.facts.voicemails([message.id for message in messages])
        seen = (self.of(actor, refs.get(m.id), listed="voicemail.list", parties="voicemail.parties", what=m) for m in messages)
        return [one for one in seen if one is not None]
