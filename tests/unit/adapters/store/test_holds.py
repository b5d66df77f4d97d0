"""Legal holds: three ways to say what one covers (the rule, the query, the database's trigger) agree, and nothing held is deleted."""

import random
import sqlite3
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest

from auricle.adapters.clock import SystemEntropy
from auricle.adapters.store import Store
from auricle.adapters.store.holds import KeptHold
from auricle.compliance.errors import UnderHold
from auricle.compliance.holds import HeldKind, Hold, Record, Scope
from auricle.compliance.retention import RecordKind, preview
from auricle.kernel.actor import Actor, ActorKind
from auricle.kernel.ids import MailboxId
from auricle.kernel.phi import Phi
from auricle.vault.blind import blind_index
from auricle.vault.keyring import Purpose

OFFICER = Actor(ActorKind.PERSON, "dana-reyes", frozenset({"privacy-officer"}), "s7")
KEEPER = Actor(ActorKind.SERVICE, "keeper", frozenset({"keeper"}))
NUMBERS = ("+12025550142", "+12025550143", "+12025550144", "101")
RULE = "voicemail kept 90 days"


def a_hold(nth: int = 1, **changes: Any) -> KeptHold:
    return replace(KeptHold(f"h{nth:04}", Phi("Vandermolen matter"), Phi("letter of counsel"), HeldKind.ANY), **changes)


async def test_it_is_sealed_and_opens_for_whoever_may_see_it(store: Store, practice: Any, make: Any, look: Any, newest: Any) -> None:
    await store.add_call(make.call(1))
    await store.add_voicemail(make.message(1))
    await store.place_hold(OFFICER, a_hold(number=Phi(NUMBERS[0])))
    (found,) = await look("hold", "*", store.legal_holds)
    assert found.name.reveal("test") == "Vandermolen matter"
    assert found.reason.reveal("test") == "letter of counsel"
    assert found.number.reveal("test") == NUMBERS[0]
    assert (found.placed_by, found.keeps) == ("dana-reyes", 2)
    assert any(b'"action":"hold.place"' in leaf and b"h0001" in leaf for leaf in await newest(10))
    for private in (b"Vandermolen", b"letter of counsel", NUMBERS[0].encode()):
        assert private not in practice.files()


async def test_released_it_keeps_nothing_and_stays_on_record(store: Store, make: Any, look: Any, practice: Any) -> None:
    await store.add_voicemail(make.message(1))
    await store.place_hold(OFFICER, a_hold())
    with pytest.raises(UnderHold):
        await store.shred_record(KEEPER, RecordKind.VOICEMAIL, "v0001", RULE)
    assert await store.release_hold(OFFICER, "h0001")
    assert not await store.release_hold(OFFICER, "h0001"), "once"
    assert not await store.release_hold(OFFICER, "h0002")
    (found,) = await look("hold", "*", store.legal_holds)
    assert (found.released_by, found.keeps) == ("dana-reyes", 0)
    with pytest.raises(Exception, match="legal hold"):
        practice.raw("DELETE FROM legal_hold")
    assert await store.shred_record(KEEPER, RecordKind.VOICEMAIL, "v0001", RULE)


async def test_a_refused_deletion_is_in_the_log(store: Store, make: Any, newest: Any) -> None:
    await store.add_call(make.call(1))
    await store.place_hold(OFFICER, a_hold(kind=HeldKind.CALL, record="c0001"))
    with pytest.raises(UnderHold):
        await store.shred_record(KEEPER, RecordKind.CALL, "c0001", "call kept 1 days")
    shreds = [leaf for leaf in await newest(10) if b'"retention.shred"' in leaf]
    assert len(shreds) == 1
    assert b'"refused"' in shreds[0]
    assert b"A legal hold keeps this record." in shreds[0]
    assert not await store.unfinished_shreddings()


