"""The practice's database: SQLite in WAL mode, one writer with group commit, private values sealed before they get here."""

from auricle.adapters.store.store import Store
from auricle.adapters.store.writer import StoreFailed

__all__ = ["Store", "StoreFailed"]
