"""The practice's keys: for each purpose a set of epochs, the newest of which seals (docs/specs/keyring.md)."""

import json
from base64 import b64decode, b64encode
from enum import StrEnum

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from auricle.kernel.time import Entropy
from auricle.vault.envelope import KEY_BYTES, open_sealed, seal
from auricle.vault.errors import Corrupt, UnknownFormat, WrongKey

LABEL = b"auricle/v1/keyring"


class Purpose(StrEnum):
    """What a key may seal; a key of one purpose opens nothing of another."""

    CALL_RECORD = "call-record"
    VOICEMAIL = "voicemail"
    TRANSCRIPT = "transcript"
    BINDING = "binding"
    AUDIT_DETAIL = "audit-detail"
    BLOB = "blob"
    BLIND_INDEX = "blind-index"
    AUTH = "auth"


class Keyring:
    """Keys in memory. Each epoch is a number from 1; sealed data names the one it needs."""

    def __init__(self, keys: dict[Purpose, dict[int, bytes]]) -> None:
        self._keys = keys
        self._ciphers: dict[tuple[Purpose, int], AESGCM] = {}

    @classmethod
    def generate(cls, entropy: Entropy) -> "Keyring":
        """A fresh ring with one epoch for every purpose."""
        return cls({purpose: {1: entropy.token(KEY_BYTES)} for purpose in Purpose})

    def epoch(self, purpose: Purpose) -> int:
        """The epoch that seals now."""
        return max(self._keys[purpose])

    def key(self, purpose: Purpose, epoch: int) -> bytes:
        """The raw key, for purposes that are not AES-GCM. Raises WrongKey for an epoch this ring does not have."""
        try:
            return self._keys[purpose][epoch]
        except KeyError:
            raise WrongKey(f"no key for {purpose} epoch {epoch}") from None

    def cipher(self, purpose: Purpose, epoch: int) -> AESGCM:
        """The cipher of an epoch, set up once."""
        cipher = self._ciphers.get((purpose, epoch))
        if cipher is None:
            cipher = self._ciphers[purpose, epoch] = AESGCM(self.key(purpose, epoch))
        return cipher

    def rotate(self, purpose: Purpose, entropy: Entropy) -> None:
        """Start a new epoch; older ones still open."""
        self._keys[purpose][self.epoch(purpose) + 1] = entropy.token(KEY_BYTES)

    def wrapped(self, kek: bytes, entropy: Entropy) -> bytes:
        """The ring sealed under a key-encryption key."""
        data = {purpose.value: {str(epoch): b64encode(key).decode() for epoch, key in epochs.items()} for purpose, epochs in self._keys.items()}
        return seal(AESGCM(kek), json.dumps(data, sort_keys=True).encode(), LABEL, entropy)

    @classmethod
    def unwrapped(cls, blob: bytes, kek: bytes) -> "Keyring":
        """The ring in `blob`. Raises WrongKey when `kek` does not open it, UnknownFormat for content this program does not know."""
        try:
            text = open_sealed(AESGCM(kek), blob, LABEL)
        except Corrupt as error:
            raise WrongKey("the key file does not open with this key") from error
        try:
            data = json.loads(text)
            return cls({Purpose(p): {int(e): b64decode(k, validate=True) for e, k in epochs.items()} for p, epochs in data.items()})
        except (ValueError, AttributeError) as error:
            raise UnknownFormat("the key file has content of another version") from error
