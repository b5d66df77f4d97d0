"""Reads a sealed blob from anywhere in it, segment by segment. Damage is found, named and played as silence; the rest keeps its time."""

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import structlog

from auricle.vault.errors import Corrupt
from auricle.vault.stream import HEADER_BYTES, TAG_BYTES, StreamHeader, StreamOpener

log = structlog.get_logger(__name__)
BYTES_A_SECOND = 8000
SILENCE = b"\xff"  # G.711 mu-law


OnDamage = Callable[[str, int], None]
"""Called with a blob's id and a segment's number."""


def ignore_damage(blob: str, segment: int) -> None:
    """For readers whose caller looks at `damaged`."""
    del blob, segment


class SealedBlobReader:
    """One blob. Methods read the disk: call them off the event loop.

    `complete` is False where the end is missing: a crash, a full disk, a cut file. `damaged` are the segments (seconds) met so far
    that do not open.
    """

    def __init__(self, path: Path, key: bytes, name: str, on_damage: OnDamage = ignore_damage) -> None:
        """`on_damage` hears of every damaged segment once.

        Raises FileNotFoundError, UnknownFormat, and Corrupt for a file of which nothing opens.
        """
        self._path = path
        self._name = name
        self._on_damage = on_damage
        self._damaged: set[int] = set()
        with path.open("rb") as file:
            header = StreamHeader.decode(file.read(HEADER_BYTES))
            self._opener = StreamOpener(key, header, name)
            self._segment_bytes = header.segment_bytes
            self._sealed_bytes = header.segment_bytes + TAG_BYTES
            body = path.stat().st_size - HEADER_BYTES
            self._whole, self._tail = divmod(body, self._sealed_bytes)
            self.complete, self.size = self._measure(file)
            self._refuse_if_nothing_opens(file)

    @property
    def duration_s(self) -> float:
        """Seconds of audio."""
        return self.size / BYTES_A_SECOND

    @property
    def damaged(self) -> tuple[int, ...]:
        """Segments that did not open, of those read so far."""
        return tuple(sorted(self._damaged))

    @property
    def sealed_size(self) -> int:
        """Bytes of the file up to the end of what can be read; what follows is a torn tail."""
        return HEADER_BYTES + self._whole * self._sealed_bytes + (self._tail if self.size > self._whole * self._segment_bytes else 0)

    def read(self, offset: int, count: int) -> bytes:
        """`count` bytes of audio from `offset`, fewer at the end; a damaged segment is silence and goes to `damaged` and the log."""
        at, end = max(offset, 0), min(max(offset, 0) + max(count, 0), self.size)
        out = bytearray()
        with self._path.open("rb") as file:
            while at < end:
                index, inside = divmod(at, self._segment_bytes)
                piece = self._segment(file, index)[inside : inside + end - at]
                out += piece
                at += len(piece)
        return bytes(out)

    def check(self) -> tuple[int, ...]:
        """Read everything; the damaged segments."""
        self.read(0, self.size)
        return self.damaged

    def _measure(self, file: BinaryIO) -> tuple[bool, int]:
        """Whether the last segment is marked as last, and how much audio there is."""
        whole = self._whole * self._segment_bytes
        if self._tail > TAG_BYTES or (self._tail == TAG_BYTES and not self._whole):
            last = self._try(file, self._whole, last=True)
            if last is None:
                self._note_damage(self._whole)
            return last is not None, whole + len(last or b"")
        if self._tail:
            self._note_damage(self._whole)
            return False, whole
        return self._whole > 0 and self._try(file, self._whole - 1, last=True) is not None, whole

    def _refuse_if_nothing_opens(self, file: BinaryIO) -> None:
        if self._whole and not self.complete and all(self._try_either(file, index) is None for index in range(self._whole)):
            raise Corrupt(f"{self._path.name}: no segment of this file opens")

    def _segment(self, file: BinaryIO, index: int) -> bytes:
        length = min(self._segment_bytes, self.size - index * self._segment_bytes)
        if self.complete:
            segment = self._try(file, index, last=(index + 1) * self._segment_bytes >= self.size)
        else:
            segment = self._try_either(file, index)
        if segment is not None:
            return segment
        self._note_damage(index)
        return SILENCE * length

    def _note_damage(self, index: int) -> None:
        if index in self._damaged:
            return
        self._damaged.add(index)
        if self._path.suffix != ".part":  # there a torn tail is what a crash leaves
            log.error("sealed_audio_damaged", blob=self._name, file=self._path.name, segment=index)
            self._on_damage(self._name, index)

    def _try_either(self, file: BinaryIO, index: int) -> bytes | None:
        """Without a known end the final whole segment may be the last one, with bytes behind it that do not belong there."""
        segment = self._try(file, index, last=False)
        return self._try(file, index, last=True) if segment is None and index == self._whole - 1 else segment

    def _try(self, file: BinaryIO, index: int, *, last: bool) -> bytes | None:
        file.seek(HEADER_BYTES + index * self._sealed_bytes)
        try:
            return self._opener.open(index, file.read(self._sealed_bytes), last=last)
        except Corrupt:
            return None
