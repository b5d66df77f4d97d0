"""RECO-090b for sealed audio: a real process killed while it writes, a really full disk, and what is readable afterwards."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from auricle.adapters.blobs import FileBlobs, SealedBlobReader
from auricle.adapters.clock import SystemEntropy
from auricle.adapters.keys.records import FileRecordKeys
from auricle.calls.ports import RecordingRefused, SealedRecording
from auricle.kernel.actor import Actor, ActorKind
from auricle.kernel.ids import VoicemailId
from auricle.vault.gate import Decision, Gate, Outcome, Ref
from auricle.vault.keyring import Keyring, Purpose

CHILD = Path(__file__).with_name("recording_child.py")
BLOB = VoicemailId("v1")
KEYRING = Keyring({Purpose.BLOB: {1: bytes(range(32))}})
HEADER, SEALED = 47, 8016


def records(directory: Path, keyring: Keyring = KEYRING) -> FileRecordKeys:
    """The keys of the blobs of a directory, in one beside it."""
    return FileRecordKeys(directory.with_name(f"{directory.name}-keys"), keyring, SystemEntropy())


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


def said(second: int) -> bytes:
    """What the child records in one second."""
    return b"".join(bytes([second % 256]) * 159 + bytes([frame]) for frame in range(50))


def started(directory: Path, *more: str) -> subprocess.Popen[str]:
    child = subprocess.Popen([sys.executable, str(CHILD), str(directory), BLOB, *more], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    assert child.stdout.readline() == "recording\n"
    return child


def grown(path: Path, size: int) -> int:
    """Wait until a file has a size; the size it has then."""
    end = time.monotonic() + 20
    while (now := path.stat().st_size) < size:
        assert time.monotonic() < end
        time.sleep(0.0005)
    return now


@pytest.mark.parametrize("seconds", [1, 7, 40, 200])
async def test_killed_while_writing_every_whole_second_is_readable(seconds: int, tmp_path: Path) -> None:
    """RECO-090b: SIGKILL in the middle of a recording."""
    child = started(tmp_path)
    seen = grown(tmp_path / "v1.part", HEADER + seconds * SEALED)
    child.kill()
    child.wait()
    assert child.stdout is not None
    child.stdout.close()
    blobs = FileBlobs(tmp_path, records(tmp_path), SystemEntropy(), 0)
    recovered = await blobs.recover()
    whole = (seen - HEADER) // SEALED
    assert [blob for blob, _ in recovered] == [BLOB]
    assert recovered[0][1] >= whole
    reader = await reading(blobs)
    assert (reader.complete, reader.check(), reader.duration_s) == (False, (), recovered[0][1])
    assert reader.read(0, reader.size) == b"".join(said(second) for second in range(reader.size // 8000))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["v1.sealed"]
    assert await blobs.recover() == []
    blobs.close()


def make_part(directory: Path, size: int) -> None:
    """A `.part` as a crash leaves it when its file ends at `size`."""
    child = started(directory)
    grown(directory / "v1.part", size)
    child.kill()
    child.wait()
    assert child.stdout is not None
    child.stdout.close()
    os.truncate(directory / "v1.part", size)


@pytest.mark.parametrize("size", [0, 20, HEADER, HEADER + 1, HEADER + SEALED - 1])
async def test_less_than_a_second_leaves_nothing(size: int, tmp_path: Path) -> None:
    make_part(tmp_path, size)
    blobs = FileBlobs(tmp_path, records(tmp_path), SystemEntropy(), 0)
    assert await blobs.recover() == []
    assert list(tmp_path.iterdir()) == []
    blobs.close()


@pytest.mark.parametrize("torn", [1, 16, 17, SEALED - 1])
async def test_a_torn_tail_is_cut_off(torn: int, tmp_path: Path) -> None:
    """RECO-090b: power was lost in the middle of a write."""
    make_part(tmp_path, HEADER + 3 * SEALED + torn)
    blobs = FileBlobs(tmp_path, records(tmp_path), SystemEntropy(), 0)
    assert await blobs.recover() == [(BLOB, 3.0)]
    assert (tmp_path / "v1.sealed").stat().st_size == HEADER + 3 * SEALED
    assert (await reading(blobs)).read(0, 99999) == said(0) + said(1) + said(2)
    blobs.close()


async def test_a_part_without_its_key_stops_no_other(tmp_path: Path) -> None:
    make_part(tmp_path, HEADER + 2 * SEALED)
    (tmp_path / "v0.part").write_bytes((tmp_path / "v1.part").read_bytes())
    (tmp_path / "not-ours.part").write_bytes(b"x")
    blobs = FileBlobs(tmp_path, records(tmp_path), SystemEntropy(), 0)
    with structlog.testing.capture_logs() as logs:
        assert await blobs.recover() == [(BLOB, 2.0)]
    assert [(entry["event"], entry["blob"]) for entry in logs] == [("recording_not_recovered", "v0")]
    assert (tmp_path / "v0.part").exists()
    blobs.close()


async def test_a_file_that_may_not_grow_keeps_what_was_sealed(tmp_path: Path) -> None:
    """A full disk as the kernel gives it to any user: writes beyond a limit fail, the last one in its middle."""
    child = started(tmp_path, str(HEADER + 5 * SEALED + 1000))
    output, _ = child.communicate(timeout=30)
    assert output.splitlines()[-1] == "5.0 True"
    blobs = FileBlobs(tmp_path, records(tmp_path), SystemEntropy(), 0)
    assert await blobs.recover() == []
    reader = await reading(blobs)
    assert (reader.complete, reader.check()) == (False, ())
    assert reader.read(0, reader.size) == b"".join(said(second) for second in range(5))
    blobs.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 256 KiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(disk)], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("mounting needs root; the RLIMIT_FSIZE test covers a full disk without it")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


async def until_refused(blobs: FileBlobs) -> None:
    """Open recordings until the disk takes no more names either."""
    opened: list[SealedRecording] = []
    for number in range(2, 999):
        try:
            opened.append(await blobs.open(VoicemailId(f"v{number}")))
        except RecordingRefused:
            break
    else:
        raise AssertionError("never refused")
    for recording in opened:
        await recording.abandon()


async def test_a_full_disk_ends_one_recording_and_harms_no_other(small_disk: Path) -> None:
    blobs = FileBlobs(small_disk, records(small_disk), SystemEntropy(), 0)
    before = await blobs.open(VoicemailId("v0"))
    before.write(said(0) + said(1))
    assert await before.close() == 2.0
    child = started(small_disk)
    output, _ = child.communicate(timeout=30)
    kept, failed = output.splitlines()[-1].split()
    assert failed == "True"
    assert float(kept) >= 20
    with structlog.testing.capture_logs() as logs:
        await until_refused(blobs)
    assert logs[-1]["event"] == "recording_refused"
    reader = await reading(blobs)
    assert (reader.complete, reader.check(), reader.duration_s) == (False, (), float(kept))
    assert (await reading(blobs, VoicemailId("v0"))).read(0, 16000) == said(0) + said(1)
    await blobs.shred(BLOB)
    again = await blobs.open(VoicemailId("vagain"))
    again.write(said(7))
    assert await again.close() == 1.0
    blobs.close()
