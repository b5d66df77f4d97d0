"""Writes that are whole or not at all, and durable when they return."""

import os
from errno import ENOSPC
from pathlib import Path


def append(descriptor: int, data: bytes) -> None:
    """Write all of `data` at the end, or cut the file back to where it was and raise OSError: a torn piece would hide what follows."""
    size = os.fstat(descriptor).st_size
    try:
        written = os.write(descriptor, data)
    except OSError:
        os.ftruncate(descriptor, size)
        raise
    if written != len(data):
        os.ftruncate(descriptor, size)
        raise OSError(ENOSPC, "short write")


def cut(path: Path, size: int) -> None:
    """Cut a file to `size` bytes, durably."""
    descriptor = os.open(path, os.O_WRONLY)
    try:
        os.ftruncate(descriptor, size)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_directory(path: Path) -> None:
    """Make new, renamed and removed names durable (POSIX: fsync of a file says nothing about its name)."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
