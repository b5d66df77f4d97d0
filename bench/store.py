"""Durable writes a second of the store, by both databases: audit entries by one and by many waiting writers, call records at a given rate.

`python bench/store.py [--database sqlite|postgresql] [--seconds 4] [--directory DIR]`. Every figure is of writes that were waited for,
each durable before its waiter went on (SQLite: WAL with synchronous=FULL; PostgreSQL: fsync and synchronous_commit on). The directory
must be on a disk, not in memory. PostgreSQL is the tests' own server (tests/real/postgres), with its data in /tmp.
"""

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from auricle.adapters.clock import SystemClock, SystemEntropy
from auricle.adapters.store import Store, database_at
from auricle.calls.records import CallRecord, Direction, Disposition, LegRecord, Protection
from auricle.kernel.actor import Actor, ActorKind
from auricle.kernel.ids import CallId, LegId, PersonId
from auricle.kernel.phi import Phi
from auricle.vault.fields import Fields
from auricle.vault.gate import Outcome, Ref
from auricle.vault.keyring import Keyring
from real.postgres.server import PostgresServer

NURSE = Actor(ActorKind.PERSON, "noor-haddad", frozenset({"nurse"}), "s0123456789abcdef0123", "192.0.2.17")
WHY = "A nurse sees calls and plays voicemail of their own mailboxes."


@contextmanager
def a_store(database: str, directory: Path) -> Iterator[Store]:
    """An empty practice."""
    keyring, clock = Keyring.generate(SystemEntropy()), SystemClock()
    server = PostgresServer() if database == "postgresql" else None
    try:
        if server is not None:
            server.start()
        where = database_at(directory / "auricle.db") if server is None else database_at(server.url(server.database()), server.password)
        fields = Fields(keyring, SystemEntropy(), "bench.example")
        store = Store(where, keyring, fields, Ed25519PrivateKey.generate(), "bench.example/audit", clock)
        try:
            yield store
        finally:
            store.close()
    finally:
        if server is not None:
            server.remove()


async def append(store: Store) -> None:
    """One look of a nurse's, as the gate records it."""
    await store.record(NURSE, "calls.list", Ref("call", "*"), Outcome.ALLOWED, "console", why=WHY)


async def closed_loop(act: Callable[[], Awaitable[None]], writers: int, seconds: float) -> dict[str, float]:
    """So many writers, each waiting for its write before the next."""
    waits: list[float] = []
    until = time.perf_counter() + seconds

    async def write() -> None:
        while (begun := time.perf_counter()) < until:
            await act()
            waits.append(time.perf_counter() - begun)

    began, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(write() for _ in range(writers)))
    return figures(waits, time.perf_counter() - began, time.process_time() - cpu)


async def open_loop(act: Callable[[], Awaitable[None]], rate: float, seconds: float) -> dict[str, float]:
    """So many writes begun each second, whatever the others do."""
    waits: list[float] = []

    async def write() -> None:
        begun = time.perf_counter()
        await act()
        waits.append(time.perf_counter() - begun)

    began, cpu = time.perf_counter(), time.process_time()
    running = []
    for number in range(int(rate * seconds)):
        await asyncio.sleep(max(0.0, began + number / rate - time.perf_counter()))
        running.append(asyncio.ensure_future(write()))
    await asyncio.gather(*running)
    return figures(waits, time.perf_counter() - began, time.process_time() - cpu)


def figures(waits: list[float], took_s: float, cpu_s: float) -> dict[str, float]:
    """Rates and the waits' middle and tail."""
    waits.sort()
    return {
        "writes_per_s": round(len(waits) / took_s, 1),
        "cpu_us_per_write": round(cpu_s / len(waits) * 1e6, 1),
        "wait_ms_p50": round(waits[len(waits) // 2] * 1e3, 2),
        "wait_ms_p99": round(waits[int(len(waits) * 0.99)] * 1e3, 2),
    }


def calls() -> Iterator[CallRecord]:
    """Calls of two legs."""
    entropy, at = SystemEntropy(), datetime.now(UTC)
    while True:
        legs = tuple(
            LegRecord(
                LegId(f"leg{n}"), bool(n), Phi("+12025550142"), Phi("Quentin Vandermolen"), PersonId("noor-haddad") if n else None, at, at,
                at + timedelta(seconds=60), "TLS", "SRTP", Protection.TO_GATEWAY, 200, False,
            )
            for n in range(2)
        )  # fmt: skip
        yield CallRecord(
            CallId(entropy.name("c")), Direction.INBOUND, Phi("+12025550142"), Phi("Quentin Vandermolen"), Phi("+12025550100"), at, at,
            at + timedelta(seconds=60), Disposition.ANSWERED, PersonId("noor-haddad"), ("greeting", "nurse"), Protection.TO_GATEWAY, legs,
        )  # fmt: skip


async def measure(database: str, directory: Path, seconds: float) -> dict[str, object]:
    """All figures of one database."""
    found: dict[str, object] = {}
    for writers in (1, 64):
        with a_store(database, Path(tempfile.mkdtemp(dir=directory))) as store:
            found[f"appends, {writers} writers"] = await closed_loop(lambda store=store: append(store), writers, seconds)
    with a_store(database, Path(tempfile.mkdtemp(dir=directory))) as store:
        made = calls()
        found["call records, 400/s"] = await open_loop(lambda store=store: store.add_call(next(made)), 400, seconds)
    if database == "sqlite":
        found["bytes an entry"] = await entry_bytes(Path(tempfile.mkdtemp(dir=directory)))
    return found


async def entry_bytes(directory: Path, count: int = 5000) -> float:
    """What each of so many entries adds to the file, its columns for searching included."""
    sizes = []
    for entries in (0, count):
        place = directory / str(entries)
        place.mkdir()
        with a_store("sqlite", place) as store:
            await asyncio.gather(*(append(store) for _ in range(entries)))
        sizes.append((place / "auricle.db").stat().st_size)
    return (sizes[1] - sizes[0]) / count


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], action="append")
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--directory", type=Path, default=Path("/var/tmp"))
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.directory, prefix="auricle-bench-") as directory:
        found = {
            database: asyncio.run(measure(database, Path(directory), given.seconds))
            for database in given.database or ["sqlite", "postgresql"]
        }
    found["machine"] = {"cores": os.cpu_count(), "load": os.getloadavg()[0]}
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
