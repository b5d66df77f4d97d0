"""Business associate agreements and what one says on a day (45 CFR 164.308(b), 164.314(a), 164.504(e)). Days are those of the practice."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from auricle.compliance.errors import AgreementWrong
from auricle.compliance.features import FEATURES
from auricle.compliance.parties import Party, PartyKind, Standing
from auricle.compliance.retention import SOON, KindPreview, RecordKind, Schedule, cutoff

ALARM_DAYS = (30, 7, 0)
"""How many days before the last day of an agreement we raise an alarm."""


class AgreementState(StrEnum):
    """Where the practice stands with a party."""

    IN_FORCE = "in-force"
    MISSING = "missing"
    EXPIRED = "expired"
    NOT_NEEDED = "not-needed"


@dataclass(frozen=True, slots=True)
class Agreement:
    """One signed agreement. It counts from `starts_on` to `expires_on`, both included, or until it was ended early.

    `reference` finds the paper; `noted_at` is when it was put in here: what was noted last counts.
    """

    id: str
    party: Party
    reference: str
    signed_on: date
    starts_on: date
    expires_on: date | None
    noted_at: datetime
    ended_on: date | None = None
    """The first day on which it no longer counted."""

    @property
    def last_day(self) -> date | None:
        """The last day of effect, None without an end; six years from here it must be kept (45 CFR 164.316(b)(2)(i))."""
        ended = None if self.ended_on is None else self.ended_on - timedelta(days=1)
        return min((day for day in (self.expires_on, ended) if day is not None), default=None)

    def covers(self, day: date) -> bool:
        """Whether it is in force on a day."""
        return self.starts_on <= day and (self.last_day is None or day <= self.last_day)


@dataclass(frozen=True, slots=True)
class PartyState:
    """Where the practice stands with one party today, in words, with what to do about it."""

    party: Party
    state: AgreementState
    required: bool
    """Whether something refuses without it. A conduit's is not required for calls, a self-operated practice needs none with itself."""
    agreement: Agreement | None
    why: str
    what_to_do: str

    @property
    def holds(self) -> bool:
        """Whether patient data may go to this party."""
        return self.state is AgreementState.IN_FORCE or (self.state is AgreementState.NOT_NEEDED and self.party.kind is PartyKind.OPERATOR)


@dataclass(frozen=True, slots=True)
class Alarm:
    """An agreement comes to its end: `days` is the threshold that was passed, 0 from the last day on."""

    agreement: Agreement
    days: int


def check(agreement: Agreement) -> None:
    """Raise AgreementWrong for dates that cannot be."""
    if not agreement.reference.strip():
        raise AgreementWrong("say in `reference` where the signed paper is, such as a contract number")
    if agreement.expires_on is not None and agreement.expires_on < agreement.starts_on:
        raise AgreementWrong("the agreement would end before it begins: correct `in_force_from` or `expires_on`")
    if agreement.signed_on > agreement.noted_at.date() + timedelta(days=1):
        raise AgreementWrong("an agreement that is signed in the future is not signed: note it once it is")


def current(agreements: Iterable[Agreement], party: Party, day: date) -> Agreement | None:
    """The agreement that counts on a day: of those begun the one noted last; else the one that will begin; None where there is none."""
    theirs = [agreement for agreement in agreements if agreement.party == party]
    begun = [agreement for agreement in theirs if agreement.starts_on <= day]
    if begun:
        return max(begun, key=lambda agreement: (agreement.noted_at, agreement.id))
    return min(theirs, key=lambda agreement: (agreement.starts_on, agreement.id), default=None)


