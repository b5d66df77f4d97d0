"""A rough look for speech that needs no model: level, spread and movement of the spectrum. Not the gate of transcription, which is `voice`.

Speech in a telephone band is loud enough, spreads over many frequencies and keeps moving; hum, tones, ringback and white noise do not.
It misses quiet speech and takes some noise for speech; it serves to show that captured traffic cannot be listened to.
"""

import numpy as np
from numpy.typing import NDArray

from auricle.speech.voice import FRAME, RATE, Span

SPEECH_LEVEL = 10 ** (-42 / 20)  # of full scale
ABOVE_FLOOR = 10 ** (9 / 20)  # speech stands 9 dB or more above its own background
LOUDEST_FLOOR = 10 ** (-34 / 20)  # a recording that is mostly hold music has no quiet place to measure
MAX_TONALITY = 0.92  # share of a frame's energy in its strongest lines; tones come close to 1
MIN_SPEECH_S = 0.35
MAX_BURST_GAP = 12  # frames


def speech_spans(samples: NDArray[np.int16]) -> list[Span]:
    """Where there seems to be speech; empty for silence, hum, tones, ringback, beeps, breath and white noise."""
    frames = len(samples) // FRAME
    if frames < 4:
        return []
    blocks: NDArray[np.float32] = (samples[: frames * FRAME].reshape(frames, FRAME) / 32768).astype(np.float32)
    level = np.sqrt((blocks**2).mean(axis=1))
    floor = min(float(np.percentile(level, 10)) * ABOVE_FLOOR, LOUDEST_FLOOR)
    spoken = (level > max(SPEECH_LEVEL, floor)) & _speech_like(blocks)
    found = []
    for start, end in _bursts(spoken):
        if spoken[start:end].sum() * FRAME / RATE >= MIN_SPEECH_S and _moves(blocks[start:end]):
            found.append(Span(max(0, (start - 6) * FRAME), min(len(samples), (end + 6) * FRAME)))
    return found


def _speech_like(blocks: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Frames whose energy is neither one or two lines (tones) nor spread evenly (noise)."""
    power = np.abs(np.fft.rfft(blocks * np.hanning(FRAME), axis=1)) ** 2 + 1e-12
    band = power[:, 6:110]  # 190 to 3400 Hz
    total = band.sum(axis=1)
    strongest = np.sort(band, axis=1)[:, -6:].sum(axis=1) / total  # a line is three bins wide under this window
    flatness = np.exp(np.log(band).mean(axis=1)) / band.mean(axis=1)
    result: NDArray[np.bool_] = (strongest < MAX_TONALITY) & (flatness < 0.42) & (total / power.sum(axis=1) > 0.35)
    return result


def _bursts(spoken: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Runs of speech frames with short gaps closed."""
    runs: list[tuple[int, int]] = []
    for index in np.flatnonzero(spoken).tolist():
        if runs and index - runs[-1][1] <= MAX_BURST_GAP:
            runs[-1] = (runs[-1][0], index + 1)
        else:
            runs.append((index, index + 1))
    return runs


def _moves(blocks: NDArray[np.float32]) -> bool:
    """Whether the spectrum's centre keeps moving, as between vowels and consonants; ringback and chords stay."""
    power = np.abs(np.fft.rfft(blocks * np.hanning(FRAME), axis=1)) ** 2 + 1e-12
    band = power[:, 6:110]
    loud = band.sum(axis=1) > np.percentile(band.sum(axis=1), 40)
    centre = (band * np.arange(6, 110)).sum(axis=1) / band.sum(axis=1) * RATE / FRAME
    return bool(centre[loud].std() > 90)
