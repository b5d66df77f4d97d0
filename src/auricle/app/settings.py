"""The settings file (TOML) read into typed values; every key is explained in etc/auricle.example.toml."""

import tomllib
from datetime import date
from ipaddress import ip_network
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
import yaml
from msgspec import Meta, Struct, field

from auricle.access.model import CARE, PEOPLE_ROLES, READING
from auricle.app.key_provider import KeySettings
from auricle.app.settings_audit import AuditSettings, thresholds
from auricle.app.sign_in_settings import OidcSettings
from auricle.audit.rules import Thresholds
from auricle.calls.flow.check import problems
from auricle.calls.flow.document import FlowDocument, read_flow
from auricle.compliance.errors import ScheduleWrong
from auricle.compliance.retention import CHANGEABLE, DEFAULTS, RecordKind, checked
from auricle.kernel.e164 import E164, NotANumber
from auricle.kernel.errors import PeerError
from auricle.kernel.ids import FlowId, MailboxId, PersonId, TrunkName
from auricle.practice.model import AllowRule, Device, Mailbox, MediaRule, Person, Practice, Trunk

Port = Annotated[int, Meta(ge=0, le=65535)]
Name = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9-]{0,39}$")]


class SettingsWrong(PeerError):
    """The settings cannot be used; the text names the key and says what to write."""

    code = "settings.wrong"


class PracticeSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """[practice]"""

    name: str
    zone: str
    realm: str
    region: str = "US"


class NetworkSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """[network]: where phones, browsers and carriers find us. Port 0 turns a listener off (UDP and TCP are for trunks only)."""

    host: str = "127.0.0.1"
    listen: str = "127.0.0.1"
    tls_port: Port = 5061
    wss_port: Port = 7443
    udp_port: Port = 0
    tcp_port: Port = 0
    console_port: Port = 8443
    edge_port: Port = 5070
    app_port: Port = 5071
    ng_port: Port = 2223
    rtp_port_min: Port = 30000
    rtp_port_max: Port = 34999
    edge_workers: Annotated[int, Meta(ge=1, le=32)] = 2
    certificate: str = ""
    private_key: str = ""


class DataSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """[data]: where everything is kept, sealed."""

    directory: str
    min_free_mb: Annotated[int, Meta(ge=1)] = 200
    session_idle_s: Annotated[int, Meta(ge=60, le=86400)] = 900
    database: str = ""
    """Empty: a SQLite file in `directory`; or `postgresql://user@host/name`."""
    database_password_file: str = ""


class SpeechSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """[speech]"""

    language: str = "en"
    transcribe: bool = True
    model_directory: str = ""


class PersonSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """[[people]]"""

    id: Name
    name: str
    extension: Annotated[str, Meta(pattern=r"^[1-9][0-9]{1,5}$")]
    roles: Annotated[tuple[str, ...], Meta(min_length=1)]
    mailbox: str = ""
    teams: tuple[Name, ...] = ()


class DeviceSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """[[devices]]: `auricle phone-secret` makes the two digests."""

    username: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]
    person: Name
    ha1_md5: Annotated[str, Meta(pattern=r"^[0-9a-f]{32}$")]
    ha1_sha256: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]
    media: MediaRule = MediaRule.SRTP_REQUIRED
    md5_only: bool = False


class TrunkSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """[[trunks]]"""

    name: Name
    addresses: Annotated[tuple[str, ...], Meta(min_length=1)]
    gateway: Annotated[str, Meta(pattern=r"^sip:[A-Za-z0-9.:\[\]-]+(;transport=(udp|tcp|tls))?$")]
    media: MediaRule = MediaRule.SRTP_REQUIRED
    outbound: bool = True


class MailboxSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """[[mailboxes]]"""

    id: Name
    name: str
    greeting: str = ""
    """What is said before the tone; empty takes a plain sentence."""
    max_message_s: Annotated[int, Meta(ge=10, le=3600)] = 180
    team: str = ""
    """A name out of the teams of [[people]]: its members use this box."""


class AllowSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """[[access.allow]]: what this practice gives a role beyond the policies."""

    role: str
    actions: Annotated[tuple[str, ...], Meta(min_length=1)]
    mailbox: str = ""
    """Only for this box; empty is all."""


class AccessSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """[access]"""

    second_factor: Literal["required", "optional"] = "required"
    """Whether everybody must have an authenticator app or a passkey besides the password."""

    allow: tuple[AllowSettings, ...] = ()
    public_origin: str = ""
    """How browsers reach the console, if not as https://[network] host:console_port; passkeys are bound to its host name."""
    oidc: tuple[OidcSettings, ...] = ()


class AgreementSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """[[compliance.agreements]]: noted at the first start; later changes are made in the console or by `auricle agreements`."""

    party: str
    """`operator`, `trunk:NAME`, `sms`, `cloud-storage`, `cloud-kms`, `log-collector`, `email`, `ehr`, `speech` or `support`."""
    reference: Annotated[str, Meta(min_length=1, max_length=200)]
    signed_on: date
    in_force_from: date | None = None
    expires_on: date | None = None


class ComplianceSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """[compliance]"""

    operated_by: str = ""
    """`self` where the practice runs this machine itself, else the name of who does: then an agreement with the operator is needed."""
    agreements: tuple[AgreementSettings, ...] = ()


Days = Annotated[int, Meta(ge=1, le=36500)]


class RetentionSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """[retention]: days of the first start; later changes are made in the console, after a preview."""

    voicemail_days: Days = DEFAULTS[RecordKind.VOICEMAIL]
    recording_days: Days = DEFAULTS[RecordKind.RECORDING]
    call_days: Days = DEFAULTS[RecordKind.CALL]
    message_days: Days = DEFAULTS[RecordKind.MESSAGE]
    audit_days: Days = DEFAULTS[RecordKind.AUDIT]
    agreement_days: Days = DEFAULTS[RecordKind.AGREEMENT]
    compliance_document_days: Days = DEFAULTS[RecordKind.DOCUMENT]
    quiet_hour: Annotated[int, Meta(ge=0, le=23)] = 3
    """The hour of the practice's day at which the daily run begins."""


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    practice: PracticeSettings
    data: DataSettings
    network: NetworkSettings = field(default_factory=NetworkSettings)
    speech: SpeechSettings = field(default_factory=SpeechSettings)
    people: tuple[PersonSettings, ...] = ()
    devices: tuple[DeviceSettings, ...] = ()
    trunks: tuple[TrunkSettings, ...] = ()
    mailboxes: tuple[MailboxSettings, ...] = ()
    access: AccessSettings = field(default_factory=AccessSettings)
    audit: AuditSettings = field(default_factory=AuditSettings)
    compliance: ComplianceSettings = field(default_factory=ComplianceSettings)
    retention: RetentionSettings = field(default_factory=RetentionSettings)
    keys: KeySettings = field(default_factory=KeySettings)
    numbers: dict[str, str] = field(default_factory=dict)
    """Our inbound numbers and the flow each one starts."""
    flows: dict[str, str] = field(default_factory=dict)
    """Flow names and their YAML files, relative to the settings file."""


def load_settings(path: Path) -> Settings:
    """Read the settings file. Raises SettingsWrong naming the key."""
    try:
        return msgspec.convert(tomllib.loads(path.read_text("utf-8")), Settings)
    except FileNotFoundError:
        raise SettingsWrong(f"there is no settings file {path}: copy etc/auricle.example.toml there") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise SettingsWrong(f"{path}: {error}") from error


