"""Canaries, and every form in which a careless program might have written one down."""

import base64
import json
import urllib.parse
import wave
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from auricle.kernel.time import Entropy
from auricle.media.mulaw import encode_mulaw

T = TypeVar("T")
SYLLABLES = ("zor", "quil", "vex", "thu", "jax", "wim", "ryn", "plo", "kez", "dra", "fyx", "gul")
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
NUMBERS = ("two", "five", "ten")
MONTHS = ("January", "March", "May", "July", "August", "October", "December")
PROBE_SAMPLES = 160  # 20 ms: no two recordings share it
PROBES = 24
LOUD = 300  # mean amplitude; quieter stretches may be alike anywhere
WINDOW_WORDS = 6  # so many words in a row of what was said are somebody's sentence; no sentence below has as many that are not drawn


@dataclass(frozen=True, slots=True)
class Needle:
    """Bytes that must not be found, and what they would mean."""

    kind: str
    form: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Canaries:
    """What one day's patients are called, call from, say and press. Made up, and new in every run."""

    caller: str
    """E.164, of the range kept for fiction (555-0100 to 0199)."""
    second_caller: str
    name: str
    birth: tuple[int, str, int]
    """Day, month, year."""
    digits: str
    note: str
    """A sentence a member of staff types."""
    talk: str
    """What the first patient says to the front desk."""
    message: str
    """What the second patient says to the voicemail."""

    @classmethod
    def drawn(cls, entropy: Entropy) -> "Canaries":
        """New ones."""
        numbers = [f"+1{_pick(entropy, (202, 206, 303, 312, 404, 512, 617, 702))}55501{entropy.token(1)[0] % 100:02d}" for _ in range(2)]
        if numbers[0] == numbers[1]:
            return cls.drawn(entropy)
        first, last = ("".join(_pick(entropy, SYLLABLES) for _ in range(count)) for count in (2, 3))
        birth = (entropy.token(1)[0] % 27 + 1, _pick(entropy, MONTHS), 1931 + entropy.token(1)[0] % 60)
        digits = "".join(str(value % 10) for value in entropy.token(9))
        note = f"{_word(entropy)} {_word(entropy)} asked about the {_word(entropy)} result"
        name = f"{first} {last}".title()
        return cls(numbers[0], numbers[1], name, birth, digits, note, _talk(entropy), _message(entropy, birth))

    def needles(self) -> Iterator[Needle]:
        """Everything that is text, in every form."""
        for number in (self.caller, self.second_caller):
            yield from _texts("number", _number_forms(number))
        yield from _texts("name", (self.name, self.name.split()[1]))
        yield from _texts("birth date", _date_forms(self.birth))
        yield from _texts("keys pressed", (self.digits,))
        yield from _texts("note", windows(self.note))
        for spoken in (self.message, self.talk):
            yield from _texts("spoken words", windows(spoken))


def secret_needles(secrets: dict[str, str]) -> Iterator[Needle]:
    """Passwords and passphrases, by what they are."""
    for kind, secret in secrets.items():
        yield from _texts(kind, (secret,))


def transcript_needles(text: str) -> Iterator[Needle]:
    """What the recogniser made of the message, which may differ from what was said."""
    yield from _texts("transcript", windows(text))


