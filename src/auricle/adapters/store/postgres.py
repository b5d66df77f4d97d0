"""PostgreSQL 15 or newer: the writer's connection, which comes back after the server was restarted, readers, migrations.

A commit that the connection did not survive is asked for by its transaction id once the server is back, so a waiter is told the truth.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from typing import Any

import psycopg
import structlog
from psycopg.conninfo import conninfo_to_dict
from psycopg.errors import ProgrammingError
from psycopg.sql import SQL, Identifier
from sqlalchemy import Connection, Engine, NullPool, create_engine, event
from sqlalchemy.exc import DBAPIError

from auricle.adapters.store.errors import OutcomeUnknown, StoreUnusable
from auricle.adapters.store.link import Rows
from auricle.adapters.store.migrate import up_to_date, upgrade
from auricle.adapters.store.statements import Statement, bound

log = structlog.get_logger(__name__)
AnyConnection = psycopg.Connection[tuple[Any, ...]]

WRITE_LOCK = 0x6175726963  # "auric": the number all our writers lock
LOCK_TIMEOUT_MS = 10000
CONNECT_TIMEOUT_S = 5
ASK_S, ASK_AGAIN_S = 15.0, 0.25  # how long a broken commit is asked for: a server's restart takes a few seconds
OLDEST_SERVER = 150000
SETTINGS = f"-c synchronous_commit=on -c lock_timeout={LOCK_TIMEOUT_MS} -c client_encoding=UTF8 -c TimeZone=UTC"
_BEGIN = f"BEGIN; SELECT pg_advisory_xact_lock({WRITE_LOCK}); SELECT pg_current_xact_id()::text"
_MEET_ALL = frozenset({"08", "25", "40", "53", "57", "58", "XX"})
"""Classes of SQLSTATE: connection, read-only server, serialization, resources, operator, system, internal."""
_SHUTDOWN = frozenset({"57P01", "57P02", "57P03"})
_GRANTS = (
    "GRANT USAGE ON SCHEMA public TO {role}",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
    "REVOKE UPDATE, DELETE, TRUNCATE ON audit_leaf, audit_checkpoint FROM {role}",
    "REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM {role}",
)
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class PostgresDatabase:
    """Fits `link.Database`. `url` is `postgresql://user@host:port/name`; it holds no password, so it may stand in settings."""

    url: str
    password: str = ""
    """Empty: the server asks for none, or libpq finds it (PGPASSFILE)."""
    user: str = ""
    """Empty: the one in `url`."""

    def __post_init__(self) -> None:
        try:
            options = conninfo_to_dict(self.url)
        except ProgrammingError as error:
            raise StoreUnusable("the database's address cannot be read: write postgresql://user@host/name") from error
        if options.get("password"):
            raise StoreUnusable("the database's address holds a password: put it into a file of its own (database_password_file)")
        if not _nearby(options) and options.get("sslmode", "verify-full") != "verify-full":
            raise StoreUnusable("a database on another machine is spoken to over verified TLS only: leave `sslmode` out, or verify-full")

    def __repr__(self) -> str:
        return "PostgresDatabase()"

    def migrate(self, revision: str = "head") -> None:
        """A user who may not make tables is fine once there is nothing to make."""
        engine = create_engine("postgresql+psycopg://", creator=lambda: self.connected(), poolclass=NullPool, hide_parameters=True)
        event.listen(engine, "begin", _lock)
        try:
            with engine.begin() as connection:
                _check(connection)
                if revision != "head" or not up_to_date(connection):
                    upgrade(connection, revision, "the database")
        except DBAPIError as error:
            raise _unusable(error.orig) from error

    def grant(self, role: str) -> None:
        """Let another user run the practice on what is here now: everything but changing the schema, and the audit log only to append.

        Called as the owner, after each migration. Raises StoreUnusable.
        """
        try:
            with self.connected() as connection:
                connection.execute("SELECT pg_advisory_xact_lock(%s)", (WRITE_LOCK,))
                for statement in _GRANTS:
                    connection.execute(SQL(statement).format(role=Identifier(role)))
        except psycopg.Error as error:
            raise _unusable(error) from None

    def link(self) -> "PostgresLink":
        """The writer's connection."""
        return PostgresLink(self)

    def readers(self) -> Engine:
        """A pool whose connections are tried before they are used: the server may have been restarted."""
        settings = f"{SETTINGS} -c default_transaction_read_only=on"
        return create_engine(
            "postgresql+psycopg://", creator=lambda: self.connected(settings=settings), pool_pre_ping=True, hide_parameters=True
        )

    def connected(self, *, autocommit: bool = False, settings: str = SETTINGS) -> AnyConnection:
        """A connection. Raises StoreUnusable, whose text never holds the server's: that one repeats names and addresses."""
        options: dict[str, Any] = {"connect_timeout": CONNECT_TIMEOUT_S, "application_name": "auricle", "options": settings}
        address = conninfo_to_dict(self.url)
        if not _nearby(address):
            options |= {"sslmode": "verify-full"} | ({} if "sslrootcert" in address else {"sslrootcert": "system"})
        options |= {name: given for name, given in (("user", self.user), ("password", self.password)) if given}
        try:
            return psycopg.connect(self.url, autocommit=autocommit, **options)
        except psycopg.Error as error:
            raise _unusable(error) from None


