"""The practice as the phone system knows it. Values are parsed once (`app/settings.py`) and trusted afterwards."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network
from types import MappingProxyType
from zoneinfo import ZoneInfo

from auricle.kernel.e164 import E164
from auricle.kernel.ids import FlowId, MailboxId, PersonId, TrunkName


class MediaRule(StrEnum):
    """What a phone or trunk may do about media encryption."""

    SRTP_REQUIRED = "srtp-required"
    UNPROTECTED_ALLOWED = "unprotected-allowed"
    """Plain RTP is taken, and every such call is marked as unprotected (RFC 4568; 45 CFR 164.312(e)(1))."""


@dataclass(frozen=True, slots=True)
class Person:
    """A member of staff. `roles` are the names `access` knows."""

    id: PersonId
    name: str
    extension: str
    roles: frozenset[str]
    mailbox: MailboxId | None = None
    teams: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Device:
    """A phone: one set of SIP credentials of one person. Only digests of the secret are kept (RFC 7616 `H(A1)`)."""

    username: str
    person: PersonId
    ha1_md5: str
    ha1_sha256: str
    media: MediaRule = MediaRule.SRTP_REQUIRED
    md5_only: bool = False
    """For phones that give up when they are also offered SHA-256 (RFC 8760 asks them to skip it; older ones fail)."""


@dataclass(frozen=True, slots=True)
class Trunk:
    """A carrier that is known by its addresses. `gateway` is a SIP URI without user where outgoing calls go."""

    name: TrunkName
    addresses: tuple[IPv4Network | IPv6Network, ...]
    gateway: str
    media: MediaRule
    outbound: bool = True


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A voicemail box and the limits of one message in it."""

    id: MailboxId
    name: str
    greeting: str = "Please leave a message after the tone."
    max_message_s: int = 180
    team: str = ""
    """Whose members use it, beside the people it belongs to; empty where no team does."""


@dataclass(frozen=True, slots=True)
class AllowRule:
    """What this practice gives a role beyond the policies; `mailbox` empty is all of them."""

    role: str
    actions: frozenset[str]
    mailbox: str = ""


@dataclass(frozen=True, slots=True)
class Practice:
    """Everything the call logic asks about the practice."""

    name: str
    zone: ZoneInfo
    region: str
    """ISO 3166 country by which numbers without a country code are read."""
    realm: str
    """The digest realm and the domain of our addresses-of-record."""
    people: Mapping[PersonId, Person] = field(default_factory=lambda: MappingProxyType({}))
    devices: Mapping[str, Device] = field(default_factory=lambda: MappingProxyType({}))
    trunks: Mapping[TrunkName, Trunk] = field(default_factory=lambda: MappingProxyType({}))
    mailboxes: Mapping[MailboxId, Mailbox] = field(default_factory=lambda: MappingProxyType({}))
    numbers: Mapping[E164, FlowId] = field(default_factory=lambda: MappingProxyType({}))
    """Our inbound numbers and the flow each one starts."""
    allow: tuple[AllowRule, ...] = ()

    def person_at(self, extension: str) -> Person | None:
        """The person whose extension this is, if any."""
        return next((p for p in self.people.values() if p.extension == extension), None)

    def devices_of(self, person: PersonId) -> tuple[Device, ...]:
        """The phones of a person, in the order of the settings."""
        return tuple(d for d in self.devices.values() if d.person == person)
