"""Wrapping: secrets sealed under a key-encryption key, with a check that tells a wrong key from damaged bytes (docs/specs/keyring.md).

The check also commits to the key, which AES-GCM alone does not: no wrapped secret opens under two keys.
"""

import hmac

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from auricle.kernel.time import Entropy
from auricle.vault.envelope import KEY_BYTES, open_sealed, seal
from auricle.vault.errors import Corrupt, WrongKey

CHECK_BYTES = 16


def wrap(kek: bytes, label: bytes, secret: bytes, entropy: Entropy) -> bytes:
    """check (16 bytes) || envelope; `kek` is 32 bytes, `label` says what the secret is."""
    key, check = _derive(kek, label)
    return check + seal(AESGCM(key), secret, label, entropy)


def unwrap(kek: bytes, label: bytes, wrapped: bytes) -> bytes:
    """The secret. Raises WrongKey when `kek` is another key, Corrupt when it is the right one and the bytes are not."""
    key, check = _derive(kek, label)
    found, envelope = wrapped[:CHECK_BYTES], wrapped[CHECK_BYTES:]
    if hmac.compare_digest(found, check):
        return open_sealed(AESGCM(key), envelope, label)
    try:
        open_sealed(AESGCM(key), envelope, label)
    except Corrupt:
        raise WrongKey("this key does not open the wrapped secret") from None
    raise Corrupt("the check in front of a wrapped secret is damaged")


def _derive(kek: bytes, label: bytes) -> tuple[bytes, bytes]:
    if len(kek) != KEY_BYTES:
        raise ValueError("a key-encryption key has 32 bytes")
    both = HKDF(hashes.SHA256(), KEY_BYTES + CHECK_BYTES, None, label).derive(kek)
    return both[:KEY_BYTES], both[KEY_BYTES:]
