"""Writes one sealed blob while a call runs (fits `calls.ports.SealedRecording`). Plaintext waits in memory for at most one segment."""

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import Executor, Future
from pathlib import Path

import structlog

from auricle.adapters.blobs.durable import append, sync_directory
from auricle.vault.stream import SEGMENT_BYTES, TAG_BYTES, StreamSealer

log = structlog.get_logger(__name__)
BYTES_A_SECOND = 8000
MAX_AUDIO_BYTES = 12 * 3600 * BYTES_A_SECOND  # no call lasts half a day; a broken clock upstream must not fill the disk
SYNC_SEGMENTS = 4  # a power loss costs at most so many seconds; a crash of the program alone costs one at most


class SealedBlobWriter:
    """Seals in the caller's thread (0.01 ms a second of audio) and writes in a worker of one thread, in order."""

    def __init__(
        self,
        part: Path,
        final: Path,
        sealer: StreamSealer,
        worker: Executor,
        shred: Callable[[], None],
        sync_segments: int = SYNC_SEGMENTS,
    ) -> None:
        """`shred` removes the blob, its key first."""
        self._part = part
        self._final = final
        self._sealer = sealer
        self._worker = worker
        self._shred = shred
        self._sync_segments = sync_segments
        self._buffer = bytearray()
        self._taken = 0
        self._kept = 0
        self._unsynced = 0
        self._failed = False
        self._overlong = False
        self._finished: Future[None] | None = None
        self._descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        try:
            append(self._descriptor, sealer.header.encode())
            os.fsync(self._descriptor)
            sync_directory(part.parent)
        except OSError:
            os.close(self._descriptor)
            part.unlink(missing_ok=True)
            raise

    @property
    def failed(self) -> bool:
        """A write could not be kept; what was sealed before stays readable."""
        return self._failed or self._overlong

    def write(self, pcmu: bytes) -> None:
        """Take audio; whole segments are sealed and handed to the worker."""
        if self._finished is not None or self.failed:
            return
        self._taken += len(pcmu)
        if self._taken > MAX_AUDIO_BYTES:  # what was handed to the worker before is still kept
            self._overlong = True
            log.error("recording_too_long", blob=self._final.stem)
            return
        self._buffer += pcmu
        while len(self._buffer) > SEGMENT_BYTES:  # the last byte waits, so that the last segment is never empty
            segment = bytes(self._buffer[:SEGMENT_BYTES])
            del self._buffer[:SEGMENT_BYTES]
            self._worker.submit(self._append, self._sealer.seal(segment))

    async def close(self) -> float:
        """Seal the end, make it durable under its final name; the seconds of audio kept. Closing again changes nothing."""
        if self._finished is None:
            last = b"" if self.failed else self._sealer.seal(bytes(self._buffer), last=True)
            self._buffer.clear()
            self._finished = self._worker.submit(self._finish, last)
        await asyncio.shield(asyncio.wrap_future(self._finished))
        return self._kept / BYTES_A_SECOND

    async def abandon(self) -> None:
        """Remove the blob and its key."""
        await self.close()
        await asyncio.wrap_future(self._worker.submit(self._shred))

    def _append(self, data: bytes) -> None:
        if self._failed:
            return
        try:
            append(self._descriptor, data)
            self._kept += len(data) - TAG_BYTES
            self._unsynced += 1
            if self._unsynced >= self._sync_segments:
                os.fdatasync(self._descriptor)
                self._unsynced = 0
        except OSError as error:
            self._fail("recording_write_failed", error)

    def _finish(self, last: bytes) -> None:
        if last:
            self._append(last)
        try:
            os.fsync(self._descriptor)
            self._part.replace(self._final)
            sync_directory(self._final.parent)
        except OSError as error:  # the .part stays as it is; `recover` takes it up at the next start
            self._fail("recording_sync_failed", error)
        finally:
            os.close(self._descriptor)

    def _fail(self, event: str, error: OSError) -> None:
        self._failed = True
        log.error(event, blob=self._final.stem, errno=error.errno)
