"""A practice whose settings name a PostgreSQL server: migrated by its owner from the command line, run as a user who may only append."""

import asyncio
import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest

from auricle.adapters.store import StoreUnusable
from auricle.app.demo.practice import make_demo_practice
from auricle.app.instance import Instance, create_keys
from auricle.kernel.actor import ANONYMOUS
from auricle.vault.gate import Outcome, Ref
from real.postgres.server import USER, PostgresServer

pytestmark = pytest.mark.real
PASSPHRASE = "a long passphrase of a test"
THEIRS = "a password nobody else has"


@pytest.fixture
def settings(tmp_path: Path, postgres: PostgresServer) -> Path:
    """Settings of a practice in an empty database, to be run as `practice_user`."""
    made = make_demo_practice(tmp_path / "practice", 0)
    name = postgres.database()
    with postgres.connect(name) as connection, contextlib.suppress(psycopg.errors.DuplicateObject):
        connection.execute(f"CREATE ROLE practice_user LOGIN PASSWORD '{THEIRS}'")
    for file, secret in (("password", THEIRS), ("owner-password", postgres.password)):
        (made.directory / file).write_text(f"{secret}\n")
        (made.directory / file).chmod(0o600)
    url = postgres.url(name, "practice_user")
    text = made.settings.read_text().replace("[data]\n", f'[data]\ndatabase = "{url}"\ndatabase_password_file = "password"\n', 1)
    made.settings.write_text(text)
    create_keys(made.settings, PASSPHRASE)
    return made.settings


def auricle(settings: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "AURICLE_PASSPHRASE": PASSPHRASE}
    command = [sys.executable, "-m", "auricle", *arguments, "--settings", str(settings)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


def migrate(settings: Path) -> subprocess.CompletedProcess[str]:
    owner = ("--owner", USER, "--password-file", str(settings.parent / "owner-password"), "--grant", "practice_user")
    return auricle(settings, "database", "migrate", *owner)


def leaves(settings: Path, postgres: PostgresServer) -> list[dict[str, Any]]:
    name = next(line for line in settings.read_text().splitlines() if line.startswith("database =")).rpartition("/")[2].strip('"')
    with postgres.connect(name) as connection:
        return [json.loads(leaf) for (leaf,) in connection.execute("SELECT leaf FROM audit_leaf ORDER BY number")]  # type: ignore[arg-type]


def test_the_practice_asks_for_its_owner_then_runs(settings: Path, postgres: PostgresServer) -> None:
    with pytest.raises(StoreUnusable, match="auricle database migrate"):
        Instance(settings, PASSPHRASE)
    done = migrate(settings)
    assert done.returncode == 0, done.stderr
    assert "may append to the audit log" in done.stdout
    assert [(entry["action"], entry["ref"]) for entry in leaves(settings, postgres)] == [("database.migrate", "practice_user")]

    async def run() -> None:
        instance = Instance(settings, PASSPHRASE)
        store: Any = instance._store
        await store.record(ANONYMOUS, "test.act", Ref("test", "1"), Outcome.DONE, "")
        report = await instance.verify_audit()
        assert report.ok, report.text()
        await instance.stop()

    asyncio.run(run())
    again = migrate(settings)  # a second time changes nothing and is an entry too
    assert again.returncode == 0, again.stderr


def test_the_password_is_in_no_command_line_no_output_and_no_repr(settings: Path) -> None:
    done = migrate(settings)
    instance = Instance(settings, PASSPHRASE)
    try:
        store: Any = instance._store
        seen = [done.stdout, done.stderr, repr(instance.settings), repr(store._writer._link), str(store._engine.url), repr(store._engine)]
        seen += [path.read_bytes().decode(errors="replace") for path in (Path("/proc/self/cmdline"), Path("/proc/self/environ"))]
        assert all(THEIRS not in text for text in seen)
        connection: psycopg.Connection[Any] = store._writer._link.connection
        assert THEIRS not in connection.info.dsn + repr(connection)
    finally:
        asyncio.run(instance.stop())


def test_a_file_practice_is_told_so(tmp_path: Path) -> None:
    made = make_demo_practice(tmp_path / "practice", 0)
    create_keys(made.settings, PASSPHRASE)
    done = auricle(made.settings, "database", "migrate", "--owner", "x")
    assert done.returncode == 1
    assert "is kept in a file" in done.stderr


def test_a_wrong_password_is_one_line(settings: Path) -> None:
    (settings.parent / "owner-password").write_text("not the password\n")
    done = migrate(settings)
    assert done.returncode == 1
    assert "refused our user or password" in done.stderr
    assert "not the password" not in done.stdout + done.stderr
    assert len(done.stderr.splitlines()) == 1
