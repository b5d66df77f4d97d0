"""The tables. Ids, times and states are clear; whatever could name a patient is in a `sealed` column or a blind index."""

from sqlalchemy import Boolean, Column, Float, Index, Integer, LargeBinary, MetaData, String, Table

metadata = MetaData()

calls = Table(
    "call",
    metadata,
    Column("id", String, primary_key=True),
    Column("direction", String, nullable=False),
    Column("started_at", Float, nullable=False),
    Column("ended_at", Float, nullable=False),
    Column("disposition", String, nullable=False),
    Column("protection", String, nullable=False),
    Column("caller_index", LargeBinary, nullable=False),
    Column("called_index", LargeBinary, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Index("call_by_time", "started_at", "id"),
    Index("call_by_caller", "caller_index"),
    Index("call_by_called", "called_index"),
)
voicemails = Table(
    "voicemail",
    metadata,
    Column("id", String, primary_key=True),
    Column("mailbox", String, nullable=False),
    Column("call", String, nullable=False),
    Column("received_at", Float, nullable=False),
    Column("duration_s", Float, nullable=False),
    Column("complete", Boolean, nullable=False),
    Column("kept", Boolean, nullable=False),
    Column("listened_at", Float),
    Column("transcript_state", String, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("leased_until", Float),
    Column("sealed", LargeBinary, nullable=False),
    Column("transcript", LargeBinary),
    Index("voicemail_by_time", "received_at"),
)
audit_leaves = Table(
    "audit_leaf",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("leaf", LargeBinary, nullable=False),
)
checkpoints = Table(
    "audit_checkpoint",
    metadata,
    Column("size", Integer, primary_key=True, autoincrement=False),
    Column("note", String, nullable=False),
)
accounts = Table(
    "account",
    metadata,
    Column("username", String, primary_key=True),
    Column("person", String, nullable=False),
    Column("password_hash", String, nullable=False),
)
sessions = Table(
    "session",
    metadata,
    Column("token_hash", String, primary_key=True),
    Column("id", String, nullable=False),
    Column("username", String, nullable=False),
    Column("person", String, nullable=False),
    Column("started_at", Float, nullable=False),
    Column("last_seen_at", Float, nullable=False),
)
bindings = Table(
    "binding",
    metadata,
    Column("aor", String, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
)
sign_in_tries = Table(
    "sign_in_try",
    metadata,
    Column("account", String, primary_key=True),
    Column("address", String, primary_key=True),
    Column("count", Integer, nullable=False),
    Column("at", Float, nullable=False),
)
