"""How long each kind of record is kept, and what is due for deletion at a moment, given the holds. Pure rules; `app/retention.py` acts."""

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from auricle.compliance.errors import ScheduleWrong
from auricle.compliance.holds import Hold, Record

SIX_YEARS = 2192
"""Days: six years have two leap days at most. 45 CFR 164.316(b)(2)(i) and 164.530(j)(2) count in years."""
MAX_DAYS = 36500
SOON = timedelta(days=30)
PREVIEW_LIFE = timedelta(minutes=15)


class RecordKind(StrEnum):
    """What is kept."""

    VOICEMAIL = "voicemail"
    RECORDING = "recording"
    TRANSCRIPT = "transcript"
    CALL = "call"
    MESSAGE = "message"
    LOG = "log"
    AUDIT = "audit"
    AGREEMENT = "agreement"
    DOCUMENT = "compliance-document"


@dataclass(frozen=True, slots=True)
class KindFacts:
    """What is known of a kind. `days` is our default, None where it has no term of its own; the daily run deletes what is `enforced`."""

    about: str
    days: int | None
    minimum: int | None
    source: str
    changeable: bool
    enforced: bool


_DOCUMENTS = "45 CFR 164.316(b)(2)(i): six years from creation or last effect, whichever is later."
KINDS: Mapping[RecordKind, KindFacts] = MappingProxyType(
    {
        RecordKind.VOICEMAIL: KindFacts(
            "Messages left by callers, with their sound and text",
            90,
            1,
            "HIPAA sets no term for audio. Audio that becomes part of the chart follows state law: file it there first.",
            True,
            True,
        ),
        RecordKind.RECORDING: KindFacts(
            "Recordings of calls; none are made yet",
            90,
            1,
            "HIPAA sets no term for audio; what is filed to the chart follows state law.",
            True,
            False,
        ),
        RecordKind.TRANSCRIPT: KindFacts("The text of a message; it goes with its sound", None, None, "Follows its audio.", False, False),
        RecordKind.CALL: KindFacts(
            "Records of finished calls",
            SIX_YEARS,
            1,
            "The practice's own choice. Our default matches the six years an accounting of disclosures looks back (45 CFR 164.528(a)(1)).",
            True,
            True,
        ),
        RecordKind.MESSAGE: KindFacts(
            "Written messages; there are none yet",
            SIX_YEARS,
            1,
            "HIPAA sets no term; what is filed to the chart follows state law.",
            True,
            False,
        ),
        RecordKind.LOG: KindFacts(
            "Program logs, which name no patient; the machine's journal keeps them, set its own limit",
            None,
            None,
            "Not documentation in the sense of 45 CFR 164.316: that is the audit log.",
            False,
            False,
        ),
        RecordKind.AUDIT: KindFacts("The audit log; nothing in it is deleted", SIX_YEARS, SIX_YEARS, _DOCUMENTS, True, False),
        RecordKind.AGREEMENT: KindFacts(
            "Agreements with business associates, from their last day of effect", SIX_YEARS, SIX_YEARS, _DOCUMENTS, True, True
        ),
        RecordKind.DOCUMENT: KindFacts(
            "Holds, grants, reviews and changes of schedules; nothing of them is deleted", SIX_YEARS, SIX_YEARS, _DOCUMENTS, True, False
        ),
    }
)
CHANGEABLE = tuple(kind for kind, facts in KINDS.items() if facts.changeable)
ENFORCED = tuple(kind for kind, facts in KINDS.items() if facts.enforced)
Schedule = Mapping[RecordKind, int]
"""Days by kind, for every kind that has a term of its own."""
DEFAULTS: Schedule = MappingProxyType({kind: facts.days for kind, facts in KINDS.items() if facts.days is not None})


def checked(days: Mapping[RecordKind, int]) -> dict[RecordKind, int]:
    """The days as they are. Raises ScheduleWrong for a kind that cannot be set or for fewer days than it must have."""
    for kind, count in days.items():
        facts = KINDS[kind]
        if not facts.changeable or facts.minimum is None:
            raise ScheduleWrong(f"{kind} has no term of its own: leave it out")
        if count < facts.minimum:
            raise ScheduleWrong(f"{kind} is kept {facts.minimum} days at least: {facts.source}")
        if count > MAX_DAYS:
            raise ScheduleWrong(f"{kind}: {MAX_DAYS} days are the most that can be set")
    return dict(days)


def cutoff(kind: RecordKind, schedule: Schedule, now: datetime) -> datetime | None:
    """Records of a kind from this moment or before have been kept long enough; None where the kind is never deleted."""
    days = schedule.get(kind)
    if days is None or not KINDS[kind].enforced:
        return None
    return now - timedelta(days=max(days, KINDS[kind].minimum or 0))  # a schedule from elsewhere cannot undercut the minimum either


def rule(kind: RecordKind, schedule: Schedule) -> str:
    """The rule a deletion goes by, as the audit log names it."""
    return f"{kind} kept {schedule[kind]} days"


def due(record: Record, schedule: Schedule, now: datetime, holds: Iterable[Hold]) -> bool:
    """Whether a record is to be deleted now: kept long enough, and under no hold."""
    limit = cutoff(RecordKind(record.kind), schedule, now)
    return limit is not None and record.at <= limit and not any(hold.keeps(record) for hold in holds)


@dataclass(frozen=True, slots=True)
class KindPreview:
    """What a schedule would do to one kind: delete now, delete within 30 days more, what holds keep of that, the oldest there is."""

    kind: RecordKind
    days: int
    would_delete: int
    within_30_days: int
    held: int
    oldest: datetime | None


def preview(kind: RecordKind, records: Iterable[Record], schedule: Schedule, now: datetime, holds: Iterable[Hold]) -> KindPreview:
    """Count. This is the rule itself; the store counts the same in SQL, and a test compares the two."""
    holds, records = list(holds), list(records)
    limit, soon = cutoff(kind, schedule, now), cutoff(kind, schedule, now + SOON)
    old = [record for record in records if limit is not None and record.at <= limit]
    later = [record for record in records if limit is not None and soon is not None and limit < record.at <= soon]
    free = [record for record in old if not any(hold.keeps(record) for hold in holds)]
    coming = [record for record in later if not any(hold.keeps(record) for hold in holds)]
    oldest = min((record.at for record in records), default=None)
    return KindPreview(kind, schedule[kind], len(free), len(coming), len(old) + len(later) - len(free) - len(coming), oldest)


def preview_token(key: bytes, actor: str, before: Schedule, after: Schedule, expires_at: int) -> str:
    """Proof that somebody previewed this very change; good until `expires_at` (seconds of the epoch)."""
    text = json.dumps([actor, expires_at, *(sorted((kind.value, days) for kind, days in s.items()) for s in (before, after))])
    return f"{expires_at}.{hmac.digest(key, b'auricle/v1/retention-preview|' + text.encode(), hashlib.sha256).hex()}"


def token_fits(token: str, key: bytes, actor: str, before: Schedule, after: Schedule, now: datetime) -> bool:
    """Whether a token is of this change, by this actor, and not stale."""
    stamp, dot, _ = token.partition(".")
    if not dot or not stamp.isascii() or not stamp.isdigit() or len(stamp) > 15 or int(stamp) < now.timestamp():
        return False
    return hmac.compare_digest(token.encode(), preview_token(key, actor, before, after, int(stamp)).encode())
