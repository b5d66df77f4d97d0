"""Console accounts, their second factors and sessions, people's standing, and keys of programs; staff, not patients."""

from sqlalchemy import Boolean, Float, Index, Integer, String, Table

from auricle.adapters.store.schema.columns import COUNT, IDENTIFIER, SETTING, STATE, TIME, clear, metadata, sealed, voucher

HASH = "a hash of a secret"
STAFF = "a name of staff, not of a patient"
ADDRESS = "a network address of staff"

accounts = Table(
    "account",
    metadata,
    clear("username", String, why=STAFF, primary_key=True),
    clear("person", String, why=SETTING, nullable=False),
    clear("password_hash", String, why=HASH, nullable=False),
    voucher("vouched"),
)
sessions = Table(
    "session",
    metadata,
    clear("token_hash", String, why=HASH, primary_key=True),
    clear("id", String, why=IDENTIFIER, nullable=False),
    clear("username", String, why=STAFF, nullable=False),
    clear("person", String, why=SETTING, nullable=False),
    clear("started_at", Float, why=TIME, nullable=False),
    clear(
        "last_seen_at",
        Float,
        why=TIME,
        volatile="written by every use; it ends a session early or late, within its absolute end",
        nullable=False,
    ),
    clear("address", String, why=ADDRESS, nullable=False, server_default=""),
    clear("method", String, why=STATE, nullable=False, server_default="password"),
    clear("second_factor", String, why=STATE, nullable=False, server_default="none"),
    clear("stepped_up_until", Float, why=TIME),
    clear("previous_hash", String, why=HASH),
    clear("previous_until", Float, why=TIME),
    voucher("vouched"),
    Index("session_by_person", "person"),
    Index("session_by_previous", "previous_hash"),
)
sign_in_tries = Table(
    "sign_in_try",
    metadata,
    clear("account", String, why=HASH, primary_key=True),
    clear("address", String, why=ADDRESS, primary_key=True),
    clear("count", Integer, why=COUNT, nullable=False),
    clear("at", Float, why=TIME, nullable=False),
)
sign_in_addresses = Table(
    "sign_in_address",
    metadata,
    clear("username", String, why=STAFF, primary_key=True),
    clear("address", String, why=ADDRESS, primary_key=True),
    clear("first_at", Float, why=TIME, nullable=False),
    clear("last_at", Float, why=TIME, nullable=False),
    clear("known", Boolean, why=STATE, nullable=False),
)
totp = Table(
    "totp",
    metadata,
    clear("username", String, why=STAFF, primary_key=True),
    sealed("secret"),
    sealed("pending"),
    clear("since", Float, why=TIME),
    clear("last_step", Integer, why=COUNT, nullable=False),
    clear("wrong", Integer, why=COUNT, nullable=False, server_default="0"),
    voucher("vouched"),
)
recovery_codes = Table(
    "recovery_code",
    metadata,
    clear("username", String, why=STAFF, primary_key=True),
    clear("code_hash", String, why=HASH, primary_key=True),
    voucher("vouched"),
)
standings = Table(
    "standing",
    metadata,
    clear("person", String, why=SETTING, primary_key=True),
    clear("terminated_at", Float, why=TIME),
    clear("deleted", Boolean, why=STATE, nullable=False),
    clear("changed_at", Float, why=TIME, nullable=False),
    voucher("vouched"),
)
identity_changes = Table(
    "identity_change",
    metadata,
    clear("id", Integer, why=COUNT, primary_key=True, autoincrement=False),
    clear("count", Integer, why=COUNT, nullable=False),
)
api_keys = Table(
    "api_key",
    metadata,
    clear("id", String, why=IDENTIFIER, primary_key=True),
    clear("secret_hash", String, why=HASH, nullable=False),
    sealed("name", nullable=False),
    clear("owner", String, why=SETTING, nullable=False),
    clear("scopes", String, why=STATE, nullable=False),
    clear("created_at", Float, why=TIME, nullable=False),
    clear("expires_at", Float, why=TIME, nullable=False),
    clear("last_used_at", Float, why=TIME, volatile="shown to people; nothing is decided by it"),
    voucher("vouched"),
    Index("api_key_by_owner", "owner"),
)
