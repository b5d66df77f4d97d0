"""Spoken prompts as files rtpengine plays evenly: 48 kHz mono 16-bit WAV, rendered once and cached by content.

A recorded file stands in for a text when `recordings/<key>.wav` exists; `auricle prompt-key TEXT` names it.
"""

import asyncio
import json
import sys
import wave
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from auricle.adapters.speech.tts_worker import write_wav
from auricle.kernel.errors import OurError
from auricle.speech.prompts import prompt_key

VOICE = "en_US-joe-medium"
RATE = 48000
RENDER_TIMEOUT_S = 60.0
OPEN_MICROPHONE_S = 180  # a phone hangs up when its microphone file ends
BEEP_HZ, BEEP_S = 1000, 0.4
RINGBACK_HZ, RINGBACK_ON_S, RINGBACK_OFF_S = (440, 480), 2.0, 4.0  # the North American cadence


class SpeechFailed(OurError):
    """The speech engine did not do its work."""

    code: ClassVar[str] = "speech.failed"
    retryable: ClassVar[bool] = True


class PromptRenderer:
    """Fits `calls.ports.Prompts`. `recordings` is where recorded files stand in."""

    def __init__(self, cache: Path, recordings: Path) -> None:
        self._cache = cache
        self._recordings = recordings
        self._rendering: dict[str, asyncio.Future[None]] = {}

    async def file_for(self, text: str) -> str:
        """The file that speaks `text`. Raises SpeechFailed."""
        await self.render_all([text])
        return str(self._path(text))

    async def render_all(self, texts: Sequence[str]) -> None:
        """Render what is missing in one process; a text somebody else renders already is waited for."""
        missing = [text for text in dict.fromkeys(texts) if not self._path(text).exists()]
        mine = [text for text in missing if prompt_key(text, VOICE) not in self._rendering]
        others = [self._rendering[prompt_key(text, VOICE)] for text in missing if text not in mine]
        if mine:
            done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            keys = [prompt_key(text, VOICE) for text in mine]
            self._rendering.update(dict.fromkeys(keys, done))
            try:
                await render([(text, self._cache / f"{key}.wav") for text, key in zip(mine, keys, strict=True)], RATE)
            finally:
                for key in keys:
                    self._rendering.pop(key, None)
                done.set_result(None)
        for other in others:
            await other

    def sound(self, name: str) -> str:
        """A fixed sound, made at the first use. Raises KeyError for an unknown one."""
        path = self._cache / f"{name}.wav"
        if not path.exists():
            self._cache.mkdir(parents=True, exist_ok=True)
            write_wav(path, SOUNDS[name](), RATE)
        return str(path)

    def _path(self, text: str) -> Path:
        key = prompt_key(text, VOICE)
        recorded = self._recordings / f"{key}.wav"
        return recorded if recorded.exists() else self._cache / f"{key}.wav"


async def render(jobs: Sequence[tuple[str, Path]], rate: int) -> None:
    """Speak texts into files, in one Piper process. Raises SpeechFailed."""
    for _, path in jobs:
        path.parent.mkdir(parents=True, exist_ok=True)
    lines = "".join(json.dumps({"text": text, "file": str(path), "rate": rate}) + "\n" for text, path in jobs)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "auricle.adapters.speech.tts_worker",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        out, _ = await asyncio.wait_for(process.communicate(lines.encode()), RENDER_TIMEOUT_S + 2 * len(jobs))
    except TimeoutError:
        process.kill()
        await process.wait()
        raise SpeechFailed("the voice did not answer in time") from None
    if process.returncode != 0 or len(out.splitlines()) != len(jobs):
        raise SpeechFailed("the voice process failed: is piper-tts installed?")


async def say_as_patient(text: str, file: Path, rate: int = 8000) -> float:
    """A spoken microphone file for a test phone, and the seconds of speech in it; behind it an open microphone's near-silence goes on."""
    speech = np.zeros(0, np.float32)
    if text:
        await render([(text, file)], rate)
        with wave.open(str(file)) as spoken:
            speech = (np.frombuffer(spoken.readframes(spoken.getnframes()), dtype="<i2") / 32768).astype(np.float32)
    noise = np.random.default_rng(7).normal(0, 2e-4, rate * OPEN_MICROPHONE_S).astype(np.float32)
    write_wav(file, np.concatenate([speech, noise]), rate)
    return len(speech) / rate


def _tone(frequencies: Sequence[int], seconds: float) -> NDArray[np.float32]:
    at = np.arange(int(RATE * seconds)) / RATE
    mixed = sum(np.sin(2 * np.pi * f * at) for f in frequencies) / len(frequencies) * 0.25
    edge = np.minimum(1, np.minimum(at, at[::-1]) / 0.01)  # no click at either end
    result: NDArray[np.float32] = (mixed * edge).astype(np.float32)
    return result


def _ringback() -> NDArray[np.float32]:
    return np.concatenate([_tone(RINGBACK_HZ, RINGBACK_ON_S), np.zeros(int(RATE * RINGBACK_OFF_S), np.float32)])


SOUNDS = {"beep": lambda: _tone((BEEP_HZ,), BEEP_S), "ringback": _ringback}
