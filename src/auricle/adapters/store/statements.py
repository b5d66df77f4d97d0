"""Statements as SQLite text: SQLAlchemy writes them once, the hot path hands them to the driver as they are."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Executable
from sqlalchemy.dialects import sqlite

Op = tuple[str, Mapping[str, Any]]
"""One statement and its parameters by name."""


def compiled(statement: Executable) -> str:
    """A statement with named parameters."""
    return str(statement.compile(dialect=sqlite.dialect(paramstyle="named")))  # type: ignore[attr-defined]
