"""Fixed sounds, made here: the beep before a recording and the North American ringback tone."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

RATE = 48000
BEEP_HZ, BEEP_S = 1000, 0.4
RINGBACK_HZ, RINGBACK_ON_S, RINGBACK_OFF_S = (440, 480), 2.0, 4.0
LEVEL = 0.25  # of full scale
EDGE_S = 0.01  # no click at either end


def beep() -> NDArray[np.float32]:
    """The beep."""
    return _tone((BEEP_HZ,), BEEP_S)


def ringback() -> NDArray[np.float32]:
    """One cadence of ringback; play it again and again."""
    return np.concatenate([_tone(RINGBACK_HZ, RINGBACK_ON_S), np.zeros(int(RATE * RINGBACK_OFF_S), np.float32)])


def _tone(frequencies: Sequence[int], seconds: float) -> NDArray[np.float32]:
    at = np.arange(int(RATE * seconds)) / RATE
    mixed = np.sum([np.sin(2 * np.pi * frequency * at) for frequency in frequencies], axis=0) / len(frequencies) * LEVEL
    result: NDArray[np.float32] = (mixed * np.minimum(1, np.minimum(at, at[::-1]) / EDGE_S)).astype(np.float32)
    return result


SOUNDS: dict[str, Callable[[], NDArray[np.float32]]] = {"beep": beep, "ringback": ringback}