class PostgresLink:
    """Fits `link.Link`."""

    def __init__(self, database: PostgresDatabase) -> None:
        self._database = database
        self.connection = database.connected(autocommit=True)
        self._transaction = ""
        self._rollbacks = 0

    def begin(self) -> None:
        """A connection that died while nothing was written is replaced unseen: nothing is lost with it."""
        if self.connection.closed or self.connection.broken:
            self._connect()
        elif self.connection.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
            self.rollback()
        try:
            self._begin()
        except psycopg.OperationalError as error:
            if not self._gone(error):
                self.rollback()
                raise
            self._connect()
            self._begin()

    def begin_reading(self) -> None:
        """The state is that of the first read."""
        self.connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")

    def commit(self) -> None:
        """Ask the server, where the connection broke before it answered."""
        try:
            self.connection.execute("COMMIT")
        except psycopg.OperationalError as error:
            if not self._gone(error):
                self.rollback()
                raise
            if not self._was_kept():
                raise
        except BaseException:
            self.rollback()
            raise

    def rollback(self) -> None:
        """A connection that is gone has taken its transaction with it.

        Statements that were to be prepared behind a failed one are not: psycopg must forget all of them. It does so at a ROLLBACK, but only
        at one it has not seen before (psycopg 3.3, PrepareManager.maybe_add_to_cache), hence the number.
        """
        self._rollbacks += 1
        with suppress(psycopg.Error):
            self.connection.execute(f"ROLLBACK /* {self._rollbacks} */")

    def together(self) -> AbstractContextManager[object]:
        """One round trip for all of them."""
        return self.connection.pipeline()

    def execute(self, statement: Statement, rows: Sequence[Mapping[str, Any]]) -> None:
        """Many rows go in one pipeline, that is one round trip."""
        rows = bound(statement, rows)
        with self.connection.cursor() as cursor:
            if len(rows) == 1:
                cursor.execute(statement.postgresql, rows[0])
            else:
                cursor.executemany(statement.postgresql, rows)

    def rows(self, statement: Statement, params: Mapping[str, Any]) -> Rows:
        """All of them."""
        return self.connection.execute(statement.postgresql, bound(statement, (params,))[0]).fetchall()

    def stream(self, statement: Statement, params: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
        """By a cursor of the server's, some thousand rows at a time."""
        with self.connection.cursor(name="auricle_stream") as cursor:
            cursor.itersize = 5000
            yield from cursor.execute(statement.postgresql, params)

    def meets_all(self, error: BaseException) -> bool:
        """By SQLSTATE; an error without one is the connection's."""
        if isinstance(error, StoreUnusable | OutcomeUnknown):
            return True
        if not isinstance(error, psycopg.Error):
            return False
        if error.sqlstate is None:
            return isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
        return error.sqlstate[:2] in _MEET_ALL or error.sqlstate == "55P03"  # the lock was held by somebody else too long

    def close(self) -> None:
        """Idempotent."""
        self.connection.close()

    def _gone(self, error: psycopg.OperationalError) -> bool:
        return self.connection.closed or error.sqlstate in _SHUTDOWN

    def _connect(self) -> None:
        self.connection.close()
        self.connection = self._database.connected(autocommit=True)
        log.info("database_connected_again")

    def _begin(self) -> None:
        cursor = self.connection.execute(_BEGIN)
        while cursor.nextset():
            pass
        row = cursor.fetchone()
        self._transaction = str(row[0]) if row else ""

    def _was_kept(self) -> bool:
        """Whether the transaction whose commit got no answer was committed. Raises OutcomeUnknown."""
        asked, until = self._transaction, time.monotonic() + ASK_S
        while True:
            try:
                self._connect()
                self._begin()  # the lock was the other transaction's: with it in hand, that one is over
                status = self.connection.execute("SELECT pg_xact_status(%s::xid8)", (asked,)).fetchone()
                self.rollback()
                return status is not None and status[0] == "committed"
            except (StoreUnusable, psycopg.Error) as error:
                if time.monotonic() >= until:
                    raise OutcomeUnknown("the database went away while it committed; look whether the write was kept") from error
            time.sleep(ASK_AGAIN_S)


def _nearby(options: Mapping[str, Any]) -> bool:
    """Whether the server is on this machine."""
    hosts = str(options.get("hostaddr") or options.get("host") or "").split(",")
    return all(not host or host.startswith(("/", "@")) or host in _LOOPBACK for host in hosts)


def _lock(connection: Connection) -> None:
    """Two programs that start at once migrate one after the other."""
    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITE_LOCK})")


