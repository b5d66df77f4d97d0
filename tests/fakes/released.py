"""Databases that released versions wrote (tests/vectors/store), and the keys that open them."""

import hashlib
import sqlite3
from collections.abc import Mapping
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from auricle.vault.keyring import Keyring, Purpose

VECTORS = Path(__file__).parents[1] / "vectors" / "store"
RELEASED = ("0001", "0002")
REALM = "harborstreet.example"
ORIGIN = f"{REALM}/audit"
ENTRIES: Mapping[str, int] = {"0001": 9, "0002": 12}
SIGNING = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"signing key").digest())


def keyring() -> Keyring:
    """The ring of the time; purposes that came later get keys as a migration of the key file would give them."""
    return Keyring({purpose: {1: hashlib.sha256(b"key of " + purpose.value.encode()).digest()} for purpose in Purpose})


def as_file(revision: str, path: Path) -> None:
    """Write a released database to a SQLite file."""
    connection = sqlite3.connect(path)
    connection.executescript((VECTORS / f"rev{revision}.sql").read_text("utf-8"))
    connection.close()


def rows(revision: str) -> dict[str, list[dict[str, object]]]:
    """Its rows by table, without Alembic's own."""
    connection = sqlite3.connect(":memory:")
    connection.executescript((VECTORS / f"rev{revision}.sql").read_text("utf-8"))
    connection.row_factory = sqlite3.Row
    tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'") if name != "alembic_version"]
    found = {table: [dict(row) for row in connection.execute(f"SELECT * FROM {table}")] for table in tables}
    connection.close()
    return found