def audio_needles(file: Path) -> list[Needle]:
    """Stretches of a recording from its loudest places: mu-law, A-law, PCM, and those as text."""
    with wave.open(str(file)) as wav:
        pcm = np.frombuffer(wav.readframes(wav.getnframes()), dtype="<i2")
    step = max(1, len(pcm) // 400)
    pieces = [pcm[start : start + PROBE_SAMPLES] for start in range(0, len(pcm) - PROBE_SAMPLES, step)]
    loud = sorted((piece for piece in pieces if np.abs(piece.astype(np.int32)).mean() > LOUD), key=_loudness)[-PROBES:]
    return [needle for piece in loud for needle in _audio_forms(piece)]


def windows(text: str) -> Sequence[str]:
    """Every few words in a row."""
    words = text.split()
    return [" ".join(words[start : start + WINDOW_WORDS]) for start in range(max(1, len(words) - WINDOW_WORDS + 1))]


def _loudness(piece: NDArray[np.int16]) -> float:
    return float(np.abs(piece.astype(np.int32)).mean())


def _audio_forms(piece: NDArray[np.int16]) -> Iterator[Needle]:
    mulaw, alaw, pcm = encode_mulaw(piece), encode_alaw(piece), piece.tobytes()
    yield Needle("audio", "mu-law", mulaw)
    yield Needle("audio", "A-law", alaw)
    yield Needle("audio", "PCM, little-endian", pcm)
    yield Needle("audio", "PCM, big-endian", piece.byteswap().tobytes())
    yield Needle("audio", "PCM, float", (piece.astype(np.float32) / 32768).tobytes())
    for form, data in (("mu-law", mulaw), ("PCM", pcm)):
        yield from _as_text("audio", form, data)


def encode_alaw(samples: NDArray[np.int16]) -> bytes:
    """A-law bytes of 16-bit samples (ITU-T G.711)."""
    wide = samples.astype(np.int32) >> 3
    sign = np.where(wide >= 0, 0x80, 0)
    magnitude = np.minimum(np.where(wide >= 0, wide, -wide - 1), 4095)
    exponent = np.where(magnitude < 32, 0, np.floor(np.log2(np.maximum(magnitude, 1))).astype(np.int32) - 4)
    mantissa = np.where(exponent == 0, magnitude >> 1, magnitude >> np.maximum(exponent, 1)) & 0x0F
    codes: NDArray[np.uint8] = ((sign | (exponent << 4) | mantissa) ^ 0x55).astype(np.uint8)
    return codes.tobytes()


def _texts(kind: str, texts: Sequence[str]) -> Iterator[Needle]:
    for text in texts:
        for spelled in dict.fromkeys((text, text.lower(), text.upper())):
            yield Needle(kind, "text", spelled.encode())
            yield Needle(kind, "UTF-16, little-endian", spelled.encode("utf-16-le"))
            yield Needle(kind, "UTF-16, big-endian", spelled.encode("utf-16-be"))
            yield Needle(kind, "URL", urllib.parse.quote(spelled).encode())
            yield Needle(kind, "form", urllib.parse.quote_plus(spelled).encode())
            yield Needle(kind, "JSON", json.dumps(spelled)[1:-1].encode())
            yield from _as_text(kind, "text", spelled.encode())


def _as_text(kind: str, form: str, data: bytes) -> Iterator[Needle]:
    """Hexadecimal, and base64 at each of its three alignments without the letters that depend on the neighbours."""
    yield Needle(kind, f"{form}, hexadecimal", data.hex().encode())
    yield Needle(kind, f"{form}, hexadecimal", data.hex().upper().encode())
    for shift in range(3):
        whole = base64.b64encode(b"\0" * shift + data)
        yield Needle(kind, f"{form}, base64", whole[(0, 2, 3)[shift] : len(whole) - 4 if (len(data) + shift) % 3 else None])


def _number_forms(number: str) -> Sequence[str]:
    area, office, line = number[2:5], number[5:8], number[8:]
    return (f"{area}{office}{line}", f"{area}-{office}-{line}", f"({area}) {office}-{line}", f"{area}.{office}.{line}")


def _date_forms(birth: tuple[int, str, int]) -> Sequence[str]:
    day, month, year = birth
    number = (
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ).index(month) + 1
    return (
        f"{year}-{number:02d}-{day:02d}",
        f"{number:02d}/{day:02d}/{year}",
        f"{number}/{day}/{year}",
        f"{month} {day}, {year}",
        f"{day} {month} {year}",
    )


def _talk(entropy: Entropy) -> str:
    test, part = (
        _pick(entropy, ("biopsy", "blood test", "X-ray", "scan")),
        _pick(entropy, ("knee", "shoulder", "throat", "stomach", "back")),
    )
    day, place = _pick(entropy, DAYS), _pick(entropy, ("laboratory", "hospital", "surgeon", "clinic"))
    return f"I would like {_pick(entropy, NUMBERS)} minutes to ask whether the {test} of my {part} on {day} came back from the {place}."


def _message(entropy: Entropy, birth: tuple[int, str, int]) -> str:
    day, month, year = birth
    trouble = _pick(entropy, ("rash", "swelling", "burn", "bruise"))
    side, part = _pick(entropy, ("left", "right")), _pick(entropy, ("elbow", "knee", "wrist", "shoulder", "ankle"))
    worse, since = _pick(entropy, ("worse", "bigger", "painful", "itching")), _pick(entropy, DAYS)
    drug, ill = _pick(entropy, ("ointment", "tablet", "inhaler", "syrup")), _pick(entropy, ("dizzy", "sleepy", "thirsty", "nervous"))
    return f"I was born {month} {day}, {year}. The {trouble} on my {side} {part} is {worse} since {since}, and your {drug} makes me {ill}."


def _word(entropy: Entropy) -> str:
    return "".join(_pick(entropy, SYLLABLES) for _ in range(3))


def _pick(entropy: Entropy, choices: Sequence[T]) -> T:
    return choices[entropy.token(1)[0] % len(choices)]
