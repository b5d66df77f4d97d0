"""Keys of single records: kept apart, moved from where they were, shredded for good; a stray copy of a blob or a row opens nothing."""

import os
import shutil
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
import structlog

from auricle.adapters.blobs import FileBlobs
from auricle.adapters.clock import SystemEntropy
from auricle.adapters.keys import disk
from auricle.adapters.keys.records import FileRecordKeys, RecordExists
from auricle.calls.ports import RecordingRefused
from auricle.kernel.actor import Actor, ActorKind
from auricle.kernel.ids import VoicemailId
from auricle.vault.errors import Corrupt, SealingRefused, Shredded, WrongKey
from auricle.vault.fields import Fields
from auricle.vault.gate import Decision, Gate, Grant, Ref
from auricle.vault.keyring import Keyring, Purpose
from auricle.vault.place import Place

PLACE = Place("voicemail", "transcript", "v1")


@pytest.fixture
def ring() -> Keyring:
    return Keyring.generate(SystemEntropy())


@pytest.fixture
def records(tmp_path: Path, ring: Keyring) -> FileRecordKeys:
    return FileRecordKeys(tmp_path / "keys" / "records", ring, SystemEntropy())


class AllowsAll:
    """A policy and a log for tests of what stands behind them."""

    def decide(self, actor: Actor, action: str, ref: Ref) -> Decision:
        return Decision(True, "test")

    async def record(self, *_: object, **__: object) -> int:
        return 0


async def opened(fields: Fields, sealed: bytes, place: Place = PLACE) -> bytes:
    async def read(grant: Grant) -> bytes:
        return fields.open(Purpose.TRANSCRIPT, sealed, place, grant)

    gate = Gate(AllowsAll(), AllowsAll())  # type: ignore[arg-type]
    return await gate.open(Actor(ActorKind.PERSON, "p"), "voicemail.read", Ref("voicemail", "v1"), "test", read)


def test_a_key_is_kept_wrapped_in_a_file_of_its_own(records: FileRecordKeys, ring: Keyring) -> None:
    key = records.create("v1")
    file = records.directory / "v1.key"
    assert key not in file.read_bytes()
    assert (file.stat().st_mode & 0o777, file.stat().st_size) == (0o600, 63)
    assert records.directory.stat().st_mode & 0o777 == 0o700
    assert FileRecordKeys(records.directory, ring, SystemEntropy()).key("v1") == records.key("v1") == key
    with pytest.raises(RecordExists):
        records.create("v1")


@pytest.mark.parametrize("record", ["", "../v1", "v1/..", "a" * 65, "v-1", "v1\n"])
def test_odd_names_are_no_records(record: str, records: FileRecordKeys) -> None:
    with pytest.raises(Shredded):
        records.key(record)


def test_a_key_that_is_damaged_moved_or_of_other_keys_is_named(records: FileRecordKeys) -> None:
    records.create("v1")
    path = records.directory / "v1.key"
    good = path.read_bytes()
    for at in range(len(good)):
        path.unlink()
        path.write_bytes(good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :])
        with pytest.raises((Corrupt, WrongKey, Exception), match=r"v1\.key"):
            records.key("v1")
    for cut in (0, 2, 20, 62):
        path.write_bytes(good[:cut])
        os.utime(path)
        with pytest.raises(Exception, match=r"v1\.key"):
            FileRecordKeys(records.directory, records._keyring, SystemEntropy()).key("v1")
    (records.directory / "v2.key").write_bytes(good)
    with pytest.raises(Corrupt, match=r"v2\.key"):
        records.key("v2")


async def test_shredding_reaches_every_copy_of_row_and_blob(records: FileRecordKeys, ring: Keyring, tmp_path: Path) -> None:
    """A backup of blobs and database, made before, tells nothing after."""
    blobs = FileBlobs(tmp_path / "blobs", records, SystemEntropy(), 0)
    recording = await blobs.open(VoicemailId("v1"))
    recording.write(b"\x55" * 9000)
    await recording.close()
    fields = Fields(ring, SystemEntropy(), "pbx.example", records)
    sealed = fields.seal(Purpose.TRANSCRIPT, "what was said", PLACE)
    assert await opened(fields, sealed) == b"what was said"
    shutil.copytree(tmp_path / "blobs", tmp_path / "backup")
    assert not list((tmp_path / "backup").glob("*.key"))
    await blobs.shred(VoicemailId("v1"))
    assert list(records.files()) == []
    with pytest.raises(Shredded, match=r"voicemail\.transcript of v1"):
        await opened(fields, sealed)
    with pytest.raises(Shredded):  # nothing new is kept of it either: a transcription that ends late, say
        fields.seal(Purpose.TRANSCRIPT, "late", PLACE)
    for purpose in Purpose:  # no key of the ring opens the copy of the row
        bare = Fields(Keyring({purpose: ring.epochs(purpose)}), SystemEntropy(), "pbx.example")
        with pytest.raises(WrongKey):
            await opened(bare, sealed)
    blobs.close()


def test_another_process_that_shreds_is_noticed_at_once(records: FileRecordKeys, ring: Keyring) -> None:
    records.create("v1")
    records.key("v1")
    FileRecordKeys(records.directory, ring, SystemEntropy()).shred("v1")
    with pytest.raises(Shredded):
        records.key("v1")
    records.shred("v1")


