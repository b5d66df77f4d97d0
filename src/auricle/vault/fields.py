"""Sealed fields: small private values in the database, each bound to its place and to its purpose's key epoch."""

from auricle.kernel.time import Entropy
from auricle.vault.envelope import open_sealed, seal
from auricle.vault.errors import Corrupt
from auricle.vault.gate import Grant
from auricle.vault.keyring import Keyring, Purpose
from auricle.vault.place import Place

LABEL = b"auricle/v1/field"


class Fields:
    """Seals for anybody, opens only with a grant."""

    def __init__(self, keyring: Keyring, entropy: Entropy, practice: str) -> None:
        self._keyring = keyring
        self._entropy = entropy
        self._practice = practice.encode()

    def seal(self, purpose: Purpose, value: str | bytes, place: Place) -> bytes:
        """epoch (2 bytes) || envelope."""
        epoch = self._keyring.epoch(purpose)
        data = value.encode() if isinstance(value, str) else value
        sealed = seal(self._keyring.cipher(purpose, epoch), data, self._associated(purpose, epoch, place), self._entropy)
        return epoch.to_bytes(2, "big") + sealed

    def open(self, purpose: Purpose, sealed: bytes, place: Place, grant: Grant) -> bytes:
        """The value. Raises Corrupt for bytes that were changed or moved, WrongKey for an epoch we do not have."""
        del grant  # holding one is the proof that the gate was passed
        if len(sealed) < 2:
            raise Corrupt("sealed field is cut short")
        epoch = int.from_bytes(sealed[:2], "big")
        cipher = self._keyring.cipher(purpose, epoch)
        return open_sealed(cipher, sealed[2:], self._associated(purpose, epoch, place))

    def _associated(self, purpose: Purpose, epoch: int, place: Place) -> bytes:
        head = b"%b|%b|%d|" % (LABEL, purpose.value.encode(), epoch)
        return head + len(self._practice).to_bytes(2, "big") + self._practice + place.encode()
