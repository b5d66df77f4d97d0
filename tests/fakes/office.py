"""A practice of made-up people with the real switchboard behind fake lines, and the requests its phones and carrier send."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from ipaddress import ip_network
from types import MappingProxyType
from zoneinfo import ZoneInfo

from auricle.access.throttle import Throttle
from auricle.calls.call import CallPorts
from auricle.calls.directory import Directory
from auricle.calls.flow.document import FlowDocument, read_flow
from auricle.calls.phones import PhoneGuard
from auricle.calls.ports import Origin
from auricle.calls.records import CallRecord, Disposition
from auricle.calls.registrar import Registrar
from auricle.calls.switchboard import Switchboard
from auricle.compliance.parties import Standing
from auricle.kernel.e164 import E164
from auricle.kernel.ids import FlowId, MailboxId, PersonId, TrunkName
from auricle.practice.model import Device, Mailbox, MediaRule, Person, Practice, Trunk
from auricle.sip.digest import DigestVerifier, authorization, ha1
from auricle.sip.message import Request
from auricle.sip.registration import Binding, Registrations
from fakes.agreements import FakeBook, WatchedGate
from fakes.loop import FakeClock, FakeEntropy, FakeLoop
from fakes.telephony import FakeMedia, FakeMediaLeg, FakeObserver, FakePrompts, FakeRecordings, FakeSession, FakeSip, FakeStore, sdp

REALM = "pbx.example"
OUR_NUMBER = "+12025550100"
PATIENT = "+12025550142"
PASSWORD = "quiet-harbor-lantern-7"
CARRIER = Origin("TLS", "198.51.100.7", 5061, "carrier", "<sip:edge;lr>")
PHONE = Origin("TLS", "192.0.2.9", 50600, None, "<sip:edge;lr>")
ANNA, BORIS = PersonId("anna"), PersonId("boris")

MAIN: Mapping[str, object] = {
    "id": "main",
    "start": "welcome",
    "steps": {
        "welcome": {"do": "say", "text": "Welcome.", "next": "choices"},
        "choices": {"do": "menu", "prompt": "One or two.", "keys": {"1": "deeper", "2": "box"}, "otherwise": "sorry"},
        "deeper": {"do": "menu", "prompt": "Three or four.", "keys": {"3": "nurses", "4": "box"}, "otherwise": "box"},
        "nurses": {"do": "ring", "people": ["101", "102"], "otherwise": "box", "timeout_s": 20},
        "box": {"do": "voicemail", "mailbox": "front", "next": "bye"},
        "sorry": {"do": "hang_up", "text": "Sorry."},
        "bye": {"do": "hang_up"},
    },
}
DIRECT: Mapping[str, object] = {
    "id": "main",
    "start": "nurses",
    "steps": {
        "nurses": {"do": "ring", "people": ["101", "102"], "otherwise": "box", "timeout_s": 20},
        "box": {"do": "voicemail", "mailbox": "front", "next": "bye"},
        "bye": {"do": "hang_up"},
    },
}
VOICEMAIL: Mapping[str, object] = {
    "id": "main",
    "start": "box",
    "steps": {"box": {"do": "voicemail", "mailbox": "front", "next": "bye"}, "bye": {"do": "hang_up", "text": "Goodbye."}},
}


def a_device(username: str, person: PersonId, rule: MediaRule = MediaRule.SRTP_REQUIRED) -> Device:
    """A phone with the password every phone here has."""
    return Device(username, person, ha1(username, REALM, PASSWORD, "MD5"), ha1(username, REALM, PASSWORD, "SHA-256"), rule)


def a_practice() -> Practice:
    """Two nurses with a phone each, a carrier, a mailbox and one number."""
    return Practice(
        name="Test practice",
        zone=ZoneInfo("America/New_York"),
        region="US",
        realm=REALM,
        people=MappingProxyType(
            {
                ANNA: Person(ANNA, "Anna", "101", frozenset({"nurse"})),
                BORIS: Person(BORIS, "Boris", "102", frozenset({"nurse"})),
            }
        ),
        devices=MappingProxyType({"7001": a_device("7001", ANNA), "7002": a_device("7002", BORIS)}),
        trunks=MappingProxyType(
            {
                TrunkName("carrier"): Trunk(
                    TrunkName("carrier"), (ip_network("198.51.100.0/24"),), "sip:gw.carrier.example;transport=tls", MediaRule.SRTP_REQUIRED
                )
            }
        ),
        mailboxes=MappingProxyType({MailboxId("front"): Mailbox(MailboxId("front"), "Front desk", "Leave a message.", 30)}),
        numbers=MappingProxyType({E164(OUR_NUMBER): FlowId("main")}),
    )


class Office:
    """The switchboard with all its ports, and shorthand for what happens outside."""

    def __init__(
        self,
        flow: Mapping[str, object] = MAIN,
        practice: Practice | None = None,
        *,
        online: tuple[str, ...] = ("7001", "7002"),
        operated_by: str = "self",
    ) -> None:
        self.practice = practice or a_practice()
        self.clock, self.entropy, self.loop = FakeClock(), FakeEntropy(), FakeLoop()
        self.sip, self.media, self.prompts = FakeSip(), FakeMedia(), FakePrompts()
        self.recordings, self.store, self.observer = FakeRecordings(), FakeStore(), FakeObserver()
        self.incoming: list[FakeSession] = []
        self.terminated: set[PersonId] = set()
        """Whose access ended."""
        document: FlowDocument = read_flow(flow)
        registrations = Registrations()
        registrations.restore(
            Binding(name, f"sip:{name}@192.0.2.20:5061", ("<sip:edge;lr>",), "TLS", 1e9, f"reg-{name}", 1, "", "") for name in online
        )
        guard = PhoneGuard(self.practice, DigestVerifier(b"k" * 32, REALM), Throttle(), self.clock, self.terminated.__contains__)
        standing = Standing(operated_by, tuple(self.practice.trunks))
        self.agreements = WatchedGate(standing, FakeBook(), self.clock)
        ports = CallPorts(
            sip=self.sip,
            media=self.media,
            prompts=self.prompts,
            recordings=self.recordings,
            store=self.store,
            observer=self.observer,
            loop=self.loop,
            clock=self.clock,
            entropy=self.entropy,
            agreements=self.agreements,
        )
        registrar = Registrar(registrations, guard, self.store, self.store, self.loop, self.clock)
        directory = Directory(self.practice, registrations, self.clock)
        self.switchboard = Switchboard(self.practice, {FlowId("main"): document}, ports, directory, guard, registrar)

    # ---- calls in

    def invite(self, uri: str, sender: str, origin: Origin, *headers: tuple[str, str], offer: bytes | None = None) -> FakeSession:
        """An INVITE reaches the switchboard. `headers` replace or add."""
        base = {
            "Via": "SIP/2.0/TLS 192.0.2.9;branch=z9hG4bK1",
            "From": f"{sender};tag=1",
            "To": f"<{uri}>",
            "Call-ID": f"call-{len(self.incoming)}",
            "CSeq": "1 INVITE",
            "Max-Forwards": "70",
            "Contact": "<sip:192.0.2.9;transport=tls>",
        } | dict(headers)
        session = FakeSession(outgoing=False)
        self.incoming.append(session)
        request = Request("INVITE", uri, list(base.items()), sdp() if offer is None else offer)
        session.listener = self.switchboard.on_invite(session, request, origin)
        return session

    def patient_calls(
        self,
        *headers: tuple[str, str],
        number: str = OUR_NUMBER,
        sender: str = f'"Pat" <sip:{PATIENT}@carrier.example>',
        offer: bytes | None = None,
    ) -> FakeSession:
        """The carrier brings a call."""
        return self.invite(f"sip:{number}@{REALM}", sender, CARRIER, *headers, offer=offer)

    def phone_dials(
        self,
        username: str,
        dialled: str,
        *headers: tuple[str, str],
        sender: str = "",
        password: str = PASSWORD,
        algorithm: str = "SHA-256",
        offer: bytes | None = None,
    ) -> FakeSession:
        """A phone calls, is challenged, and calls again with its credentials."""
        uri = f"sip:{dialled}@{REALM}"
        sender = sender or f"<sip:{username}@{REALM}>"
        challenged = self.invite(uri, sender, PHONE, *headers, offer=offer)
        assert challenged.log == ["401"]
        challenge = next(value for name, value in challenged.headers if name == "WWW-Authenticate" and algorithm in value)
        answer = authorization(challenge, "INVITE", uri, username, password, "cnonce")
        return self.invite(uri, sender, PHONE, ("Authorization", answer), *headers, offer=offer)

    def registers(self, username: str) -> list[int]:
        """A phone registers, is challenged, and registers again with its credentials; the answers, as they come."""
        statuses: list[int] = []
        challenges: list[str] = []

        def respond(status: int, reason: str = "", headers: Sequence[tuple[str, str]] = (), body: bytes = b"") -> None:
            statuses.append(status)
            challenges.extend(value for name, value in headers if name == "WWW-Authenticate")

        def send(number: int, *extra: tuple[str, str]) -> None:
            address = f"sip:{username}@{REALM}"
            headers = [
                ("Via", "SIP/2.0/TLS 192.0.2.9;branch=z9hG4bKr"),
                ("From", f"<{address}>;tag=1"),
                ("To", f"<{address}>"),
                ("Call-ID", f"register-{username}-{self.entropy.name()}"),
                ("CSeq", f"{number} REGISTER"),
                ("Contact", f"<sip:{username}@192.0.2.9;transport=tls>"),
                *extra,
            ]
            self.switchboard.on_register(Request("REGISTER", f"sip:{REALM}", headers, b""), PHONE, respond)

        send(1)
        answer = authorization(challenges[0], "REGISTER", f"sip:{REALM}", username, PASSWORD, "cnonce")
        send(2, ("Authorization", answer))
        return statuses

    # ---- what there is

    @property
    def caller_media(self) -> FakeMediaLeg:
        """The media of the first leg: the caller's."""
        return self.media.legs[0]

    @property
    def record(self) -> CallRecord:
        """The one record of the one call."""
        assert len(self.store.records) == 1
        return self.store.records[0]

    def press(self, *keys: str) -> None:
        """The caller presses keys, by RFC 4733."""
        for key in keys:
            self.caller_media.press(key)

    async def over(self, disposition: Disposition) -> CallRecord:
        """Wait for the end; nothing may ring on, no media may be left, and one record says how it went."""
        await self.loop.finished()
        await asyncio.sleep(0)
        assert self.loop.failures == []
        assert [leg.id for leg in self.media.legs if not leg.deleted] == []
        assert all(session.over for session in (*self.sip.placed, *self.incoming))
        assert [fault for session in (*self.sip.placed, *self.incoming) for fault in session.faults] == []
        assert [fault for leg in self.media.legs for fault in leg.faults] == []
        assert self.observer.seen[-1].over
        assert self.record.disposition is disposition
        assert self.record.ended_at == self.observer_end()
        return self.record

    def observer_end(self) -> object:
        """When the last leg ended."""
        return max(leg.ended_at for leg in self.record.legs)


def with_911(practice: Practice) -> Practice:
    """Somebody was given the extension 911."""
    trap = Person(PersonId("trap"), "Trap", "911", frozenset({"nurse"}))
    return replace(
        practice,
        people=MappingProxyType({**practice.people, trap.id: trap}),
        devices=MappingProxyType({**practice.devices, "7911": a_device("7911", trap.id)}),
    )


def without_trunk(practice: Practice) -> Practice:
    """No carrier at all."""
    return replace(practice, trunks=MappingProxyType({}))


def allowing_plain(practice: Practice, username: str) -> Practice:
    """One phone may go without encryption."""
    device = replace(practice.devices[username], media=MediaRule.UNPROTECTED_ALLOWED)
    return replace(practice, devices=MappingProxyType({**practice.devices, username: device}))


async def seconds(count: float) -> None:
    """Let this much (virtual) time pass."""
    await asyncio.sleep(count)
