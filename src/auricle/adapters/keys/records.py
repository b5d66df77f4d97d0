"""Records' own keys, wrapped, one small file each in a directory apart from everything they open (docs/specs/sealed-audio.md).

Deleting a file shreds what it opens: the blob, and the fields sealed under the record's key, in every copy of either.
"""

import re
import threading
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path

import structlog

from auricle.adapters.keys import disk
from auricle.kernel.time import Entropy
from auricle.vault.envelope import KEY_BYTES, open_sealed, seal
from auricle.vault.errors import Corrupt, Shredded, VaultError
from auricle.vault.keyring import Keyring, Purpose

log = structlog.get_logger(__name__)
LABEL = b"auricle/v1/blob-key|"
FILE_BYTES = 63
RECORD_ID = re.compile(r"[A-Za-z0-9]{1,64}", re.ASCII)
CACHED = 4096  # 128 KiB of keys; a list of messages opens each of its rows


class RecordExists(FileExistsError):
    """There is a key of this record already."""


class FileRecordKeys:
    """Fits `vault.records.RecordKeys`. A file that another process deletes is gone here too, at once: each look asks the disk."""

    def __init__(self, directory: Path, keyring: Keyring, entropy: Entropy) -> None:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.directory = directory
        self._keyring = keyring
        self._entropy = entropy
        self._known: OrderedDict[str, tuple[int, bytes]] = OrderedDict()
        self._lock = threading.Lock()

    def create(self, record: str) -> bytes:
        """A new record's key, durable before it is returned. Raises RecordExists, SealingRefused, or OSError when the disk fails."""
        epoch = self._keyring.sealing(Purpose.BLOB)
        key = self._entropy.token(KEY_BYTES)
        try:
            disk.write_new(self._path(record), self._wrapped(record, key, epoch))
        except FileExistsError as error:
            raise RecordExists(f"there is a key of {record} already") from error
        return key

    def exists(self, record: str) -> bool:
        """Whether the record has a key."""
        return self._path(record).exists()

    def key(self, record: str) -> bytes:
        """The record's key. Raises Shredded, or a VaultError that names the file."""
        path = self._path(record)
        try:
            inode = path.stat().st_ino  # a rewrapped file is a new one, with the same key in it
        except FileNotFoundError:
            with self._lock:
                self._known.pop(record, None)
            raise Shredded(f"{record} has no key (any more)") from None
        with self._lock:
            known = self._known.get(record)
            if known is not None and known[0] == inode:
                self._known.move_to_end(record)
                return known[1]
        key = self._opened(record, self._read(path, record))
        with self._lock:
            self._known[record] = inode, key
            if len(self._known) > CACHED:
                self._known.popitem(last=False)
        return key

    def shred(self, record: str) -> None:
        """Overwrite and remove the record's key; nothing where there is none."""
        path = self._path(record)
        with disk.locked(self.directory):  # not while it is wrapped anew: that would bring it back
            if path.exists():
                disk.overwrite(path)
                path.unlink(missing_ok=True)
                disk.sync_directory(self.directory)
        with self._lock:
            self._known.pop(record, None)

    # ---- rotation ------------------------------------------------------------------------------------

    def behind(self) -> list[str]:
        """Records whose key is wrapped under an older epoch, or is unreadable."""
        newest = self._keyring.epoch(Purpose.BLOB).to_bytes(2, "big")
        return [path.stem for path in self.files() if _head(path) != newest]

    def epochs(self) -> set[int]:
        """Every epoch that some record's key is wrapped under."""
        return {int.from_bytes(_head(path), "big") for path in self.files()}

    def files(self) -> Iterator[Path]:
        """Every key file, by name."""
        return (path for path in sorted(self.directory.glob("*.key")) if RECORD_ID.fullmatch(path.stem))

    def rewrap(self, record: str) -> None:
        """Wrap the record's key under the newest epoch, unless it was shredded meanwhile. Raises a VaultError that names the file."""
        path = self._path(record)
        with disk.locked(self.directory):
            try:
                data = self._read(path, record)
            except Shredded:
                return
            epoch = self._keyring.epoch(Purpose.BLOB)
            if data[:2] != epoch.to_bytes(2, "big"):
                disk.replace(path, self._wrapped(record, self._opened(record, data), epoch))

    def adopt(self, old: Path) -> int:
        """Take over the key files that earlier versions kept beside blobs, each durably before its old copy goes; how many."""
        disk.sweep(self.directory)
        moved = 0
        for path in sorted(old.glob("*.key")):
            if not RECORD_ID.fullmatch(path.stem):
                continue
            try:
                disk.write_new(self._path(path.stem), path.read_bytes())
            except FileExistsError:  # a crash came between the copy and the removal
                log.info("record_key_moved_before", blob=path.stem)
            disk.overwrite(path)
            path.unlink()
            moved += 1
        if moved:
            disk.sync_directory(old)
            log.info("record_keys_moved", count=moved)
        return moved

    # ---- inside --------------------------------------------------------------------------------------

    def _wrapped(self, record: str, key: bytes, epoch: int) -> bytes:
        sealed = seal(self._keyring.cipher(Purpose.BLOB, epoch), key, _associated(record, epoch), self._entropy)
        return epoch.to_bytes(2, "big") + sealed

    def _opened(self, record: str, data: bytes) -> bytes:
        epoch = int.from_bytes(data[:2], "big")
        try:
            key = open_sealed(self._keyring.cipher(Purpose.BLOB, epoch), data[2:], _associated(record, epoch))
        except VaultError as error:
            raise type(error)(f"{record}.key: {error}") from error
        if len(key) != KEY_BYTES:
            raise Corrupt(f"{record}.key: not a key")
        return key

    def _read(self, path: Path, record: str) -> bytes:
        try:
            with path.open("rb") as file:
                return file.read(FILE_BYTES + 1)
        except FileNotFoundError:
            raise Shredded(f"{record} has no key (any more)") from None

    def _path(self, record: str) -> Path:
        if not RECORD_ID.fullmatch(record):
            raise Shredded("not the id of a record")
        return self.directory / f"{record}.key"


def _associated(record: str, epoch: int) -> bytes:
    return LABEL + epoch.to_bytes(2, "big") + record.encode()


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(2)
    except FileNotFoundError:
        return b""
