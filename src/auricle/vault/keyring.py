"""The practice's keys: for each purpose a set of epochs, the newest of which seals (docs/specs/keyring.md).

Changes replace the inner mapping as a whole, so other threads see the ring before or after one, never in between.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from auricle.kernel.time import Entropy
from auricle.vault.envelope import KEY_BYTES
from auricle.vault.errors import SealingRefused, UnknownFormat, WrongKey
from auricle.vault.wrapping import unwrap, wrap

LABEL = b"auricle/v2/keyring"
LABEL_1 = b"auricle/v1/keyring"
MAX_EPOCH = 65535  # sealed data names its epoch in two bytes; 0 means a record's own key


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


VERSION_1 = frozenset(
    {Purpose.CALL_RECORD, Purpose.VOICEMAIL, Purpose.TRANSCRIPT, Purpose.BINDING, Purpose.AUDIT_DETAIL, Purpose.BLOB}
    | {Purpose.BLIND_INDEX, Purpose.AUTH}
)
"""The purposes a ring of version 1 has to have; purposes that come later are added to a ring when it is next written."""
KEPT_GOING = frozenset({Purpose.BINDING, Purpose.AUDIT_DETAIL, Purpose.AUTH})
"""What is sealed even while the provider refuses: calls, sign-in and the audit log stand on it, and none of it is a new patient record."""


@dataclass(frozen=True, slots=True)
class Epoch:
    """One key of a purpose. `retired_at`: since when nothing is known to be sealed with it."""

    key: bytes = field(repr=False)
    made_at: datetime | None = None
    retired_at: datetime | None = None


class Keyring:
    """Keys in memory. Each epoch is a number from 1; sealed data names the one it needs."""

    def __init__(self, keys: Mapping[Purpose, Mapping[int, bytes | Epoch]]) -> None:
        self._keys = {
            purpose: {number: epoch if isinstance(epoch, Epoch) else Epoch(epoch) for number, epoch in epochs.items()}
            for purpose, epochs in keys.items()
        }
        self._ciphers: dict[tuple[Purpose, int], AESGCM] = {}
        self._refused: tuple[datetime, str] | None = None

    @classmethod
    def generate(cls, entropy: Entropy, now: datetime | None = None) -> "Keyring":
        """A fresh ring with one epoch for every purpose."""
        return cls({purpose: {1: Epoch(entropy.token(KEY_BYTES), now)} for purpose in Purpose})

    # ---- reading -------------------------------------------------------------------------------------

    def epoch(self, purpose: Purpose) -> int:
        """The epoch that seals now."""
        return max(self._keys[purpose])

    def epochs(self, purpose: Purpose) -> Mapping[int, Epoch]:
        """Every epoch that can still open, oldest first."""
        return dict(sorted(self._keys[purpose].items()))

    def key(self, purpose: Purpose, epoch: int) -> bytes:
        """The raw key, for purposes that are not AES-GCM. Raises WrongKey for an epoch this ring does not have."""
        try:
            return self._keys[purpose][epoch].key
        except KeyError:
            raise WrongKey(f"no key for {purpose} epoch {epoch}") from None

    def cipher(self, purpose: Purpose, epoch: int) -> AESGCM:
        """The cipher of an epoch, set up once. Raises WrongKey for an epoch this ring does not have."""
        cipher = self._ciphers.get((purpose, epoch))
        if cipher is None:
            cipher = self._ciphers[purpose, epoch] = AESGCM(self.key(purpose, epoch))
        return cipher

    def lacking(self) -> frozenset[Purpose]:
        """Purposes this program has and the ring, written by an earlier one, has not."""
        return frozenset(Purpose) - frozenset(self._keys)

    # ---- changing ------------------------------------------------------------------------------------

    def complete(self, entropy: Entropy, now: datetime | None = None) -> None:
        """Give every lacking purpose its first epoch."""
        self._keys = {**self._keys, **{purpose: {1: Epoch(entropy.token(KEY_BYTES), now)} for purpose in self.lacking()}}

    def rotate(self, purpose: Purpose, entropy: Entropy, now: datetime | None = None) -> int:
        """Start a new epoch and return it; older ones still open."""
        newest = self.epoch(purpose)
        if newest >= MAX_EPOCH:
            raise ValueError("no more epochs")
        self._put(purpose, {**self._keys[purpose], newest + 1: Epoch(entropy.token(KEY_BYTES), now)})
        return newest + 1

    def retire(self, purpose: Purpose, epoch: int, now: datetime | None) -> None:
        """Note since when nothing is sealed with an older epoch; None takes the note back. The newest is never retired."""
        if epoch == self.epoch(purpose):
            raise ValueError("the epoch that seals is not retired")
        self._put(purpose, {**self._keys[purpose], epoch: replace(self._keys[purpose][epoch], retired_at=now)})

    def destroy(self, purpose: Purpose, epoch: int) -> None:
        """Forget a retired epoch for ever."""
        if self._keys[purpose][epoch].retired_at is None:
            raise ValueError("only a retired epoch is destroyed")
        self._put(purpose, {number: kept for number, kept in self._keys[purpose].items() if number != epoch})

    def adopt(self, other: "Keyring") -> None:
        """Take another ring's content; whoever holds this ring seals with its epochs from now on."""
        self._keys = other._keys
        self._ciphers = {}

    def _put(self, purpose: Purpose, epochs: dict[int, Epoch]) -> None:
        self._keys = {**self._keys, purpose: epochs}
        self._ciphers = {}

    # ---- whether new records may be sealed -----------------------------------------------------------

    def refuse(self, since: datetime, why: str) -> None:
        """From now on nothing new is sealed; what is open stays open."""
        self._refused = (since, why)

    def allow(self) -> None:
        """New records are sealed again."""
        self._refused = None

    @property
    def refused(self) -> tuple[datetime, str] | None:
        """Since when nothing new is sealed, and why."""
        return self._refused

    def sealing(self, purpose: Purpose, began: datetime | None = None) -> int:
        """The epoch for sealing something new. Raises SealingRefused, unless it began before the refusal."""
        if self._refused is not None and purpose not in KEPT_GOING:
            since, why = self._refused
            if began is None or began >= since:
                raise SealingRefused(f"nothing new is protected: {why}")
        return self.epoch(purpose)

    # ---- keeping -------------------------------------------------------------------------------------

    def wrapped(self, root: bytes, entropy: Entropy) -> bytes:
        """The ring sealed under a root key of 32 bytes."""
        data = {p.value: {str(number): _epoch_data(epoch) for number, epoch in epochs.items()} for p, epochs in self._keys.items()}
        return wrap(root, LABEL, json.dumps(data, sort_keys=True, separators=(",", ":")).encode(), entropy)

    @classmethod
    def unwrapped(cls, blob: bytes, root: bytes) -> "Keyring":
        """The ring in `blob`. Raises WrongKey, Corrupt, or UnknownFormat for content this program does not know."""
        text = unwrap(root, LABEL, blob)
        try:
            keys = {Purpose(p): {int(e): _epoch_of(d) for e, d in epochs.items()} for p, epochs in json.loads(text).items()}
        except (ValueError, AttributeError, TypeError, KeyError) as error:
            raise UnknownFormat("the keyring has content of another version") from error
        if not all(_usable(epochs) for epochs in keys.values()):
            raise UnknownFormat("the keyring has keys this program cannot use")
        return cls(keys)

    @classmethod
    def unwrapped_1(cls, blob: bytes, kek: bytes) -> "Keyring":
        """The ring of a version-1 file: no times, all purposes of then. Raises what `unwrapped` raises."""
        text = unwrap(kek, LABEL_1, blob)
        try:
            data = json.loads(text)
            keys = {Purpose(p): {int(e): Epoch(b64decode(k, validate=True)) for e, k in epochs.items()} for p, epochs in data.items()}
        except (ValueError, AttributeError, TypeError) as error:
            raise UnknownFormat("the keyring has content of another version") from error
        if set(keys) != VERSION_1 or not all(_usable(epochs) for epochs in keys.values()):
            raise UnknownFormat("the keyring lacks keys this program needs")
        return cls(keys)

    def __repr__(self) -> str:
        return "<keyring>"


def _usable(epochs: Mapping[int, Epoch]) -> bool:
    return bool(epochs) and all(0 < number <= MAX_EPOCH and len(epoch.key) == KEY_BYTES for number, epoch in epochs.items())


def _epoch_data(epoch: Epoch) -> dict[str, Any]:
    data: dict[str, Any] = {"key": b64encode(epoch.key).decode()}
    if epoch.made_at is not None:
        data["made_at"] = int(epoch.made_at.timestamp())
    if epoch.retired_at is not None:
        data["retired_at"] = int(epoch.retired_at.timestamp())
    return data


def _epoch_of(data: dict[str, Any]) -> Epoch:
    if not data.keys() <= {"key", "made_at", "retired_at"}:
        raise ValueError("an epoch with more in it")
    return Epoch(b64decode(data["key"], validate=True), _time_of(data.get("made_at")), _time_of(data.get("retired_at")))


def _time_of(seconds: object) -> datetime | None:
    if seconds is None:
        return None
    if type(seconds) is not int:
        raise ValueError("a time that is no number of seconds")
    return datetime.fromtimestamp(seconds, UTC)
