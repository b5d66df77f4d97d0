"""Reads a sealed blob from anywhere in it, segment by segment; a torn tail costs at most the torn segment."""

from pathlib import Path

from auricle.vault.errors import Corrupt
from auricle.vault.stream import HEADER_BYTES, TAG_BYTES, StreamHeader, StreamOpener

BYTES_A_SECOND = 8000


class SealedBlobReader:
    """One blob. Methods read the disk: call them off the event loop."""

    def __init__(self, path: Path, key: bytes, name: str) -> None:
        self._path = path
        with path.open("rb") as file:
            header = StreamHeader.decode(file.read(HEADER_BYTES))
        self._opener = StreamOpener(key, header, name)
        self._sealed_bytes = header.segment_bytes + TAG_BYTES
        body = path.stat().st_size - HEADER_BYTES
        self._segments, tail = divmod(body, self._sealed_bytes)
        self.complete, self.size = self._measure(tail)

    @property
    def duration_s(self) -> float:
        """Seconds of audio."""
        return self.size / BYTES_A_SECOND

    def read(self, offset: int, count: int) -> bytes:
        """`count` bytes of audio from `offset`, fewer at the end. Raises Corrupt naming the blob for a damaged segment."""
        end = min(offset + max(count, 0), self.size)
        out = bytearray()
        at = offset
        while at < end:
            index, inside = divmod(at, self._opener.header.segment_bytes)
            piece = self._segment(index)[inside : inside + end - at]
            if not piece:
                break
            out += piece
            at += len(piece)
        return bytes(out)

    def check(self) -> None:
        """Read everything. Raises Corrupt."""
        self.read(0, self.size)

    def _measure(self, tail: int) -> tuple[bool, int]:
        """Whether the last segment is marked as last, and how much audio there is."""
        size = self._opener.header.segment_bytes
        if tail > TAG_BYTES or (tail == TAG_BYTES and not self._segments):
            try:
                last = self._open(self._segments, last=True)
            except Corrupt:
                return False, self._segments * size
            return True, self._segments * size + len(last)
        if self._segments:
            try:
                self._open(self._segments - 1, last=True)
            except Corrupt:
                return False, self._segments * size
            return True, self._segments * size
        return False, 0

    def _segment(self, index: int) -> bytes:
        last = self.complete and (index + 1) * self._opener.header.segment_bytes >= self.size
        return self._open(index, last=last)

    def _open(self, index: int, *, last: bool) -> bytes:
        with self._path.open("rb") as file:
            file.seek(HEADER_BYTES + index * self._sealed_bytes)
            sealed = file.read(self._sealed_bytes)
        try:
            return self._opener.open(index, sealed, last=last)
        except Corrupt as error:
            raise Corrupt(f"{self._path.name}: {error}") from error
