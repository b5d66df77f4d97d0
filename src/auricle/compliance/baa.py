"""The one place that decides whether patient data may go to a party: every feature that would hand it over asks here first.

Calls and emergency calls never ask. Without an agreement a feature is off with a reason; nothing here can be switched off.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Protocol
from zoneinfo import ZoneInfo

from auricle.compliance.agreements import Agreement, PartyState, state_of
from auricle.compliance.errors import AgreementMissing
from auricle.compliance.features import FEATURES, Feature
from auricle.compliance.parties import Party, PartyKind, Standing
from auricle.kernel.time import Clock


class Book(Protocol):
    """The agreements as they are now."""

    def agreements(self) -> Sequence[Agreement]:
        """All of them, also those that ended; at once, from memory."""
        ...


class FeatureStanding(StrEnum):
    """Where a feature stands."""

    ON = "on"
    REFUSED = "refused"
    NOT_BUILT = "not-built"
    """This version does not have it; what it will need is known."""


@dataclass(frozen=True, slots=True)
class FeatureState:
    """Whether a feature may be used, why, and what to do. `missing` are the parties without an agreement."""

    feature: Feature
    state: FeatureStanding
    why: str
    what_to_do: str
    missing: tuple[Party, ...]


class AgreementGate:
    """Answers at once and from memory, so that a call may ask in its course."""

    def __init__(self, standing: Standing, book: Book, clock: Clock, zone: ZoneInfo) -> None:
        self._standing = standing
        self._book = book
        self._clock = clock
        self._zone = zone

    def today(self) -> date:
        """The day it is at the practice."""
        return self._clock.now().astimezone(self._zone).date()

    def allows(self, feature: Feature, party: Party | None = None) -> bool:
        """Whether a feature may be used, toward one party where it has several."""
        return not self._missing(feature, party)

    def require(self, feature: Feature, party: Party | None = None) -> None:
        """Raise AgreementMissing where a feature may not be used now."""
        missing = self._missing(feature, party)
        if missing:
            raise AgreementMissing(feature.value, _reason(missing))

    def reason(self, feature: Feature, party: Party | None = None) -> str:
        """Why a feature may not be used now, in a sentence; empty where it may."""
        missing = self._missing(feature, party)
        return _reason(missing) if missing else ""

    def state(self, feature: Feature) -> FeatureState:
        """Where one feature stands with all the parties it needs."""
        facts = FEATURES[feature]
        missing = self._missing(feature, None)
        parties = tuple(state.party for state in missing)
        if not facts.built:
            return FeatureState(feature, FeatureStanding.NOT_BUILT, "This version does not have it.", "", parties)
        if not missing:
            return FeatureState(feature, FeatureStanding.ON, "Every agreement it needs is in force or not needed.", "", ())
        todo = " ".join(state.what_to_do or f"Sign an agreement and note it for {state.party.id}." for state in missing)
        return FeatureState(feature, FeatureStanding.REFUSED, f"{_reason(missing)} {facts.without}", todo, parties)

    def features(self) -> list[FeatureState]:
        """All features."""
        return [self.state(feature) for feature in Feature]

    def parties(self) -> list[PartyState]:
        """Every party there is or could be, with where the practice stands."""
        agreements, day = self._book.agreements(), self.today()
        known = {party for kind in PartyKind for party in self._standing.parties(kind)} | {agreement.party for agreement in agreements}
        return [state_of(agreements, party, self._standing, day) for party in sorted(known)]

    def blocked_by(self, party: Party) -> tuple[Feature, ...]:
        """The built features that are refused because of one party."""
        states = (self.state(feature) for feature in Feature)
        return tuple(state.feature for state in states if state.state is FeatureStanding.REFUSED and party in state.missing)

    def _missing(self, feature: Feature, party: Party | None) -> list[PartyState]:
        agreements, day = self._book.agreements(), self.today()
        asked = [
            one
            for kind in FEATURES[feature].needs
            for one in ((party,) if party is not None and party.kind is kind else self._standing.parties(kind))
        ]
        states = [state_of(agreements, one, self._standing, day) for one in asked]
        return [state for state in states if not state.holds]


def _reason(missing: Sequence[PartyState]) -> str:
    parts = []
    for state in missing:
        words = state.why if state.agreement is not None else "No agreement is noted."
        parts.append(f"{state.party.id}: {words}")
    return " ".join(parts)
