"""The tables. Every column is made by `columns.clear`, `columns.sealed`, `columns.blind` or `columns.voucher`; one module a noun."""

from auricle.adapters.store.schema.access import access_grants, broken_glass, call_people, patient_carers, patient_marks, patient_numbers
from auricle.adapters.store.schema.audit import (
    alerts,
    anchors,
    audit_index,
    audit_leaves,
    audit_readers,
    audit_touched,
    checkpoints,
    cosignatures,
    networks,
)
from auricle.adapters.store.schema.authority import authority
from auricle.adapters.store.schema.calls import call_names, calls
from auricle.adapters.store.schema.columns import metadata
from auricle.adapters.store.schema.compliance import (
    agreement_alarms,
    agreements,
    held_numbers,
    legal_holds,
    retention_rules,
    retention_state,
    shreddings,
)
from auricle.adapters.store.schema.identity import (
    accounts,
    api_keys,
    identity_changes,
    recovery_codes,
    sessions,
    sign_in_addresses,
    sign_in_tries,
    standings,
    totp,
)
from auricle.adapters.store.schema.keys import key_files, rekey_progress
from auricle.adapters.store.schema.registrations import bindings
from auricle.adapters.store.schema.sign_in import passkey_handles, passkeys, sso_sessions
from auricle.adapters.store.schema.voicemails import voicemails

__all__ = [
    "access_grants",
    "accounts",
    "agreement_alarms",
    "agreements",
    "alerts",
    "anchors",
    "api_keys",
    "audit_index",
    "audit_leaves",
    "audit_readers",
    "audit_touched",
    "authority",
    "bindings",
    "broken_glass",
    "call_names",
    "call_people",
    "calls",
    "checkpoints",
    "cosignatures",
    "held_numbers",
    "identity_changes",
    "key_files",
    "legal_holds",
    "metadata",
    "networks",
    "passkey_handles",
    "passkeys",
    "patient_carers",
    "patient_marks",
    "patient_numbers",
    "recovery_codes",
    "rekey_progress",
    "retention_rules",
    "retention_state",
    "sessions",
    "shreddings",
    "sign_in_addresses",
    "sign_in_tries",
    "sso_sessions",
    "standings",
    "totp",
    "voicemails",
]
