"""The rules: what sets each off and what does not, what is told once only, and that a restart changes nothing."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auricle.audit.entry import Entry
from auricle.audit.rule_words import ABOUT, text, threshold
from auricle.audit.rules import Alert, Rule, Rules, Seen, Thresholds, network_of, open_at

NEW_YORK = ZoneInfo("America/New_York")
NOON = datetime(2026, 11, 25, 17, 0, tzinfo=UTC)  # a Wednesday, noon at the practice
SET = Thresholds(NEW_YORK, mass_records=5, mass_window_s=60, refusals=3, refusals_window_s=60, quiet_s=600)


def entry(at: datetime = NOON, **changes: Any) -> Entry:
    base = Entry(at, "person", "noor-haddad", "s1", "192.0.2.9", "voicemail.play", "voicemail", "v1", "allowed", "console")
    return replace(base, **changes)


def found(rules: Rules, *entries: Entry, first: int = 0, **facts: frozenset[str]) -> list[Alert]:
    return [alert for number, one in enumerate(entries, first) for alert in rules.see(Seen(number, one, **facts))[0]]


def kinds(alerts: list[Alert]) -> list[Rule]:
    return [alert.rule for alert in alerts]


def test_an_ordinary_look_raises_nothing() -> None:
    assert found(Rules(SET), entry(), entry(outcome="done", touched=("voicemail:v1",))) == []


def test_many_different_records_in_a_short_time() -> None:
    looks = [entry(NOON + timedelta(seconds=number), ref=f"v{number}") for number in range(6)]
    alerts = found(Rules(SET), *looks)
    assert [(alert.rule, alert.entry, alert.count) for alert in alerts] == [(Rule.MASS_LOOK_UP, 4, 5)]


def test_the_same_record_again_and_again_is_one() -> None:
    assert found(Rules(SET), *[entry(NOON + timedelta(seconds=number)) for number in range(20)]) == []


def test_a_listing_counts_what_it_handed_out() -> None:
    listing = entry(action="voicemail.list", ref="*", outcome="done", touched=tuple(f"voicemail:v{n}" for n in range(9)))
    assert [(alert.rule, alert.count) for alert in found(Rules(SET), listing)] == [(Rule.MASS_LOOK_UP, 9)]


def test_the_same_many_records_slowly_are_no_mass() -> None:
    looks = [entry(NOON + timedelta(seconds=20 * number), ref=f"v{number}") for number in range(30)]
    assert found(Rules(SET), *looks) == []


def test_the_counts_of_two_people_are_two() -> None:
    looks = [entry(ref=f"v{number}", actor=("a", "b")[number % 2]) for number in range(8)]
    assert found(Rules(SET), *looks) == []


@pytest.mark.parametrize("kind", ["service", "anonymous"])
def test_parts_of_the_system_are_no_people(kind: str) -> None:
    night = NOON + timedelta(hours=12)
    assert found(Rules(SET), *[entry(night, ref=f"v{number}", actor_kind=kind) for number in range(9)]) == []


def test_a_refused_look_touched_nothing() -> None:
    assert Seen(0, entry(outcome="refused")).records == frozenset()
    assert Seen(0, entry(outcome="failed")).records == frozenset()
    assert Seen(0, entry(kind="audit", ref="7", action="audit.read")).records == frozenset()


@pytest.mark.parametrize(
    ("at", "opened"),
    [
        ("2026-11-25T06:59:59-05:00", False),
        ("2026-11-25T07:00:00-05:00", True),
        ("2026-11-25T18:59:59-05:00", True),
        ("2026-11-25T19:00:00-05:00", False),
        ("2026-11-28T12:00:00-05:00", False),  # a Saturday
        ("2026-03-09T07:30:00-04:00", True),  # the Monday after the clocks went forward: 6:30 by the winter's clock
        ("2026-11-02T06:30:00-05:00", False),  # the Monday after they went back: 7:30 by the summer's
    ],
)
def test_hours_are_the_practices_own(at: str, opened: bool) -> None:
    assert open_at(datetime.fromisoformat(at).astimezone(UTC), SET.hours, NEW_YORK) is opened


def test_after_hours_is_told_once_a_person_and_while() -> None:
    night = NOON + timedelta(hours=9)
    looks = [entry(night + timedelta(minutes=number), ref=f"v{number}") for number in range(3)]
    later = entry(night + timedelta(minutes=11), ref="v9")
    other = entry(night, actor="sam-okafor")
    assert kinds(found(Rules(SET), *looks, other, later)) == [Rule.AFTER_HOURS] * 3
    assert found(Rules(SET), entry(night, kind="audit", ref="*", action="audit.read")) == []


def test_own_family_and_restricted_records_name_the_record() -> None:
    one, two = frozenset({"voicemail:v1"}), frozenset({"voicemail:v1", "voicemail:v2"})
    rules = Rules(SET)
    alerts = found(rules, entry(), family=one, restricted=one)
    assert [(alert.rule, alert.subject, alert.count) for alert in alerts] == [
        (Rule.OWN_FAMILY, "voicemail:v1", 1),
        (Rule.RESTRICTED, "voicemail:v1", 1),
    ]
    assert found(rules, entry(NOON + timedelta(seconds=5)), first=1, family=one) == []
    listing = found(rules, entry(NOON + timedelta(seconds=6)), first=2, family=two)
    assert [(alert.subject, alert.count) for alert in listing] == [("*", 2)]


def test_refusals_of_a_person_and_of_an_address() -> None:
    refused = [entry(NOON + timedelta(seconds=number), outcome="refused") for number in range(4)]
    assert [(a.rule, a.entry, a.subject) for a in found(Rules(SET), *refused)] == [(Rule.REFUSALS, 2, "noor-haddad")]
    phones = [entry(outcome="refused", actor_kind="anonymous", actor="anonymous", address=f"198.51.100.{n % 2}") for n in range(4)]
    assert found(Rules(SET), *phones) == []
    same = [entry(outcome="refused", actor_kind="anonymous", actor="anonymous", address="198.51.100.7") for _ in range(3)]
    assert [a.subject for a in found(Rules(SET), *same)] == ["198.51.100.7"]


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"action": "break-glass.use", "kind": "break-glass", "outcome": "done"}, Rule.BREAK_GLASS),
        ({"action": "audit.export", "kind": "audit", "ref": "*"}, Rule.EXPORT),
        ({"action": "integrity.damaged", "kind": "call", "ref": "c1", "outcome": "failed"}, Rule.DAMAGE),
        ({"action": "clock.set-back", "kind": "clock", "ref": "*", "outcome": "done", "actor_kind": "service"}, Rule.CLOCK),
        ({"action": "anchor.lagging", "kind": "anchor", "ref": "usb", "outcome": "failed", "actor_kind": "service"}, Rule.ANCHOR),
        ({"action": "anchor.conflict", "kind": "anchor", "ref": "usb", "outcome": "failed", "actor_kind": "service"}, Rule.ANCHOR),
        (
            {"action": "agreement.expiring", "kind": "agreement", "ref": "operator", "outcome": "done", "actor_kind": "service"},
            Rule.AGREEMENT,
        ),
        ({"action": "retention.stopped", "kind": "retention", "ref": "*", "outcome": "failed", "actor_kind": "service"}, Rule.RETENTION),
    ],
)
def test_acts_that_are_told_at_once(changes: dict[str, Any], rule: Rule) -> None:
    assert kinds(found(Rules(SET), entry(**changes))) == [rule]
    assert found(Rules(replace(SET, off=frozenset({rule}))), entry(**changes)) == []


def test_a_refused_export_is_no_export() -> None:
    assert found(Rules(SET), entry(action="audit.export", outcome="refused")) == []
    assert found(Rules(SET), entry(action="break-glass.use", outcome="refused")) == []


def test_the_first_network_is_learnt_and_another_is_told_once() -> None:
    rules = Rules(SET)
    start = {"action": "session.start", "kind": "session", "ref": "s1", "outcome": "done"}
    assert rules.see(Seen(0, entry(address="192.0.2.9", **start))) == ([], [("noor-haddad", "192.0.2.0/24")])
    assert rules.see(Seen(1, entry(address="192.0.2.200", **start))) == ([], [])
    alerts, learnt = rules.see(Seen(2, entry(address="198.51.100.7", **start)))
    assert ([(a.rule, a.subject) for a in alerts], learnt) == (
        [(Rule.NEW_NETWORK, "198.51.100.0/24")],
        [("noor-haddad", "198.51.100.0/24")],
    )
    assert rules.see(Seen(3, entry(address="198.51.100.8", **start))) == ([], [])


def test_known_networks_and_recent_alerts_survive_a_restart() -> None:
    start = {"action": "session.start", "kind": "session", "ref": "s1", "outcome": "done"}
    assert kinds(found(Rules(SET, [("noor-haddad", "192.0.2.0/24")]), entry(address="203.0.113.1", **start))) == [Rule.NEW_NETWORK]
    told = Alert(Rule.AFTER_HOURS, 1, NOON + timedelta(hours=9), "noor-haddad")
    assert found(Rules(SET, raised=[told]), entry(NOON + timedelta(hours=9, minutes=5))) == []


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.9", "192.0.2.0/24"),
        ("2001:db8:1:2::3", "2001:db8:1::/48"),
        ("::ffff:192.0.2.9", "::/48"),
        ("", ""),
        ("nonsense", ""),
        ("testclient", ""),
    ],
)
def test_networks(address: str, network: str) -> None:
    assert network_of(address) == network


def test_a_clock_that_goes_back_neither_breaks_nor_silences() -> None:
    rules = Rules(SET)
    night = NOON + timedelta(hours=9)
    assert kinds(found(rules, entry(night))) == [Rule.AFTER_HOURS]
    assert kinds(found(rules, entry(night - timedelta(hours=24)), first=1)) == [Rule.AFTER_HOURS]


ENTRIES = st.builds(
    lambda seconds, actor, ref, outcome, action: entry(
        NOON + timedelta(hours=6, seconds=seconds), actor=actor, ref=ref, outcome=outcome, action=action
    ),
    st.integers(0, 9000),
    st.sampled_from(["a", "b"]),
    st.sampled_from([f"v{n}" for n in range(8)]),
    st.sampled_from(["allowed", "refused", "done"]),
    st.sampled_from(["voicemail.play", "audit.export", "integrity.damaged"]),
)


@given(st.lists(ENTRIES, max_size=40), st.integers(0, 40))
def test_a_restart_at_any_entry_gives_the_same_alerts(entries: list[Entry], at: int) -> None:
    """What a restart knows are the alerts of before and the entries of the windows; that must be enough."""
    entries.sort(key=lambda one: one.at)
    at = min(at, len(entries))
    whole = found(Rules(SET), *entries)
    before = found(Rules(SET), *entries[:at])
    since = entries[at - 1].at if at else NOON
    resumed = Rules(SET, raised=[alert for alert in before if alert.at >= since - timedelta(seconds=SET.quiet_s)])
    for number, one in enumerate(entries[:at]):
        if one.at >= since - timedelta(seconds=SET.memory_s):
            resumed.remember(Seen(number, one))
    assert before + found(resumed, *entries[at:], first=at) == whole


def test_every_rule_has_words() -> None:
    assert set(ABOUT) == set(Rule)
    assert all(threshold(rule, SET) and text(rule, 2) for rule in Rule)
    assert threshold(Rule.MASS_LOOK_UP, SET) == "5 different records within 1 minutes"
    assert "mon 07:00-19:00" in threshold(Rule.AFTER_HOURS, SET)


def test_an_id_is_the_rule_and_the_entry() -> None:
    assert Alert(Rule.AFTER_HOURS, 17, NOON, "a").id == "after-hours.17"