def practice_of(settings: Settings) -> Practice:
    """The practice the settings describe. Raises SettingsWrong for references that lead nowhere."""
    try:
        zone = ZoneInfo(settings.practice.zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise SettingsWrong(f"[practice] zone: '{settings.practice.zone}' is no IANA time zone such as America/New_York") from None
    practice = Practice(
        name=settings.practice.name,
        zone=zone,
        region=settings.practice.region,
        realm=settings.practice.realm,
        people=MappingProxyType({PersonId(p.id): _person(p) for p in settings.people}),
        devices=MappingProxyType(
            {d.username: Device(d.username, PersonId(d.person), d.ha1_md5, d.ha1_sha256, d.media, d.md5_only) for d in settings.devices}
        ),
        trunks=MappingProxyType({TrunkName(t.name): _trunk(t) for t in settings.trunks}),
        mailboxes=MappingProxyType({MailboxId(m.id): _mailbox(m) for m in settings.mailboxes}),
        allow=tuple(AllowRule(rule.role, frozenset(rule.actions), rule.mailbox) for rule in settings.access.allow),
        numbers=MappingProxyType({_number(n, settings.practice.region): FlowId(f) for n, f in settings.numbers.items()}),
    )
    _check_references(settings, practice)
    schedule_of(settings.retention)
    thresholds_of(settings, zone)
    return practice


def thresholds_of(settings: Settings, zone: ZoneInfo) -> Thresholds:
    """When alerts are raised. Raises SettingsWrong."""
    try:
        return thresholds(settings.audit, zone)
    except ValueError as error:
        raise SettingsWrong(str(error)) from error


def schedule_of(settings: RetentionSettings) -> dict[RecordKind, int]:
    """The first schedule. Raises SettingsWrong for a kind that must be kept longer."""
    days = {kind: getattr(settings, f"{kind.replace('-', '_')}_days") for kind in CHANGEABLE}
    try:
        return checked(days)
    except ScheduleWrong as error:
        raise SettingsWrong(f"[retention] {error}") from error


def load_flows(settings: Settings, base: Path, practice: Practice) -> dict[FlowId, FlowDocument]:
    """Read and check every flow. Raises SettingsWrong with the first problem, FlowFault for a malformed one."""
    flows = {}
    for name, file in settings.flows.items():
        try:
            data = yaml.safe_load((base / file).read_text("utf-8"))
        except (OSError, yaml.YAMLError) as error:
            raise SettingsWrong(f"[flows] {name}: {file} cannot be read: {type(error).__name__}") from error
        flow = read_flow(data)
        for problem in problems(flow, practice):
            raise SettingsWrong(f"[flows] {name}: {problem}")
        flows[FlowId(name)] = flow
    for flow_id in practice.numbers.values():
        if flow_id not in flows:
            raise SettingsWrong(f"[numbers] leads to flow '{flow_id}', which [flows] does not have")
    return flows


def _person(settings: PersonSettings) -> Person:
    mailbox = MailboxId(settings.mailbox) if settings.mailbox else None
    return Person(PersonId(settings.id), settings.name, settings.extension, frozenset(settings.roles), mailbox, frozenset(settings.teams))


def _mailbox(settings: MailboxSettings) -> Mailbox:
    greeting = settings.greeting or Mailbox(MailboxId(settings.id), settings.name).greeting
    return Mailbox(MailboxId(settings.id), settings.name, greeting, settings.max_message_s, settings.team)


def _trunk(settings: TrunkSettings) -> Trunk:
    try:
        addresses = tuple(ip_network(a) for a in settings.addresses)
    except ValueError:
        raise SettingsWrong(f"[[trunks]] {settings.name}: `addresses` wants networks such as 198.51.100.0/24") from None
    if settings.outbound and settings.media is MediaRule.SRTP_REQUIRED and not settings.gateway.endswith(";transport=tls"):
        raise SettingsWrong(f"[[trunks]] {settings.name}: SRTP keys need TLS: end `gateway` with ;transport=tls, or set media or outbound")
    return Trunk(TrunkName(settings.name), addresses, settings.gateway, settings.media, settings.outbound)


def _number(text: str, region: str) -> E164:
    try:
        return E164(E164.parse(text, region).text)
    except NotANumber:
        raise SettingsWrong("[numbers]: a key is no valid telephone number; write it as +12025550100") from None


def _check_references(settings: Settings, practice: Practice) -> None:
    extensions = [person.extension for person in settings.people]
    if len(set(extensions)) != len(extensions):
        raise SettingsWrong("[[people]]: two people have the same extension")
    if set(extensions) & {"911", "933", "9911"}:
        raise SettingsWrong("[[people]]: an extension may not be an emergency number")
    for device in practice.devices.values():
        if device.person not in practice.people:
            raise SettingsWrong(f"[[devices]] {device.username}: there is no person '{device.person}'")
    for person in practice.people.values():
        if person.mailbox is not None and person.mailbox not in practice.mailboxes:
            raise SettingsWrong(f"[[people]] {person.id}: there is no mailbox '{person.mailbox}'")
    _check_access(practice)


def _check_access(practice: Practice) -> None:
    """Roles, teams and what is allowed beyond the policies must name what there is."""
    roles = {role.value for role in PEOPLE_ROLES}
    teams = {team for person in practice.people.values() for team in person.teams}
    for person in practice.people.values():
        for role in sorted(person.roles - roles):
            raise SettingsWrong(f"[[people]] {person.id}: there is no role '{role}'; the roles are {', '.join(sorted(roles))}")
    for box in practice.mailboxes.values():
        if box.team and box.team not in teams:
            raise SettingsWrong(f"[[mailboxes]] {box.id}: nobody is in team '{box.team}'")
    for rule in practice.allow:
        if rule.role not in roles:
            raise SettingsWrong(f"[[access.allow]]: there is no role '{rule.role}'; the roles are {', '.join(sorted(roles))}")
        for action in sorted(rule.actions - CARE - READING):
            possible = ", ".join(sorted(CARE | READING))
            raise SettingsWrong(f"[[access.allow]] {rule.role}: '{action}' cannot be given here; possible are {possible}")
        if rule.mailbox and (rule.mailbox not in practice.mailboxes or any(not action.startswith("voicemail.") for action in rule.actions)):
            raise SettingsWrong(f"[[access.allow]] {rule.role}: `mailbox` names a box of [[mailboxes]], for voicemail actions alone")
