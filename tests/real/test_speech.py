"""Real voices and the real recogniser: what is spoken comes back, and what is not speech gives no words (cases ASR-08eb, ASR-979e)."""

import asyncio
import os
import signal
import wave
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from auricle.adapters.speech import PromptRenderer, Transcriber, say_as_patient
from auricle.app.instance import model_cache
from auricle.media.mulaw import encode_mulaw
from auricle.speech.normalize import word_error_rate
from auricle.speech.transcript import Hearing

pytestmark = pytest.mark.real
RATE = 8000
MESSAGE = "Hello, this is Robin Carter. I need a refill of my blood pressure medicine. Please call me back tomorrow morning. Thank you."


@pytest.fixture
async def transcriber() -> AsyncIterator[Transcriber]:
    worker = Transcriber(model_cache())
    yield worker
    await worker.stop()


def seconds(length: float) -> "np.ndarray":
    return np.arange(int(RATE * length)) / RATE


def tone(frequency: float, length: float, level: float) -> "np.ndarray":
    return np.sin(2 * np.pi * frequency * seconds(length)) * level * 32767


def noise(length: float, level: float) -> "np.ndarray":
    return np.random.default_rng(1).normal(0, level * 32767, int(RATE * length))


def quiet(length: float) -> "np.ndarray":
    return np.zeros(int(RATE * length))


def melody() -> "np.ndarray":
    """Hold music: a tune with overtones and a chord under it."""
    notes = [262, 330, 392, 523, 392, 330, 294, 349, 440, 349, 294, 262] * 3
    tune = np.concatenate([sum(tone(note * k, 0.5, 0.12 / k) for k in (1, 2, 3)) for note in notes])
    chord = sum(tone(f, len(tune) / RATE, 0.05) for f in (131, 165, 196))
    return tune + chord[: len(tune)]


NOT_SPEECH = {
    "silence": quiet(20),
    "faint noise": noise(20, 10 ** (-60 / 20)),
    "loud noise": noise(10, 0.06),
    "hum": tone(60, 20, 10 ** (-35 / 20) * 1.41),
    "beep, then silence": np.concatenate([tone(1000, 2, 0.25), quiet(10)]),
    "breath": np.concatenate([noise(1.5, 0.03) * np.hanning(int(RATE * 1.5)), quiet(2)]),
    "ringback": np.concatenate([tone(440, 2, 0.12) + tone(480, 2, 0.12), quiet(4)]),
    "busy": np.concatenate([np.concatenate([tone(480, 0.5, 0.12) + tone(620, 0.5, 0.12), quiet(0.5)])] * 6),
    "fax": np.concatenate([np.concatenate([tone(1100, 0.5, 0.2), quiet(3)])] * 3),
    "keys": np.concatenate([np.concatenate([tone(770, 0.2, 0.1) + tone(1336, 0.2, 0.1), quiet(0.1)])] * 8),
    "music": melody(),
    "nothing at all": np.zeros(0),
}


@pytest.mark.parametrize("name", NOT_SPEECH)
async def test_what_is_not_speech_gives_no_words(transcriber: Transcriber, name: str) -> None:
    """Case ASR-08eb."""
    transcript = await transcriber.transcribe(encode_mulaw(np.clip(NOT_SPEECH[name], -32768, 32767).astype(np.int16)))
    assert transcript.text == ""
    assert transcript.hearing is Hearing.NO_SPEECH


async def spoken(text: str, file: Path) -> "np.ndarray":
    length = await say_as_patient(text, file)
    with wave.open(str(file)) as wav:
        return np.frombuffer(wav.readframes(int(length * RATE)), dtype="<i2")


async def test_a_spoken_message_comes_back(transcriber: Transcriber, tmp_path: Path) -> None:
    samples = await spoken(MESSAGE, tmp_path / "message.wav")
    transcript = await transcriber.transcribe(encode_mulaw(samples))
    assert word_error_rate(MESSAGE, transcript.text) <= 0.2
    assert all(0 <= word.confidence <= 1 and word.start_s <= word.end_s <= len(samples) / RATE + 0.5 for word in transcript.words)


async def test_speech_between_music_keeps_its_place(transcriber: Transcriber, tmp_path: Path) -> None:
    """Case ASR-979e: nothing loops, and times refer to the whole recording."""
    sentence = await spoken("Please call me back about the lab result.", tmp_path / "a.wav")
    before = melody().astype(np.int16)
    audio = np.concatenate([before, np.zeros(RATE, np.int16), sentence, np.zeros(RATE, np.int16), before])
    transcript = await transcriber.transcribe(encode_mulaw(audio))
    assert "lab result" in transcript.text.lower()
    start = len(before) / RATE + 1
    assert abs(transcript.words[0].start_s - start) < 1.5
    assert len(transcript.words) <= 12


async def test_a_killed_worker_is_replaced_and_the_job_done(transcriber: Transcriber, tmp_path: Path) -> None:
    samples = await spoken("This is a short message.", tmp_path / "short.wav")
    await transcriber.transcribe(encode_mulaw(samples))
    first = transcriber.pid
    assert first is not None
    job = asyncio.ensure_future(transcriber.transcribe(encode_mulaw(samples)))
    await asyncio.sleep(0)
    os.kill(first, signal.SIGKILL)
    assert "short message" in (await job).text.lower()
    assert transcriber.pid != first


async def test_prompts_are_rendered_once_and_play_evenly(tmp_path: Path) -> None:
    prompts = PromptRenderer(tmp_path / "cache", tmp_path / "recorded")
    first, second = await asyncio.gather(prompts.file_for("Press one."), prompts.file_for("Press one."))
    assert first == second
    with wave.open(first) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (48000, 1, 2)
    made = Path(first).stat().st_mtime_ns
    await prompts.file_for("Press   one.")
    assert Path(first).stat().st_mtime_ns == made
    for name in ("beep", "ringback"):
        assert Path(prompts.sound(name)).exists()


async def test_a_recorded_file_stands_in(tmp_path: Path) -> None:
    prompts = PromptRenderer(tmp_path / "cache", tmp_path / "recorded")
    rendered = Path(await prompts.file_for("Good morning."))
    (tmp_path / "recorded").mkdir()
    recorded = tmp_path / "recorded" / rendered.name
    recorded.write_bytes(rendered.read_bytes())
    assert await prompts.file_for("Good morning.") == str(recorded)
