"""What the writer asks of a database: one connection, transactions that hold the one write lock, statements as text."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from sqlalchemy import Engine

from auricle.adapters.store.statements import Statement

Rows = list[tuple[Any, ...]]


class Link(Protocol):
    """The writer's connection. It belongs to one thread at a time; whatever fails in it raises the driver's own error."""

    def begin(self) -> None:
        """Start a transaction and take the lock that all writers of this database take, in this process or another."""
        ...

    def begin_reading(self) -> None:
        """Start a transaction that sees one state of all tables; it is ended by `rollback`."""
        ...

    def commit(self) -> None:
        """Durable when it returns; where it raises, nothing was kept. Raises OutcomeUnknown where that could not be found out."""
        ...

    def rollback(self) -> None:
        """Give the transaction up; never raises for a connection that is broken."""
        ...

    def together(self) -> AbstractContextManager[object]:
        """While this is open statements may be sent without waiting for each one's end; an error shows at the latest when it closes."""
        ...

    def execute(self, statement: Statement, rows: Sequence[Mapping[str, Any]]) -> None:
        """Run a statement once for each row of parameters. Raises PlaintextRefused."""
        ...

    def rows(self, statement: Statement, params: Mapping[str, Any]) -> Rows:
        """Run a statement and fetch what it gives. Raises PlaintextRefused."""
        ...

    def stream(self, statement: Statement, params: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
        """Like `rows`, for very many."""
        ...

    def meets_all(self, error: BaseException) -> bool:
        """Whether an error would meet every write alike (a full disk, a server that is gone): trying each by itself is of no use then."""
        ...

    def close(self) -> None:
        """Idempotent."""
        ...


class Database(Protocol):
    """Where a store is kept."""

    def migrate(self, revision: str = "head") -> None:
        """Bring it to the newest schema: wholly or not at all. Raises StoreUnusable."""
        ...

    def link(self) -> Link:
        """The writer's connection. Raises StoreUnusable."""
        ...

    def readers(self) -> Engine:
        """A pool of connections that cannot write."""
        ...
