"""Searching the log: columns and touched records are written with their entry, fit every filter, and are there for old entries too."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from auricle.adapters.store import Store
from auricle.audit.leaf import entry_of
from auricle.audit.search import AuditQuery
from auricle.kernel.actor import Actor, ActorKind
from auricle.vault.gate import Outcome, Ref

NURSE, BILLING = (Actor(ActorKind.PERSON, name, session_id="s1", address="192.0.2.9") for name in ("p-nurse", "p-billing"))
Searching = Callable[..., Awaitable[list[int]]]


@pytest.fixture
def search(store: Store, look: Any) -> Searching:
    async def searching(**wanted: Any) -> list[int]:
        found = await look("audit", "*", store.audit_page, AuditQuery(**wanted))
        return [number for number, _ in found]

    return searching


async def filled(store: Store, practice: Any) -> None:
    acts = [
        (NURSE, "voicemail.play", Ref("voicemail", "v1"), Outcome.ALLOWED, ()),
        (NURSE, "voicemail.list", Ref("voicemail", "*"), Outcome.DONE, ("voicemail:v1", "voicemail:v2")),
        (BILLING, "voicemail.play", Ref("voicemail", "v1"), Outcome.REFUSED, ()),
        (BILLING, "calls.list", Ref("call", "*"), Outcome.DONE, ("call:v1",)),
    ]
    for actor, action, ref, outcome, touched in acts:
        await store.record(actor, action, ref, outcome, "console", touched=touched)
        practice.clock.pass_s(60)


FILTERS: list[tuple[dict[str, Any], list[int]]] = [
    ({"actor": "p-nurse", "action": "voicemail.play"}, [0]),
    ({"actor": "p-nurse", "action": "voicemail.list"}, [1]),
    ({"actor": "p-nurse", "action": "voicemail"}, []),
    ({"outcome": "refused"}, [2]),
    ({"kind": "voicemail"}, [2, 1, 0]),
    ({"kind": "voicemail", "ref": "*"}, [1]),
    ({"kind": "voicemail", "ref": "v1"}, [2, 1, 0]),
    ({"kind": "voicemail", "ref": "v2"}, [1]),
    ({"kind": "call", "ref": "v1"}, [3]),
    ({"ref": "v1"}, [2, 0]),
    ({"kind": "voicemail", "ref": "v1", "actor": "p-billing"}, [2]),
    ({"before": 1, "kind": "voicemail"}, [0]),
    ({"limit": 2, "kind": "voicemail"}, [2, 1]),
    ({"actor": "nobody"}, []),
    ({"actor": "' OR 1=1 --"}, []),
]


async def test_every_filter(store: Store, practice: Any, search: Searching) -> None:
    await filled(store, practice)
    assert [(wanted, await search(**wanted)) for wanted, _ in FILTERS] == FILTERS


async def test_times_are_from_and_before(store: Store, practice: Any, search: Searching) -> None:
    start: datetime = practice.clock.now()
    await filled(store, practice)
    acts = {"limit": 50, "until": start + timedelta(minutes=4)}
    assert await search(**acts, since=start + timedelta(minutes=1)) == [3, 2, 1]
    assert await search(since=start, until=start + timedelta(minutes=1)) == [0]


async def test_columns_are_kept_with_the_entry_or_not_at_all(store: Store, practice: Any) -> None:
    await filled(store, practice)
    entry = store._entry(NURSE, "a", Ref("t", "x"), touched=("t:x",))
    with pytest.raises(Exception, match="rules"):
        await store._writer.commit((("INSERT INTO audit_leaf (number, leaf) VALUES (0, :leaf)", {"leaf": b"x"}),), (entry,))
    for table in ("audit_leaf", "audit_index"):
        assert practice.raw(f"SELECT count(*) FROM {table}") == [(4,)]
    assert practice.raw("SELECT record, number FROM audit_touched ORDER BY number, record") == [
        ("voicemail:v1", 1),
        ("voicemail:v2", 1),
        ("call:v1", 3),
    ]


async def test_texts_from_outside_that_no_database_takes_are_searchable_too(store: Store, search: Searching) -> None:
    odd = Actor(ActorKind.ANONYMOUS, "a\ud800b\0c")
    await store.record(odd, "phone.authenticate", Ref("phone", "\udfff"), Outcome.REFUSED, "", touched=("call:\ud800",))
    assert await search(actor="a?b?c") == [0]


async def test_a_why_and_a_private_detail(store: Store, look: Any, practice: Any) -> None:
    number = await store.record(NURSE, "access.mark-patient", Ref("patient", "p1"), Outcome.DONE, "", why="rule", private="+12025550142")
    ((_, leaf),) = await look("audit", "*", store.audit_page, AuditQuery(action="access.mark-patient"))
    entry = entry_of(leaf)
    assert entry.detail is not None
    assert (entry.detail["why"], b"2025550142" in leaf, b"2025550142" in practice.files()) == ("rule", False, False)

    async def private(grant: Any) -> str:
        return store.audit_private(grant, number, entry.sealed, entry.place)

    assert await look("audit", str(number), private) == "+12025550142"
    with pytest.raises(Exception, match="grant"):
        await look("audit", "*", private)


# ---- a patient's report --------------------------------------------------------------------------------


async def test_who_looked_at_the_records_of_a_number(store: Store, make: Any, look: Any) -> None:
    await store.add_call(make.call(1))
    await store.begin_voicemail(make.message(1))
    await store.add_voicemail(make.message(1))
    await store.add_call(make.call(2, caller=make.call().called))
    await look("call", "*", store.calls_page, limit=10)
    await look("voicemail", "*", store.voicemails)
    await look("voicemail", "v0001", store.voicemail, "v0001")
    records = await look("audit", "*", store.records_of_number, "+12025550142")
    assert records == ["call:c0001", "voicemail:v0001"]
    found = [entry_of(leaf) for _, leaf in await look("audit", "*", store.audit_touching, records)]
    acts = [(entry.action, entry.ref, entry.outcome) for entry in found]
    assert ("call.record", "c0001", "done") in acts
    assert ("call.look", "*", "done") in acts
    assert ("voicemail.look", "*", "done") in acts
    assert ("voicemail.look", "v0001", "allowed") in acts
    assert not any("c0002" in entry.touched and entry.ref == "c0002" for entry in found)
    assert await look("audit", "*", store.records_of_number, "+12025550199") == []
    assert await look("audit", "*", store.audit_touching, []) == []


# ---- the clock -----------------------------------------------------------------------------------------


async def test_a_clock_set_back_is_an_entry_before_the_one_that_shows_it(store: Store, practice: Any) -> None:
    await store.record(NURSE, "a", Ref("t", "x"), Outcome.DONE, "")
    practice.clock.at -= timedelta(hours=1)
    number = await store.record(NURSE, "b", Ref("t", "x"), Outcome.DONE, "")
    practice.clock.at -= timedelta(seconds=1)
    assert await store.record(NURSE, "c", Ref("t", "x"), Outcome.DONE, "") == number + 1
    entries = [entry_of(leaf) for _, leaf in await store.audit_after(0, 10)]
    assert [entry.action for entry in entries] == ["a", "clock.set-back", "b", "c"]
    assert (number, entries[1].detail) == (2, {"before": entries[0].at.isoformat(timespec="microseconds"), "seconds": "3600.000000"})


async def test_a_clock_set_back_while_we_were_down(practice: Any) -> None:
    store = practice.open()
    await store.record(NURSE, "a", Ref("t", "x"), Outcome.DONE, "")
    store.close()
    practice.clock.at -= timedelta(days=1)
    again = practice.open()
    await again.record(NURSE, "b", Ref("t", "x"), Outcome.DONE, "")
    assert [entry_of(leaf).action for _, leaf in await again.audit_after(0, 10)] == ["a", "clock.set-back", "b"]


async def test_entries_of_times_without_microseconds_are_in_order(store: Store, practice: Any) -> None:
    practice.clock.at = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
    await filled(store, practice)
    assert len(await store.audit_between(practice.clock.now() - timedelta(minutes=2), 4)) == 2