async def test_a_hold_placed_meanwhile_wins(store: Store, make: Any, practice: Any, newest: Any) -> None:
    """The run has read what is due; before it deletes, somebody places a hold."""
    for number in range(1, 4):
        await store.add_voicemail(make.message(number))
    due = await store.due_records(RecordKind.VOICEMAIL, practice.clock.now() + timedelta(days=1), 10)
    assert due == ["v0001", "v0002", "v0003"]
    await store.place_hold(OFFICER, a_hold(kind=HeldKind.VOICEMAIL, record="v0002"))
    gone = []
    for record in due:
        try:
            gone.append(await store.shred_record(KEEPER, RecordKind.VOICEMAIL, record, RULE, practice.clock.now() + timedelta(days=1)))
        except UnderHold:
            gone.append(False)
    assert gone == [True, False, True]
    assert [row[0] for row in practice.raw("SELECT id FROM voicemail")] == ["v0002"]


async def test_the_database_itself_keeps_what_is_held(store: Store, make: Any, practice: Any) -> None:
    """Also from a statement that asks nobody; what a call leaves when nothing was said is no message and may go."""
    await store.add_voicemail(make.message(1))
    await store.begin_voicemail(make.message(2))
    await store.add_call(make.call(1))
    await store.place_hold(OFFICER, a_hold())
    for statement in ("DELETE FROM voicemail WHERE id = 'v0001'", "DELETE FROM call", "DELETE FROM voicemail"):
        with pytest.raises(Exception, match="a legal hold keeps this record"):
            practice.raw(statement)
    await store.discard_voicemail(make.message(2).id)
    assert [row[0] for row in practice.raw("SELECT id FROM voicemail")] == ["v0001"]


async def test_a_message_of_before_there_was_an_index_is_kept_by_every_number(store: Store, make: Any, practice: Any, look: Any) -> None:
    await store.add_voicemail(make.message(1))
    practice.raw("UPDATE voicemail SET caller_index = NULL")
    await store.place_hold(OFFICER, a_hold(number=Phi(NUMBERS[1])))
    with pytest.raises(UnderHold):
        await store.shred_record(KEEPER, RecordKind.VOICEMAIL, "v0001", RULE)
    assert await store.unindexed(10) == ["v0001"]
    assert await look("voicemail", "*", store.index_callers, ["v0001"]) == 1
    assert await store.unindexed(10) == []
    assert await store.shred_record(KEEPER, RecordKind.VOICEMAIL, "v0001", RULE), "it was somebody else's number"


async def test_a_number_is_met_after_its_key_was_rotated(store: Store, make: Any, practice: Any) -> None:
    """Rows of before and of after the rotation are both kept by a hold of after it."""
    await store.add_voicemail(make.message(1))
    practice.keyring.rotate(Purpose.BLIND_INDEX, SystemEntropy())
    await store.add_voicemail(make.message(2))
    await store.place_hold(OFFICER, a_hold(number=Phi(NUMBERS[0])))
    for record in ("v0001", "v0002"):
        with pytest.raises(UnderHold):
            await store.shred_record(KEEPER, RecordKind.VOICEMAIL, record, RULE)


async def test_rule_query_and_trigger_agree(store: Store, make: Any, practice: Any, look: Any) -> None:
    """Thirty made-up holds, one at a time, over records of all kinds: what each covers is asked three ways."""
    draw = random.Random(45)
    messages = [
        make.message(
            n, caller=Phi(draw.choice(NUMBERS)), mailbox=MailboxId(draw.choice(["nurses", "front"])), received_at=at(draw, practice)
        )
        for n in range(12)
    ]
    calls = [
        make.call(n, caller=Phi(draw.choice(NUMBERS)), called=Phi(draw.choice(NUMBERS)), started_at=at(draw, practice)) for n in range(12)
    ]
    for message in messages:
        await store.add_voicemail(message)
    for call in calls:
        await store.add_call(call)
    records = [as_record(practice, one) for one in (*messages, *calls)]
    for number in range(30):
        placed = some_hold(draw, practice, number)
        await store.place_hold(OFFICER, placed)
        wanted = {(record.kind, record.id) for record in records if scope_of(practice, placed).covers(record)}
        assert await by_query(store, practice) == wanted, placed
        assert by_trigger(practice) == wanted, placed
        assert (await look("hold", "*", store.legal_holds))[0].keeps == len(wanted)
        await the_preview_counts_the_same(store, practice, records, placed)
        await store.release_hold(OFFICER, placed.id)


