"""The practice's keys: for each purpose a set of epochs, the newest of which seals (docs/specs/keyring.md)."""

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from enum import StrEnum

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from auricle.kernel.time import Entropy
from auricle.vault.envelope import KEY_BYTES
from auricle.vault.errors import UnknownFormat, WrongKey
from auricle.vault.wrapping import unwrap, wrap

LABEL = b"auricle/v1/keyring"
MAX_EPOCH = 65535  # sealed data names its epoch in two bytes


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

    def __init__(self, keys: Mapping[Purpose, Mapping[int, bytes]]) -> None:
        self._keys = {purpose: dict(epochs) for purpose, epochs in keys.items()}
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
        """The cipher of an epoch, set up once. Raises WrongKey for an epoch this ring does not have."""
        cipher = self._ciphers.get((purpose, epoch))
        if cipher is None:
            cipher = self._ciphers[purpose, epoch] = AESGCM(self.key(purpose, epoch))
        return cipher

    def rotate(self, purpose: Purpose, entropy: Entropy) -> None:
        """Start a new epoch; older ones still open."""
        newest = self.epoch(purpose)
        if newest >= MAX_EPOCH:
            raise ValueError("no more epochs")
        self._keys[purpose][newest + 1] = entropy.token(KEY_BYTES)

    def wrapped(self, kek: bytes, entropy: Entropy) -> bytes:
        """The ring sealed under a key-encryption key of 32 bytes."""
        rings = self._keys.items()
        data = {purpose.value: {str(epoch): b64encode(key).decode() for epoch, key in epochs.items()} for purpose, epochs in rings}
        return wrap(kek, LABEL, json.dumps(data, sort_keys=True, separators=(",", ":")).encode(), entropy)

    @classmethod
    def unwrapped(cls, blob: bytes, kek: bytes) -> "Keyring":
        """The ring in `blob`. Raises WrongKey, Corrupt, or UnknownFormat for content this program does not know."""
        text = unwrap(kek, LABEL, blob)
        try:
            data = json.loads(text)
            keys = {Purpose(p): {int(e): b64decode(k, validate=True) for e, k in epochs.items()} for p, epochs in data.items()}
        except (ValueError, AttributeError, TypeError) as error:
            raise UnknownFormat("the keyring has content of another version") from error
        if set(keys) != set(Purpose) or not all(_usable(epochs) for epochs in keys.values()):
            raise UnknownFormat("the keyring lacks keys this program needs")
        return cls(keys)

    def __repr__(self) -> str:
        return "<keyring>"


def _usable(epochs: Mapping[int, bytes]) -> bool:
    return bool(epochs) and all(0 < epoch <= MAX_EPOCH and len(key) == KEY_BYTES for epoch, key in epochs.items())
