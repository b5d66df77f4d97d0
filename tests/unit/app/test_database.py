"""Which database the settings name; and calls of before there was an index of names get one, with an entry in the log."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from auricle.access.decision import Policies
from auricle.adapters.clock import SystemClock, SystemEntropy
from auricle.adapters.store import PostgresDatabase, Store, StoreUnusable, database_at
from auricle.adapters.store.sqlite import SqliteDatabase
from auricle.app import name_index
from auricle.app.database import PASSWORD_VARIABLE, database_of
from auricle.app.name_index import NameIndex
from auricle.app.settings import DataSettings, SettingsWrong
from auricle.calls.records import CallRecord, Direction, Disposition, Protection
from auricle.kernel.actor import Actor
from auricle.kernel.ids import CallId
from auricle.kernel.phi import Phi
from auricle.vault.fields import Fields
from auricle.vault.gate import Decision, Gate, Ref
from auricle.vault.keyring import Keyring

pytestmark = pytest.mark.real  # whole practices, with real passwords and keys: slow for a unit test

URL = "postgresql://auricle_app@127.0.0.1/auricle"


def test_a_file_in_the_data_directory_unless_said_otherwise(tmp_path: Path) -> None:
    found = database_of(DataSettings(str(tmp_path)), tmp_path, tmp_path)
    assert isinstance(found, SqliteDatabase)
    assert found.path == tmp_path / "auricle.db"


def test_the_password_comes_from_a_file_that_only_we_may_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(PASSWORD_VARIABLE, "from the environment")
    file = tmp_path / "password"
    file.write_text("from the file\n")
    file.chmod(0o640)
    settings = DataSettings(str(tmp_path), database=URL, database_password_file="password")
    with pytest.raises(SettingsWrong, match="chmod 600"):
        database_of(settings, tmp_path, tmp_path)
    file.chmod(0o600)
    found = database_of(settings, tmp_path, tmp_path)
    assert isinstance(found, PostgresDatabase)
    assert found.password == "from the file"
    assert "from the file" not in repr(found)
    other = database_of(DataSettings(str(tmp_path), database=URL), tmp_path, tmp_path)
    assert isinstance(other, PostgresDatabase)
    assert other.password == "from the environment"
    file.unlink()
    with pytest.raises(SettingsWrong, match="cannot be read"):
        database_of(settings, tmp_path, tmp_path)


def test_what_is_no_address_is_told_without_the_password(tmp_path: Path) -> None:
    for address in ("mysql://x", "auricle.db", "postgresql+psycopg://x"):
        with pytest.raises(SettingsWrong, match=r"\[data\] database"):
            database_of(DataSettings(str(tmp_path), database=address), tmp_path, tmp_path)
    with pytest.raises(StoreUnusable) as refused:
        database_of(DataSettings(str(tmp_path), database=URL.replace("@", ":hunter2@")), tmp_path, tmp_path)
    assert "hunter2" not in str(refused.value)


# ---- the index of names --------------------------------------------------------------------------------


class Everything:
    def decide(self, actor: Actor, action: str, ref: Ref) -> Decision:
        return Decision(True, "test")


def a_call(number: int) -> CallRecord:
    at = datetime(2026, 11, 25, 9, tzinfo=UTC)
    return CallRecord(
        CallId(f"c{number:04}"), Direction.INBOUND, Phi("+12025550142"), Phi("Quentin Alvarez"), Phi("+12025550100"), at, None,
        at + timedelta(seconds=9), Disposition.ABANDONED, None, (), Protection.TO_GATEWAY, (),
    )  # fmt: skip


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    keyring = Keyring.generate(SystemEntropy())
    where = database_at(tmp_path / "auricle.db")
    made = Store(where, keyring, Fields(keyring, SystemEntropy(), "p"), Ed25519PrivateKey.generate(), "p/audit", SystemClock())
    for number in range(450):
        await made.add_call(a_call(number))
    yield made
    made.close()


async def forget(store: Store) -> None:
    await store._writer.commit((("DELETE FROM call_name", {}), ("UPDATE call SET names = 0", {})))


async def named(store: Store) -> int:
    return len(
        await Gate(Everything(), store).open(
            name_index.KEEPER, "test", Ref("call", "*"), "", lambda g: store.calls_by_name(g, "alvarez", 999)
        )
    )


async def test_old_calls_are_indexed_under_the_real_policies_and_nothing_is_done_twice(store: Store) -> None:
    index = NameIndex(store, Gate(Policies.packaged(), store))
    await index.run()
    size = await store.audit_size()
    assert size == 450  # nothing to do, nothing written
    await forget(store)
    assert await named(store) == 0
    await index.run()
    assert await named(store) == 450
    leaves = b"".join(leaf for _, leaf in await store.audit_after(size, 100))
    assert b'"purpose":"450 calls indexed"' in leaves
    assert leaves.count(b'"action":"keys.rekey"') == 2  # allowed, done


async def test_it_goes_on_where_it_was_stopped(store: Store) -> None:
    await forget(store)
    index = NameIndex(store, Gate(Policies.packaged(), store))
    running = asyncio.ensure_future(index.run())
    while await named(store) == 0:
        await asyncio.sleep(0)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert 0 < await named(store) < 450
    await index.run()
    assert await named(store) == 450


async def test_it_tries_again_where_the_database_refuses(monkeypatch: pytest.MonkeyPatch, store: Store) -> None:
    monkeypatch.setattr(name_index, "RETRY_S", 0.01)
    await forget(store)
    link = store._writer._link
    link.connection.execute("PRAGMA query_only=ON")
    running = asyncio.ensure_future(NameIndex(store, Gate(Policies.packaged(), store)).run())
    with structlog.testing.capture_logs() as logs:
        while not any(entry["event"] == "name_index_failed" for entry in logs):
            await asyncio.sleep(0.01)
        link.connection.execute("PRAGMA query_only=OFF")
        await asyncio.wait_for(running, 10)
    assert await named(store) == 450
