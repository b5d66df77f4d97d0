"""AES-256-GCM with a version byte and a nonce drawn inside (docs/specs/sealed-fields.md). No caller can pass a nonce.

A random 96-bit nonce is safe for 2^32 seals under one key (NIST SP 800-38D 8.3): a million fields a day for eleven years.
"""

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from auricle.kernel.time import Entropy
from auricle.vault.errors import Corrupt, UnknownFormat

VERSION = b"\x01"
KEY_BYTES, NONCE_BYTES, TAG_BYTES = 32, 12, 16
BODY_START = 1 + NONCE_BYTES


def seal(cipher: AESGCM, plaintext: bytes, associated: bytes, entropy: Entropy) -> bytes:
    """version || nonce || ciphertext and tag."""
    nonce = entropy.token(NONCE_BYTES)
    return VERSION + nonce + cipher.encrypt(nonce, plaintext, associated)


def open_sealed(cipher: AESGCM, sealed: bytes, associated: bytes) -> bytes:
    """The plaintext. Raises UnknownFormat, or Corrupt when key, bytes or place are not the ones of the seal."""
    if sealed and sealed[:1] != VERSION:
        raise UnknownFormat("sealed data of an unknown version")
    if len(sealed) < BODY_START + TAG_BYTES:
        raise Corrupt("sealed data is cut short")
    try:
        return cipher.decrypt(sealed[1:BODY_START], sealed[BODY_START:], associated)
    except InvalidTag as error:
        raise Corrupt("sealed data was changed or moved") from error