def state_of(agreements: Iterable[Agreement], party: Party, standing: Standing, day: date) -> PartyState:
    """Where the practice stands with a party on a day."""
    found = current(agreements, party, day)
    if found is not None and found.covers(day):
        return PartyState(party, AgreementState.IN_FORCE, party.kind is not PartyKind.TRUNK, found, _in_force(found), "")
    if party.kind is PartyKind.OPERATOR and standing.self_operated:
        why = "The practice runs this machine itself, and needs no agreement with itself (45 CFR 160.103)."
        return PartyState(party, AgreementState.NOT_NEEDED, False, found, why, "")
    if party.kind is PartyKind.TRUNK and found is None:
        why = "A carrier that only transports calls is a conduit and needs no agreement for them (78 FR 5566, 5571)."
        todo = f"To send patients' names to it too, sign an agreement with the carrier and note it for {party.id}."
        return PartyState(party, AgreementState.NOT_NEEDED, False, None, why, todo)
    if found is None and (why := _unneeded(party, standing)):
        return PartyState(party, AgreementState.NOT_NEEDED, False, None, why, "")
    required = party.kind is not PartyKind.TRUNK
    todo = f"Sign a business associate agreement with this party and note it for {party.id}."
    if found is None:
        return PartyState(party, AgreementState.MISSING, required, None, "No agreement is noted.", todo)
    if found.starts_on > day:
        why = f"The agreement begins on {found.starts_on.isoformat()}."
        return PartyState(party, AgreementState.MISSING, required, found, why, "Wait for that day, or note the day it really began.")
    ended = "was ended" if found.ended_on is not None else "ended"
    why = f"The agreement {ended}; its last day was {found.last_day.isoformat() if found.last_day else 'unknown'}."
    return PartyState(party, AgreementState.EXPIRED, required, found, why, f"Renew it and note the new one for {party.id}.")


def alarms(agreements: Sequence[Agreement], day: date) -> list[Alarm]:
    """The alarms due on a day, one a party: agreements that end soon or have ended, without another that goes on from there."""
    found = []
    for party in sorted({agreement.party for agreement in agreements}):
        agreement = current(agreements, party, day)
        if agreement is None or agreement.last_day is None or agreement.ended_on is not None:
            continue
        after = agreement.last_day + timedelta(days=1)
        following = current(agreements, party, after)
        if following is not None and following.covers(after):
            continue
        passed = [days for days in ALARM_DAYS if (agreement.last_day - day).days <= days]
        if passed:
            found.append(Alarm(agreement, min(passed)))
    return found


def long_ended(agreements: Iterable[Agreement], schedule: Schedule, now: datetime, zone: ZoneInfo) -> list[Agreement]:
    """Agreements whose last day of effect is longer ago than they must be kept; oldest effect first."""
    limit = cutoff(RecordKind.AGREEMENT, schedule, now)
    day = limit.astimezone(zone).date() if limit is not None else date.min
    ended = [(agreement.last_day, agreement.id, agreement) for agreement in agreements if agreement.last_day is not None]
    return [agreement for last_day, _, agreement in sorted(ended) if last_day < day]


def preview(agreements: Sequence[Agreement], schedule: Schedule, now: datetime, zone: ZoneInfo) -> KindPreview:
    """What a schedule would do to agreements; holds are on records of patients and keep none of these."""
    gone, soon = len(long_ended(agreements, schedule, now, zone)), len(long_ended(agreements, schedule, now + SOON, zone))
    oldest = min((agreement.noted_at for agreement in agreements), default=None)
    return KindPreview(RecordKind.AGREEMENT, schedule[RecordKind.AGREEMENT], gone, soon - gone, 0, oldest)


def _unneeded(party: Party, standing: Standing) -> str:
    """Why nothing asks for an agreement with this party as things are; empty where something does."""
    if party.kind is PartyKind.CLOUD_KMS:
        return "A key service wraps random keys and gets no patient data, so it needs none; one that was signed all the same can be noted."
    if party.kind is PartyKind.SUPPORT and not standing.support:
        return "Nobody in the settings has the role `support`."
    if not any(facts.built and party.kind in facts.needs for facts in FEATURES.values()):
        return "Nothing that this version does hands patient data to such a party."
    return ""


def _in_force(agreement: Agreement) -> str:
    last = f"until {agreement.last_day.isoformat()}" if agreement.last_day else "without an end"
    return f"In force from {agreement.starts_on.isoformat()} {last}."
