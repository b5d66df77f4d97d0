"""What the practice knows about who cares for the patient behind a phone number, and whether that patient's records are restricted."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from auricle.kernel.errors import PeerError
from auricle.kernel.ids import PersonId
from auricle.kernel.phi import Phi
from auricle.practice.model import Person

MAX_LABEL_CHARS = 120
MAX_MEMBERS = 50


class BadPatient(PeerError):
    """A mark that cannot be kept; the text says what to change."""

    code: ClassVar[str] = "access.bad_patient"


@dataclass(frozen=True, slots=True)
class PatientMark:
    """One number's mark: its care team by person and by team of the practice. Number and label are sealed where they are kept."""

    id: str
    number: Phi[str]
    label: Phi[str]
    restricted: bool
    people: frozenset[str]
    teams: frozenset[str]
    marked_by: str
    marked_at: datetime


@dataclass(frozen=True, slots=True)
class Facts:
    """What a policy may ask about one call or message, known before anything is opened. `present` are those who were on the call."""

    mailbox: str = ""
    present: frozenset[str] = frozenset()
    people: frozenset[str] = frozenset()
    teams: frozenset[str] = frozenset()
    restricted: bool = False


def related(facts: Facts, staff: Mapping[PersonId, Person]) -> frozenset[str]:
    """People with a treatment relation: on the call, in the care team, or in a team that is part of it (45 CFR 164.506(c))."""
    by_team = members(facts.teams, staff.values()) if facts.teams else frozenset()
    return facts.present | facts.people | by_team


def members(teams: Iterable[str], staff: Iterable[Person]) -> frozenset[str]:
    """Everybody in one of these teams."""
    wanted = frozenset(teams)
    return frozenset(person.id for person in staff if person.teams & wanted)
