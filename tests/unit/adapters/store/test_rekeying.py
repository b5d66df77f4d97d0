"""Sealing everything anew: nothing is lost, nothing newer is overwritten, what is damaged is named and left, and a kill costs nothing."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
from sqlalchemy import MetaData, String, Table

from auricle.access.subject import KEEPER
from auricle.adapters.clock import SystemEntropy
from auricle.adapters.keys import FileKeys, Keys, holders
from auricle.adapters.keys.records import FileRecordKeys
from auricle.adapters.store import Store, rekeying
from auricle.adapters.store.holds import KeptHold
from auricle.adapters.store.reindexing import blind_columns
from auricle.adapters.store.rekeying import sealed_columns
from auricle.adapters.store.schema import metadata
from auricle.adapters.store.schema.columns import MARK, clear, sealed
from auricle.app import rekey
from auricle.app.board import Board
from auricle.app.key_provider import KeySettings
from auricle.app.keys import KeyKeeper
from auricle.app.rekey import RekeyJob
from auricle.calls.voicemail_record import TranscriptState
from auricle.compliance.holds import HeldKind
from auricle.kernel.ids import PersonId
from auricle.kernel.phi import Phi
from auricle.vault.fields import Fields
from auricle.vault.gate import Gate, Ref
from auricle.vault.keyring import Purpose
from auricle.vault.place import Place

PATIENT = "+12025550142"
REALM = "pbx.example"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rekey, "PAUSE_S", 0)
    monkeypatch.setattr(rekey, "COUNT_S", 0)
    for name, value in (("TIME_COST", 1), ("MEMORY_KIB", 64), ("LANES", 1)):
        monkeypatch.setattr(holders, name, value)


class World:
    """A store that seals with the ring of a key file, and the job behind it."""

    def __init__(self, practice: Any, directory: Path, gate_of: Callable[[Store], Gate], keep_days: int = 35) -> None:
        self.practice = practice
        self.files = FileKeys(directory / "keys", SystemEntropy(), practice.clock)
        self.keys: Keys = self.files.create(None) if not self.files.exist else self.files.unlock(None)
        self.records = FileRecordKeys(directory / "keys" / "records", self.keys.keyring, SystemEntropy())
        self.fields = Fields(self.keys.keyring, SystemEntropy(), REALM, self.records)
        practice.keyring = self.keys.keyring
        self.store = Store(practice.database(), self.keys.keyring, self.fields, practice.signing, practice.origin, practice.clock)
        self.gate = gate_of(self.store)
        self.board = Board()
        self.keeper = KeyKeeper(
            files=self.files, keys=self.keys, store=self.store, board=self.board, clock=practice.clock, settings=KeySettings()
        )
        self.keep_days = keep_days
        self.job = self.new_job()

    def new_job(self) -> RekeyJob:
        return RekeyJob(
            store=self.store,
            records=self.records,
            keeper=self.keeper,
            gate=self.gate,
            board=self.board,
            clock=self.practice.clock,
            keep_days=self.keep_days,
        )

    async def rotate(self, *purposes: Purpose) -> None:
        def change(ring: Any) -> None:
            for purpose in purposes or Purpose:
                ring.rotate(purpose, SystemEntropy(), self.practice.clock.now())

        await self.keeper.change(change)

    def entries(self) -> list[tuple[str, str, str]]:
        """Action, thing and outcome of every audit entry about keys."""
        leaves = [json.loads(bytes(leaf)) for (leaf,) in self.practice.raw("SELECT leaf FROM audit_leaf ORDER BY number")]
        return [(leaf["action"], leaf["ref"], leaf["outcome"]) for leaf in leaves if leaf["kind"] == "keys"]

    def heads(self, table: str, column: str) -> set[str]:
        """The first two bytes of every value."""
        rows = self.practice.raw(f"SELECT {column} FROM {table} WHERE {column} IS NOT NULL")
        return {bytes(value)[:2].hex() for (value,) in rows}


@pytest.fixture
def world(practice: Any, tmp_path: Path, gate_of: Callable[[Store], Gate]) -> Iterator[World]:
    made = World(practice, tmp_path, gate_of)
    yield made
    made.store.close()


@pytest.fixture
def gate_of(everything: Any) -> Callable[[Store], Gate]:
    return lambda store: Gate(everything, store)


@pytest.fixture
def found(world: World, everything: Any) -> Callable[[str], Awaitable[int]]:
    """How many calls a number is found in, through the gate."""

    async def find(number: str) -> int:

        async def read(grant: Any) -> int:
            return len(await world.store.calls_of_number(grant, number, 500))

        return await world.gate.open(KEEPER, "calls.list", Ref("call", "*"), "test", read)

    return find


async def filled(world: World, make: Any, calls: int = 7) -> None:
    """Calls, a hold by number, messages with a record's key and a transcript."""

    for number in range(calls):
        await world.store.add_call(make.call(number))
    for number in range(3):
        message = make.message(number)
        world.records.create(message.id)
        await world.store.begin_voicemail(message)
        await world.store.add_voicemail(message)
        await world.store.set_transcript(message.id, TranscriptState.DONE, '{"words": []}')
    held = KeptHold("h1", Phi("Vandermolen v. Harbor Street"), Phi("letter of 3 May"), HeldKind.ANY, number=Phi(PATIENT))
    await world.store.place_hold(KEEPER, held)


