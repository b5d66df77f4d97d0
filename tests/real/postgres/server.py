"""A real PostgreSQL server of the tests' own: made by initdb in a temporary directory, never as root, scram, fsync on, ended by its pid."""

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg

USER = "auricle_test"
STARTS_WITHIN_S = 30.0


def programs() -> Path | None:
    """Where the newest initdb is; Debian keeps it off the PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    other = shutil.which("initdb")
    return Path(other).parent if other else None


class PostgresServer:
    """Started by `start`, on the same port after every stop."""

    def __init__(self) -> None:
        binaries = programs()
        if binaries is None:
            raise FileNotFoundError("PostgreSQL's server is not installed: scripts/system.sh test")
        self._binaries = binaries
        self._directory = Path(tempfile.mkdtemp(prefix="auricle-postgres-"))
        self.data = self._directory / "data"
        self.port = _free_port()
        self.password = secrets.token_hex(12)
        self._process: subprocess.Popen[bytes] | None = None
        self._made = 0
        self.template = ""
        """A database with the newest schema, once somebody has made one."""
        self._initialise()

    @property
    def pid(self) -> int:
        """Of the postmaster."""
        assert self._process is not None
        return self._process.pid

    @property
    def running(self) -> bool:
        """Between `start` and `stop`."""
        return self._process is not None

    def start(self) -> None:
        """Return once it answers."""
        log = (self._directory / "log").open("ab")
        command = [str(self._binaries / "postgres"), "-D", str(self.data), "-p", str(self.port), "-k", str(self._directory)]
        self._process = subprocess.Popen(self._unprivileged(command), stdout=log, stderr=log, cwd=self._directory)
        until = time.monotonic() + STARTS_WITHIN_S
        while True:
            try:
                self.connect("postgres").close()
            except psycopg.OperationalError:
                if self._process.poll() is not None or time.monotonic() > until:
                    raise AssertionError((self._directory / "log").read_text()[-2000:]) from None
                time.sleep(0.05)
            else:
                return

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """SIGINT ends the sessions, SIGQUIT is a crash: no checkpoint, the log is replayed at the next start."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(30)
            self._process = None

    def remove(self) -> None:
        """Stop it and delete everything."""
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self._directory, ignore_errors=True)

    def connect(self, database: str, user: str = USER, password: str = "") -> psycopg.Connection[tuple[object, ...]]:
        """As the superuser of this server, or another."""
        return psycopg.connect(
            host="127.0.0.1", port=self.port, dbname=database, user=user, password=password or self.password, autocommit=True
        )

    def database(self, collation: str = "C", template: str = "template0") -> str:
        """A new database, empty or a copy of a template that nobody is connected to; its name."""
        self._made += 1
        name = f"practice_{self._made}"
        with self.connect("postgres") as connection:
            connection.execute(
                f"CREATE DATABASE {name} TEMPLATE {template} ENCODING 'UTF8' LC_COLLATE '{collation}' LC_CTYPE '{collation}'"
            )
        return name

    def drop(self, database: str) -> None:
        """Delete a database, whoever is connected to it."""
        with self.connect("postgres") as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")

    def url(self, database: str, user: str = USER) -> str:
        """As the settings have it: without a password."""
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}"

    def _initialise(self) -> None:
        secret = self._directory / "secret"
        secret.write_text(self.password)
        if os.geteuid() == 0:
            account = _account()
            for path in (self._directory, secret):
                os.chown(path, account.pw_uid, account.pw_gid)
        command = [str(self._binaries / "initdb"), "-D", str(self.data), "-U", USER, "--auth=scram-sha-256", f"--pwfile={secret}"]
        options = ["--encoding=UTF8", "--locale=C", "--data-checksums", "--no-instructions"]
        subprocess.run(self._unprivileged([*command, *options]), check=True, capture_output=True, cwd=self._directory)
        secret.unlink()
        with (self.data / "postgresql.conf").open("a") as file:
            file.write("fsync = on\nlisten_addresses = '127.0.0.1'\nshared_buffers = 32MB\nmax_connections = 60\nlog_statement = none\n")
            file.write("min_wal_size = 32MB\nmax_wal_size = 64MB\n")  # the tests read all of it

    def _unprivileged(self, command: list[str]) -> list[str]:
        """Ends with us: the kernel sends SIGINT, a fast shutdown, when we die."""
        drop: list[str] = []
        if os.geteuid() == 0:
            account = _account()
            drop = [f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]
        return ["setpriv", "--pdeathsig=INT", "--no-new-privs", *drop, "--", *command]


def _account() -> pwd.struct_passwd:
    """PostgreSQL refuses to run as root."""
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise AssertionError("there is no account to run a server as")


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port
