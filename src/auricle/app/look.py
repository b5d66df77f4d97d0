"""The demo's own looks at what was kept: through the gate like everybody's, as the actor `demo` or as a person of the practice."""

from auricle.access.subject import SessionFacts, actor_of
from auricle.adapters.store import Store
from auricle.app.sight import Sight
from auricle.calls.records import CallRecord
from auricle.calls.voicemail_record import VoicemailMessage
from auricle.kernel.actor import Actor, ActorKind
from auricle.kernel.ids import PersonId, VoicemailId
from auricle.kernel.time import Clock
from auricle.practice.model import Practice
from auricle.speech.transcript import Transcript
from auricle.vault.gate import Gate, Ref

DEMO = Actor(ActorKind.SERVICE, "demo", frozenset({"demo"}))
WHY = "checking the demo's claims"


class Look:
    """Calls, messages and transcripts of the demo practice."""

    def __init__(self, store: Store, gate: Gate, practice: Practice, sight: Sight, clock: Clock) -> None:
        self._store = store
        self._gate = gate
        self._practice = practice
        self._sight = sight
        self._clock = clock

    async def calls(self) -> list[CallRecord]:
        """The newest calls."""
        return await self._gate.open(DEMO, "calls.list", Ref("call", "*"), WHY, lambda grant: self._store.calls_page(grant, limit=10))

    async def voicemails(self) -> list[VoicemailMessage]:
        """The newest messages."""
        return await self._gate.open(DEMO, "voicemail.list", Ref("voicemail", "*"), WHY, self._store.voicemails)

    async def transcript(self, message: VoicemailId) -> Transcript | None:
        """What was understood of a message."""
        text = await self._gate.open(
            DEMO, "voicemail.read", Ref("voicemail", message), WHY, lambda grant: self._store.transcript(grant, message)
        )
        return Transcript.from_json(text) if text else None

    async def transcript_as(self, person: PersonId, message: VoicemailId) -> Transcript | None:
        """What this person would read. Raises NotPermitted with the policy's sentence."""
        now = self._clock.now()
        standing = await self._store.standing(person, now)
        actor = actor_of(self._practice, self._practice.people[person], SessionFacts("demo"), standing, now)
        ref = await self._sight.facts.one("voicemail", message)
        if ref is None:
            return None
        text = await self._gate.open(actor, "voicemail.read", ref, WHY, lambda grant: self._store.transcript(grant, message))
        return Transcript.from_json(text) if text else None
