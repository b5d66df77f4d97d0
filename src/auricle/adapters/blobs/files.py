"""A directory of sealed blobs: `<id>.sealed` with `<id>.key` beside it; `<id>.part` while it is written.

The key of each blob is its own and lies wrapped in the `.key` file, so deleting that file shreds the blob and every copy of it.
"""

import asyncio
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import ClassVar

import structlog

from auricle.adapters.blobs.reader import SealedBlobReader
from auricle.adapters.blobs.writer import SealedBlobWriter
from auricle.calls.ports import RecordingRefused
from auricle.kernel.errors import OurError
from auricle.kernel.ids import VoicemailId
from auricle.kernel.time import Entropy
from auricle.vault.envelope import KEY_BYTES, open_sealed, seal
from auricle.vault.errors import VaultError
from auricle.vault.gate import Grant
from auricle.vault.keyring import Keyring, Purpose
from auricle.vault.stream import StreamSealer

log = structlog.get_logger(__name__)
KEY_LABEL = b"auricle/v1/blob-key|"


class BlobMissing(OurError):
    """There is no such blob, or its key was shredded."""

    code: ClassVar[str] = "blobs.missing"


class FileBlobs:
    """Fits `calls.ports.Recordings`."""

    def __init__(self, directory: Path, keyring: Keyring, entropy: Entropy, min_free_bytes: int) -> None:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.directory = directory
        self._keyring = keyring
        self._entropy = entropy
        self._min_free_bytes = min_free_bytes
        self._worker = ThreadPoolExecutor(1, "blobs")  # one thread: segments of a blob stay in order

    async def open(self, voicemail: VoicemailId) -> SealedBlobWriter:
        """Start a blob. Raises RecordingRefused when there is no room; existing blobs are untouched."""
        return await asyncio.get_running_loop().run_in_executor(self._worker, self._open_for_writing, voicemail)

    async def reader(self, blob: VoicemailId, grant: Grant) -> SealedBlobReader:
        """Open a blob for somebody whom the gate let through. Raises BlobMissing, Corrupt, UnknownFormat, WrongKey."""
        del grant
        return await asyncio.to_thread(self._reader, blob)

    async def recover(self) -> list[tuple[VoicemailId, float]]:
        """At start: give blobs that a crash left open their final name; their ids and seconds of audio."""
        return await asyncio.to_thread(self._recover)

    async def shred(self, blob: VoicemailId) -> None:
        """Destroy the key, then the bytes."""
        await asyncio.to_thread(self._shred, blob)

    def close(self) -> None:
        """Wait for what is being written."""
        self._worker.shutdown(wait=True)

    def _open_for_writing(self, blob: VoicemailId) -> SealedBlobWriter:
        if shutil.disk_usage(self.directory).free < self._min_free_bytes:
            log.error("recording_refused", blob=blob, reason="disk_low")
            raise RecordingRefused("not enough free disk for a new recording")
        key = self._entropy.token(KEY_BYTES)
        epoch = self._keyring.epoch(Purpose.BLOB)
        wrapped = seal(self._keyring.cipher(Purpose.BLOB, epoch), key, _associated(blob, epoch), self._entropy)
        key_path = self._path(blob, "key")
        try:
            _write_new(key_path, epoch.to_bytes(2, "big") + wrapped)
            return SealedBlobWriter(self._path(blob, "part"), self._path(blob, "sealed"), StreamSealer(key, blob, self._entropy), self._worker)
        except OSError as error:
            key_path.unlink(missing_ok=True)
            log.error("recording_refused", blob=blob, errno=error.errno)  # noqa: TRY400 - the type is enough
            raise RecordingRefused("the disk does not take a new recording") from error

    def _reader(self, blob: VoicemailId) -> SealedBlobReader:
        path = self._path(blob, "sealed")
        try:
            return SealedBlobReader(path, self._key(blob), blob)
        except FileNotFoundError:
            raise BlobMissing(f"blob {blob} is not here, or its key was shredded") from None

    def _key(self, blob: VoicemailId) -> bytes:
        data = self._path(blob, "key").read_bytes()
        epoch = int.from_bytes(data[:2], "big")
        return open_sealed(self._keyring.cipher(Purpose.BLOB, epoch), data[2:], _associated(blob, epoch))

    def _recover(self) -> list[tuple[VoicemailId, float]]:
        recovered = []
        for part in sorted(self.directory.glob("*.part")):
            blob = VoicemailId(part.stem)
            try:
                seconds = SealedBlobReader(part, self._key(blob), blob).duration_s
            except (VaultError, OSError) as error:
                log.error("recording_not_recovered", blob=blob, error=type(error).__name__)  # noqa: TRY400
                continue
            part.replace(self._path(blob, "sealed"))
            recovered.append((blob, seconds))
        return recovered

    def _shred(self, blob: VoicemailId) -> None:
        for suffix in ("key", "sealed", "part"):
            self._path(blob, suffix).unlink(missing_ok=True)

    def _path(self, blob: VoicemailId, suffix: str) -> Path:
        if not blob.isalnum():
            raise BlobMissing("not the id of a blob")
        return self.directory / f"{blob}.{suffix}"


def _associated(blob: VoicemailId, epoch: int) -> bytes:
    return KEY_LABEL + epoch.to_bytes(2, "big") + blob.encode()


def _write_new(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        if os.write(descriptor, data) != len(data):
            raise OSError(28, "short write")
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
