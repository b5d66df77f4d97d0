"""Bits that flip, in rows and in audio: the rest goes on, the log says what and where, and an alert is raised."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.web_ports import a_call
from tests.unit.app.test_audit_watch import NOON, NOOR, World, drained

from auricle.adapters.blobs import FileBlobs
from auricle.adapters.clock import SystemEntropy
from auricle.adapters.keys.records import FileRecordKeys
from auricle.adapters.store import Store
from auricle.app.damage import DamageReports
from auricle.audit.entry import Entry
from auricle.audit.leaf import entry_of
from auricle.kernel.ids import CallId, VoicemailId
from auricle.vault.errors import Corrupt, VaultError
from auricle.vault.gate import Grant, Ref
from auricle.vault.keyring import Keyring, Purpose


@pytest.fixture
def world(tmp_path: Path) -> Any:
    made = World(tmp_path)
    yield made
    made.store.close()


def edit(world: World, sql: str, *params: object) -> None:
    connection = sqlite3.connect(world.path, isolation_level=None)
    connection.execute(sql, params)
    connection.close()


async def damage(store: Store) -> list[tuple[str, str, str, str]]:
    entries: list[Entry] = [entry_of(leaf) for _, leaf in await store.audit_after(0, 1000)]
    return [(e.kind, e.ref, e.outcome, (e.detail or {}).get("why", "")) for e in entries if e.action == "integrity.damaged"]


async def listed(world: World) -> list[str]:
    return [call.id for call in await world.gate.open(NOOR, "calls.list", Ref("call", "*"), "test", world.store.calls_page)]


async def test_a_damaged_row_is_an_entry_once_and_harms_no_other(world: World) -> None:
    for number in range(3):
        await world.store.add_call(a_call(number, NOON))
    edit(world, "UPDATE call SET sealed = zeroblob(length(sealed)) WHERE id = 'c0000001'")
    for _ in range(3):
        assert sorted(await listed(world)) == ["c0000000", "c0000002"]
    assert await damage(world.store) == [("call", "c0000001", "failed", "call.sealed of c0000001")]


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE call SET sealed = (SELECT sealed FROM call WHERE id = 'c0000002') WHERE id = 'c0000001'",
        "UPDATE call SET sealed = substr(sealed, 1, length(sealed) - 1) WHERE id = 'c0000001'",
        "UPDATE call SET sealed = x'00' WHERE id = 'c0000001'",
        "UPDATE call SET sealed = CAST(x'0909' || substr(sealed, 3) AS BLOB) WHERE id = 'c0000001'",
    ],
    ids=["moved", "truncated", "cut-short", "another-epoch"],
)
async def test_one_damaged_record_is_refused_and_named(sql: str, world: World) -> None:
    for number in range(3):
        await world.store.add_call(a_call(number, NOON))
    edit(world, sql)

    async def one(grant: Grant) -> Any:
        return await world.store.call(grant, CallId("c0000001"))

    with pytest.raises(VaultError):
        await world.gate.open(NOOR, "calls.read", Ref("call", "c0000001"), "test", one)
    assert await damage(world.store) == [("call", "c0000001", "failed", "call.sealed of c0000001")]
    await drained(world.watch())
    assert [(rule, subject) for rule, _, subject, _ in await world.alerts()] == [("damage", "call:c0000001")]


@pytest.fixture
def blobs(tmp_path: Path, world: World) -> Any:
    reports = DamageReports(world.store)
    keys = FileRecordKeys(tmp_path / "keys", Keyring({Purpose.BLOB: {1: bytes(32)}}), SystemEntropy())
    made = FileBlobs(tmp_path / "blobs", keys, SystemEntropy(), 0, on_damage=reports.report)
    yield made, reports
    made.close()


async def test_damaged_audio_is_an_entry_with_its_seconds(blobs: Any, world: World, tmp_path: Path) -> None:
    made, reports = blobs
    message = VoicemailId("vm1")
    recording = await made.open(message)
    recording.write(bytes(8000 * 5))
    await recording.close()
    path = tmp_path / "blobs" / "vm1.sealed"
    data = bytearray(path.read_bytes())
    for second in (1, 3):
        data[200 + second * 8016] ^= 1
    path.write_bytes(data)
    reader = await world.gate.open(NOOR, "voicemail.play", Ref("voicemail", message), "test", lambda grant: made.reader(message, grant))
    for _ in range(2):
        assert len(reader.read(0, reader.size)) == 8000 * 5
    await reports.keep()
    await reports.keep()
    assert await damage(world.store) == [("voicemail", "vm1", "failed", "audio of vm1: seconds 1, 3")]


async def test_audio_of_which_nothing_opens_is_an_entry(blobs: Any, world: World, tmp_path: Path) -> None:
    made, _ = blobs
    message = VoicemailId("vm1")
    recording = await made.open(message)
    recording.write(bytes(8000))
    await recording.close()
    path = tmp_path / "blobs" / "vm1.sealed"
    data = path.read_bytes()
    path.write_bytes(data[:60] + bytes(len(data) - 60))
    with pytest.raises(Corrupt):
        await world.gate.open(NOOR, "voicemail.play", Ref("voicemail", message), "test", lambda grant: made.reader(message, grant))
    assert [(kind, ref) for kind, ref, _, _ in await damage(world.store)] == [("voicemail", "vm1")]
