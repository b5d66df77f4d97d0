"""A directory of sealed blobs: `<id>.sealed`, or `<id>.part` while it is written (docs/specs/sealed-audio.md).

The key of each blob is its own and lies wrapped in a directory apart, so deleting it there shreds the blob and every copy of it.
"""

import asyncio
import re
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import ClassVar, TypeVar

import structlog

from auricle.adapters.blobs.durable import cut, sync_directory
from auricle.adapters.blobs.reader import OnDamage, SealedBlobReader, ignore_damage
from auricle.adapters.blobs.writer import SYNC_SEGMENTS, SealedBlobWriter
from auricle.adapters.keys.records import FileRecordKeys, RecordExists
from auricle.calls.ports import RecordingRefused
from auricle.kernel.errors import OurError
from auricle.kernel.ids import VoicemailId
from auricle.kernel.time import Entropy
from auricle.vault.errors import SealingRefused, Shredded, VaultError
from auricle.vault.gate import Grant, require
from auricle.vault.stream import HEADER_BYTES, StreamSealer

log = structlog.get_logger(__name__)
T = TypeVar("T")
BLOB_ID = re.compile(r"[A-Za-z0-9]{1,64}", re.ASCII)


class BlobMissing(OurError):
    """There is no such blob, or its key was shredded."""

    code: ClassVar[str] = "blobs.missing"


class BlobExists(OurError):
    """A blob of this id is there already; it is untouched."""

    code: ClassVar[str] = "blobs.exists"


class FileBlobs:
    """Fits `calls.ports.Recordings`. A new blob needs `min_free_bytes` free; a power cut costs at most `sync_segments` seconds."""

    def __init__(
        self,
        directory: Path,
        records: FileRecordKeys,
        entropy: Entropy,
        min_free_bytes: int,
        sync_segments: int = SYNC_SEGMENTS,
        on_damage: OnDamage = ignore_damage,
    ) -> None:
        """`on_damage` hears of every segment that does not open, in the thread that reads."""
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.directory = directory
        self._records = records
        self._entropy = entropy
        self._min_free_bytes = min_free_bytes
        self._sync_segments = sync_segments
        self._on_damage = on_damage
        self._worker = ThreadPoolExecutor(1, "blobs")  # one thread: segments of a blob stay in order

    async def open(self, voicemail: VoicemailId) -> SealedBlobWriter:
        """Start a blob. Raises RecordingRefused when there is no room, BlobExists; existing blobs are untouched."""
        return await asyncio.get_running_loop().run_in_executor(self._worker, self._open_for_writing, voicemail)

    async def reader(self, blob: VoicemailId, grant: Grant) -> SealedBlobReader:
        """Open a blob for somebody whom the gate let through. Raises BlobMissing, or a VaultError that names the file."""
        require(grant)
        try:
            return await asyncio.to_thread(self._reader, blob, "sealed")
        except VaultError as error:
            grant.note_damage("voicemail", blob, str(error))
            raise

    async def recover(self) -> list[tuple[VoicemailId, float]]:
        """At start: make blobs that a crash left open whole; their ids and seconds of audio. Those without audio are removed."""
        return await asyncio.to_thread(self._recover)

    async def kept_s(self, blob: VoicemailId) -> float:
        """At start: the seconds of audio of a blob that was sealed whole, 0 where there is none or it does not open."""
        return await asyncio.to_thread(self._kept_s, blob)

    async def shred(self, blob: VoicemailId) -> None:
        """Destroy the key, then the bytes."""
        await asyncio.to_thread(self._shred, blob)

    def close(self) -> None:
        """Wait for what is being written."""
        self._worker.shutdown(wait=True)

    def _open_for_writing(self, blob: VoicemailId) -> SealedBlobWriter:
        part, final = self._path(blob, "part"), self._path(blob, "sealed")
        if self._records.exists(blob) or final.exists() or part.exists():
            raise BlobExists(f"blob {blob} is there already")
        try:
            if shutil.disk_usage(self.directory).free < self._min_free_bytes:
                log.error("recording_refused", blob=blob, reason="disk_low")
                raise RecordingRefused("not enough free disk for a new recording")
            key = self._records.create(blob)
        except RecordExists as error:
            raise BlobExists(f"blob {blob} is there already") from error
        except SealingRefused as error:
            log.error("recording_refused", blob=blob, reason="keys_refused")  # noqa: TRY400 - the code says it all
            raise RecordingRefused("the keys' provider refuses, so nothing new is recorded") from error
        except OSError as error:
            raise _refused(blob, error) from error
        try:
            sealer = StreamSealer(key, blob, self._entropy)
            return SealedBlobWriter(part, final, sealer, self._worker, lambda: self._shred(blob), self._sync_segments)
        except OSError as error:
            self._records.shred(blob)
            raise _refused(blob, error) from error

    def _reader(self, blob: VoicemailId, suffix: str) -> SealedBlobReader:
        path = self._path(blob, suffix)
        try:
            key = self._records.key(blob)
            return _naming(path, lambda: SealedBlobReader(path, key, blob, self._on_damage))
        except (FileNotFoundError, Shredded):
            raise BlobMissing(f"blob {blob} is not here, or its key was shredded") from None

    def _recover(self) -> list[tuple[VoicemailId, float]]:
        recovered = []
        for part in sorted(self.directory.glob("*.part")):
            if not BLOB_ID.fullmatch(part.stem):
                continue
            blob = VoicemailId(part.stem)
            try:
                seconds = self._make_whole(blob, part)
            except (VaultError, BlobMissing, OSError) as error:
                log.error("recording_not_recovered", blob=blob, error=type(error).__name__)  # noqa: TRY400 - the type is enough
                continue
            if seconds:
                recovered.append((blob, seconds))
        return recovered

    def _kept_s(self, blob: VoicemailId) -> float:
        try:
            return self._reader(blob, "sealed").duration_s
        except (VaultError, BlobMissing, OSError):
            return 0.0

    def _make_whole(self, blob: VoicemailId, part: Path) -> float:
        """Cut a torn tail off and give the blob its final name; 0 where nothing was sealed yet, and then it is gone."""
        reader = self._reader(blob, "part") if part.stat().st_size > HEADER_BYTES else None
        seconds = reader.duration_s if reader else 0.0
        if reader is None or not seconds:
            self._shred(blob)
            return 0.0
        cut(part, reader.sealed_size)
        part.replace(self._path(blob, "sealed"))
        sync_directory(self.directory)
        return seconds

    def _shred(self, blob: VoicemailId) -> None:
        self._records.shred(blob)
        for path in (self._path(blob, "sealed"), self._path(blob, "part")):
            path.unlink(missing_ok=True)
        sync_directory(self.directory)

    def _path(self, blob: VoicemailId, suffix: str) -> Path:
        if not BLOB_ID.fullmatch(blob):
            raise BlobMissing("not the id of a blob")
        return self.directory / f"{blob}.{suffix}"


def _naming(path: Path, opened: Callable[[], T]) -> T:
    """Do something with a file; a VaultError it raises names the file."""
    try:
        return opened()
    except VaultError as error:
        if path.name in str(error):
            raise
        raise type(error)(f"{path.name}: {error}") from error


def _refused(blob: VoicemailId, error: OSError) -> RecordingRefused:
    log.error("recording_refused", blob=blob, reason="disk_error", errno=error.errno)
    return RecordingRefused("the disk does not take a new recording")
