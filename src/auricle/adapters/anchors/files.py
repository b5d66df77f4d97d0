"""Checkpoints as files in a directory, maybe on another mount: one a size, written once, never changed."""

import asyncio
import os
from pathlib import Path

from auricle.adapters.anchors.errors import AnchorConflict, AnchorFailed
from auricle.adapters.anchors.port import NOTHING, Prove, Receipt

DIGITS = 20


class FileAnchor:
    """Fits `port.Anchor`."""

    kind = "file"

    def __init__(self, name: str, directory: Path) -> None:
        self.name = name
        self._directory = directory

    async def keep(self, size: int, note: str, prove: Prove) -> Receipt:
        """Write the note as `<size>.checkpoint` and flush it to the disk. Raises AnchorFailed, AnchorConflict."""
        del prove
        await asyncio.to_thread(self._write, size, note.encode())
        return NOTHING

    def _write(self, size: int, data: bytes) -> None:
        path = self._directory / f"{size:0{DIGITS}}.checkpoint"
        try:
            self._directory.mkdir(parents=True, exist_ok=True, mode=0o755)
            if path.exists():
                if body(path.read_bytes()) != body(data):
                    raise AnchorConflict("other-file")
                return
            part = path.with_suffix(".part")
            part.unlink(missing_ok=True)  # what a crash left; it may be read-only
            descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o444)
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            self._name(part, path)
            self._sync_directory()
        except OSError as error:
            raise AnchorFailed("not-writable") from error

    def _name(self, part: Path, path: Path) -> None:
        """Unlike a rename, a link never replaces a file that came in between."""
        try:
            os.link(part, path)
        except FileExistsError as error:
            raise AnchorConflict("other-file") from error
        finally:
            part.unlink()

    def _sync_directory(self) -> None:
        descriptor = os.open(self._directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def body(note: bytes) -> bytes:
    """What of a note is the same for every time it is signed: origin, size, root."""
    return note.partition(b"\n\n")[0]
