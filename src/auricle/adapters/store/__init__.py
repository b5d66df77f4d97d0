"""The practice's database, SQLite or PostgreSQL: one writer with group commit, private values sealed before they get here."""

from auricle.adapters.store.database import database_at
from auricle.adapters.store.errors import (
    GrantDoesNotFit,
    LogDamaged,
    OutcomeUnknown,
    PlaintextRefused,
    StoreClosed,
    StoreFailed,
    StoreUnusable,
    WriteRefused,
)
from auricle.adapters.store.postgres import PostgresDatabase
from auricle.adapters.store.store import Store

__all__ = [
    "GrantDoesNotFit",
    "LogDamaged",
    "OutcomeUnknown",
    "PlaintextRefused",
    "PostgresDatabase",
    "Store",
    "StoreClosed",
    "StoreFailed",
    "StoreUnusable",
    "WriteRefused",
    "database_at",
]
