"""Sealed audio files: what is written can be read from anywhere, and nothing that happens to one harms another."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import structlog

from auricle.adapters.blobs import BlobExists, BlobMissing, FileBlobs, SealedBlobReader, writer
from auricle.adapters.clock import SystemEntropy
from auricle.adapters.keys.records import FileRecordKeys
from auricle.calls.ports import RecordingRefused
from auricle.kernel.actor import Actor, ActorKind
from auricle.kernel.ids import VoicemailId
from auricle.vault.errors import Corrupt, GrantSpent, UnknownFormat, VaultError
from auricle.vault.gate import Decision, Gate, Grant, Outcome, Ref
from auricle.vault.keyring import Keyring, Purpose

BLOB = VoicemailId("v1")
KEYRING = Keyring({Purpose.BLOB: {1: bytes(range(32))}})
STREAMS = Path(__file__).parents[2] / "vectors" / "vault" / "stream"
WANTED: dict[str, type[VaultError]] = {"corrupt": Corrupt, "unknown-format": UnknownFormat}


def keys_of(directory: Path) -> Path:
    """Where the keys of the blobs of a directory are."""
    return directory.with_name(f"{directory.name}-keys")


def records(directory: Path, keyring: Keyring = KEYRING) -> FileRecordKeys:
    """The keys of the blobs of a directory, in one beside it."""
    return FileRecordKeys(keys_of(directory), keyring, SystemEntropy())


class AllowsAll:
    """A policy and an audit log for tests of what lies behind them."""

    def decide(self, actor: Actor, action: str, ref: Ref) -> Decision:
        return Decision(True, "test")

    async def record(self, actor: Actor, action: str, ref: Ref, outcome: Outcome, purpose: str, **_said: object) -> int:
        return 0


async def reading(blobs: FileBlobs, blob: VoicemailId = BLOB) -> SealedBlobReader:
    """A reader, through a gate."""
    nurse = Actor(ActorKind.PERSON, "p")
    gate = Gate(AllowsAll(), AllowsAll())
    return await gate.open(nurse, "voicemail.play", Ref("voicemail", blob), "care", lambda grant: blobs.reader(blob, grant))


@pytest.fixture
async def blobs(tmp_path: Path) -> AsyncIterator[FileBlobs]:
    made = FileBlobs(tmp_path, records(tmp_path), SystemEntropy(), 0)
    yield made
    made.close()


def speech(seconds: float) -> bytes:
    """Audio in which every place differs from its neighbours."""
    return b"".join(index.to_bytes(4, "big") for index in range(int(seconds * 2000)))


async def recorded(blobs: FileBlobs, audio: bytes, blob: VoicemailId = BLOB) -> float:
    recording = await blobs.open(blob)
    for at in range(0, len(audio), 160):
        recording.write(audio[at : at + 160])
    return await recording.close()


@pytest.mark.parametrize("size", [0, 1, 160, 7999, 8000, 8001, 16000, 20123])
async def test_what_is_written_is_read(size: int, blobs: FileBlobs) -> None:
    audio = speech(3)[:size]
    assert await recorded(blobs, audio) == size / 8000
    reader = await reading(blobs)
    assert (reader.complete, reader.size, reader.duration_s) == (True, size, size / 8000)
    assert reader.read(0, size + 100) == audio
    assert reader.check() == ()


@pytest.mark.parametrize(
    ("offset", "count"), [(0, 10), (7990, 20), (8000, 8000), (15999, 2), (19000, 99999), (30000, 5), (-5, 3), (5, -1), (5, 0)]
)
async def test_any_part_is_read(offset: int, count: int, blobs: FileBlobs) -> None:
    audio = speech(2.5)
    await recorded(blobs, audio)
    reader = await reading(blobs)
    start = max(offset, 0)
    assert reader.read(offset, count) == audio[start : start + max(count, 0)]


async def test_no_audio_and_no_key_is_on_the_disk_in_clear(blobs: FileBlobs, tmp_path: Path) -> None:
    audio = b"a caller says something private " * 1000
    await recorded(blobs, audio)
    on_disk = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"private" not in on_disk
    assert sorted(path.name for path in tmp_path.iterdir()) == ["v1.sealed"]
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}


async def test_plaintext_waits_for_one_second_at_most(blobs: FileBlobs, tmp_path: Path) -> None:
    recording = await blobs.open(BLOB)
    recording.write(speech(2.5))
    await (await blobs.open(VoicemailId("v2"))).close()  # the worker has done what was asked before
    assert (tmp_path / "v1.part").stat().st_size == 47 + 2 * 8016
    await recording.close()


async def test_two_recordings_at_once_stay_apart(blobs: FileBlobs) -> None:
    one, other = await blobs.open(VoicemailId("v1")), await blobs.open(VoicemailId("v2"))
    for _ in range(150):
        one.write(b"\x01" * 160)
        other.write(b"\x02" * 160)
    await asyncio.gather(one.close(), other.close())
    assert set((await reading(blobs, VoicemailId("v1"))).read(0, 99999)) == {1}
    assert set((await reading(blobs, VoicemailId("v2"))).read(0, 99999)) == {2}


async def test_closing_twice_changes_nothing(blobs: FileBlobs) -> None:
    recording = await blobs.open(BLOB)
    recording.write(speech(1.5))
    both = await asyncio.gather(recording.close(), recording.close())
    recording.write(speech(1))
    assert [*both, await recording.close()] == [1.5, 1.5, 1.5]


async def test_closing_goes_on_when_its_call_is_cancelled(blobs: FileBlobs) -> None:
    recording = await blobs.open(BLOB)
    recording.write(speech(1.5))
    closing = asyncio.ensure_future(recording.close())
    await asyncio.sleep(0)
    closing.cancel()
    assert await recording.close() == 1.5
    assert (await reading(blobs)).complete


async def test_an_abandoned_recording_leaves_nothing(blobs: FileBlobs, tmp_path: Path) -> None:
    recording = await blobs.open(BLOB)
    recording.write(speech(2))
    await recording.abandon()
    assert list(tmp_path.iterdir()) == []


async def test_a_second_recording_of_one_id_harms_nothing(blobs: FileBlobs) -> None:
    await recorded(blobs, speech(1))
    with pytest.raises(BlobExists):
        await blobs.open(BLOB)
    assert (await reading(blobs)).read(0, 8000) == speech(1)


@pytest.mark.parametrize("blob", ["../v1", "v1/..", "", "v.1", "v" * 65, "ⅴ1", "v1\n"])
async def test_an_id_is_never_a_path(blob: str, blobs: FileBlobs) -> None:
    with pytest.raises(BlobMissing):
        await blobs.open(VoicemailId(blob))
    with pytest.raises(BlobMissing):
        await reading(blobs, VoicemailId(blob))


async def test_a_shredded_blob_opens_no_more_even_from_a_copy(blobs: FileBlobs, tmp_path: Path) -> None:
    await recorded(blobs, speech(1))
    copy = (tmp_path / "v1.sealed").read_bytes()
    await blobs.shred(BLOB)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "v1.sealed").write_bytes(copy)
    with pytest.raises(BlobMissing, match="v1"):
        await reading(blobs)
    await blobs.shred(BLOB)


async def test_the_grant_must_be_live(blobs: FileBlobs) -> None:
    kept: list[Grant] = []

    async def keep(grant: Grant) -> None:
        kept.append(grant)

    await recorded(blobs, speech(1))
    await Gate(AllowsAll(), AllowsAll()).open(Actor(ActorKind.PERSON, "p"), "voicemail.play", Ref("voicemail", "v1"), "care", keep)
    with pytest.raises(GrantSpent):
        await blobs.reader(BLOB, kept[0])


async def test_older_epochs_still_open_after_rotation(tmp_path: Path) -> None:
    keyring = Keyring({Purpose.BLOB: {1: bytes(range(32))}})
    blobs = FileBlobs(tmp_path, records(tmp_path, keyring), SystemEntropy(), 0)
    await recorded(blobs, speech(1), VoicemailId("old"))
    keyring.rotate(Purpose.BLOB, SystemEntropy())
    await recorded(blobs, speech(1), VoicemailId("new"))
    for name, epoch in (("old", 1), ("new", 2)):
        assert (keys_of(tmp_path) / f"{name}.key").read_bytes()[:2] == epoch.to_bytes(2, "big")
        assert (await reading(blobs, VoicemailId(name))).read(0, 8000) == speech(1)
    blobs.close()


async def test_a_corrupt_second_is_named_and_the_rest_plays(blobs: FileBlobs, tmp_path: Path) -> None:
    audio = speech(4.5)
    await recorded(blobs, audio)
    path = tmp_path / "v1.sealed"
    data = bytearray(path.read_bytes())
    data[47 + 2 * 8016 + 100] ^= 1
    path.write_bytes(data)
    reader = await reading(blobs)
    with structlog.testing.capture_logs() as logs:
        played = reader.read(0, reader.size)
        reader.read(0, reader.size)
    assert played == audio[:16000] + b"\xff" * 8000 + audio[24000:]
    assert reader.damaged == (2,)
    assert reader.complete
    assert [(entry["event"], entry["file"], entry["segment"]) for entry in logs] == [("sealed_audio_damaged", "v1.sealed", 2)]


@pytest.mark.parametrize(("suffix", "at"), [("sealed", 20), ("key", 30), ("key", 2)])
async def test_a_file_that_cannot_open_is_named(suffix: str, at: int, blobs: FileBlobs, tmp_path: Path) -> None:
    await recorded(blobs, speech(1))
    path = (keys_of(tmp_path) if suffix == "key" else tmp_path) / f"v1.{suffix}"
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)
    with pytest.raises(VaultError, match=rf"v1\.{suffix}"):
        await reading(blobs)


async def test_a_blob_under_another_name_does_not_open(blobs: FileBlobs, tmp_path: Path) -> None:
    await recorded(blobs, speech(1))
    os.replace(keys_of(tmp_path) / "v1.key", keys_of(tmp_path) / "v2.key")
    os.replace(tmp_path / "v1.sealed", tmp_path / "v2.sealed")
    with pytest.raises(Corrupt):
        await reading(blobs, VoicemailId("v2"))


@pytest.mark.parametrize("path", sorted(STREAMS.glob("*.json")), ids=lambda path: path.stem)
def test_the_vectors(path: Path, tmp_path: Path) -> None:
    v: dict[str, Any] = json.loads(path.read_text())
    file = tmp_path / "vector.sealed"
    file.write_bytes(bytes.fromhex(v["sealed"]))

    def read() -> SealedBlobReader:
        return SealedBlobReader(file, bytes.fromhex(v["key"]), v["name"])

    if v["wanted"] != "ok":
        with pytest.raises(VaultError) as caught:
            read()
        assert type(caught.value) is WANTED[v["wanted"]]
        return
    reader = read()
    reader.check()
    assert (reader.complete, list(reader.damaged)) == (v["complete"], v["damaged"])
    assert reader.read(0, reader.size).hex() == v["audio"]


async def test_a_low_disk_refuses_new_recordings_and_leaves_the_rest(tmp_path: Path) -> None:
    """RECO-6bf5: disk-low stops new recordings with an event, never what is there."""
    await recorded(blobs := FileBlobs(tmp_path, records(tmp_path), SystemEntropy(), 0), speech(1))
    low = FileBlobs(tmp_path, records(tmp_path), SystemEntropy(), 1 << 62)
    with structlog.testing.capture_logs() as logs, pytest.raises(RecordingRefused):
        await low.open(VoicemailId("v2"))
    assert [(entry["event"], entry["reason"]) for entry in logs] == [("recording_refused", "disk_low")]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["v1.sealed"]
    assert (await reading(low)).read(0, 8000) == speech(1)
    blobs.close()
    low.close()


async def test_a_recording_has_an_end(blobs: FileBlobs, monkeypatch: pytest.MonkeyPatch) -> None:
    """RECO-6bf5: whatever a broken clock upstream makes of a time stamp, one recording cannot fill the disk."""
    monkeypatch.setattr(writer, "MAX_AUDIO_BYTES", 16000)
    recording = await blobs.open(BLOB)
    recording.write(speech(1.5))
    recording.write(speech(1.5))
    assert recording.failed
    assert await recording.close() == 1.0
    assert not (await reading(blobs)).complete


async def test_a_write_that_fails_ends_the_recording_and_keeps_what_was_sealed(
    blobs: FileBlobs, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    real: Callable[[int, bytes], int] = os.write

    def short(descriptor: int, data: bytes) -> int:
        return real(descriptor, data[: len(data) // 2])

    recording = await blobs.open(BLOB)
    recording.write(speech(2.5))
    await recorded(blobs, b"", VoicemailId("v2"))
    monkeypatch.setattr(os, "write", short)
    recording.write(speech(2))
    assert await recording.close() == 2.0
    monkeypatch.undo()
    assert recording.failed
    assert (tmp_path / "v1.sealed").stat().st_size == 47 + 2 * 8016
    reader = await reading(blobs)
    assert (reader.complete, reader.check(), reader.read(0, 99999)) == (False, (), speech(2.5)[:16000])


async def test_the_disk_is_synced_every_few_seconds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fdatasync", synced.append)
    blobs = FileBlobs(tmp_path, records(tmp_path), SystemEntropy(), 0, sync_segments=3)
    await recorded(blobs, speech(7.5))
    blobs.close()
    assert len(synced) == 2
