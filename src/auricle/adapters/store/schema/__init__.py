"""The tables. Every column is made by `columns.clear`, `columns.sealed` or `columns.blind`; one module a noun."""

from auricle.adapters.store.schema.audit import audit_leaves, checkpoints
from auricle.adapters.store.schema.calls import calls
from auricle.adapters.store.schema.columns import metadata
from auricle.adapters.store.schema.identity import accounts, sessions, sign_in_tries
from auricle.adapters.store.schema.registrations import bindings
from auricle.adapters.store.schema.voicemails import voicemails

__all__ = ["accounts", "audit_leaves", "bindings", "calls", "checkpoints", "metadata", "sessions", "sign_in_tries", "voicemails"]
