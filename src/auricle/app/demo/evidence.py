"""How the demo finds out what really happened: what a phone heard, and what lies readable on the disk."""

import re
import wave
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import soxr

from auricle.media.mulaw import encode_mulaw
from auricle.speech.normalize import normalize, word_error_rate
from auricle.speech.transcript import Transcript

AUDIO_MAGIC = (b"RIFF", b"OggS", b"fLaC", b"ID3", b".snd", b"\x1aE\xdf\xa3", b"caff", b"FORM")
PROBE_BYTES = 160  # 20 ms of speech: no two different recordings share it, and any readable copy of the message holds it
PROBES = 25


class Transcribes(Protocol):
    """Turns audio into text on this machine."""

    async def transcribe(self, pcmu: bytes) -> Transcript: ...


@dataclass(frozen=True, slots=True)
class Heard:
    """The words that came out of a phone's loudspeaker."""

    text: str

    def contains(self, sentence: str, max_wer: float) -> bool:
        """Whether some stretch of what was heard is this sentence, but for `max_wer` of its words."""
        wanted = normalize(sentence).split()
        words = normalize(self.text).split()
        stretches = (words[start : start + len(wanted)] for start in range(max(1, len(words) - len(wanted) + 1)))
        return min((word_error_rate(sentence, " ".join(stretch)) for stretch in stretches), default=1.0) <= max_wer


async def hear_file(transcriber: Transcribes, wav: Path) -> Heard:
    """Transcribe what a phone dumped. Long files are cut, so that menus and talk are each heard whole."""
    with wave.open(str(wav)) as file:
        rate = file.getframerate()
        samples = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
    if rate != 8000:
        samples = soxr.resample(samples, rate, 8000)
    transcript = await transcriber.transcribe(encode_mulaw(samples))
    return Heard(transcript.text)


def plaintext_audio_files(directory: Path, message: Path, private: Iterable[str]) -> list[Path]:
    """Files under `directory` that are audio by their first bytes, hold a stretch of the message, or hold a private text."""
    probes = [*_audio_probes(message), *_text_probes(private)]
    return [path for path in directory.rglob("*") if path.is_file() and _readable(path.read_bytes(), probes)]


def _readable(data: bytes, probes: Iterable[bytes]) -> bool:
    return data.startswith(AUDIO_MAGIC) or any(probe in data for probe in probes)


def _audio_probes(message: Path) -> Iterator[bytes]:
    """Stretches of the spoken message as mu-law and as PCM, from its loudest places."""
    with wave.open(str(message)) as file:
        pcm = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
    mulaw = encode_mulaw(pcm)
    step = max(1, len(pcm) // PROBES)
    for start in range(0, len(pcm) - PROBE_BYTES, step):
        piece = pcm[start : start + PROBE_BYTES]
        if np.abs(piece.astype(np.int32)).mean() > 300:
            yield mulaw[start : start + PROBE_BYTES]
            yield piece.tobytes()


def _text_probes(private: Iterable[str]) -> Iterator[bytes]:
    for text in private:
        yield text.encode()
        yield re.sub(r"^\+1", "", text).encode()
