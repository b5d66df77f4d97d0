"""The one writer: group commit, order, and what happens to waiters when a write cannot be kept."""

import asyncio
import subprocess
import sys
from typing import Any

import pytest
import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from auricle.adapters.store import Store, StoreClosed, WriteRefused
from auricle.adapters.store.ledger import Ledger
from auricle.audit.verify import verify_export
from auricle.kernel.actor import Actor, ActorKind
from auricle.vault.gate import Outcome, Ref

NOBODY = Actor(ActorKind.SERVICE, "test")
PUT = "INSERT INTO alert_network (actor, network, entry) VALUES (:username, 'n', 1)"


def put(name: str) -> tuple[str, dict[str, Any]]:
    return PUT, {"username": name}


async def entry(store: Store, ref: str = "r") -> int:
    return await store.record(NOBODY, "test.act", Ref("test", ref), Outcome.DONE, "")


@pytest.fixture
def transactions(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sizes of the log after each commit."""
    seen: list[int] = []
    adopt = Ledger.adopt

    def counted(self: Ledger, draft: Any, now: float) -> None:
        seen.append(draft.frontier.size)
        adopt(self, draft, now)

    monkeypatch.setattr(Ledger, "adopt", counted)
    return seen


async def test_what_was_awaited_is_in_the_file(store: Store, practice: Any) -> None:
    await store._writer.commit((put("dana"),))
    assert practice.raw("SELECT actor FROM alert_network") == [("dana",)]


async def test_many_waiters_share_few_transactions(store: Store, transactions: list[int]) -> None:
    numbers = await asyncio.gather(*(entry(store, str(number)) for number in range(1000)))
    assert numbers == list(range(1000))  # in the order in which they were asked for
    assert len(transactions) <= 12


async def test_an_act_and_its_entry_are_kept_together_or_not_at_all(store: Store, practice: Any) -> None:
    first = store._entry(NOBODY, "test.act", Ref("test", "1"))
    assert await store._writer.commit((put("dana"),), (first, first)) == 1
    with pytest.raises(WriteRefused):
        await store._writer.commit((put("erin"), put("dana")), (first,))
    assert practice.raw("SELECT actor FROM alert_network") == [("dana",)]
    assert practice.raw("SELECT count(*) FROM audit_leaf") == [(2,)]


BAD: list[tuple[str, dict[str, Any]]] = [
    (PUT, {"username": "taken"}),
    (PUT, {"username": object()}),
    ("INSERT INTO audit_checkpoint (size, note) VALUES (:size, 'x')", {"size": 2**70}),
    (PUT, {"username": "lone surrogate \udcff"}),
    (PUT, {"other": 1}),
    ("INSERT INTO nowhere VALUES (:x)", {"x": 1}),
    ("no sql", {}),
]


@pytest.mark.parametrize("bad", BAD, ids=["taken", "no value", "too large", "no text", "no such parameter", "no table", "no statement"])
async def test_one_bad_write_harms_no_other(bad: tuple[str, dict[str, Any]], store: Store) -> None:
    await store._writer.commit((put("taken"),))
    writes = [
        store._writer.commit((bad if number == 13 else put(f"user{number}"),), (store._entry(NOBODY, "a", Ref("t", "x")),))
        for number in range(40)
    ]
    with structlog.testing.capture_logs() as logs:
        results = await asyncio.gather(*writes, return_exceptions=True)
    assert [type(result) for number, result in enumerate(results) if number != 13] == [int] * 39
    assert isinstance(results[13], WriteRefused)
    assert not results[13].retryable
    assert "user" not in str(results[13]) + str(logs)
    await store.checkpoint()
    report = verify_export(store.audit_export(), store.verifier)
    assert (report.ok, report.entries) == (True, 39)


async def test_many_bad_writes_harm_no_other(store: Store, practice: Any) -> None:
    """What the driver remembers of statements that were never reached must not be believed afterwards."""
    await store._writer.commit((put("taken"),))
    for turn in range(8):
        writes = [
            store._writer.commit((put("taken" if number % 5 == 2 else f"u{turn}-{number}"),), (store._entry(NOBODY, "a", Ref("t", "x")),))
            for number in range(12)
        ]
        results = await asyncio.gather(*writes, return_exceptions=True)
        assert [type(result) for result in results] == [WriteRefused if number % 5 == 2 else int for number in range(12)]
    assert practice.raw("SELECT count(*) FROM alert_network") == [(8 * 10 + 1,)]


class Unwritable:
    """An entry that has no encoding."""

    def leaf(self) -> bytes:
        raise TypeError("not JSON")


async def test_the_thread_outlives_whatever_a_write_raises(store: Store) -> None:
    broken: Any = Unwritable()
    with pytest.raises(WriteRefused):
        await store._writer.commit((), (broken,))
    assert await entry(store) == 0


async def test_what_waits_at_the_end_is_written(practice: Any) -> None:
    store = practice.open()
    waiting = [asyncio.ensure_future(entry(store)) for _ in range(600)]
    await asyncio.sleep(0)
    await asyncio.to_thread(store.close)
    assert await asyncio.gather(*waiting) == list(range(600))
    assert practice.raw("SELECT max(size) FROM audit_checkpoint") == [(600,)]


async def test_a_closed_store_says_so(store: Store) -> None:
    store.close()
    store.close()
    with pytest.raises(StoreClosed):
        await entry(store)


async def test_a_waiter_that_gave_up_disturbs_nobody(store: Store) -> None:
    waiting = [asyncio.ensure_future(entry(store)) for _ in range(10)]
    await asyncio.sleep(0)
    waiting[3].cancel()
    results = await asyncio.gather(*waiting, return_exceptions=True)
    assert [result for result in results if isinstance(result, int)] == [0, 1, 2, 4, 5, 6, 7, 8, 9]


def test_a_loop_that_is_gone_disturbs_nobody(practice: Any) -> None:
    store = practice.open()

    async def walk_away() -> None:
        asyncio.ensure_future(entry(store))  # noqa: RUF006 - left behind on purpose
        await asyncio.sleep(0)

    asyncio.run(walk_away())
    assert asyncio.run(entry(store)) == 1


async def test_two_processes_write_one_log(practice: Any) -> None:
    """The command line adds an account while the practice runs."""
    one, other = practice.open(), practice.open()
    numbers = await asyncio.gather(*(entry((one, other)[turn % 2]) for turn in range(60)))
    numbers.append(await entry(one))
    assert sorted(numbers) == list(range(61))
    for store in (one, other):
        await store.checkpoint()
        assert verify_export(store.audit_export(), store.verifier).ok


CHILD = """
import asyncio, os, sys
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from auricle.adapters.clock import SystemClock, SystemEntropy
from auricle.adapters.store import Store, database_at
from auricle.kernel.actor import ANONYMOUS
from auricle.vault.fields import Fields
from auricle.vault.gate import Outcome, Ref
from auricle.vault.keyring import Keyring
keyring = Keyring.generate(SystemEntropy())
signing = Ed25519PrivateKey.from_private_bytes(bytes(32))
place = database_at(sys.argv[1], os.environ.get("PASSWORD", ""))
store = Store(place, keyring, Fields(keyring, SystemEntropy(), "p"), signing, "p/audit", SystemClock())
async def act():
    while True:
        print(await store.record(ANONYMOUS, "a", Ref("t", "x"), Outcome.DONE, ""), flush=True)
async def main():
    await asyncio.gather(*(act() for _ in range(20)))
asyncio.run(main())
"""


async def test_a_killed_process_has_kept_whatever_it_acknowledged(practice: Any) -> None:
    address, environment = practice.address()
    child = subprocess.Popen([sys.executable, "-c", CHILD, address], env=environment, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    acknowledged = [int(child.stdout.readline()) for _ in range(700)]
    child.kill()
    acknowledged += [int(line) for line in child.stdout.read().splitlines()[:-1]]
    child.wait()
    practice.signing, practice.origin = Ed25519PrivateKey.from_private_bytes(bytes(32)), "p/audit"
    store = practice.open()
    await store.checkpoint()
    report = verify_export(store.audit_export(), store.verifier)
    assert report.ok
    assert report.entries > max(acknowledged)
