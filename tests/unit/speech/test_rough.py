"""The rough look: signals made here, no model."""

import numpy as np
import pytest

from auricle.speech.rough import speech_spans

RATE = 8000


def at(seconds: float) -> "np.ndarray":
    return np.arange(int(RATE * seconds)) / RATE


def as_pcm(signal: "np.ndarray") -> "np.ndarray":
    return (np.clip(signal, -1, 1) * 32767).astype(np.int16)


def talk(level: float) -> "np.ndarray":
    """Syllables: a buzz through vowels that change, with gaps."""
    rng = np.random.default_rng(2)
    out = [np.zeros(RATE)]
    for syllable in range(16):
        t = at(0.22)
        first, second = [(700, 1200), (300, 2300), (450, 900), (550, 1800)][syllable % 4]
        harmonics = [k * 125 for k in range(2, 27)]
        shape = {f: np.exp(-(((f - first) / 150) ** 2)) + np.exp(-(((f - second) / 200) ** 2)) for f in harmonics}
        vowel = np.sum([shape[f] * np.sin(2 * np.pi * f * t * (1 + 0.02 * t)) for f in harmonics], axis=0) * np.hanning(len(t))
        out += [vowel * level, rng.normal(0, 1e-4, int(RATE * 0.06))]
    return np.concatenate([*out, np.zeros(RATE)])


NOISE = np.random.default_rng(1).normal(0, 0.06, RATE * 5)


@pytest.mark.parametrize(
    "signal",
    [np.zeros(0), np.zeros(RATE * 5), NOISE, np.sin(at(5) * 6283) * 0.25, np.sin(at(5) * 2765) * 0.12 + np.sin(at(5) * 3016) * 0.12],
    ids=["nothing", "silence", "white noise", "a tone", "ringback"],
)
def test_no_speech(signal: "np.ndarray") -> None:
    assert speech_spans(as_pcm(signal)) == []


def test_speech_has_a_place() -> None:
    signal = talk(0.15)
    spans = speech_spans(as_pcm(signal))
    assert spans
    assert all(0.6 * RATE < span.start < span.end < len(signal) - 0.6 * RATE for span in spans)


def test_too_quiet_for_a_rough_look() -> None:
    assert speech_spans(as_pcm(talk(0.0005))) == []