async def the_preview_counts_the_same(store: Store, practice: Any, records: list[Record], placed: KeptHold) -> None:
    """The store's count is the rule's; the term ends in the middle of the records' five minutes."""
    schedule = {kind: 1 for kind in RecordKind}
    now = practice.clock.now() + timedelta(days=1, minutes=2)
    hold = Hold(placed.id, scope_of(practice, placed), "dana-reyes", now)
    for kind in (RecordKind.VOICEMAIL, RecordKind.CALL):
        theirs = [record for record in records if record.kind == kind]
        assert await store.retention_preview(kind, schedule, now) == preview(kind, theirs, schedule, now, [hold]), placed


def at(draw: random.Random, practice: Any) -> datetime:
    return practice.clock.now() + timedelta(minutes=draw.randrange(5))  # type: ignore[no-any-return]


def as_record(practice: Any, one: Any) -> Record:
    if hasattr(one, "mailbox"):
        return Record("voicemail", one.id, one.received_at, one.mailbox, indexes(practice, ("voicemail.caller", one.caller)))
    return Record("call", one.id, one.started_at, "", indexes(practice, ("call.caller", one.caller), ("call.called", one.called)))


def indexes(practice: Any, *values: tuple[str, Phi[str]]) -> frozenset[bytes]:
    return frozenset(bytes(blind_index(practice.keyring, context, number.reveal("test"))) for context, number in values)


def some_hold(draw: random.Random, practice: Any, number: int) -> KeptHold:
    since, until = (at(draw, practice) if draw.random() < 0.3 else None for _ in range(2))
    placed = a_hold(number, kind=draw.choice(list(HeldKind)), since=since, until=until)
    if draw.random() < 0.5:
        placed = replace(placed, number=Phi(draw.choice(NUMBERS)))
    if draw.random() < 0.3:
        placed = replace(placed, mailbox=draw.choice(["nurses", "front"]))
    if draw.random() < 0.2:
        placed = replace(placed, record=draw.choice(["v0003", "c0003"]))
    return placed


def scope_of(practice: Any, placed: KeptHold) -> Scope:
    number = placed.number
    contexts = ("call.caller", "call.called", "voicemail.caller")
    numbers = indexes(practice, *((context, number) for context in contexts)) if number else frozenset()
    return Scope(placed.kind, placed.record, numbers, placed.mailbox, placed.since, placed.until)


async def by_query(store: Store, practice: Any) -> set[tuple[str, str]]:
    """What is not due although it is old enough."""
    late = practice.clock.now() + timedelta(days=1)
    free = {kind: set(await store.due_records(kind, late, 100)) for kind in (RecordKind.VOICEMAIL, RecordKind.CALL)}
    return {(kind.value, row[0]) for kind in free for row in practice.raw(f"SELECT id FROM {kind.value}") if row[0] not in free[kind]}


def by_trigger(practice: Any) -> set[tuple[str, str]]:
    """What the database does not let go; the try is taken back."""
    found = set()
    connection = practice.connected()
    for table in ("voicemail", "call"):
        for (ident,) in practice.raw(f"SELECT id FROM {table}"):
            try:
                connection.cursor().execute(f"DELETE FROM {table} WHERE id = '{ident}'")
            except (sqlite3.IntegrityError, psycopg.errors.RestrictViolation):
                found.add((table, ident))
            connection.rollback()
    connection.close()
    return found
