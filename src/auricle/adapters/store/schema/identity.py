"""Console accounts and their sessions; staff, not patients."""

from sqlalchemy import Float, Integer, String, Table

from auricle.adapters.store.schema.columns import COUNT, IDENTIFIER, SETTING, TIME, clear, metadata

HASH = "a hash of a secret"
STAFF = "a name of staff, not of a patient"

accounts = Table(
    "account",
    metadata,
    clear("username", String, why=STAFF, primary_key=True),
    clear("person", String, why=SETTING, nullable=False),
    clear("password_hash", String, why=HASH, nullable=False),
)
sessions = Table(
    "session",
    metadata,
    clear("token_hash", String, why=HASH, primary_key=True),
    clear("id", String, why=IDENTIFIER, nullable=False),
    clear("username", String, why=STAFF, nullable=False),
    clear("person", String, why=SETTING, nullable=False),
    clear("started_at", Float, why=TIME, nullable=False),
    clear("last_seen_at", Float, why=TIME, nullable=False),
)
sign_in_tries = Table(
    "sign_in_try",
    metadata,
    clear("account", String, why=HASH, primary_key=True),
    clear("address", String, why="a network address of staff", primary_key=True),
    clear("count", Integer, why=COUNT, nullable=False),
    clear("at", Float, why=TIME, nullable=False),
)
