"""Blind indexes: equality look-ups over sealed values. They leak which rows are equal, and nothing else without the key.

An index names its epoch. While a column is rewritten after a rotation, a look-up asks for the value's index of every epoch.
"""

import hashlib
import hmac

from auricle.vault.keyring import Keyring, Purpose
from auricle.vault.protected import Blind

LABEL = b"auricle/v1/blind"
MAC_BYTES = 16
INDEX_BYTES = 2 + MAC_BYTES


def blind_index(keyring: Keyring, context: str, value: str) -> Blind:
    """The index of a value in a context (`call.caller`) to write now: u16(epoch) and 16 bytes.

    Equal values in different contexts have different indexes. Normalise the value first (E.164): the index compares bytes. Text that is
    no valid Unicode has an index too, it comes from outside.
    """
    epoch = keyring.epoch(Purpose.BLIND_INDEX)
    return Blind(epoch.to_bytes(2, "big") + _mac(keyring, epoch, context, value))


def blind_indexes(keyring: Keyring, context: str, value: str) -> list[Blind]:
    """Every index a row of this value may have, the newest epoch's first; rows of before epochs were written have 16 bytes alone.

    No row has one of a retired epoch: it is retired when the columns have been written anew.
    """
    found = []
    for epoch, facts in sorted(keyring.epochs(Purpose.BLIND_INDEX).items(), reverse=True):
        if facts.retired_at is not None:
            continue
        mac = _mac(keyring, epoch, context, value)
        found.append(Blind(epoch.to_bytes(2, "big") + mac))
        if epoch == 1:
            found.append(Blind(mac))
    return found


def _mac(keyring: Keyring, epoch: int, context: str, value: str) -> bytes:
    name = context.encode()
    message = b"".join((LABEL, len(name).to_bytes(2, "big"), name, value.encode(errors="surrogatepass")))
    return hmac.digest(keyring.key(Purpose.BLIND_INDEX, epoch), message, hashlib.sha256)[:MAC_BYTES]
