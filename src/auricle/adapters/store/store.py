"""The store: what calls leave behind, what people may read of it with a grant, and the audit log.

Writes return once they are durable, their audit entries in the same transaction. Reads of sealed data ask for a Grant of the gate.
"""

import time
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from auricle.adapters.store.agreements import Agreements
from auricle.adapters.store.alerts import AlertRecords
from auricle.adapters.store.anchors import AnchorRecords
from auricle.adapters.store.api_keys import SavedApiKeys
from auricle.adapters.store.audit_check import AuditCheck
from auricle.adapters.store.audit_facts import AuditFacts
from auricle.adapters.store.audit_log import AuditLog
from auricle.adapters.store.authority import AuthorityCheck
from auricle.adapters.store.call_names import CallNames
from auricle.adapters.store.calls import CallRecords
from auricle.adapters.store.clerk import Checker
from auricle.adapters.store.database import database_at
from auricle.adapters.store.first_vouching import vouch_first
from auricle.adapters.store.grants import Grants
from auricle.adapters.store.holds import Holds
from auricle.adapters.store.ledger import Ledger
from auricle.adapters.store.link import Database
from auricle.adapters.store.part import TRANSCRIBER
from auricle.adapters.store.passkeys import PasskeyRecords
from auricle.adapters.store.patients import Patients
from auricle.adapters.store.people import People
from auricle.adapters.store.record_facts import RecordFacts
from auricle.adapters.store.registrations import SavedBindings
from auricle.adapters.store.reindexing import Reindexing
from auricle.adapters.store.rekeying import Rekeying
from auricle.adapters.store.retention import Retention
from auricle.adapters.store.second_factors import SecondFactors
from auricle.adapters.store.sessions import SavedSessions
from auricle.adapters.store.sso import SsoRecords
from auricle.adapters.store.voicemails import Voicemails
from auricle.adapters.store.writer import Writer
from auricle.audit.checkpoint import vkey
from auricle.kernel.time import Clock
from auricle.vault.fields import Fields
from auricle.vault.keyring import Keyring
from auricle.vault.vouch import Vouching

__all__ = ["TRANSCRIBER", "Store"]


class Store(
    AuditLog,
    CallRecords,
    Voicemails,
    SavedBindings,
    SavedSessions,
    SecondFactors,
    People,
    SavedApiKeys,
    PasskeyRecords,
    SsoRecords,
    Retention,
    Holds,
    Agreements,
    Rekeying,
    Reindexing,
    Grants,
    Patients,
    RecordFacts,
    AuditFacts,
    AuditCheck,
    CallNames,
    AlertRecords,
    AnchorRecords,
    AuthorityCheck,
):
    """Fits `calls.ports.CallStore`, `BindingStore` and `PhoneAudit`, and `vault.gate.AuditPort`. Raises StoreUnusable, LogDamaged."""

    def __init__(
        self, where: Path | Database, keyring: Keyring, fields: Fields, signing: Ed25519PrivateKey, origin: str, clock: Clock
    ) -> None:
        database = database_at(where) if isinstance(where, Path) else where
        database.migrate()
        link = database.link()
        try:
            ledger = Ledger(link, signing, origin, time.monotonic())
            checker = Checker(Vouching(keyring, fields.practice))
            vouch_first(link, ledger, checker, clock.now(), time.monotonic())
        except BaseException:
            link.close()
            raise
        super().__init__(database.readers(), Writer(link, ledger, checker), keyring, fields, clock)
        self.verifier = vkey(origin, signing.public_key())

    def close(self) -> None:
        """Finish what waits, sign the last checkpoint, close the file. Idempotent."""
        self._writer.close()
        self._engine.dispose()
