"""Where a detector's probabilities make a voice."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auricle.speech.voice import FRAME, PAD_S, RATE, Span, joined, raised, surely_voice, voice_spans

PAD = int(PAD_S * RATE)


def frames(*runs: tuple[int, float]) -> "np.ndarray":
    return np.concatenate([np.full(count, probability, np.float32) for count, probability in runs])


def spans(*runs: tuple[int, float]) -> list[Span]:
    probabilities = frames(*runs)
    return voice_spans(probabilities, len(probabilities) * FRAME)


def test_no_voice_no_span() -> None:
    """Case ASR-08eb: 0.27 is the most that music, tones and noise reached."""
    assert spans((500, 0.27)) == []
    assert voice_spans(np.zeros(0, np.float32), 0) == []


def test_a_quick_yes_is_enough_and_one_frame_is_not() -> None:
    assert spans((100, 0.0), (2, 0.35), (100, 0.0)) == [Span(100 * FRAME - PAD, 102 * FRAME + PAD)]
    assert spans((100, 0.0), (1, 0.9), (100, 0.0)) == []


def test_a_voice_goes_on_at_less_than_it_begins_with() -> None:
    (span,) = spans((50, 0.0), (2, 0.6), (60, 0.15), (2, 0.6), (50, 0.0))
    assert span == Span(50 * FRAME - PAD, 114 * FRAME + PAD)


def test_spans_stay_in_the_recording() -> None:
    assert spans((10, 0.6)) == [Span(0, 10 * FRAME)]


def test_short_pauses_are_joined_and_long_ones_not() -> None:
    near, far = Span(0, RATE), Span(RATE + 2 * RATE - 1, 4 * RATE)
    assert joined([near, far]) == [Span(0, 4 * RATE)]
    assert joined([near, Span(3 * RATE, 4 * RATE)]) == [near, Span(3 * RATE, 4 * RATE)]
    assert joined([]) == []


@given(st.lists(st.floats(0, 1, width=32), max_size=200))
def test_spans_are_in_order_apart_and_inside(probabilities: list[float]) -> None:
    length = len(probabilities) * FRAME
    found = voice_spans(np.array(probabilities, np.float32), length)
    edges = [edge for span in found for edge in (span.start, span.end)]
    assert edges == sorted(edges)
    assert all(0 <= edge <= length for edge in edges)
    assert all(before.end < after.start for before, after in pairwise(found))


@pytest.mark.parametrize("level", [0, 1, 8])
def test_idle_noise_is_not_looked_at(level: int) -> None:
    assert raised(np.random.default_rng(1).integers(-level, level + 1, RATE).astype(np.int16)) is None


def test_a_constant_offset_is_not_sound() -> None:
    assert raised(np.full(RATE, 3000, np.int16)) is None


def test_too_little_to_judge() -> None:
    assert raised(np.full(FRAME - 1, 20000, np.int16)) is None


def test_quiet_audio_is_raised_within_bounds() -> None:
    wave = np.sin(np.arange(RATE) / 5)
    quiet, faint = raised((wave * 1000).astype(np.int16)), raised((wave * 100).astype(np.int16))
    assert quiet is not None
    assert faint is not None
    assert float(np.abs(quiet).max()) == pytest.approx(0.5, abs=0.01)
    assert float(np.abs(faint).max()) == pytest.approx(30 * 100 / 32768, rel=0.05)


def test_sure_of_a_voice() -> None:
    assert surely_voice(frames((20, 0.6)))
    assert not surely_voice(frames((15, 0.6), (500, 0.45)))
