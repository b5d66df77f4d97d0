"""A made-up patient's voice, as the microphone file of a test phone."""

import asyncio
import wave
from pathlib import Path

import numpy as np

from auricle.adapters.speech.rendering import render
from auricle.adapters.speech.wav import write_wav

OPEN_MICROPHONE_S = 180  # a phone hangs up when its microphone file ends
ROOM_NOISE = 2e-4  # of full scale


async def say_as_patient(text: str, file: Path, rate: int = 8000) -> float:
    """Write the microphone file at `rate` Hz; returns the seconds of speech, behind which near-silence goes on. Raises SpeechFailed."""
    if text:
        await render([(text, file)], rate, steady=True)
    return await asyncio.to_thread(_open_microphone, file, rate, spoken=bool(text))


def _open_microphone(file: Path, rate: int, *, spoken: bool) -> float:
    speech = np.zeros(0, np.float32)
    if spoken:
        with wave.open(str(file)) as wav:
            speech = (np.frombuffer(wav.readframes(wav.getnframes()), dtype="<i2") / 32768).astype(np.float32)
    noise = np.random.default_rng(7).normal(0, ROOM_NOISE, rate * OPEN_MICROPHONE_S).astype(np.float32)
    write_wav(file, np.concatenate([speech, noise]), rate)
    return len(speech) / rate
