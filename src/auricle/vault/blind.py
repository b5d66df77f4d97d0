"""Blind indexes: equality look-ups over sealed values. They leak which rows are equal, and nothing else without the key."""

import hashlib
import hmac

from auricle.vault.keyring import Keyring, Purpose

LABEL = b"auricle/v1/blind"
INDEX_BYTES = 16
EPOCH = 1  # an index must stay comparable; changing its key means rebuilding the column


def blind_index(keyring: Keyring, context: str, value: str) -> bytes:
    """The index of a value in a context (`calls.caller`); equal values in different contexts have different indexes."""
    key = keyring.key(Purpose.BLIND_INDEX, EPOCH)
    message = LABEL + len(context).to_bytes(2, "big") + context.encode() + value.encode()
    return hmac.new(key, message, hashlib.sha256).digest()[:INDEX_BYTES]
