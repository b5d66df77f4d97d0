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
from auricle.speech.normalize import normalize, word_error_rate
from auricle.speech.transcript import Hearing

pytestmark = pytest.mark.real
RATE = 8000
MAX_WER = 0.15  # one voice, spoken the same each time; 0.00 to 0.14 was measured, real callers will be worse
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


def traffic(length: float, level: float) -> "np.ndarray":
    """Noise with its weight in the low frequencies, as of a car or a street."""
    spectrum = np.fft.rfft(noise(length, 1))
    rumble = np.fft.irfft(spectrum / np.sqrt(np.arange(len(spectrum)) + 1), int(RATE * length))
    return rumble / rumble.std() * level * 32767


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
    "traffic": traffic(10, 0.08),
    "gusts": traffic(10, 0.05) * (0.5 + 0.5 * np.sin(2 * np.pi * 4 * seconds(10))),
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
    assert word_error_rate(MESSAGE, transcript.text) <= MAX_WER
    assert all(0 <= word.confidence <= 1 and word.start_s <= word.end_s <= len(samples) / RATE + 0.5 for word in transcript.words)


async def test_a_quiet_caller_is_heard_and_a_number_is_one_word(transcriber: Transcriber, tmp_path: Path) -> None:
    """26 dB below the message above, in faint noise."""
    text = "This is Robin Carter. My number is five five five, oh one four two."
    loud = await spoken(text, tmp_path / "quiet.wav")
    samples = (loud * 0.05 + noise(30, 2e-4)[: len(loud)]).astype(np.int16)
    transcript = await transcriber.transcribe(encode_mulaw(samples))
    assert word_error_rate(text, transcript.text) <= MAX_WER
    assert "555-0142" in transcript.text


async def test_one_word_is_enough(transcriber: Transcriber, tmp_path: Path) -> None:
    word = await spoken("Yes.", tmp_path / "yes.wav")
    transcript = await transcriber.transcribe(encode_mulaw(np.concatenate([quiet(2), word, quiet(2)]).astype(np.int16)))
    assert normalize(transcript.text) == "yes"


async def test_a_long_pause_swallows_nothing(transcriber: Transcriber, tmp_path: Path) -> None:
    """Case ASR-979e: the sentence after 25 s of silence is there, at its place, and nothing in between."""
    first, second = (
        await spoken("Please hold on.", tmp_path / "a.wav"),
        await spoken("I found my card. The pain is back.", tmp_path / "b.wav"),
    )
    transcript = await transcriber.transcribe(encode_mulaw(np.concatenate([first, quiet(25), second]).astype(np.int16)))
    assert word_error_rate("Please hold on. I found my card. The pain is back.", transcript.text) <= MAX_WER
    resumes = len(first) / RATE + 25
    assert all(word.end_s <= len(first) / RATE + 0.5 or word.start_s >= resumes - 0.5 for word in transcript.words)


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


async def test_the_worker_is_meek_and_dies_with_us(transcriber: Transcriber) -> None:
    """Low priority, nothing in a core dump, ended by a closed pipe."""
    await transcriber.transcribe(b"")
    pid = transcriber.pid
    assert pid is not None
    assert os.getpriority(os.PRIO_PROCESS, pid) == 10
    assert "Max core file size        0 " in Path(f"/proc/{pid}/limits").read_text()
    assert "NoNewPrivs:\t1" in Path(f"/proc/{pid}/status").read_text()


async def test_a_made_up_patient_speaks_the_same_each_time(tmp_path: Path) -> None:
    files = [tmp_path / "a.wav", tmp_path / "b.wav"]
    lengths = [await say_as_patient("Good morning.", file, 16000) for file in files]
    assert lengths[0] == lengths[1] > 0.3
    assert files[0].read_bytes() == files[1].read_bytes()
    assert await say_as_patient("", tmp_path / "silent.wav") == 0.0
    with wave.open(str(tmp_path / "silent.wav")) as file:
        assert file.getframerate() == RATE
        assert file.getnframes() >= 180 * RATE


async def test_prompts_play_evenly(tmp_path: Path) -> None:
    prompts = PromptRenderer(tmp_path / "cache", tmp_path / "recorded")
    await prompts.render_all(["Press one.", "Press two.", "..."])
    made = {name: Path(await prompts.file_for(name)) for name in ("Press one.", "Press   one.", "Press two.", "...")}
    assert len(set(made.values())) == 3
    with wave.open(str(made["Press one."])) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (48000, 1, 2)
        assert 0.5 < file.getnframes() / 48000 < 2
