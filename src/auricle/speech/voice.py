"""Where a recording holds a voice: a detector's probability for each 32 ms, made into stretches that a recogniser can work on.

The detector itself (Silero) is an adapter's. Thresholds were measured on band-limited mu-law telephone speech, where clean voices
reach only 0.55 to 0.75; the detector's usual 0.5 loses a part of them. See docs/speech.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RATE = 8000
FRAME = 256  # samples, 32 ms: what the detector judges at once
MIN_LEVEL = 10 ** (-62 / 20)  # of full scale, for the loudest frame; mu-law's own idle noise lies near -72 dB
TARGET_PEAK, MAX_GAIN = 0.5, 30.0  # quiet callers are raised before they are judged; more than 30 dB would raise the line's noise
BEGINS, GOES_ON = 0.30, 0.12  # no sound without a voice passed 0.27; a voice falls below 0.3 within words
MIN_FRAMES = 2  # a quick "yes" has as few
PAD_S = 0.4  # consonants at the edges, which the detector misses
JOIN_S = 2.0  # closer than that is one sentence to a recogniser
SURE, SURE_S = 0.5, 0.6


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of audio, in samples at 8 kHz."""

    start: int
    end: int


def raised(samples: NDArray[np.int16]) -> NDArray[np.float32] | None:
    """The audio as floats with its peak raised for the detector; None when it is too quiet to hold anything."""
    frames = len(samples) // FRAME
    if frames == 0:
        return None
    audio: NDArray[np.float32] = samples.astype(np.float32) / np.float32(32768)
    audio = audio - audio.mean()
    loudest = float(np.sqrt((audio[: frames * FRAME].reshape(frames, FRAME) ** 2).mean(axis=1)).max())
    if loudest < MIN_LEVEL:
        return None
    gain = min(TARGET_PEAK / float(np.abs(audio).max()), MAX_GAIN)
    louder: NDArray[np.float32] = (audio * gain).astype(np.float32)
    return louder


def voice_spans(probabilities: NDArray[np.float32], length: int) -> list[Span]:
    """Padded stretches of voice in a recording of `length` samples; those that touch are one."""
    found: list[Span] = []
    pad = int(PAD_S * RATE)
    for start, end in _runs(probabilities > GOES_ON):
        if int((probabilities[start:end] > BEGINS).sum()) < MIN_FRAMES:
            continue
        span = Span(max(0, start * FRAME - pad), min(length, end * FRAME + pad))
        if found and span.start <= found[-1].end:
            found[-1] = Span(found[-1].start, span.end)
        else:
            found.append(span)
    return found


def joined(spans: Sequence[Span]) -> list[Span]:
    """Stretches closer than two seconds as one; longer pauses and music between sentences stay out."""
    out: list[Span] = []
    for span in spans:
        if out and span.start - out[-1].end < JOIN_S * RATE:
            out[-1] = Span(out[-1].start, span.end)
        else:
            out.append(span)
    return out


def surely_voice(probabilities: NDArray[np.float32]) -> bool:
    """Whether somebody certainly spoke, so that a recogniser without a word may not mean "nobody spoke"."""
    return bool((probabilities > SURE).sum() * FRAME / RATE >= SURE_S)


def _runs(on: NDArray[np.bool_]) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate(([False], on, [False])).astype(np.int8)))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))
