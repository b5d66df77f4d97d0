"""The store: what calls leave behind, what people may read of it with a grant, and the audit log.

Writes return once they are durable, their audit entries in the same transaction. Reads of sealed data ask for a Grant of the gate.
"""

import time
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from auricle.adapters.store.accounts import Accounts
from auricle.adapters.store.audit_log import AuditLog
from auricle.adapters.store.calls import CallRecords
from auricle.adapters.store.database import migrate, open_readers, open_writer
from auricle.adapters.store.ledger import Ledger
from auricle.adapters.store.part import TRANSCRIBER
from auricle.adapters.store.registrations import SavedBindings
from auricle.adapters.store.voicemails import Voicemails
from auricle.adapters.store.writer import Writer
from auricle.audit.checkpoint import vkey
from auricle.kernel.time import Clock
from auricle.vault.fields import Fields
from auricle.vault.keyring import Keyring

__all__ = ["TRANSCRIBER", "Store"]


class Store(AuditLog, CallRecords, Voicemails, SavedBindings, Accounts):
    """Fits `calls.ports.CallStore`, `BindingStore` and `PhoneAudit`, and `vault.gate.AuditPort`. Raises StoreUnusable, LogDamaged."""

    def __init__(self, path: Path, keyring: Keyring, fields: Fields, signing: Ed25519PrivateKey, origin: str, clock: Clock) -> None:
        migrate(path)
        connection = open_writer(path)
        try:
            ledger = Ledger(connection, signing, origin, time.monotonic())
        except BaseException:
            connection.close()
            raise
        super().__init__(open_readers(path), Writer(connection, ledger), keyring, fields, clock)
        self.verifier = vkey(origin, signing.public_key())

    def close(self) -> None:
        """Finish what waits, sign the last checkpoint, close the file. Idempotent."""
        self._writer.close()
        self._engine.dispose()
