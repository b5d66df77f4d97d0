"""The three kinds of columns: plain with a reason, sealed, blind index. A table made in any other way fails a test."""

from typing import Any

from sqlalchemy import Column, LargeBinary, MetaData
from sqlalchemy.types import TypeEngine

metadata = MetaData()
MARK = "auricle"
"""The key in `Column.info` that says what a column may hold."""

IDENTIFIER = "a random identifier"
TIME = "a time; who it was is sealed"
STATE = "a state out of a short list"
COUNT = "a count or a length"
SETTING = "a name out of the practice's settings"


def clear(name: str, kind: type[TypeEngine[Any]] | TypeEngine[Any], *, why: str, **options: Any) -> Column[Any]:
    """A column anybody with the disk may read; `why` says why that tells nothing about a patient."""
    return Column(name, kind, info={MARK: "clear", "why": why}, **options)


def sealed(name: str, **options: Any) -> Column[Any]:
    """A column of what `vault.fields` sealed."""
    return Column(name, LargeBinary, info={MARK: "sealed"}, **options)


def blind(name: str, **options: Any) -> Column[Any]:
    """A column of blind indexes (`vault.blind`)."""
    return Column(name, LargeBinary, info={MARK: "blind"}, **options)
