"""Piper in a process of its own (it is GPL, and it may take a core): JSON lines in, WAV files out.

Each line of standard input is {"text": …, "file": …, "rate": …, "steady": …}; exit status 0 says that every file is there.
"""

import json
import os
import sys
from pathlib import Path

import numpy as np
import soxr

from auricle.adapters.speech.model import packaged_voice
from auricle.adapters.speech.wav import write_wav

NICE = 5  # a caller may be waiting for it, so less than the recogniser's


def main() -> None:
    """Render until standard input ends."""
    os.nice(NICE)
    from piper import PiperVoice, SynthesisConfig

    model, settings = packaged_voice()
    voice = PiperVoice.load(str(model), config_path=str(settings))
    for line in sys.stdin:
        job = json.loads(line)
        manner = SynthesisConfig(noise_scale=0.0, noise_w_scale=0.0) if job["steady"] else None
        chunks = [chunk.audio_int16_array for chunk in voice.synthesize(job["text"], syn_config=manner)]
        spoken = np.concatenate([np.zeros(1, np.int16), *chunks]).astype(np.float32) / 32768  # text without a letter has no chunk
        write_wav(Path(job["file"]), soxr.resample(spoken, voice.config.sample_rate, job["rate"]), job["rate"])


if __name__ == "__main__":
    main()
