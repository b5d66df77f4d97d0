"""Agreements of a test: a real gate over a list that the test fills."""

from collections.abc import Sequence
from datetime import date
from zoneinfo import ZoneInfo

from auricle.compliance.agreements import Agreement
from auricle.compliance.baa import AgreementGate
from auricle.compliance.features import Feature
from auricle.compliance.parties import Party, Standing
from auricle.kernel.time import Clock

ZONE = ZoneInfo("America/New_York")


class FakeBook:
    """Fits `compliance.baa.Book`."""

    def __init__(self, *agreements: Agreement) -> None:
        self.noted = list(agreements)

    def agreements(self) -> Sequence[Agreement]:
        """What the test put in."""
        return self.noted


class WatchedGate(AgreementGate):
    """The real gate, which remembers what it was asked."""

    def __init__(self, standing: Standing, book: FakeBook, clock: Clock) -> None:
        super().__init__(standing, book, clock, ZONE)
        self.book = book
        self.asked: list[Feature] = []

    def allows(self, feature: Feature, party: Party | None = None) -> bool:
        self.asked.append(feature)
        return super().allows(feature, party)

    def reason(self, feature: Feature, party: Party | None = None) -> str:
        self.asked.append(feature)
        return super().reason(feature, party)

    def require(self, feature: Feature, party: Party | None = None) -> None:
        self.asked.append(feature)
        super().require(feature, party)


def an_agreement(party: Party, clock: Clock, **changes: object) -> Agreement:
    """In force since 2020, without an end."""
    day = date(2020, 1, 1)
    facts: dict[str, object] = {
        "id": f"g-{party.id}", "party": party, "reference": "contract 1", "signed_on": day, "starts_on": day, "expires_on": None,
        "noted_at": clock.now(),
    } | changes  # fmt: skip
    return Agreement(**facts)  # type: ignore[arg-type]
