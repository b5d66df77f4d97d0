"""Mono 16-bit WAV files that another account's process can play: whole or not there at all, also after a power cut."""

import os
import threading
import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

PEAK = 0.7  # of full scale: leaves room for the mu-law encoder and sounds as loud as a person


def write_wav(path: Path, samples: NDArray[np.float32], rate: int) -> None:
    """Write it, lowered where it is louder than `PEAK`. Raises OSError; nothing half-written stays."""
    peak = float(np.abs(samples).max()) if len(samples) else 0.0
    scale = 32767 * min(1.0, PEAK / peak) if peak else 0.0
    part = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}.part")  # others may write the same words
    try:
        with part.open("wb") as out:
            with wave.open(out, "wb") as file:
                file.setnchannels(1)
                file.setsampwidth(2)
                file.setframerate(rate)
                file.writeframes((samples * scale).astype("<i2").tobytes())
            out.flush()
            os.fchmod(out.fileno(), 0o644)
            os.fsync(out.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