async def test_after_a_rotation_everything_is_sealed_anew(world: World, make: Any, found: Any) -> None:
    await filled(world, make)
    await world.rotate()
    assert await found(PATIENT) == 7
    await world.store.add_call(make.call(99))
    assert world.heads("call", "sealed") == {"0001", "0002"}
    assert await found(PATIENT) == 8
    await world.job.once()
    assert world.heads("call", "sealed") == {"0002"}
    assert (
        world.heads("call", "caller_index") == world.heads("call", "called_index") == world.heads("voicemail", "caller_index") == {"0002"}
    )
    assert world.heads("legal_hold", "sealed") == world.heads("legal_hold_number", "number_index") == {"0002"}
    assert world.heads("voicemail", "sealed") == world.heads("voicemail", "transcript") == {"0000"}
    assert await found(PATIENT) == 8
    assert set((await world.job.behind()).values()) == {0}
    assert world.records.epochs() == {2}
    job = world.job.job
    assert job is not None
    assert (job.state, job.done, job.damaged) == ("done", job.total, 0)
    acts = {json.loads(bytes(leaf))["action"] for (leaf,) in world.practice.raw("SELECT leaf FROM audit_leaf")}
    assert "integrity.damaged" not in acts, "a key that is not meant is no damage"


async def test_each_purpose_is_audited_from_start_to_finish(world: World, make: Any) -> None:
    await filled(world, make)
    await world.rotate(Purpose.CALL_RECORD)
    await world.job.once()
    assert [entry for entry in world.entries() if entry[0] == "keys.rekey" and entry[1] != "*"] == [
        ("keys.rekey", "call-record", "allowed"),
        ("keys.rekey", "call-record", "done"),
    ]
    (progress,) = await world.store.rekey_progress()
    assert (progress.purpose, progress.epoch, progress.state, progress.done, progress.total, progress.damaged) == (
        "call-record", 2, "done", 7, 7, 0,
    )  # fmt: skip


async def test_nothing_behind_writes_nothing(world: World, make: Any) -> None:
    await filled(world, make)
    before = len(world.entries())
    await world.job.once()
    await world.job.once()
    assert [entry for entry in world.entries()[before:] if entry[1] != "*"] == []


