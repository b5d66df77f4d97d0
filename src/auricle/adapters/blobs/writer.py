"""Writes one sealed blob while a call runs (fits `calls.ports.SealedRecording`). Plaintext waits in memory for at most one segment."""

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import structlog

from auricle.vault.stream import SEGMENT_BYTES, TAG_BYTES, StreamSealer

log = structlog.get_logger(__name__)
BYTES_A_SECOND = 8000


class SealedBlobWriter:
    """Seals in the caller's thread (0.01 ms a second of audio) and writes in a worker, in order."""

    def __init__(self, part: Path, final: Path, sealer: StreamSealer, worker: ThreadPoolExecutor) -> None:
        self._part = part
        self._final = final
        self._sealer = sealer
        self._worker = worker
        self._buffer = bytearray()
        self._kept = 0
        self._failed = False
        self._closed = False
        self._descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        try:
            self._append(sealer.header.encode())
        except OSError:
            os.close(self._descriptor)
            part.unlink(missing_ok=True)
            raise

    @property
    def failed(self) -> bool:
        """A write could not be kept; what was sealed before stays readable."""
        return self._failed

    def write(self, pcmu: bytes) -> None:
        """Take audio; whole segments are sealed and handed to the worker."""
        if self._closed or self._failed:
            return
        self._buffer += pcmu
        while len(self._buffer) > SEGMENT_BYTES:  # the last byte waits, so that the last segment is never empty
            segment = bytes(self._buffer[:SEGMENT_BYTES])
            del self._buffer[:SEGMENT_BYTES]
            self._worker.submit(self._append_or_fail, self._sealer.seal(segment))

    async def close(self) -> float:
        """Seal the end, make it durable under its final name; the seconds of audio kept."""
        if not self._closed:
            self._closed = True
            last = b"" if self._failed else self._sealer.seal(bytes(self._buffer), last=True)
            self._buffer.clear()
            await asyncio.get_running_loop().run_in_executor(self._worker, self._finish, last)
        return self._kept / BYTES_A_SECOND

    async def abandon(self) -> None:
        """Remove the blob and its key."""
        await self.close()
        await asyncio.get_running_loop().run_in_executor(self._worker, self._remove)

    def _append_or_fail(self, data: bytes) -> None:
        if self._failed:
            return
        try:
            self._append(data)
            self._kept += len(data) - TAG_BYTES
        except OSError as error:
            self._failed = True
            log.error("recording_write_failed", blob=self._final.stem, errno=error.errno)  # noqa: TRY400

    def _append(self, data: bytes) -> None:
        """Write all of it, or cut the file back to where it was: a torn segment in the middle would hide what follows."""
        size = os.fstat(self._descriptor).st_size
        try:
            written = os.write(self._descriptor, data)
        except OSError:
            os.ftruncate(self._descriptor, size)
            raise
        if written != len(data):
            os.ftruncate(self._descriptor, size)
            raise OSError(28, "short write")

    def _finish(self, last: bytes) -> None:
        if last:
            self._append_or_fail(last)
        try:
            os.fsync(self._descriptor)
        except OSError as error:
            self._failed = True
            log.error("recording_sync_failed", blob=self._final.stem, errno=error.errno)  # noqa: TRY400
        finally:
            os.close(self._descriptor)
        self._part.replace(self._final)
        _sync_directory(self._final.parent)

    def _remove(self) -> None:
        self._final.with_suffix(".key").unlink(missing_ok=True)
        self._final.unlink(missing_ok=True)


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
