"""The transcription worker seen from the application: started at the first job, one job at a time, replaced when it dies."""

import asyncio
import sys
from pathlib import Path

import structlog

from auricle.adapters.speech.prompts import SpeechFailed
from auricle.speech.transcript import Transcript

log = structlog.get_logger(__name__)
START_TIMEOUT_S = 60.0
MIN_JOB_TIMEOUT_S, JOB_TIMEOUT_FACTOR = 60.0, 4.0  # seconds a second of audio; about 0.3 was measured beside other work
BYTES_A_SECOND = 8000
MAX_AUDIO_BYTES = 3600 * BYTES_A_SECOND


class Transcriber:
    """Turns mu-law audio into text on this machine."""

    def __init__(self, cache: Path, language: str = "en", model_directory: str = "") -> None:
        self._command = [sys.executable, "-m", "auricle.adapters.speech.stt_worker", str(cache), language, model_directory]
        self._process: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()

    @property
    def pid(self) -> int | None:
        """The worker while it runs."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    async def transcribe(self, pcmu: bytes) -> Transcript:
        """The transcript. A worker that dies in the middle is replaced and the job tried once more. Raises SpeechFailed."""
        if len(pcmu) > MAX_AUDIO_BYTES:
            raise SpeechFailed("recordings of more than an hour are not transcribed")
        async with self._turn:
            try:
                return await self._job(pcmu)
            except (asyncio.IncompleteReadError, ConnectionError, TimeoutError):
                log.warning("transcriber_died", audio_s=len(pcmu) // BYTES_A_SECOND)
            await self.stop()
            try:
                return await self._job(pcmu)
            except (asyncio.IncompleteReadError, ConnectionError, TimeoutError) as error:
                await self.stop()
                raise SpeechFailed("the transcription worker failed twice") from error

    async def stop(self) -> None:
        """End the worker."""
        process, self._process = self._process, None
        if process is not None:
            if process.returncode is None:
                process.kill()
            await process.wait()

    async def _job(self, pcmu: bytes) -> Transcript:
        process = await self._worker()
        assert process.stdin is not None
        process.stdin.write(len(pcmu).to_bytes(4, "big") + pcmu)
        await process.stdin.drain()
        limit = max(MIN_JOB_TIMEOUT_S, len(pcmu) / BYTES_A_SECOND * JOB_TIMEOUT_FACTOR)
        return Transcript.from_json(await asyncio.wait_for(_read(process), limit))

    async def _worker(self) -> asyncio.subprocess.Process:
        if self._process is None or self._process.returncode is not None:
            self._process = await asyncio.create_subprocess_exec(
                *self._command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
            )
            await asyncio.wait_for(_read(self._process), START_TIMEOUT_S)
        return self._process


async def _read(process: asyncio.subprocess.Process) -> bytes:
    assert process.stdout is not None
    size = int.from_bytes(await process.stdout.readexactly(4), "big")
    return await process.stdout.readexactly(size)