async def test_what_earlier_versions_wrote_is_brought_to_today(world: World, make: Any, found: Any) -> None:
    """Indexes of 16 bytes, and messages sealed under the ring although they have a key of their own."""
    await filled(world, make)
    old = Fields(world.keys.keyring, SystemEntropy(), REALM)
    for (row,) in world.practice.raw("SELECT id FROM voicemail"):
        text = old.seal(Purpose.VOICEMAIL, json.dumps({"caller": PATIENT, "caller_name": "Q"}), Place("voicemail", "sealed", row))
        world.practice.raw("UPDATE voicemail SET sealed = ? WHERE id = ?", text, row)
    for column in ("caller_index", "called_index"):
        for row, index in world.practice.raw(f"SELECT id, {column} FROM call"):
            world.practice.raw(f"UPDATE call SET {column} = ? WHERE id = ?", bytes(index)[2:], row)
    assert await found(PATIENT) == 7
    await world.job.once()
    assert world.heads("voicemail", "sealed") == {"0000"}
    assert world.heads("call", "caller_index") == {"0001"}
    assert await found(PATIENT) == 7


async def test_a_row_that_changed_meanwhile_is_not_overwritten(world: World, make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    await filled(world, make, 3)
    await world.rotate(Purpose.CALL_RECORD)
    place = Place("call", "sealed", "c0001")
    newer = world.fields.seal(Purpose.CALL_RECORD, b'{"newer": true}', place)
    opened = Store._resealed

    def raced(self: Store, *arguments: Any) -> Any:
        ops = opened(self, *arguments)
        world.practice.raw("UPDATE call SET sealed = ? WHERE id = ?", newer, place.row)
        return ops

    monkeypatch.setattr(Store, "_resealed", raced)
    await world.job.once()
    assert bytes(world.practice.raw("SELECT sealed FROM call WHERE id = ?", place.row)[0][0]) == newer
    assert world.heads("call", "sealed") == {"0002"}


async def test_a_damaged_row_is_named_counted_and_left(world: World, make: Any, found: Any) -> None:
    await filled(world, make)
    (sealed_bytes,) = world.practice.raw("SELECT sealed FROM call WHERE id = ?", "c0003")[0]
    broken = bytes(sealed_bytes)[:-1] + bytes([bytes(sealed_bytes)[-1] ^ 1])
    moved = bytes(world.practice.raw("SELECT sealed FROM call WHERE id = ?", "c0001")[0][0])
    own = bytes(world.practice.raw("SELECT sealed FROM call WHERE id = ?", "c0004")[0][0])
    world.practice.raw("UPDATE call SET sealed = ? WHERE id = ?", broken, "c0003")
    world.practice.raw("UPDATE call SET sealed = ? WHERE id = ?", moved, "c0004")
    await world.rotate(Purpose.CALL_RECORD)
    with structlog.testing.capture_logs() as logs:
        await world.job.once()
    assert {log["place"] for log in logs if log["event"] == "sealed_row_unreadable"} == {
        "call.sealed of c0003",
        "call.sealed of c0004",
    }
    (progress,) = await world.store.rekey_progress()
    assert (progress.state, progress.done, progress.damaged) == ("stopped", 5, 2)
    assert world.keeper.keyring.epochs(Purpose.CALL_RECORD)[1].retired_at is None
    assert bytes(world.practice.raw("SELECT sealed FROM call WHERE id = ?", "c0003")[0][0]) == broken
    before = len(world.entries())
    await world.job.once()  # what was left is not tried again and again
    assert len(world.entries()) == before
    world.practice.raw("UPDATE call SET sealed = ? WHERE id = ?", bytes(sealed_bytes), "c0003")
    world.practice.raw("UPDATE call SET sealed = ? WHERE id = ?", own, "c0004")
    world.job = world.new_job()
    await world.job.once()
    assert world.heads("call", "sealed") == {"0002"}
    assert world.keeper.keyring.epochs(Purpose.CALL_RECORD)[1].retired_at is not None


async def test_a_kill_in_the_middle_costs_nothing(world: World, make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    await filled(world, make, 12)
    monkeypatch.setattr(rekey, "BATCH", 2)
    await world.rotate(Purpose.CALL_RECORD)
    steps = 0
    noted = world.store.note_progress

    async def counted(progress: Any) -> None:
        nonlocal steps
        steps += 1
        await noted(progress)
        if steps == 4:
            raise asyncio.CancelledError  # as the end of the process would

    monkeypatch.setattr(world.store, "note_progress", counted)
    with pytest.raises(asyncio.CancelledError):
        await world.job.once()
    assert world.heads("call", "sealed") == {"0001", "0002"}
    monkeypatch.setattr(world.store, "note_progress", noted)
    again = world.new_job()
    runner = asyncio.ensure_future(again.run())
    async with asyncio.timeout(10):
        while [one.state for one in await world.store.rekey_progress()] != ["done"]:
            await asyncio.sleep(0.01)
    runner.cancel()
    await asyncio.gather(runner, return_exceptions=True)
    (progress,) = await world.store.rekey_progress()
    assert (progress.state, progress.done, progress.total) == ("done", 12, 12)


async def test_an_epoch_is_retired_then_destroyed_when_no_backup_needs_it(world: World, make: Any) -> None:
    await filled(world, make)
    await world.rotate(Purpose.CALL_RECORD, Purpose.BLIND_INDEX, Purpose.BLOB, Purpose.AUDIT_DETAIL)
    await world.job.once()
    now = world.practice.clock.now()
    assert world.keeper.keyring.epochs(Purpose.CALL_RECORD)[1].retired_at == now
    assert world.keeper.keyring.epochs(Purpose.AUDIT_DETAIL)[1].retired_at is None  # leaves of the log are sealed with it
    world.practice.clock.pass_s(timedelta(days=34).total_seconds())
    await world.job.once()
    assert set(world.keeper.keyring.epochs(Purpose.CALL_RECORD)) == {1, 2}
    world.practice.clock.pass_s(timedelta(days=2).total_seconds())
    await world.job.once()
    for purpose in (Purpose.CALL_RECORD, Purpose.BLIND_INDEX, Purpose.BLOB):
        assert set(world.keeper.keyring.epochs(purpose)) == {2}
        assert ("keys.destroy", f"{purpose.value}:1", "done") in world.entries()
    assert set(world.keeper.keyring.epochs(Purpose.AUDIT_DETAIL)) == {1, 2}
    assert set(world.files.unlock(None).keyring.epochs(Purpose.BLOB)) == {2}


async def test_a_retired_epoch_that_is_needed_again_is_taken_back(world: World, make: Any) -> None:
    await filled(world, make, 2)
    (old,) = world.practice.raw("SELECT sealed FROM call WHERE id = ?", "c0001")[0]
    await world.rotate(Purpose.CALL_RECORD)
    await world.job.once()
    broken = bytes(old)[:-1] + bytes([bytes(old)[-1] ^ 1])
    world.practice.raw("UPDATE call SET sealed = ? WHERE id = ?", broken, "c0001")  # a restored row that does not open
    await world.job.once()
    assert world.keeper.keyring.epochs(Purpose.CALL_RECORD)[1].retired_at is None


async def test_a_record_key_that_does_not_open_is_left(world: World, make: Any) -> None:
    await filled(world, make)
    path = world.records.directory / "v0001.key"
    path.write_bytes(path.read_bytes()[:-1] + b"\0")
    await world.rotate(Purpose.BLOB)
    with structlog.testing.capture_logs() as logs:
        await world.job.once()
    assert [log["blob"] for log in logs if log["event"] == "record_key_unreadable"] == ["v0001"]
    assert world.records.epochs() == {1, 2}
    assert world.keeper.keyring.epochs(Purpose.BLOB)[1].retired_at is None


async def test_a_hold_meets_rows_of_both_epochs_at_every_moment(world: World, make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    await filled(world, make)
    await world.rotate(Purpose.BLIND_INDEX)
    seen: list[set[str]] = []
    indexed = Store.index_anew

    async def watched(self: Store, grant: Any, column: Any, *arguments: Any, **named: Any) -> Any:
        done = await indexed(self, grant, column, *arguments, **named)
        if column.name == "call.caller_index":
            seen.append(world.heads("legal_hold_number", "number_index"))
        return done

    monkeypatch.setattr(Store, "index_anew", watched)
    await world.job.once()
    assert seen
    assert all({"0001", "0002"} <= heads for heads in seen)
    assert world.heads("legal_hold_number", "number_index") == {"0002"}


async def test_indexes_whose_source_is_gone_go_too(world: World, make: Any) -> None:
    await filled(world, make)
    world.practice.raw("INSERT INTO patient_number (mark, number_index) VALUES (?, ?)", "gone", b"\x00\x01" + bytes(16))
    await world.rotate(Purpose.BLIND_INDEX)
    await world.job.once()
    assert world.practice.raw("SELECT mark FROM patient_number") == []


async def test_a_table_that_comes_later_is_covered(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    later = MetaData()
    Table("later", later, clear("id", String, why="an identifier", primary_key=True), sealed("secret"), extend_existing=True)
    monkeypatch.setattr(rekeying, "metadata", later)
    kind = "BLOB" if world.practice.backend == "sqlite" else "bytea"
    world.practice.raw(f"CREATE TABLE later (id varchar PRIMARY KEY, secret {kind})")
    for number in range(3):
        value = world.fields.seal(Purpose.AUTH, f"secret {number}", Place("later", "secret", f"r{number}"))
        world.practice.raw("INSERT INTO later (id, secret) VALUES (?, ?)", f"r{number}", bytes(value))
    world.job = world.new_job()
    monkeypatch.undo()
    await world.rotate(Purpose.AUTH)
    monkeypatch.setattr(rekey, "PAUSE_S", 0)
    await world.job.once()
    assert world.heads("later", "secret") == {"0002"}


def test_every_protected_column_is_found() -> None:
    marked = {
        (column.info[MARK], f"{table.name}.{column.name}")
        for table in metadata.tables.values()
        for column in table.columns
        if column.info[MARK] in ("sealed", "blind")
    }
    found = {("sealed", column.name) for column in sealed_columns()} | {("blind", column.name) for column in blind_columns()}
    assert found == marked
    assert len(found) > 10


def test_tables_of_indexes_come_first() -> None:
    apart = [column.apart for column in blind_columns()]
    assert apart == sorted(apart, reverse=True)


async def test_nothing_is_sealed_anew_while_the_provider_refuses(world: World, make: Any) -> None:
    await filled(world, make)
    await world.rotate(Purpose.CALL_RECORD)
    world.keeper.keyring.refuse(world.practice.clock.now(), "test")
    await world.job.once()
    assert world.heads("call", "sealed") == {"0001"}
    world.keeper.keyring.allow()
    await world.job.once()
    assert world.heads("call", "sealed") == {"0002"}


async def test_the_generation_of_the_key_file_is_remembered(world: World) -> None:
    assert await world.store.key_generation() == 0
    await world.store.note_key_generation(3)
    await world.store.note_key_generation(4)
    assert await world.store.key_generation() == 4


async def test_rows_of_authority_are_vouched_for_anew_and_the_old_epoch_ends(world: World) -> None:
    store, raw = world.store, world.practice.raw
    await store.put_account("dana", PersonId("dana"), "hash")
    await store.put_account("erin", PersonId("erin"), "hash")
    backup = raw("SELECT username, person, password_hash, vouched FROM account ORDER BY username")
    await world.rotate(Purpose.AUTH)
    assert (await world.job.behind())[Purpose.AUTH] > 2
    await world.job.once()
    assert world.heads("account", "vouched") == world.heads("authority", "vouched") == world.heads("authority", "digest") == {"0002"}
    assert world.keeper.keyring.epochs(Purpose.AUTH)[1].retired_at is not None
    assert len(await store.accounts()) == 2
    assert await store.check_authority() == []
    raw("DELETE FROM account")
    for row in backup:
        raw("INSERT INTO account (username, person, password_hash, vouched) VALUES (?, ?, ?, ?)", *row)
    await world.job.once()
    assert await store.accounts() == [], "what an old epoch vouched for is over, and the job does not bring it back"
    await world.keeper.change(lambda ring: ring.retire(Purpose.AUTH, 1, None))  # `auricle database restored`
    assert len(await store.accounts()) == 2
    await world.new_job().once()
    assert world.heads("account", "vouched") == {"0002"}
    assert world.keeper.keyring.epochs(Purpose.AUTH)[1].retired_at is not None
    assert len(await store.accounts()) == 2