def test_rewrapping_keeps_the_key_and_never_brings_one_back(records: FileRecordKeys, ring: Keyring) -> None:
    keys = {name: records.create(name) for name in ("v1", "v2")}
    assert records.behind() == []
    ring.rotate(Purpose.BLOB, SystemEntropy())
    assert records.behind() == ["v1", "v2"]
    records.shred("v2")
    records.rewrap("v1")
    records.rewrap("v2")
    assert records.behind() == []
    assert records.epochs() == {2}
    assert records.key("v1") == keys["v1"]
    assert not records.exists("v2")


def test_shredding_waits_for_a_rewrap_that_runs(records: FileRecordKeys, ring: Keyring, monkeypatch: pytest.MonkeyPatch) -> None:
    records.create("v1")
    ring.rotate(Purpose.BLOB, SystemEntropy())
    inside, go_on = threading.Event(), threading.Event()
    replace = disk.replace

    def slow(path: Path, data: bytes) -> None:
        inside.set()
        assert go_on.wait(5)
        replace(path, data)

    monkeypatch.setattr(disk, "replace", slow)
    wrapping = threading.Thread(target=records.rewrap, args=("v1",))
    wrapping.start()
    assert inside.wait(5)
    shredding = threading.Thread(target=records.shred, args=("v1",))
    shredding.start()
    go_on.set()
    wrapping.join()
    shredding.join()
    assert not records.exists("v1")


def test_keys_of_earlier_versions_are_moved_out_of_the_blobs(records: FileRecordKeys, tmp_path: Path) -> None:
    old = tmp_path / "blobs"
    old.mkdir()
    keys = {name: records.create(name) for name in ("v1", "v2", "v3")}
    for name in ("v1", "v2"):
        os.replace(records.directory / f"{name}.key", old / f"{name}.key")
    shutil.copy(records.directory / "v3.key", old / "v3.key")  # a crash came between the copy and the removal
    (old / "not-ours.key").write_bytes(b"left alone")
    with structlog.testing.capture_logs():
        assert records.adopt(old) == 3
        assert records.adopt(old) == 0
    assert sorted(path.name for path in old.iterdir()) == ["not-ours.key"]
    assert {name: records.key(name) for name in keys} == keys


MOVE = """
import os, sys
from pathlib import Path
from auricle.adapters.clock import SystemEntropy
from auricle.adapters.keys import disk
from auricle.adapters.keys.records import FileRecordKeys
from auricle.vault.keyring import Keyring, Purpose
base, at = Path(sys.argv[1]), int(sys.argv[2])
calls = 0
def dying(act):
    def step(*arguments):
        global calls
        calls += 1
        if calls == at:
            os._exit(9)
        return act(*arguments)
    return step
for name in ("link", "unlink", "fsync"):
    setattr(os, name, dying(getattr(os, name)))
FileRecordKeys(base / "keys", Keyring({Purpose.BLOB: {1: bytes(32)}}), SystemEntropy()).adopt(base / "blobs")
"""


@pytest.mark.parametrize("at", range(1, 8))
def test_a_move_that_is_killed_at_any_step_loses_no_key(at: int, tmp_path: Path) -> None:
    ring = Keyring({Purpose.BLOB: {1: bytes(32)}})
    made = FileRecordKeys(tmp_path / "blobs", ring, SystemEntropy())
    keys = {name: made.create(name) for name in ("v1", "v2")}
    subprocess.run([sys.executable, "-c", MOVE, str(tmp_path), str(at)], check=False, timeout=20)
    moved = FileRecordKeys(tmp_path / "keys", ring, SystemEntropy())
    with structlog.testing.capture_logs():
        moved.adopt(tmp_path / "blobs")
    assert {name: moved.key(name) for name in keys} == keys
    assert list((tmp_path / "blobs").glob("*.key")) == []
    assert sorted(path.name for path in (tmp_path / "keys").iterdir()) == ["v1.key", "v2.key"]  # nothing half written


async def test_a_refusal_stops_new_records_only(records: FileRecordKeys, ring: Keyring, tmp_path: Path) -> None:
    blobs = FileBlobs(tmp_path / "blobs", records, SystemEntropy(), 0)
    running = await blobs.open(VoicemailId("v1"))
    fields = Fields(ring, SystemEntropy(), "pbx.example", records)
    ring.refuse(datetime(2026, 11, 25, tzinfo=UTC), "the keys' provider refuses")
    running.write(b"\x55" * 9000)
    assert await running.close() == 1.125
    assert fields.seal(Purpose.TRANSCRIPT, "of what ran", PLACE)
    with structlog.testing.capture_logs() as logs, pytest.raises(RecordingRefused, match="provider"):
        await blobs.open(VoicemailId("v2"))
    assert [(log["event"], log["reason"]) for log in logs] == [("recording_refused", "keys_refused")]
    assert not records.exists("v2")
    with pytest.raises(SealingRefused):
        fields.seal(Purpose.CALL_RECORD, "x", Place("call", "sealed", "c1"))
    ring.allow()
    await (await blobs.open(VoicemailId("v2"))).close()
    blobs.close()
