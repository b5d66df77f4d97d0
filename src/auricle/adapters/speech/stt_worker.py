"""The recogniser in a process of its own: audio in, transcript out, over pipes; audio never touches a disk.

A job is four bytes of length and that many bytes of 8 kHz mu-law; the answer is four bytes of length and a transcript as JSON.
"""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
import soxr

from auricle.adapters.speech.model import packaged_model
from auricle.media.mulaw import decode_mulaw
from auricle.speech.guards import RATE, Span, believable, inside, speech_spans
from auricle.speech.transcript import Hearing, Transcript, Word, no_speech

if TYPE_CHECKING:
    from faster_whisper import WhisperModel

ENGINE = "faster-whisper-base-int8"
WHISPER_RATE = 16000
THREADS = 2
BEAM = 5
NICE = 10


def main(cache: str, language: str, model_directory: str) -> None:
    """Serve jobs until standard input ends."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.nice(NICE)
    from faster_whisper import WhisperModel

    where = Path(model_directory) if model_directory else packaged_model(Path(cache))
    model = WhisperModel(str(where), device="cpu", compute_type="int8", cpu_threads=THREADS, local_files_only=True)
    jobs, answers = sys.stdin.buffer, sys.stdout.buffer
    _answer(answers, b"ready")
    while (size := jobs.read(4)) and len(size) == 4:
        _answer(answers, transcribe(model, jobs.read(int.from_bytes(size, "big")), language).to_json().encode())


def transcribe(model: "WhisperModel", pcmu: bytes, language: str) -> Transcript:
    """What was said; empty for silence, music and tones."""
    samples = decode_mulaw(pcmu)
    spans = speech_spans(samples)
    if not spans:
        return no_speech(language, ENGINE)
    words: list[Word] = []
    for span in _joined(spans):
        words += _words(model, samples[span.start : span.end], span.start / RATE, language)
    words = inside(words, spans)
    if not words:
        return no_speech(language, ENGINE)
    return Transcript(tuple(words), language, Hearing.SPEECH, ENGINE)


def _words(model: "WhisperModel", samples: "np.typing.NDArray[np.int16]", offset_s: float, language: str) -> list[Word]:
    audio = soxr.resample(samples.astype(np.float32) / 32768, RATE, WHISPER_RATE)
    segments, _ = model.transcribe(
        audio, language=language, beam_size=BEAM, word_timestamps=True, condition_on_previous_text=False, vad_filter=False,
        temperature=0.0, no_speech_threshold=0.6,
    )  # fmt: skip
    found: list[Word] = []
    for segment in segments:
        heard = [
            Word(w.word.strip(), round(offset_s + float(w.start), 2), round(offset_s + float(w.end), 2), round(float(w.probability), 3))
            for w in segment.words or ()
        ]
        found += believable(
            heard,
            no_speech_prob=segment.no_speech_prob,
            avg_log_prob=segment.avg_logprob,
            compression_ratio=segment.compression_ratio,
        )
    return found


def _joined(spans: list[Span]) -> list[Span]:
    """Stretches closer than two seconds as one: a recogniser needs the sentence, not the phrase."""
    joined: list[Span] = []
    for span in spans:
        if joined and span.start - joined[-1].end < 2 * RATE:
            joined[-1] = Span(joined[-1].start, span.end)
        else:
            joined.append(span)
    return joined


def _answer(out: BinaryIO, data: bytes) -> None:
    out.write(len(data).to_bytes(4, "big") + data)
    out.flush()


if __name__ == "__main__":
    main(*sys.argv[1:4])
