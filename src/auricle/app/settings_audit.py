"""[audit]: when alerts are raised, and where checkpoints are kept outside the database."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from msgspec import Meta, Struct, field

from auricle.audit.rules import WORKING_WEEK, Hours, Rule, Thresholds

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SPAN = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)", re.ASCII)
Count = Annotated[int, Meta(ge=1, le=1_000_000)]
Name = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9-]{0,39}$")]
Port = Annotated[int, Meta(ge=1, le=65535)]


class FileAnchorSettings(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="file"):
    """[[audit.anchors]] kind = "file": a directory, best on another mount."""

    name: Name
    directory: str


class ObjectAnchorSettings(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="s3"):
    """[[audit.anchors]] kind = "s3": a bucket. Credentials are taken from where AWS tools look for them, not from here."""

    name: Name
    bucket: str
    endpoint: str = ""
    prefix: str = "auricle-audit/"
    region: str = "us-east-1"
    ca: str = ""


class SyslogAnchorSettings(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="syslog"):
    """[[audit.anchors]] kind = "syslog": a collector that speaks RFC 5425."""

    name: Name
    host: str
    port: Port = 6514
    ca: str = ""
    server_name: str = ""
    certificate: str = ""
    private_key: str = ""


class WitnessAnchorSettings(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="witness"):
    """[[audit.anchors]] kind = "witness": a C2SP tlog-witness."""

    name: Name
    url: Annotated[str, Meta(pattern=r"^https?://[^\s]+$")]
    key: str
    ca: str = ""


AnchorSettings = FileAnchorSettings | ObjectAnchorSettings | SyslogAnchorSettings | WitnessAnchorSettings


class AuditSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """[audit]"""

    mass_records: Count = 300
    mass_minutes: Count = 15
    refusals: Count = 10
    refusal_minutes: Count = 5
    quiet_minutes: Count = 60
    rules_off: tuple[Rule, ...] = ()
    hours: dict[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], str] | None = None
    """Opening hours by day, `07:00-19:00`; a day that is left out is closed. None is Monday to Friday from 7 to 19."""
    anchor_every_s: Annotated[int, Meta(ge=1, le=86400)] = 300
    anchor_alarm_s: Annotated[int, Meta(ge=1, le=864000)] = 3600
    anchors: tuple[AnchorSettings, ...] = field(default_factory=tuple)


def thresholds(settings: AuditSettings, zone: ZoneInfo) -> Thresholds:
    """The rules' thresholds. Raises ValueError naming the key."""
    return Thresholds(
        zone=zone,
        hours=WORKING_WEEK if settings.hours is None else _hours(settings.hours),
        mass_records=settings.mass_records,
        mass_window_s=settings.mass_minutes * 60,
        refusals=settings.refusals,
        refusals_window_s=settings.refusal_minutes * 60,
        quiet_s=settings.quiet_minutes * 60,
        off=frozenset(settings.rules_off),
    )


def _hours(given: Mapping[Any, str]) -> Hours:
    found: dict[int, tuple[int, int]] = {}
    for day, span in given.items():
        match = _SPAN.fullmatch(span)
        if match is None:
            raise ValueError(f"[audit.hours] {day}: write hours as 07:00-19:00")
        opens, closes = int(match[1]) * 60 + int(match[2]), int(match[3]) * 60 + int(match[4])
        if not opens < closes <= 24 * 60:
            raise ValueError(f"[audit.hours] {day}: it must close after it opens, by 24:00 at the latest")
        found[DAYS.index(day)] = opens, closes
    return MappingProxyType(found)
