"""Prints the figures of docs/speech.md: `.venv/bin/python tests/unit/speech/figures.py` (about five minutes of one core; not a test)."""

import asyncio
import resource
import tempfile
import time
import wave
from pathlib import Path

import numpy as np
import soxr

from auricle.adapters.speech import PromptRenderer, Transcriber
from auricle.adapters.speech.recogniser import WHISPER_RATE, Recogniser
from auricle.adapters.speech.rendering import render
from auricle.app.instance import model_cache
from auricle.media.mulaw import decode_mulaw, encode_mulaw
from auricle.speech import voice
from auricle.speech.normalize import word_error_rate
from auricle.speech.rough import speech_spans

RATE = 8000
MESSAGES = (
    "Hello, this is Robin Carter. I need a refill of my blood pressure medicine. Please call me back tomorrow morning. Thank you.",
    "Hi, my name is Dana Whitfield, date of birth March third nineteen eighty one. My number is five five five, oh one four two. "
    "I have had a fever since Sunday and my throat is very sore.",
    "This is about my son's appointment on Thursday at ten thirty. We cannot make it. Could you move it to next week, in the afternoon?",
    "Yes.",
    "Please tell the doctor that the chest pain came back last night and I feel short of breath. I am going to the emergency room now.",
    "Good morning. I got a bill for two hundred and forty dollars, but my insurance should have paid it. Please call me.",
)
PROMPTS = (
    "Thank you for calling Cedar Hill Family Practice.", "If this is an emergency, hang up and dial nine one one.",
    "For appointments, press one.", "For prescription refills, press two.", "To speak with a nurse, press three.",
    "For billing, press four.", "Please leave your name, your date of birth and your number after the tone.",
    "Sorry, that is not one of the choices.", "All of our lines are busy. Please hold.", "Thank you. Goodbye.",
)  # fmt: skip
LINES = ((-22, None), (-34, None), (-46, None), (-28, 12), (-40, 12), (-22, 6), (-28, 3))
PITCHES = (0.85, 1.0, 1.25)


def telephone(speech: "np.ndarray", level_db: float, snr_db: float | None, pitch: float) -> "np.ndarray":
    """The message at a level (dB of full scale while speaking), with pink noise, narrow, through mu-law, a second of pause around it."""
    shifted = soxr.resample(speech, RATE, RATE / pitch)
    spectrum, at = np.fft.rfft(shifted), np.fft.rfftfreq(len(shifted), 1 / RATE)
    narrow = np.fft.irfft(np.where((at < 300) | (at > 3400), 0, spectrum), len(shifted))
    speaking = narrow[np.abs(narrow) > 0.02 * np.abs(narrow).max()]
    line = np.pad(narrow / np.sqrt((speaking**2).mean()) * 10 ** (level_db / 20), RATE)
    if snr_db is not None:
        noise = np.fft.rfft(np.random.default_rng(3).normal(size=len(line)))
        pink = np.fft.irfft(noise / np.sqrt(np.arange(len(noise)) + 1), len(line))
        line = line + pink / pink.std() * 10 ** ((level_db - snr_db) / 20)
    return decode_mulaw(encode_mulaw(np.clip(line * 32767, -32768, 32767).astype(np.int16)))


def kept(spans: "list[voice.Span]", length: int) -> float:
    return min(1.0, sum(span.end - span.start for span in spans) / (length - 2 * RATE))


def gate_and_words(spoken: "list[np.ndarray]", recogniser: Recogniser) -> None:
    print("level snr | word error rate mean, worst | kept, lost by the voice detector | by the rough look")
    for level, snr in LINES:
        wrong, gate, rough = [], [], []
        for pitch in PITCHES:
            for text, speech in zip(MESSAGES, spoken, strict=True):
                samples = telephone(speech, level, snr, pitch)
                audio = voice.raised(samples)
                assert audio is not None
                probabilities = recogniser._probabilities(soxr.resample(audio, RATE, WHISPER_RATE))
                gate.append(kept(voice.voice_spans(probabilities, len(audio)), len(samples)))
                rough.append(kept(speech_spans(samples), len(samples)))
                wrong.append(word_error_rate(text, recogniser.transcribe(encode_mulaw(samples)).text))
        print(
            f"{level} {snr} | {np.mean(wrong):.3f}, {max(wrong):.2f} | {np.mean(gate):.2f}, {gate.count(0)}/{len(gate)}"
            f" | {np.mean(rough):.2f}, {rough.count(0)}/{len(rough)}",
            flush=True,
        )


async def renderer(directory: Path) -> None:
    prompts = PromptRenderer(directory / "cache", directory / "recorded")
    begun = time.perf_counter()
    await prompts.render_all(PROMPTS)
    ten = time.perf_counter() - begun
    begun = time.perf_counter()
    await prompts.file_for("One more.")
    one = time.perf_counter() - begun
    begun = time.perf_counter()
    await prompts.file_for("One more.")
    again = time.perf_counter() - begun
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    print(f"10 prompts {ten:.2f} s, one {one:.2f} s, cached {again * 1e6:.0f} us, Piper's peak {memory} MB")


async def worker(spoken: "list[np.ndarray]") -> None:
    jobs = [encode_mulaw((speech * 32767).astype(np.int16)) for speech in spoken]
    transcriber, silence = Transcriber(model_cache()), b"\xff" * 80000
    for name, job in (
        ("start, 10 s of silence", silence), ("10 s of silence", silence), ("first voice", jobs[3]), ("one word", jobs[3]),
        ("messages one after the other", b""), ("one long message", b"".join(jobs * 4)),
    ):  # fmt: skip
        begun = time.perf_counter()
        work = [job] if job else jobs
        for audio in work:
            await transcriber.transcribe(audio)
        took, length = time.perf_counter() - begun, sum(map(len, work)) / RATE
        print(f"{name}: {took:.2f} s for {length:.1f} s, {took / length:.3f} a second")
    status = Path(f"/proc/{transcriber.pid}/status").read_text().split("\n")
    print("worker:", *[line for line in status if line.startswith(("VmRSS", "VmHWM"))])
    await transcriber.stop()


async def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        await renderer(directory)
        files = [directory / f"{index}.wav" for index in range(len(MESSAGES))]
        await render(list(zip(MESSAGES, files, strict=True)), RATE, steady=True)
        spoken = []
        for path in files:
            with wave.open(str(path)) as file:
                spoken.append(np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32768)
        await worker(spoken)
        gate_and_words(spoken, Recogniser(model_cache(), "en", ""))


if __name__ == "__main__":
    asyncio.run(main())
