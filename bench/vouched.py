"""What a session check, a sign-in's write, an audit entry and a look at all registers cost: `python bench/vouched.py [seconds]`."""

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from auricle.access.session import Session
from auricle.adapters.clock import SystemClock, SystemEntropy
from auricle.adapters.store import Store
from auricle.kernel.actor import Actor, ActorKind
from auricle.kernel.ids import PersonId
from auricle.vault.fields import Fields
from auricle.vault.gate import Outcome, Ref
from auricle.vault.keyring import Keyring

ACTOR = Actor(ActorKind.PERSON, "p", frozenset(), "s", "127.0.0.9")
SESSIONS = 200


async def timed(name: str, seconds: float, act: Callable[[], Awaitable[object]]) -> None:
    """The median and the 95th percentile of one act, one after the other."""
    took: list[float] = []
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        began = time.perf_counter()
        await act()
        took.append(time.perf_counter() - began)
    took.sort()
    print(f"{name}: median {statistics.median(took) * 1e6:.0f} us, p95 {took[int(len(took) * 0.95)] * 1e6:.0f} us, {len(took)} times")


async def main(seconds: float) -> None:
    """On a fresh SQLite file in the temporary directory."""
    with tempfile.TemporaryDirectory() as directory:
        keyring = Keyring.generate(SystemEntropy())
        fields = Fields(keyring, SystemEntropy(), "bench.example")
        store = Store(Path(directory) / "a.db", keyring, fields, Ed25519PrivateKey.generate(), "bench.example/audit", SystemClock())
        now = datetime.now(UTC)
        for number in range(SESSIONS):
            who = f"u{number}"
            await store.put_account(who, PersonId(who), "h")
            await store.add_session(
                f"t{number}", Session(f"s{number}", who, PersonId(who), now, now, "127.0.0.9", "password", "totp"), ACTOR
            )
        await timed("session check", seconds, lambda: store.session("t7"))
        await timed("audit entry", seconds, lambda: store.record(ACTOR, "test.act", Ref("test", "1"), Outcome.DONE, ""))
        await timed("account put", seconds, lambda: store.put_account("u1", PersonId("u1"), "h"))
        if hasattr(store, "check_authority"):
            await timed("all registers", seconds, store.check_authority)
        store.close()


if __name__ == "__main__":
    asyncio.run(main(float(sys.argv[1]) if len(sys.argv) > 1 else 3))
