"""Sealed mu-law audio as a WAV file (RIFF, format tag 7, with the `fact` chunk non-PCM formats need), readable from anywhere.

Byte ranges follow RFC 9110 14: one range; several, or another unit, are answered with the whole.
"""

import re
import struct
from dataclasses import dataclass

from auricle.vault.errors import Corrupt
from auricle.vault.stream import SEGMENT_BYTES
from auricle.web.errors import Refused
from auricle.web.ports import AudioReader

RATE = 8000
MULAW = 7
SILENCE = b"\xff"  # G.711 mu-law zero
HEADER_BYTES = 58
_RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Audio:
    """Bytes of the file, and the whole seconds of them that could not be opened and are silent instead."""

    data: bytes
    damaged: tuple[int, ...]


def header(size: int) -> bytes:
    """The 58 bytes before `size` bytes of mu-law at 8 kHz, mono."""
    padded = size + size % 2
    return struct.pack(
        "<4sI4s4sIHHIIHHH4sII4sI",
        b"RIFF", HEADER_BYTES - 8 + padded, b"WAVE",
        b"fmt ", 18, MULAW, 1, RATE, RATE, 1, 8, 0,
        b"fact", 4, size,
        b"data", size,
    )  # fmt: skip


def wav_size(size: int) -> int:
    """Bytes of the whole file; chunks have an even length."""
    return HEADER_BYTES + size + size % 2


def byte_range(text: str | None, total: int) -> tuple[int, int] | None:
    """First byte and the one after the last, of a Range header; None for the whole. Raises Refused (416)."""
    match = _RANGE.fullmatch(text.strip()) if text else None
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if not first:  # the last so many bytes
        start, end = max(0, total - int(last)), total
    else:
        start, end = int(first), min(total, int(last) + 1) if last else total
        if last and int(last) < int(first):
            return None
    if start >= end:
        raise Refused(416, "web.range", "There is no such part", "Ask for a part inside the file.", {"Content-Range": f"bytes */{total}"})
    return start, end


async def read_wav(reader: AudioReader, start: int, end: int) -> Audio:
    """Bytes `start` to `end` of the file; only the segments they lie in are opened."""
    head = header(reader.size)[start:end]
    first, last = max(0, start - HEADER_BYTES), min(reader.size, max(0, end - HEADER_BYTES))
    data, damaged = await _read_audio(reader, first, last)
    pad = b"\0" if start < end == wav_size(reader.size) and reader.size % 2 else b""
    return Audio(head + data + pad, damaged)


async def _read_audio(reader: AudioReader, first: int, last: int) -> tuple[bytes, tuple[int, ...]]:
    """All at once; where that fails, second by second, so that what is whole still plays."""
    if first >= last:
        return b"", ()
    try:
        return await reader.read(first, last - first), ()
    except Corrupt:
        out, damaged = bytearray(), []
    for second in range(first // SEGMENT_BYTES, -(-last // SEGMENT_BYTES)):
        begin, end = max(first, second * SEGMENT_BYTES), min(last, (second + 1) * SEGMENT_BYTES)
        try:
            out += await reader.read(begin, end - begin)
        except Corrupt:
            out += SILENCE * (end - begin)
            damaged.append(second)
    return bytes(out), tuple(damaged)
