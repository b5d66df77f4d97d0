"""Agreements are kept with every change, and changes are audited."""

import json
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from auricle.adapters.store import Store
from auricle.compliance.agreements import Agreement, Alarm
from auricle.compliance.parties import OPERATOR, trunk
from auricle.compliance.retention import RecordKind
from auricle.kernel.actor import Actor, ActorKind

OFFICER = Actor(ActorKind.PERSON, "dana-reyes", frozenset({"privacy-officer"}), "s7")


def an_agreement(practice: Any, number: int = 1, **changes: Any) -> Agreement:
    day = date(2026, 1, 1)
    made = Agreement(f"g{number}", OPERATOR, "contract 7", day, day, date(2027, 12, 31), practice.clock.now())
    return replace(made, **changes)


async def test_they_come_back_as_they_were(store: Store, practice: Any) -> None:
    noted = [an_agreement(practice, 1), an_agreement(practice, 2, party=trunk("blue"), expires_on=None)]
    for agreement in noted:
        await store.add_agreement(OFFICER, agreement)
    assert await store.agreements() == noted


async def test_noting_and_ending_are_entries(store: Store, practice: Any, newest: Any) -> None:
    agreement = an_agreement(practice)
    await store.add_agreement(OFFICER, agreement)
    await store.end_agreements(OFFICER, [agreement], date(2026, 11, 25))
    (ended,) = await store.agreements()
    assert ended.last_day == date(2026, 11, 24)
    entries = {entry["action"]: entry for entry in map(json.loads, await newest(10)) if entry["kind"] == "agreement"}
    assert entries["agreement.note"]["ref"] == "operator"
    assert entries["agreement.note"]["detail"]["expires_on"] == "2027-12-31"
    assert entries["agreement.end"]["actor"] == "dana-reyes"


async def test_an_end_is_not_moved(store: Store, practice: Any) -> None:
    agreement = an_agreement(practice)
    await store.add_agreement(OFFICER, agreement)
    await store.end_agreements(OFFICER, [agreement], date(2026, 3, 1))
    await store.end_agreements(OFFICER, [agreement], date(2026, 9, 1))
    assert (await store.agreements())[0].ended_on == date(2026, 3, 1)


async def test_an_alarm_is_raised_once(store: Store, practice: Any, newest: Any) -> None:
    agreement = an_agreement(practice)
    await store.add_agreement(OFFICER, agreement)
    assert await store.raise_alarms(OFFICER, [Alarm(agreement, 30)]) == [Alarm(agreement, 30)]
    assert await store.raise_alarms(OFFICER, [Alarm(agreement, 30)]) == []
    assert await store.raise_alarms(OFFICER, [Alarm(agreement, 7)]) == [Alarm(agreement, 7)]
    raised = [entry for entry in map(json.loads, await newest(10)) if entry["action"] == "agreement.expiring"]
    assert [entry["purpose"] for entry in raised] == ["7 days", "30 days"]
    assert "2027-12-31" in raised[0]["detail"]["why"]


async def test_it_is_dropped_with_an_entry(store: Store, practice: Any, newest: Any) -> None:
    practice.clock.at -= timedelta(days=3000)
    await store.add_agreement(OFFICER, an_agreement(practice))
    practice.clock.at += timedelta(days=3000)
    assert await store.shred_record(OFFICER, RecordKind.AGREEMENT, "g1", "agreement kept 2192 days")
    assert await store.agreements() == []
    assert any(b'"retention.shred"' in leaf and b'"g1"' in leaf for leaf in await newest(5))
