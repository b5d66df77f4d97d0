"""The practice's database: SQLite in WAL mode, one writer with group commit, private values sealed before they get here."""

from auricle.adapters.store.errors import GrantDoesNotFit, LogDamaged, StoreClosed, StoreFailed, StoreUnusable, WriteRefused
from auricle.adapters.store.store import Store

__all__ = ["GrantDoesNotFit", "LogDamaged", "Store", "StoreClosed", "StoreFailed", "StoreUnusable", "WriteRefused"]
