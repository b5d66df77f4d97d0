"""The web's ports over memory: a practice of made-up people, with the real policies and the real throttle behind them."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import TypeVar
from zoneinfo import ZoneInfo

import numpy as np

from auricle.access.decision import Policies
from auricle.access.model import Action
from auricle.access.subject import SessionFacts, actor_of
from auricle.audit.entry import Entry
from auricle.calls.live import LiveCall
from auricle.calls.records import CallRecord, Direction, Disposition, LegRecord, Protection
from auricle.calls.voicemail_record import TranscriptState, VoicemailMessage
from auricle.kernel.actor import Actor
from auricle.kernel.ids import CallId, LegId, MailboxId, PersonId, VoicemailId
from auricle.kernel.phi import Phi
from auricle.practice.model import AllowRule, Mailbox, Person, Practice
from auricle.speech.transcript import Hearing, Transcript, Word
from auricle.vault.errors import Corrupt
from auricle.vault.gate import Ref
from auricle.web.ports import (
    Happening,
    NotFound,
    Seen,
    ServiceState,
    TranscriptOf,
    WebPorts,
)
from fakes.access import FakeAccessAdmin, FakeBreakGlasses, Given
from fakes.audit import FakeAlerts, FakeAudit
from fakes.compliance import FakeCompliance
from fakes.identity import PASSWORD as PASSWORD
from fakes.identity import FakeApiKeys, FakeMe, FakePeople, FakeScim, Identities
from fakes.identity import FakeSessions as FakeSessions
from fakes.keys import FakeKeys
from fakes.passkeys import FakePasskeys, FakeSso

T = TypeVar("T")
MAIN = "+12025550100"
MESSAGE = (
    "Hi, this is Maria Alvarez. I am calling about my lisinopril refill. The pharmacy on Dock Street says they have not heard from you. "
    "Please call me back at two zero two, five five five, zero one four two. Thank you."
)


def practice() -> Practice:
    """Three people, two boxes."""
    people = [
        Person(PersonId("dana-reyes"), "Dana Reyes", "101", frozenset({"front-desk", "privacy-officer"}), MailboxId("front-desk")),
        Person(PersonId("noor-haddad"), "Noor Haddad, RN", "102", frozenset({"nurse"}), MailboxId("nurses")),
        Person(PersonId("sam-okafor"), "Sam Okafor", "103", frozenset({"billing"})),
    ]
    boxes = [Mailbox(MailboxId("front-desk"), "Front desk"), Mailbox(MailboxId("nurses"), "Nurse line")]
    return Practice(
        name="Harbor Street Family Medicine",
        zone=ZoneInfo("America/New_York"),
        region="US",
        realm="harborstreet.example",
        people=MappingProxyType({person.id: person for person in people}),
        mailboxes=MappingProxyType({box.id: box for box in boxes}),
        allow=(AllowRule("front-desk", frozenset({"voicemail.play", "voicemail.read", "voicemail.mark"})),),
    )


@dataclass
class FakeWorld:
    """Everything the fakes share; tests change it and call `tell`."""

    practice: Practice = field(default_factory=practice)
    policies: Policies = field(default_factory=Policies.packaged)
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    calls: list[CallRecord] = field(default_factory=list)
    running: dict[CallId, LiveCall] = field(default_factory=dict)
    messages: dict[VoicemailId, VoicemailMessage] = field(default_factory=dict)
    texts: dict[VoicemailId, Transcript] = field(default_factory=dict)
    sounds: dict[VoicemailId, bytes] = field(default_factory=dict)
    damaged: dict[VoicemailId, set[int]] = field(default_factory=dict)
    services: dict[str, str] = field(default_factory=lambda: {"kamailio": "up", "rtpengine": "up", "transcriber": "up"})
    entries: list[Entry] = field(default_factory=list)
    alerts: FakeAlerts | None = None
    compliance: FakeCompliance | None = None
    watchers: list[Callable[[Happening], None]] = field(default_factory=list)
    identities: Identities = field(default_factory=Identities)
    given: Given = field(default_factory=Given)
    restricted: set[str] = field(default_factory=set)
    """Numbers of restricted patients."""

    def ports(self) -> WebPorts:
        """What `create_app` takes."""
        sessions, people = FakeSessions(self), FakePeople(self)
        return WebPorts(
            practice=self.practice,
            sessions=sessions,
            me=FakeMe(self, sessions),
            people=people,
            api_keys=FakeApiKeys(self),
            scim=FakeScim(self, people),
            passkeys=FakePasskeys(self, sessions),
            sso=FakeSso(self, sessions),
            access=FakeAccess(self),
            calls=FakeCalls(self),
            voicemails=FakeVoicemails(self),
            audit=FakeAudit(self.entries, self.gate),
            alerts=self.alerts or FakeAlerts(self.gate),
            system=FakeSystem(self),
            watch=self.watch,
            compliance=self.compliance or FakeCompliance(self.gate),
            access_admin=FakeAccessAdmin(self),
            break_glass=FakeBreakGlasses(self),
            keys=FakeKeys(self.gate),
        )

    def watch(self, watcher: Callable[[Happening], None]) -> Callable[[], None]:
        """Add a watcher."""
        self.watchers.append(watcher)
        return lambda: self.watchers.remove(watcher)

    def tell(self, what: Happening) -> None:
        """Change the world and say so."""
        match what:
            case LiveCall(over=True):
                self.running.pop(what.id, None)
            case LiveCall():
                self.running[what.id] = what
            case ServiceState():
                self.services[what.name] = what.state
        for watcher in list(self.watchers):
            watcher(what)

    def actor(self, person: PersonId, session: SessionFacts, *, bare: bool = False) -> Actor:
        """A person as of now; `bare` is who must enrol a second factor first."""
        now = self.now()
        actor = actor_of(self.practice, self.practice.people[person], session, self.given.standing(person, now), now)
        return replace(actor, roles=frozenset(), teams=frozenset(), mailboxes=frozenset(), allowed=frozenset()) if bare else actor

    def gate(self, actor: Actor, action: Action, kind: str | Ref, ref: str = "") -> None:
        """Policy and entry, as the real gate does it."""
        asked = Ref(kind, ref) if isinstance(kind, str) else kind
        decision = self.policies.decide(actor, action.value, asked)
        self.note(actor, action.value, asked.kind, asked.id, "allowed" if decision.allowed else "refused")
        if not decision.allowed:
            raise decision.refusal(action.value)

    def sight(self, actor: Actor, ref: Ref, listed: str, parties: str, what: T) -> Seen[T] | None:
        """What may be seen of a record."""
        if not self.policies.decide(actor, listed, ref).allowed:
            return None
        return Seen(what, masked=not self.policies.decide(actor, parties, ref).allowed)

    def note(self, actor: Actor, action: str, kind: str, ref: str, outcome: str, purpose: str = "console") -> None:
        """Append an audit entry."""
        at = self.now()
        self.entries.append(Entry(at, actor.kind.value, actor.id, actor.session_id, actor.address, action, kind, ref, outcome, purpose))


class FakeAccess:
    """The packaged policies."""

    def __init__(self, world: FakeWorld) -> None:
        self._world = world

    async def require(self, actor: Actor, action: Action, record: str = "") -> None:
        """Refusals are noted."""
        if not self._world.policies.decide(actor, action.value, Ref("any", "*")).allowed:
            self._world.gate(actor, action, "any", "*")

    def permissions(self, actor: Actor) -> Sequence[str]:
        """All of them."""
        return self._world.policies.permissions(actor)


class FakeCalls:
    """Records in a list, newest first."""

    def __init__(self, world: FakeWorld) -> None:
        self._world = world

    async def page(self, actor: Actor, before: tuple[datetime, str] | None, limit: int) -> Sequence[Seen[CallRecord]]:
        """A page."""
        self._world.gate(actor, Action.CALLS_LIST, "call", "*")
        calls = sorted(self._world.calls, key=lambda call: (call.started_at, call.id), reverse=True)
        seen = (self._seen(actor, call) for call in calls if before is None or (call.started_at, call.id) < before)
        return [one for one in seen if one is not None][:limit]

    async def live(self, actor: Actor) -> Sequence[Seen[LiveCall]]:
        """What runs."""
        self._world.gate(actor, Action.CALLS_LIVE, "call", "*")
        seen = [await self.seen(actor, call) for call in self._world.running.values()]
        return [one for one in seen if one is not None]

    async def seen(self, actor: Actor, call: LiveCall) -> Seen[LiveCall] | None:
        """One that runs."""
        ref = Ref("call", call.id, related=frozenset(call.with_people), restricted=call.caller.reveal("test") in self._world.restricted)
        return self._world.sight(actor, ref, "calls.live", "calls.parties", call)

    def _seen(self, actor: Actor, call: CallRecord) -> Seen[CallRecord] | None:
        people = frozenset(leg.person for leg in call.legs if leg.person) | ({call.answered_by} if call.answered_by else set())
        ref = Ref("call", call.id, related=people, restricted=call.caller.reveal("test") in self._world.restricted)
        return self._world.sight(actor, ref, "calls.list", "calls.parties", call)


@dataclass
class FakeReader:
    """Sound in memory; damaged seconds raise."""

    sound: bytes
    damaged: set[int]
    reads: list[tuple[int, int]] = field(default_factory=list)

    @property
    def size(self) -> int:
        """Bytes."""
        return len(self.sound)

    async def read(self, offset: int, count: int) -> bytes:
        """A piece."""
        self.reads.append((offset, count))
        if any(offset < (second + 1) * 8000 and offset + count > second * 8000 for second in self.damaged):
            raise Corrupt("segment")
        return self.sound[offset : offset + count]


class FakeVoicemails:
    """Messages in a dict."""

    def __init__(self, world: FakeWorld) -> None:
        self._world = world
        self.readers: list[FakeReader] = []

    async def messages(self, actor: Actor) -> Sequence[Seen[VoicemailMessage]]:
        """Newest first."""
        self._world.gate(actor, Action.VOICEMAIL_LIST, "voicemail", "*")
        messages = sorted(self._world.messages.values(), key=lambda message: message.received_at, reverse=True)
        seen = (self._world.sight(actor, self._ref(m.id), "voicemail.list", "voicemail.parties", m) for m in messages)
        return [one for one in seen if one is not None]

    async def known_to(self, actor: Actor, message: VoicemailId) -> bool:
        """Whether it is in the list."""
        return self._world.sight(actor, self._ref(message), "voicemail.list", "voicemail.parties", message) is not None

    async def transcript(self, actor: Actor, message: VoicemailId) -> TranscriptOf:
        """Its text."""
        self._world.gate(actor, Action.VOICEMAIL_READ, self._ref(message))
        return TranscriptOf(self._message(message).transcript_state, self._world.texts.get(message))

    async def audio(self, actor: Actor, message: VoicemailId) -> FakeReader:
        """Its sound."""
        self._world.gate(actor, Action.VOICEMAIL_PLAY, self._ref(message))
        self._message(message)
        self.readers.append(FakeReader(self._world.sounds[message], self._world.damaged.get(message, set())))
        return self.readers[-1]

    async def mark_listened(self, actor: Actor, message: VoicemailId) -> None:
        """The first time counts."""
        self._world.gate(actor, Action.VOICEMAIL_MARK, self._ref(message))
        found = self._message(message)
        self._world.messages[message] = replace(found, listened_at=found.listened_at or self._world.now())

    def _ref(self, message: VoicemailId) -> Ref:
        found = self._message(message)
        box = self._world.practice.mailboxes[found.mailbox]
        restricted = found.caller.reveal("test") in self._world.restricted
        return Ref("voicemail", message, mailbox=found.mailbox, team=box.team, restricted=restricted)

    def _message(self, message: VoicemailId) -> VoicemailMessage:
        if message not in self._world.messages:
            raise NotFound
        return self._world.messages[message]


class FakeSystem:
    """States in a dict."""

    def __init__(self, world: FakeWorld) -> None:
        self._world = world

    async def services(self, actor: Actor) -> Sequence[ServiceState]:
        """All parts."""
        self._world.gate(actor, Action.SYSTEM_READ, "system", "*")
        return [ServiceState(name, state) for name, state in self._world.services.items()]

    def healthy(self) -> bool:
        """All up."""
        return all(state == "up" for state in self._world.services.values())


# ---- made-up content -------------------------------------------------------------------------------------

NAMES = ("Maria Alvarez", "Tom Whitfield", "", "Priya Raman", "Joe Castellano", "Aisha Bello", "", "Grace Kim")


def a_leg(
    ident: str, party: str, started: datetime, *, name: str = "", person: str | None = None, talk_s: int = 90, **changes: object
) -> LegRecord:
    """One leg over TLS and SRTP."""
    leg = LegRecord(
        id=LegId(ident),
        outgoing=person is not None,
        party=Phi(party),
        display_name=Phi(name),
        person=PersonId(person) if person else None,
        started_at=started,
        answered_at=started + timedelta(seconds=8),
        ended_at=started + timedelta(seconds=8 + talk_s),
        signalling="TLS",
        media="SRTP",
        protection=Protection.TO_GATEWAY if person else Protection.PUBLIC_NETWORK,
        end_status=200,
    )
    return replace(leg, **changes)  # type: ignore[arg-type]


def a_call(number: int, started: datetime, **changes: object) -> CallRecord:
    """One inbound call that the front desk answered."""
    caller, name = f"+1202555{110 + number % 80:04d}", NAMES[number % len(NAMES)]
    call = CallRecord(
        id=CallId(f"c{number:07d}"),
        direction=Direction.INBOUND,
        caller=Phi(caller),
        caller_name=Phi(name),
        called=Phi(MAIN),
        started_at=started,
        answered_at=started + timedelta(seconds=8),
        ended_at=started + timedelta(seconds=98),
        disposition=Disposition.ANSWERED,
        answered_by=PersonId("dana-reyes"),
        steps=("greeting", "top", "appointments", "front"),
        protection=Protection.PUBLIC_NETWORK,
        legs=(a_leg(f"l{number}a", caller, started, name=name), a_leg(f"l{number}b", "101", started, person="dana-reyes")),
    )
    return replace(call, **changes)  # type: ignore[arg-type]


def a_running_call(ident: str, started: datetime, caller: str = "+12025550142", name: str = "Maria Alvarez", **changes: object) -> LiveCall:
    """One call in the first menu."""
    call = LiveCall(
        id=CallId(ident),
        direction=Direction.INBOUND,
        caller=Phi(caller),
        caller_name=Phi(name),
        called=Phi(MAIN),
        started_at=started,
        answered_at=None,
        step="top",
        with_people=(),
        protection=Protection.PUBLIC_NETWORK,
    )
    return replace(call, **changes)  # type: ignore[arg-type]


def a_message(ident: str, received: datetime, seconds: float, **changes: object) -> VoicemailMessage:
    """One new message for the nurses."""
    message = VoicemailMessage(
        id=VoicemailId(ident),
        mailbox=MailboxId("nurses"),
        call=CallId("c0000001"),
        caller=Phi("+12025550142"),
        caller_name=Phi("Maria Alvarez"),
        received_at=received,
        duration_s=seconds,
        complete=True,
        listened_at=None,
        transcript_state=TranscriptState.DONE,
    )
    return replace(message, **changes)  # type: ignore[arg-type]


def spoken(text: str = MESSAGE, words_a_second: float = 2.6) -> tuple[Transcript, bytes]:
    """A transcript and a sound with a burst where each word is; words with digits in mind are unsure."""
    words, sound, at = [], bytearray(), 0.6
    for index, word in enumerate(text.split()):
        length = 0.12 + 0.045 * len(word.strip(".,"))
        words.append(
            Word(word, round(at, 2), round(at + length, 2), 0.41 if "lisin" in word or "Dock" in word else 0.7 + 0.02 * (index % 12))
        )
        at += max(length + 0.06, 1 / words_a_second) + (0.45 if word.endswith(".") else 0)
    samples = np.zeros(int((at + 0.5) * 8000))
    for index, word in enumerate(words):
        first, last = int(word.start_s * 8000), int(word.end_s * 8000)
        t = np.arange(last - first) / 8000
        tone = sum(np.sin(2 * math.pi * (130 + 9 * (index % 7)) * k * t) / k for k in range(1, 9))
        samples[first:last] = (
            5200 * tone * np.sin(math.pi * np.arange(last - first) / (last - first)) * (0.75 + 0.25 * np.sin(2 * math.pi * 6 * t))
        )
    sound += mulaw(samples)
    return Transcript(tuple(words), "en", Hearing.SPEECH, "fake"), bytes(sound)


def mulaw(samples: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> bytes:
    """G.711 mu-law of 16-bit samples."""
    magnitude = np.minimum(np.abs(samples).astype(int), 32635) + 132
    exponent = np.floor(np.log2(magnitude)).astype(int) - 7
    coded = ((samples < 0) * 0x80) | (exponent << 4) | ((magnitude >> (exponent + 3)) & 0x0F)
    return bytes((~coded & 0xFF).astype(np.uint8))


def busy_world(calls: int = 260) -> FakeWorld:
    """A morning at Harbor Street: a log, two running calls, four messages."""
    world = FakeWorld()
    now = world.now()
    for number in range(calls):
        started = now - timedelta(minutes=7 + 11 * number, seconds=(number * 37) % 60)
        world.calls.append(_variant(number, started))
    text, sound = spoken()
    short, short_sound = spoken("Hello, this is Tom Whitfield, please cancel my visit on Thursday. Thanks.")
    for message, transcript, audio in (
        (a_message("vm1", now - timedelta(minutes=4), len(sound) / 8000), text, sound),
        (
            a_message(
                "vm2",
                now - timedelta(minutes=52),
                len(short_sound) / 8000,
                mailbox=MailboxId("front-desk"),
                caller=Phi("+12025550143"),
                caller_name=Phi("Tom Whitfield"),
                listened_at=now - timedelta(minutes=20),
            ),
            short,
            short_sound,
        ),
        (
            a_message(
                "vm3",
                now - timedelta(hours=3),
                6.0,
                caller=Phi("anonymous"),
                caller_name=Phi(""),
                transcript_state=TranscriptState.NO_SPEECH,
            ),
            None,
            b"\xff" * 48000,
        ),
        (
            a_message(
                "vm4",
                now - timedelta(days=1, hours=2),
                20.0,
                caller=Phi("+12025550157"),
                caller_name=Phi("Joe Castellano"),
                complete=False,
                transcript_state=TranscriptState.WAITING,
            ),
            None,
            sound[:160000],
        ),
    ):
        world.messages[message.id] = message
        world.sounds[message.id] = audio
        if transcript is not None:
            world.texts[message.id] = transcript
    world.damaged[VoicemailId("vm4")] = {3, 4}
    world.running = {
        call.id: call
        for call in (
            a_running_call(
                "live1",
                now - timedelta(seconds=224),
                answered_at=now - timedelta(seconds=190),
                step="talking",
                with_people=(PersonId("dana-reyes"),),
            ),
            a_running_call(
                "live2",
                now - timedelta(seconds=41),
                "+12025550143",
                "Tom Whitfield",
                step="nurse_ring",
                with_people=(PersonId("noor-haddad"),),
            ),
        )
    }
    return world


def _variant(number: int, started: datetime) -> CallRecord:
    """Some of each kind."""
    kind = number % 9
    if kind == 3:
        return a_call(number, started, disposition=Disposition.VOICEMAIL, answered_by=None, steps=("greeting", "top", "nurse", "nurse_box"))
    if kind == 5:
        return a_call(
            number,
            started,
            disposition=Disposition.ABANDONED,
            answered_by=None,
            answered_at=None,
            steps=("greeting", "top"),
            ended_at=started + timedelta(seconds=14),
        )
    if kind == 6:
        legs = (a_leg(f"l{number}a", "101", started), a_leg(f"l{number}b", "102", started, person="noor-haddad"))
        return a_call(
            number,
            started,
            direction=Direction.INTERNAL,
            caller=Phi("101"),
            caller_name=Phi(""),
            called=Phi("102"),
            answered_by=PersonId("noor-haddad"),
            steps=("talking",),
            protection=Protection.TO_GATEWAY,
            legs=legs,
        )
    if kind == 7:
        leg = a_leg(f"l{number}a", "anonymous", started, media="RTP", signalling="UDP", protection=Protection.UNPROTECTED)
        return a_call(
            number,
            started,
            caller=Phi("anonymous"),
            caller_name=Phi(""),
            protection=Protection.UNPROTECTED,
            legs=(leg, a_leg(f"l{number}b", "102", started, person="noor-haddad")),
            answered_by=PersonId("noor-haddad"),
        )
    return a_call(number, started)
