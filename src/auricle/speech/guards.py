"""Guards against invented text: is there speech at all (before), and may these words be believed (after).

A recogniser asked about silence answers with sentences. Speech in a telephone band is loud enough, changes in level several times a second,
and spreads over many frequencies that keep moving; hum, tones, ringback and steady noise do not.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from auricle.speech.transcript import Word

RATE = 8000
FRAME = 256  # 32 ms
SPEECH_LEVEL = 10 ** (-42 / 20)  # of full scale; quieter than that, the recogniser here hears nothing either
ABOVE_FLOOR = 10 ** (9 / 20)  # speech stands 9 dB or more above its own background
LOUDEST_FLOOR = 10 ** (-34 / 20)  # a recording that is mostly hold music has no quiet place to measure
MAX_TONALITY = 0.72  # share of a frame's energy in its strongest lines; tones come close to 1
MIN_SPEECH_S = 0.35  # "yes" takes longer
MAX_BURST_GAP = 12  # frames
MIN_WORD_CONFIDENCE, MIN_MEAN_CONFIDENCE = 0.12, 0.34
MAX_NO_SPEECH, MIN_LOG_PROB = 0.6, -1.0
MAX_COMPRESSION = 2.4  # more means the text repeats itself
MAX_REPEATS = 3


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of speech, in samples at 8 kHz."""

    start: int
    end: int


def speech_spans(samples: NDArray[np.int16]) -> list[Span]:
    """Where there is speech; empty for silence, hum, tones, ringback, beeps, breath and steady noise."""
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


def believable(words: list[Word], *, no_speech_prob: float, avg_log_prob: float, compression_ratio: float) -> list[Word]:
    """The words of one segment that may be shown; none when the recogniser itself doubts that anybody spoke, or repeats itself."""
    if no_speech_prob > MAX_NO_SPEECH and avg_log_prob < MIN_LOG_PROB:
        return []
    if compression_ratio > MAX_COMPRESSION or repeats(words):
        return []
    if not words or sum(word.confidence for word in words) / len(words) < MIN_MEAN_CONFIDENCE:
        return []
    return [word for word in words if word.confidence >= MIN_WORD_CONFIDENCE]


def repeats(words: list[Word]) -> bool:
    """Whether some three words in a row come more than three times."""
    texts = [word.text.lower().strip(".,!?") for word in words]
    triples = [tuple(texts[i : i + 3]) for i in range(len(texts) - 2)]
    return any(triples.count(triple) > MAX_REPEATS for triple in set(triples))


def inside(words: list[Word], spans: list[Span]) -> list[Word]:
    """The words whose middle lies in a stretch of speech."""
    return [word for word in words if any(span.start <= (word.start_s + word.end_s) / 2 * RATE <= span.end for span in spans)]


def _speech_like(blocks: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Frames whose energy is neither one or two lines (tones) nor spread evenly (noise)."""
    power = np.abs(np.fft.rfft(blocks * np.hanning(FRAME), axis=1)) ** 2 + 1e-12
    band = power[:, 6:110]  # 190 to 3400 Hz
    total = band.sum(axis=1)
    strongest = np.sort(band, axis=1)[:, -6:].sum(axis=1) / total  # a line is three bins wide under this window
    flatness = np.exp(np.log(band).mean(axis=1)) / band.mean(axis=1)
    result: NDArray[np.bool_] = (strongest < MAX_TONALITY + 0.2) & (flatness < 0.42) & (total / power.sum(axis=1) > 0.35)
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
