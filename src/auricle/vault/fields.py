"""Sealed fields: small private values in the database, each bound to its place and its key (docs/specs/sealed-fields.md)."""

from datetime import datetime

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from auricle.kernel.time import Entropy
from auricle.vault.envelope import open_sealed, seal
from auricle.vault.errors import Corrupt, UnknownFormat, VaultError, WrongKey
from auricle.vault.gate import Grant, require
from auricle.vault.keyring import Keyring, Purpose
from auricle.vault.place import Place
from auricle.vault.protected import Sealed
from auricle.vault.records import PER_RECORD, RecordKeys, record_cipher

LABEL = b"auricle/v1/field"
RECORD_EPOCH = 0  # no epoch of the ring: the field is sealed under its record's own key


class Fields:
    """Seals for anybody, opens only with a grant. `practice` is bound into every seal, so no field opens in another practice."""

    def __init__(self, keyring: Keyring, entropy: Entropy, practice: str, records: RecordKeys | None = None) -> None:
        """With `records`, fields of the purposes in PER_RECORD are sealed under the key of the record their row names."""
        self._keyring = keyring
        self._records = records
        self._entropy = entropy
        self.practice = practice
        name = practice.encode()
        self._practice = len(name).to_bytes(2, "big") + name
        self._heads: dict[tuple[Purpose, int], bytes] = {}

    def seal(self, purpose: Purpose, value: str | bytes, place: Place, *, began: datetime | None = None) -> Sealed:
        """epoch (2 bytes) || envelope. `began`: when what is kept began, if that was before now.

        Raises Shredded for a record whose key is gone, SealingRefused for what began while the keys' provider refuses.
        """
        by_record = self._records is not None and purpose in PER_RECORD
        epoch = RECORD_EPOCH if by_record else self._keyring.sealing(purpose, began)
        data = value.encode() if isinstance(value, str) else value
        associated = self._head(purpose, epoch) + place.encode()
        return Sealed(epoch.to_bytes(2, "big") + seal(self._cipher(purpose, epoch, place), data, associated, self._entropy))

    def open(self, purpose: Purpose, sealed: bytes, place: Place, grant: Grant) -> bytes:
        """The value. Raises Corrupt naming the place for bytes changed or moved, WrongKey for an epoch we do not have, Shredded."""
        require(grant)
        try:
            return self._opened(purpose, sealed, place)
        except (Corrupt, WrongKey, UnknownFormat):
            grant.note_damage(place.table, place.row, str(place))
            raise

    def purpose_of(self, sealed: bytes, place: Place, grant: Grant) -> Purpose | None:
        """The purpose something is sealed for, found by trying each; None where none opens it. That others do not is no damage."""
        require(grant)
        for purpose in Purpose:
            try:
                self._opened(purpose, sealed, place)
            except VaultError:
                continue
            return purpose
        return None

    def _opened(self, purpose: Purpose, sealed: bytes, place: Place) -> bytes:
        if len(sealed) < 2:
            raise Corrupt(f"{place}: sealed field is cut short")
        epoch = int.from_bytes(sealed[:2], "big")
        cipher = self._cipher(purpose, epoch, place)
        try:
            return open_sealed(cipher, sealed[2:], self._head(purpose, epoch) + place.encode())
        except Corrupt as error:
            raise Corrupt(f"{place}: {error}") from error

    def current(self, purpose: Purpose) -> int:
        """The epoch that a field of this purpose has when it is sealed now."""
        return RECORD_EPOCH if self._records is not None and purpose in PER_RECORD else self._keyring.epoch(purpose)

    def _cipher(self, purpose: Purpose, epoch: int, place: Place) -> AESGCM:
        if epoch != RECORD_EPOCH:
            return self._keyring.cipher(purpose, epoch)
        if self._records is None or purpose not in PER_RECORD:
            raise WrongKey(f"{place}: no key for {purpose} epoch {epoch}")
        try:
            return record_cipher(self._records.key(place.row), purpose, place.row)
        except VaultError as error:
            raise type(error)(f"{place}: {error}") from error

    def _head(self, purpose: Purpose, epoch: int) -> bytes:
        """The part of the associated data that all fields of a purpose share."""
        head = self._heads.get((purpose, epoch))
        if head is None:
            head = self._heads[purpose, epoch] = b"%b|%b|%d|%b" % (LABEL, purpose.value.encode(), epoch, self._practice)
        return head
