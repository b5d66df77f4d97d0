"""Passkeys of staff, and which console sessions an identity provider opened."""

from sqlalchemy import BigInteger, Boolean, Float, Index, LargeBinary, String, Table

from auricle.adapters.store.schema.columns import COUNT, IDENTIFIER, SETTING, STATE, TIME, clear, metadata, voucher

passkeys = Table(
    "passkey",
    metadata,
    clear("credential_id", String, why="a random name the authenticator made for this console alone (WebAuthn L3 4)", primary_key=True),
    clear("id", String, why=IDENTIFIER, nullable=False),
    clear("person", String, why=SETTING, nullable=False),
    clear("name", String, why="what a member of staff calls a device of theirs", nullable=False),
    clear("public_key", LargeBinary, why="a public key: it opens and signs nothing", nullable=False),
    clear("sign_count", BigInteger, why=COUNT, nullable=False),
    clear("backup_eligible", Boolean, why=STATE, nullable=False),
    clear("backed_up", Boolean, why=STATE, nullable=False),
    clear("transports", String, why="ways to reach an authenticator, out of a short list", nullable=False),
    clear("created_at", Float, why=TIME, nullable=False),
    clear("last_used_at", Float, why=TIME, volatile="shown to people; nothing is decided by it"),
    clear("suspect", Boolean, why=STATE, nullable=False),
    voucher("vouched"),
    Index("passkey_by_id", "id", unique=True),
    Index("passkey_by_person", "person"),
)
passkey_handles = Table(
    "passkey_handle",
    metadata,
    clear("person", String, why=SETTING, primary_key=True),
    clear("handle", String, why=IDENTIFIER, nullable=False),
    voucher("vouched"),
)
sso_sessions = Table(
    "sso_session",
    metadata,
    clear("session", String, why=IDENTIFIER, primary_key=True),
    clear("provider", String, why=SETTING, nullable=False),
    clear("subject_hash", String, why="a hash of the provider's name for a member of staff", nullable=False),
    clear("sid_hash", String, why="a hash of the provider's session", nullable=False),
    clear("started_at", Float, why=TIME, nullable=False),
    voucher("vouched"),
    Index("sso_session_by_subject", "provider", "subject_hash"),
    Index("sso_session_by_sid", "provider", "sid_hash"),
)
