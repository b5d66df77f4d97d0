"""The one gate for patient data that goes to others."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest

from auricle.compliance.baa import AgreementGate, FeatureStanding
from auricle.compliance.errors import AgreementMissing
from auricle.compliance.features import FEATURES, Feature
from auricle.compliance.parties import OPERATOR, Party, PartyKind, Standing, trunk
from fakes.agreements import ZONE, FakeBook, an_agreement

BUILT = [feature for feature in Feature if FEATURES[feature].built]


@dataclass
class Noon:
    """A clock that is set by hand."""

    at: datetime = datetime(2026, 11, 25, 17, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return 0.0


def gate(operated_by: str = "", *parties: Party, clock: Noon | None = None, trunks: tuple[str, ...] = ("blue", "red")) -> AgreementGate:
    clock = clock or Noon()
    return AgreementGate(Standing(operated_by, trunks), FakeBook(*(an_agreement(party, clock) for party in parties)), clock, ZONE)


def test_every_feature_has_facts_and_needs_somebody() -> None:
    assert set(FEATURES) == set(Feature)
    assert all(facts.needs and facts.about and facts.without for facts in FEATURES.values())


def test_every_kind_of_party_is_needed_by_something() -> None:
    """But a key service: it gets random keys and no patient data."""
    assert {kind for facts in FEATURES.values() for kind in facts.needs} == set(PartyKind) - {PartyKind.CLOUD_KMS}


@pytest.mark.parametrize("feature", Feature)
def test_without_any_agreement_everything_refuses_in_words(feature: Feature) -> None:
    asked = gate()
    assert not asked.allows(feature)
    with pytest.raises(AgreementMissing) as refused:
        asked.require(feature)
    assert refused.value.reason == asked.reason(feature) != ""
    assert refused.value.code == "compliance.agreement_missing"


@pytest.mark.parametrize("feature", Feature)
def test_with_all_of_them_everything_is_allowed(feature: Feature) -> None:
    asked = gate("Harbor Hosting", *(Party(kind) for kind in PartyKind if kind is not PartyKind.TRUNK), trunk("blue"), trunk("red"))
    asked.require(feature)
    assert asked.reason(feature) == ""


@pytest.mark.parametrize("feature", [Feature.VOICEMAIL, Feature.TRANSCRIPTION, Feature.CONSOLE])
def test_a_practice_that_runs_its_own_machine_needs_nothing_for_what_stays_there(feature: Feature) -> None:
    gate("self").require(feature)


def test_names_go_only_to_the_carrier_that_signed() -> None:
    asked = gate("self", trunk("blue"))
    assert asked.allows(Feature.CALLER_NAMES, trunk("blue"))
    assert not asked.allows(Feature.CALLER_NAMES, trunk("red"))
    state = asked.state(Feature.CALLER_NAMES)
    assert (state.state, state.missing) == (FeatureStanding.REFUSED, (trunk("red"),))


def test_an_agreement_with_somebody_else_is_none() -> None:
    assert not gate("", Party(PartyKind.SUPPORT)).allows(Feature.VOICEMAIL)
    assert not gate("", OPERATOR).allows(Feature.SUPPORT_ACCESS)
    assert not gate("", Party(PartyKind.SPEECH)).allows(Feature.CLOUD_SPEECH), "it needs the operator too"


def test_the_day_is_the_practices() -> None:
    """In force until 25 November; at half past three UTC on the 26th it is still the 25th in New York, two hours later it is not."""
    clock = Noon(datetime(2026, 11, 26, 3, 30, tzinfo=UTC))
    book = FakeBook(an_agreement(OPERATOR, clock, expires_on=date(2026, 11, 25)))
    asked = AgreementGate(Standing("Harbor Hosting"), book, clock, ZONE)
    assert asked.today() == date(2026, 11, 25)
    assert asked.allows(Feature.VOICEMAIL)
    clock.at += timedelta(hours=2)
    assert not asked.allows(Feature.VOICEMAIL)


def test_what_is_noted_counts_at_once() -> None:
    clock, book = Noon(), FakeBook()
    asked = AgreementGate(Standing("Harbor Hosting"), book, clock, ZONE)
    assert not asked.allows(Feature.VOICEMAIL)
    book.noted.append(an_agreement(OPERATOR, clock))
    assert asked.allows(Feature.VOICEMAIL)


def test_states_say_why_and_what_to_do() -> None:
    for state in gate().features():
        if state.state is FeatureStanding.REFUSED:
            assert state.why
            assert state.what_to_do
            assert state.missing
    states = {state.feature: state.state for state in gate("self").features()}
    assert states[Feature.VOICEMAIL] is FeatureStanding.ON
    assert all((states[feature] is FeatureStanding.NOT_BUILT) != (feature in BUILT) for feature in Feature)


def test_parties_and_what_they_block() -> None:
    asked = gate()
    assert {state.party.id for state in asked.parties()} >= {"operator", "trunk:blue", "trunk:red", "sms", "support"}
    assert set(asked.blocked_by(OPERATOR)) == {Feature.VOICEMAIL, Feature.TRANSCRIPTION, Feature.CONSOLE}
    assert asked.blocked_by(trunk("blue")) == (Feature.CALLER_NAMES,)
    assert asked.blocked_by(Party(PartyKind.SMS)) == (), "nothing that is built sends text messages"


def test_a_trunk_that_is_no_longer_in_the_settings_keeps_its_line() -> None:
    assert "trunk:green" in {state.party.id for state in gate("self", trunk("green")).parties()}
