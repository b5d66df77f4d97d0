"""Sealed audio files on disk (docs/specs/sealed-audio.md)."""

from auricle.adapters.blobs.files import BlobExists, BlobMissing, FileBlobs
from auricle.adapters.blobs.reader import SealedBlobReader
from auricle.adapters.blobs.writer import SealedBlobWriter

__all__ = ["BlobExists", "BlobMissing", "FileBlobs", "SealedBlobReader", "SealedBlobWriter"]
