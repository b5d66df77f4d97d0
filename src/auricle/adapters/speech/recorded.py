"""Recorded prompts: whatever a person recorded (WAV, MP3, M4A, any rate), made into what rtpengine plays evenly.

The copy lies in the cache, for the media process is another account and cannot enter the practice's own directory.
"""

import hashlib
from pathlib import Path

import av
import numpy as np
from av.error import FFmpegError

from auricle.adapters.speech.sounds import RATE
from auricle.adapters.speech.wav import write_wav

MAX_RECORDED_BYTES = 50_000_000  # four minutes of 48 kHz stereo 24-bit, doubled


class Unplayable(Exception):
    """A recorded file is not audio, is empty, or is too large."""


def import_recording(file: Path, cache: Path) -> Path:
    """The playable copy, named by what the file holds. Raises Unplayable, OSError."""
    if file.stat().st_size > MAX_RECORDED_BYTES:
        raise Unplayable(file.name)
    data = file.read_bytes()
    playable = cache / f"recorded-{hashlib.sha256(data).hexdigest()[:32]}.wav"
    if not playable.exists():
        write_wav(playable, _decode(file), RATE)
    return playable


def _decode(file: Path) -> "np.typing.NDArray[np.float32]":
    resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE)
    pieces = []
    try:
        with av.open(str(file)) as container:
            for frame in [*container.decode(audio=0), None]:
                pieces += [resampled.to_ndarray()[0] for resampled in resampler.resample(frame)]
    except (FFmpegError, IndexError) as error:
        raise Unplayable(file.name) from error
    if not pieces:
        raise Unplayable(file.name)
    return np.concatenate(pieces).astype(np.float32)
