"""Looking for needles in bytes, also in what is compressed inside them."""

import lzma
import re
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from auricle.app.sweep.canaries import Needle

AUDIO_MAGIC = (b"RIFF", b"OggS", b"fLaC", b"ID3", b".snd", b"\x1aE\xdf\xa3", b"caff", b"FORM")
MAX_UNPACKED = 64 << 20
_PACKED = re.compile(rb"\x1f\x8b\x08|\x78[\x01\x5e\x9c\xda]|\xfd7zXZ\x00")


@dataclass(frozen=True, slots=True)
class Hit:
    """Something private at a place where it should not be. The private thing itself is not repeated."""

    where: str
    kind: str
    form: str


class Search:
    """All needles, each looked for once in each piece."""

    def __init__(self, needles: Iterable[Needle]) -> None:
        self._needles = list({needle.data: needle for needle in needles}.values())

    def __len__(self) -> int:
        return len(self._needles)

    def find(self, where: str, data: bytes) -> list[Hit]:
        """What of it is in `data`, as it is and unpacked."""
        hits = self._in(where, data)
        for unpacked in _unpacked(data):
            hits += [Hit(hit.where, hit.kind, f"{hit.form}, compressed") for hit in self._in(where, unpacked)]
        return list(dict.fromkeys(hits))

    def _in(self, where: str, data: bytes) -> list[Hit]:
        return [Hit(where, needle.kind, needle.form) for needle in self._needles if needle.data in data]


def is_audio_file(data: bytes) -> bool:
    """Whether the first bytes are those of an audio container."""
    return data.startswith(AUDIO_MAGIC)


def _unpacked(data: bytes) -> Sequence[bytes]:
    found = []
    view = memoryview(data)  # slices of bytes would be copies
    for match in _PACKED.finditer(data):
        try:
            found.append(_unpack(match.group(), view[match.start() :]))
        except (OSError, EOFError, zlib.error, lzma.LZMAError, ValueError):
            continue
    return [piece for piece in found if piece]


def _unpack(magic: bytes, data: memoryview) -> bytes:
    if magic.startswith(b"\xfd7zXZ"):
        return lzma.LZMADecompressor().decompress(data, MAX_UNPACKED)
    return zlib.decompressobj(wbits=31 if magic.startswith(b"\x1f\x8b") else 15).decompress(data, MAX_UNPACKED)
