"""Texts into WAV files, by one Piper process a batch."""

import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from auricle.adapters.speech.errors import SpeechFailed

START_TIMEOUT_S, TEXT_TIMEOUT_S = 60.0, 5.0  # a prompt of ten seconds took 0.4 s
WORKER = (sys.executable, "-m", "auricle.adapters.speech.tts_worker")


async def render(jobs: Sequence[tuple[str, Path]], rate: int, *, steady: bool = False, worker: Sequence[str] = WORKER) -> None:
    """Speak texts into files; `steady` speaks the same each time, a little flatter. Raises SpeechFailed; leaves no process behind."""
    lines = "".join(json.dumps({"text": text, "file": str(path), "rate": rate, "steady": steady}) + "\n" for text, path in jobs)
    try:
        for directory in {path.parent for _, path in jobs}:
            directory.mkdir(parents=True, exist_ok=True)
        process = await asyncio.create_subprocess_exec(
            *worker, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
        )
    except OSError as error:
        raise SpeechFailed("the voice process could not start") from error
    try:
        await asyncio.wait_for(process.communicate(lines.encode()), START_TIMEOUT_S + TEXT_TIMEOUT_S * len(jobs))
    except TimeoutError:
        raise SpeechFailed("the voice did not answer in time") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0 or not all(path.exists() for _, path in jobs):
        raise SpeechFailed("the voice process failed: is piper-tts installed?")
