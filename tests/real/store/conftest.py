"""A PostgreSQL server of these tests' own, restarted and broken by them; the practice is that of the unit tests."""

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from real.postgres.server import PostgresServer

UNIT = Path(__file__).parents[2] / "unit" / "adapters" / "store" / "conftest.py"
spec = importlib.util.spec_from_file_location("store_conftest", UNIT)
assert spec is not None
assert spec.loader is not None
shared = importlib.util.module_from_spec(spec)
sys.modules["store_conftest"] = shared
spec.loader.exec_module(shared)

store, look, make, newest = shared.store, shared.look, shared.make, shared.newest


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgresServer]:
    """One server a module: its tests stop it and start it again."""
    server = PostgresServer()
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture
def practice(postgres: PostgresServer) -> Iterator[Any]:
    made = shared.PostgresPractice(postgres)
    yield made
    made.close()
