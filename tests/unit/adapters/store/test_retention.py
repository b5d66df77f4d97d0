"""The schedule, what is due, and shredding with its entries."""

import json
from datetime import timedelta
from typing import Any

import pytest

from auricle.adapters.store import Store
from auricle.adapters.store.holds import KeptHold
from auricle.compliance.holds import HeldKind
from auricle.compliance.retention import DEFAULTS, RecordKind
from auricle.kernel.actor import Actor, ActorKind
from auricle.kernel.phi import Phi

KEEPER = Actor(ActorKind.SERVICE, "keeper", frozenset({"keeper"}))
OFFICER = Actor(ActorKind.PERSON, "dana-reyes", frozenset({"privacy-officer"}), "s7")
VOICEMAIL, CALL = RecordKind.VOICEMAIL, RecordKind.CALL


async def test_the_first_schedule_stays_whatever_the_settings_say_later(store: Store, newest: Any) -> None:
    await store.first_retention(KEEPER, DEFAULTS)
    await store.first_retention(KEEPER, {**DEFAULTS, VOICEMAIL: 3})
    schedule, changed = await store.retention_schedule()
    assert schedule == dict(DEFAULTS)
    assert changed[VOICEMAIL][1] == "keeper"
    assert sum(b'"retention.schedule"' in leaf for leaf in await newest(20)) == 1


async def test_a_change_says_what_was_and_what_is(store: Store, newest: Any) -> None:
    await store.first_retention(KEEPER, DEFAULTS)
    await store.change_retention(OFFICER, DEFAULTS, {VOICEMAIL: 30})
    schedule, changed = await store.retention_schedule()
    assert schedule[VOICEMAIL] == 30
    assert changed[VOICEMAIL][1] == "dana-reyes"
    entries = [json.loads(leaf) for leaf in await newest(20)]
    (entry,) = [entry for entry in entries if entry["action"] == "retention.schedule" and entry["purpose"] == "change"]
    assert entry["actor"] == "dana-reyes"
    assert {name: entry["detail"][name] for name in entry["detail"] if name != "authority"} == {"voicemail": "30", "voicemail before": "90"}


async def test_due_is_what_was_kept_long_enough_in_order(store: Store, make: Any, practice: Any) -> None:
    for number in range(1, 6):
        await store.add_voicemail(make.message(number))
        await store.add_call(make.call(number))
    limit = make.message(3).received_at
    assert await store.due_records(VOICEMAIL, limit, 10) == ["v0001", "v0002", "v0003"]
    assert await store.due_records(VOICEMAIL, limit, 1, beyond="v0001") == ["v0002"]
    assert await store.due_records(CALL, limit - timedelta(seconds=1), 10) == ["c0001", "c0002"]


async def test_a_message_being_recorded_is_not_due(store: Store, make: Any) -> None:
    await store.begin_voicemail(make.message(1))
    assert await store.due_records(VOICEMAIL, make.message(1).received_at + timedelta(days=900), 10) == []
    assert not await store.shred_record(KEEPER, VOICEMAIL, "v0001", "rule")


async def test_shredding_a_message_goes_in_two_steps_and_each_is_an_entry(store: Store, practice: Any, make: Any, newest: Any) -> None:
    await store.add_voicemail(make.message(1))
    assert await store.shred_record(KEEPER, VOICEMAIL, "v0001", "voicemail kept 90 days")
    assert practice.raw("SELECT id FROM voicemail") == []
    assert await store.unfinished_shreddings() == [(VOICEMAIL, "v0001")]
    await store.finish_shredding(KEEPER, VOICEMAIL, "v0001")
    assert await store.unfinished_shreddings() == []
    entries = [json.loads(leaf) for leaf in await newest(10)]
    acts = {entry["action"]: entry for entry in entries if entry["ref"] == "v0001"}
    assert acts["retention.shred"]["purpose"] == "voicemail kept 90 days"
    assert (acts["retention.shred"]["kind"], acts["retention.shred"]["outcome"]) == ("voicemail", "done")
    assert acts["retention.destroyed"]["outcome"] == "done"


