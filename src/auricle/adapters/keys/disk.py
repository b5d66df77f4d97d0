"""Small private files, written whole or not at all, and a lock that keeps two processes from changing them at once."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from errno import ENOSPC
from pathlib import Path

LOCK = ".lock"


@contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Hold the directory's lock, against other processes and other threads alike; blocks until it is free."""
    descriptor = os.open(directory / LOCK, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def write_new(path: Path, data: bytes) -> None:
    """Write a private file durably and whole, or not at all. Raises FileExistsError."""
    part = _written(path, data)
    try:
        os.link(part, path)  # unlike a rename, a link never replaces what is there
    finally:
        part.unlink()
    sync_directory(path.parent)


def replace(path: Path, data: bytes) -> None:
    """Put a private file in another's place, durably; a reader sees the old one or the new one."""
    part = _written(path, data)
    part.replace(path)
    sync_directory(path.parent)


def overwrite(path: Path) -> None:
    """Put zeros over a file's bytes before it is removed; file systems that write in place then hold nothing of it."""
    descriptor = os.open(path, os.O_WRONLY)
    try:
        os.write(descriptor, bytes(os.fstat(descriptor).st_size))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sweep(directory: Path) -> None:
    """Remove what writers that were killed left half done: it may hold a key that was shredded since."""
    for path in directory.glob(".*.new"):
        pid = path.name.split(".")[-2]
        if pid.isdecimal() and not _alive(int(pid)):
            if path.stat().st_nlink == 1:  # else it is the finished file itself, killed before its second name went
                overwrite(path)
            path.unlink(missing_ok=True)


def sync_directory(path: Path) -> None:
    """Make new, renamed and removed names durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _written(path: Path, data: bytes) -> Path:
    part = path.with_name(f".{path.name}.{os.getpid()}.new")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        if os.write(descriptor, data) != len(data):
            raise OSError(ENOSPC, "short write")
        os.fsync(descriptor)
    except OSError:
        part.unlink()
        raise
    finally:
        os.close(descriptor)
    return part
