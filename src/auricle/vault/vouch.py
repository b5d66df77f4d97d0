"""Vouchers: what shows that a row of authority was written by us, with these values, in this table (docs/specs/vouched-rows.md).

Beside single rows a table as a whole: a keyed sum over its rows (MSet-Add-Hash of Clarke and others, ASIACRYPT 2003), so that a row
that was deleted or put back as it was shows too.
"""

import hashlib
import hmac
import struct
from collections.abc import Mapping

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from auricle.vault.envelope import KEY_BYTES
from auricle.vault.errors import WrongKey
from auricle.vault.keyring import Keyring, Purpose
from auricle.vault.protected import Vouched

ROW_LABEL, SET_LABEL = b"auricle/v1/vouched-row", b"auricle/v1/vouched-set"
EPOCH_BYTES, MAC_BYTES, NONCE_BYTES = 2, 32, 16
SUM_BYTES = EPOCH_BYTES + NONCE_BYTES + MAC_BYTES
Value = bool | int | float | str | bytes | None
Row = Mapping[str, Value]


class Vouching:
    """Vouches for rows and checks them, under the practice's keys of purpose `auth`. Safe to use from several threads."""

    modulus = 1 << (8 * MAC_BYTES)
    """Sums of tables are counted modulo this."""

    def __init__(self, keyring: Keyring, practice: str) -> None:
        self._keyring = keyring
        self._practice = practice.encode()
        self._derived: dict[tuple[bytes, bytes], bytes] = {}

    # ---- rows ----------------------------------------------------------------------------------------

    def vouch(self, table: str, row: Row) -> Vouched:
        """u16(epoch) and 32 bytes, under the newest epoch. `row` has every column but volatile ones and the voucher itself."""
        epoch = self._keyring.epoch(Purpose.AUTH)
        return Vouched(epoch.to_bytes(EPOCH_BYTES, "big") + self._mac(ROW_LABEL, epoch, message(self._practice, table, row)))

    def fits(self, table: str, row: Row, voucher: bytes | None) -> bool:
        """Whether we vouched for just this row; an epoch that is retired or not ours fits nothing."""
        if voucher is None or len(voucher) != EPOCH_BYTES + MAC_BYTES:
            return False
        epoch = int.from_bytes(voucher[:EPOCH_BYTES], "big")
        known = self._keyring.epochs(Purpose.AUTH).get(epoch)
        if known is None or known.retired_at is not None:
            return False
        made = self._mac(ROW_LABEL, epoch, message(self._practice, table, row))
        return hmac.compare_digest(made, voucher[EPOCH_BYTES:])

    def epochs(self) -> frozenset[int]:
        """The epochs a voucher may be of: those that are not retired."""
        return frozenset(number for number, epoch in self._keyring.epochs(Purpose.AUTH).items() if epoch.retired_at is None)

    @property
    def epoch(self) -> int:
        """The epoch that vouches now."""
        return self._keyring.epoch(Purpose.AUTH)

    # ---- tables --------------------------------------------------------------------------------------

    def member(self, epoch: int, table: str, row: Row) -> int:
        """What one row adds to its table's sum. Never shown: whoever knew these could look for other rows of the same sum."""
        return int.from_bytes(self._mac(SET_LABEL, epoch, b"\x01" + message(self._practice, table, row)), "big")

    def total(self, table: str, hidden: bytes) -> tuple[int, int]:
        """The epoch and the sum that `hide` hid. Raises WrongKey for bytes that are none, or of an epoch that is over."""
        epoch = int.from_bytes(hidden[:EPOCH_BYTES], "big")
        if len(hidden) != SUM_BYTES or epoch not in self.epochs():
            raise WrongKey("no sum of ours")
        nonce, masked = hidden[EPOCH_BYTES:-MAC_BYTES], int.from_bytes(hidden[-MAC_BYTES:], "big")
        return epoch, (masked - self._mask(epoch, table, nonce)) % self.modulus

    def hide(self, epoch: int, table: str, total: int, nonce: bytes) -> bytes:
        """A table's sum as it may be kept and shown: u16(epoch), the nonce of 16 fresh random bytes, the masked sum."""
        masked = (total + self._mask(epoch, table, nonce)) % self.modulus
        return epoch.to_bytes(EPOCH_BYTES, "big") + nonce + masked.to_bytes(MAC_BYTES, "big")

    def _mask(self, epoch: int, table: str, nonce: bytes) -> int:
        name = table.encode()
        mac = self._mac(SET_LABEL, epoch, b"\x00" + _long(self._practice, 2) + _long(name, 2) + nonce)
        return int.from_bytes(mac, "big")

    def _mac(self, label: bytes, epoch: int, data: bytes) -> bytes:
        secret = self._keyring.key(Purpose.AUTH, epoch)
        key = self._derived.get((label, secret))
        if key is None:
            key = self._derived[label, secret] = HKDF(hashes.SHA256(), KEY_BYTES, None, label).derive(secret)
        return hmac.digest(key, data, hashlib.sha256)


def message(practice: bytes, table: str, row: Row) -> bytes:
    """The canonical bytes of a row: columns by name, those that are NULL left out, so that a column which comes later changes nothing."""
    columns = sorted((name.encode(), value) for name, value in row.items() if value is not None)
    parts = [_long(practice, 2), _long(table.encode(), 2), len(columns).to_bytes(2, "big")]
    for name, value in columns:
        kind, data = _encoded(value)
        parts += (_long(name, 2), kind, _long(data, 4))
    return b"".join(parts)


def _encoded(value: Value) -> tuple[bytes, bytes]:
    match value:
        case bool():
            return b"o", b"\x01" if value else b"\x00"
        case int():
            return b"i", b"%d" % value
        case float():
            return b"f", struct.pack(">d", value)
        case str():
            return b"t", value.encode(errors="surrogatepass")
        case bytes():
            return b"b", value
        case _:
            raise TypeError(f"a row has no {type(value).__name__}")


def _long(data: bytes, size: int) -> bytes:
    return len(data).to_bytes(size, "big") + data