async def test_a_crash_between_the_steps_is_seen_at_the_next_start(store: Store, practice: Any, make: Any) -> None:
    await store.add_voicemail(make.message(1))
    await store.shred_record(KEEPER, VOICEMAIL, "v0001", "rule")
    store.close()
    again = practice.open()
    assert await again.unfinished_shreddings() == [(VOICEMAIL, "v0001")]


async def test_a_call_is_gone_in_one_step(store: Store, practice: Any, make: Any) -> None:
    await store.add_call(make.call(1))
    assert await store.shred_record(KEEPER, CALL, "c0001", "call kept 2192 days")
    assert practice.raw("SELECT id FROM call") == []
    assert await store.unfinished_shreddings() == []


async def test_nothing_is_shredded_twice_or_too_early_and_no_entry_claims_it(store: Store, make: Any, newest: Any) -> None:
    await store.add_voicemail(make.message(1))
    early = make.message(1).received_at - timedelta(seconds=1)
    assert not await store.shred_record(KEEPER, VOICEMAIL, "v0001", "rule", early)
    assert not await store.shred_record(KEEPER, VOICEMAIL, "v9999", "rule")
    assert not any(b'"retention.shred"' in leaf for leaf in await newest(10))
    assert await store.shred_record(KEEPER, VOICEMAIL, "v0001", "rule")
    assert not await store.shred_record(KEEPER, VOICEMAIL, "v0001", "rule")
    assert sum(b'"retention.shred"' in leaf for leaf in await newest(10)) == 1


async def test_nothing_of_a_shredded_row_is_left_in_the_file(store: Store, practice: Any, make: Any) -> None:
    if practice.backend != "sqlite":
        pytest.skip("a server keeps dead rows until it vacuums; the record's own key is what shreds them")
    await store.add_voicemail(make.message(1))
    (sealed,) = [bytes(row[0]) for row in practice.raw("SELECT sealed FROM voicemail")]
    assert sealed in practice.files()
    await store.shred_record(KEEPER, VOICEMAIL, "v0001", "rule")
    practice.raw("PRAGMA wal_checkpoint(TRUNCATE)")
    assert sealed not in practice.files()


async def test_the_preview_counts_now_soon_held_and_the_oldest(store: Store, practice: Any, make: Any) -> None:
    now = practice.clock.now()
    for number, age in enumerate((400, 100, 95, 80, 70, 10)):
        await store.add_voicemail(make.message(number, received_at=now - timedelta(days=age)))
    await store.place_hold(OFFICER, KeptHold("h1", Phi("matter"), Phi("letter"), HeldKind.VOICEMAIL, record="v0001"))
    found = await store.retention_preview(VOICEMAIL, DEFAULTS, now)
    assert (found.days, found.would_delete, found.within_30_days, found.held) == (90, 2, 2, 1)
    assert found.oldest == now - timedelta(days=400)
    assert (await store.retention_preview(VOICEMAIL, {**DEFAULTS, VOICEMAIL: 365}, now)).would_delete == 1
    nothing = await store.retention_preview(RecordKind.AUDIT, DEFAULTS, now)
    assert (nothing.would_delete, nothing.within_30_days, nothing.held) == (0, 0, 0)
    assert (await store.retention_preview(CALL, DEFAULTS, now)).oldest is None


async def test_runs_and_the_clock_are_remembered(store: Store, practice: Any) -> None:
    assert (await store.run_state()).seen_at is None
    await store.clock_seen(practice.clock.now())
    await store.run_ended(KEEPER, shredded=3, held=1, failed=0, stopped="")
    state = await store.run_state()
    assert (state.seen_at, state.ran_at, state.shredded, state.held) == (practice.clock.now(), practice.clock.now(), 3, 1)
    assert await store.newest_entry_at() == practice.clock.now()