def _check(connection: Connection) -> None:
    """What the promises of the store rest on. Raises StoreUnusable naming what to change."""
    version = int(connection.exec_driver_sql("SHOW server_version_num").scalar_one())
    if version < OLDEST_SERVER:
        raise StoreUnusable(f"PostgreSQL {version // 10000} is too old: version 15 or newer is needed")
    if connection.exec_driver_sql("SHOW fsync").scalar_one() != "on":
        raise StoreUnusable("the server runs with fsync off, so a commit would not survive power loss: turn it on")
    encoding, collation = connection.exec_driver_sql(
        "SELECT pg_encoding_to_char(encoding), datcollate FROM pg_database WHERE datname = current_database()"
    ).one()
    if encoding != "UTF8" or collation not in ("C", "POSIX"):  # another collation changes with the system's C library, and indexes break
        raise StoreUnusable(
            "the database needs encoding UTF8 and collation C: "
            "CREATE DATABASE auricle TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'"
        )


def _unusable(error: BaseException | None) -> StoreUnusable:
    code, said = getattr(error, "sqlstate", None), str(error)  # libpq tells no code before the session is there
    if code in ("28P01", "28000") or "authentication failed" in said or "no password supplied" in said:
        return StoreUnusable("the database refused our user or password: check database_password_file")
    if code == "3D000" or ("database" in said and "does not exist" in said):
        return StoreUnusable("there is no such database: make it (docs/reference/database.md)")
    if code == "42501":
        return StoreUnusable("our database user may not change the schema: run `auricle database migrate` as the owner")
    if code == "55P03":
        return StoreUnusable("the database is locked by another program that does not let go")
    return StoreUnusable(f"the database cannot be reached or used ({type(error).__name__}): is the server running?")
