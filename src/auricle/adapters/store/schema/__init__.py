"""The tables. Every column is made by `columns.clear`, `columns.sealed` or `columns.blind`; one module a noun."""

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
from auricle.adapters.store.schema.calls import calls
from auricle.adapters.store.schema.columns import metadata
from auricle.adapters.store.schema.identity import accounts, sessions, sign_in_tries
from auricle.adapters.store.schema.registrations import bindings
from auricle.adapters.store.schema.sign_in import passkey_handles, passkeys, sso_sessions
from auricle.adapters.store.schema.voicemails import voicemails

__all__ = [
    "accounts",
    "alerts",
    "anchors",
    "audit_index",
    "audit_leaves",
    "audit_readers",
    "audit_touched",
    "bindings",
    "calls",
    "checkpoints",
    "cosignatures",
    "metadata",
    "networks",
    "passkey_handles",
    "passkeys",
    "sessions",
    "sign_in_tries",
    "sso_sessions",
    "voicemails",
]
