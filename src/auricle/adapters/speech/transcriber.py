"""The transcription worker seen from the application: started at the first job, one job at a time, replaced when it dies.

An answer belongs to the job before it, so a worker whose answer was not read to its end is killed: it must never be taken for the next
message's.
"""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

import structlog
from msgspec import MsgspecError

from auricle.adapters.speech.errors import SpeechFailed, WrongModel
from auricle.adapters.speech.frames import BYTES_A_SECOND, MAX_ANSWER_BYTES, MAX_AUDIO_BYTES, Answer, decode, frame
from auricle.speech.transcript import Transcript

log = structlog.get_logger(__name__)
START_TIMEOUT_S = 60.0
MIN_JOB_TIMEOUT_S, JOB_TIMEOUT_FACTOR = 60.0, 4.0  # seconds a second of audio; about 0.3 was measured beside other work
BROKEN = (asyncio.IncompleteReadError, OSError, MsgspecError)  # died, could not start, too slow, nonsense


class Transcriber:
    """Turns 8 kHz mu-law audio into text on this machine. `worker` replaces the command of the worker process."""

    def __init__(
        self,
        cache: Path,
        language: str = "en",
        model_directory: str = "",
        *,
        worker: Sequence[str] = (),
        min_timeout_s: float = MIN_JOB_TIMEOUT_S,
    ) -> None:
        ours = (sys.executable, "-m", "auricle.adapters.speech.stt_worker", str(cache), language, model_directory)
        self._command = tuple(worker) or ours
        self._min_timeout_s = min_timeout_s
        self._process: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()

    @property
    def pid(self) -> int | None:
        """The worker while it runs."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    async def transcribe(self, pcmu: bytes) -> Transcript:
        """The transcript. A worker that dies in the middle is replaced and the job tried once more. Raises SpeechFailed, WrongModel."""
        if len(pcmu) > MAX_AUDIO_BYTES:
            raise SpeechFailed("recordings of more than an hour are not transcribed")
        async with self._turn:
            try:
                return _transcript(await self._job(pcmu))
            except BROKEN as error:
                log.warning("transcriber_died", audio_s=len(pcmu) // BYTES_A_SECOND, error=type(error).__name__)
            try:
                return _transcript(await self._job(pcmu))
            except BROKEN as error:
                raise SpeechFailed("the transcription worker failed twice") from error

    async def stop(self) -> None:
        """End the worker."""
        process, self._process = self._process, None
        if process is not None:
            if process.returncode is None:
                process.kill()
            await process.wait()

    async def _job(self, pcmu: bytes) -> Answer:
        answered = False
        try:
            process = await self._worker()
            limit = max(self._min_timeout_s, len(pcmu) / BYTES_A_SECOND * JOB_TIMEOUT_FACTOR)
            answer = decode(await asyncio.wait_for(_exchange(process, frame(pcmu)), limit))
            answered = True
            return answer
        finally:
            if not answered:  # died, too slow, nonsense, or the caller was cancelled
                await self.stop()

    async def _worker(self) -> asyncio.subprocess.Process:
        if self._process is None or self._process.returncode is not None:
            self._process = await asyncio.create_subprocess_exec(
                *self._command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
            )
            decode(await asyncio.wait_for(_read(self._process), START_TIMEOUT_S))
        return self._process


def _transcript(answer: Answer) -> Transcript:
    if answer.error == WrongModel.code:
        raise WrongModel("a model file is not the one we vetted: install the packages of requirements/ again")
    if answer.transcript is None:
        log.warning("transcription_job_failed", error=answer.error)
        raise SpeechFailed("the recogniser could not work on this message")
    return answer.transcript


async def _exchange(process: asyncio.subprocess.Process, job: bytes) -> bytes:
    assert process.stdin is not None
    process.stdin.write(job)
    await process.stdin.drain()
    return await _read(process)


async def _read(process: asyncio.subprocess.Process) -> bytes:
    assert process.stdout is not None
    size = int.from_bytes(await process.stdout.readexactly(4), "big")
    if size > MAX_ANSWER_BYTES:
        raise ConnectionError("an answer of that size is none of ours")
    return await process.stdout.readexactly(size)
