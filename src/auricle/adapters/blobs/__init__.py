"""Sealed audio files on disk."""

from auricle.adapters.blobs.files import BlobMissing, FileBlobs
from auricle.adapters.blobs.reader import SealedBlobReader
from auricle.adapters.blobs.writer import SealedBlobWriter

__all__ = ["BlobMissing", "FileBlobs", "SealedBlobReader", "SealedBlobWriter"]
