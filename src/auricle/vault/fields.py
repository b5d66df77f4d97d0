"""Sealed fields: small private values in the database, each bound to its place and its key (docs/specs/sealed-fields.md)."""

from auricle.kernel.time import Entropy
from auricle.vault.envelope import open_sealed, seal
from auricle.vault.errors import Corrupt
from auricle.vault.gate import Grant, require
from auricle.vault.keyring import Keyring, Purpose
from auricle.vault.place import Place
from auricle.vault.protected import Sealed

LABEL = b"auricle/v1/field"


class Fields:
    """Seals for anybody, opens only with a grant. `practice` is bound into every seal, so no field opens in another practice."""

    def __init__(self, keyring: Keyring, entropy: Entropy, practice: str) -> None:
        self._keyring = keyring
        self._entropy = entropy
        name = practice.encode()
        self._practice = len(name).to_bytes(2, "big") + name
        self._heads: dict[tuple[Purpose, int], bytes] = {}

    def seal(self, purpose: Purpose, value: str | bytes, place: Place) -> Sealed:
        """epoch (2 bytes) || envelope."""
        epoch = self._keyring.epoch(purpose)
        data = value.encode() if isinstance(value, str) else value
        associated = self._head(purpose, epoch) + place.encode()
        return Sealed(epoch.to_bytes(2, "big") + seal(self._keyring.cipher(purpose, epoch), data, associated, self._entropy))

    def open(self, purpose: Purpose, sealed: bytes, place: Place, grant: Grant) -> bytes:
        """The value. Raises Corrupt naming the place for bytes that were changed or moved, WrongKey for an epoch we do not have."""
        require(grant)
        if len(sealed) < 2:
            raise Corrupt(f"{place}: sealed field is cut short")
        epoch = int.from_bytes(sealed[:2], "big")
        cipher = self._keyring.cipher(purpose, epoch)
        try:
            return open_sealed(cipher, sealed[2:], self._head(purpose, epoch) + place.encode())
        except Corrupt as error:
            raise Corrupt(f"{place}: {error}") from error

    def _head(self, purpose: Purpose, epoch: int) -> bytes:
        """The part of the associated data that all fields of a purpose share."""
        head = self._heads.get((purpose, epoch))
        if head is None:
            head = self._heads[purpose, epoch] = b"%b|%b|%d|%b" % (LABEL, purpose.value.encode(), epoch, self._practice)
        return head
