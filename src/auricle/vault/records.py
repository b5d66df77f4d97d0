"""Keys of single records: a record's own random key seals its audio and, through HKDF, its fields.

Whoever deletes the wrapped key shreds all of it in every copy of the database and of the blobs (docs/decisions/0112-shredding-backups.md).
"""

from typing import Protocol

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from auricle.vault.envelope import KEY_BYTES
from auricle.vault.keyring import Purpose

LABEL = b"auricle/v1/record-field"
PER_RECORD = frozenset({Purpose.VOICEMAIL, Purpose.TRANSCRIPT})
"""Purposes whose fields go with a record: each is sealed under the key of the record that its row names."""


class RecordKeys(Protocol):
    """Where records' own keys are kept, wrapped."""

    def key(self, record: str) -> bytes:
        """The 32-byte key of a record. Raises Shredded where there is none (any more), Corrupt or WrongKey for one that does not open."""
        ...


def record_cipher(key: bytes, purpose: Purpose, record: str) -> AESGCM:
    """The cipher for the fields of one purpose of one record; `key` is the record's own."""
    info = b"|".join((LABEL, purpose.value.encode(), record.encode()))
    return AESGCM(HKDF(hashes.SHA256(), KEY_BYTES, None, info).derive(key))
