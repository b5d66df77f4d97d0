"""Blind indexes: equality look-ups over sealed values. They leak which rows are equal, and nothing else without the key."""

import hashlib
import hmac

from auricle.vault.keyring import Keyring, Purpose
from auricle.vault.protected import Blind

LABEL = b"auricle/v1/blind"
INDEX_BYTES = 16
EPOCH = 1  # an index must stay comparable; changing its key means rebuilding the column


def blind_index(keyring: Keyring, context: str, value: str) -> Blind:
    """The 16-byte index of a value in a context (`call.caller`); equal values in different contexts have different indexes.

    Normalise the value first (E.164): the index compares bytes. Text that is no valid Unicode has an index too, it comes from outside.
    """
    key = keyring.key(Purpose.BLIND_INDEX, EPOCH)
    name = context.encode()
    message = b"".join((LABEL, len(name).to_bytes(2, "big"), name, value.encode(errors="surrogatepass")))
    return Blind(hmac.digest(key, message, hashlib.sha256)[:INDEX_BYTES])
