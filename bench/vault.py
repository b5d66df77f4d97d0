"""How fast the vault is: fields, blind indexes, records' keys, sealed audio beside bare AES-GCM, and what re-encryption costs the loop.

`python bench/vault.py [--calls 20000]` prints one line a figure. Sealed audio must reach 80 % of the library at the same segment size.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from auricle.access.decision import Policies
from auricle.adapters.clock import SystemClock, SystemEntropy
from auricle.adapters.keys import FileKeys
from auricle.adapters.keys.records import FileRecordKeys
from auricle.adapters.store import Store
from auricle.app.board import Board
from auricle.app.key_provider import KeySettings
from auricle.app.keys import KeyKeeper
from auricle.app.rekey import RekeyJob
from auricle.calls.records import CallRecord, Direction, Disposition, Protection
from auricle.kernel.actor import Actor, ActorKind
from auricle.kernel.ids import CallId
from auricle.kernel.phi import Phi
from auricle.vault.blind import blind_index
from auricle.vault.fields import Fields
from auricle.vault.gate import Decision, Gate, Grant, Ref
from auricle.vault.keyring import Keyring, Purpose
from auricle.vault.place import Place
from auricle.vault.stream import SEGMENT_BYTES, StreamOpener, StreamSealer

ROUNDS = 7
TEXT = b'{"caller":"+12025550142","caller_name":"Maria Alvarez","called":"+12025550100","steps":["greeting","top","nurse"],"legs":[]}'
PLACE = Place("call", "sealed", "c0123456789abcdef0123")


class AllowsAll:
    """A policy and a log, so that a real grant can be had."""

    def decide(self, actor: Actor, action: str, ref: Ref) -> Decision:
        return Decision(True, "bench")

    async def record(self, *_: object, **__: object) -> int:
        return 0


def best_us(act: Callable[[], object], count: int) -> float:
    """Microseconds for one, the best of some rounds: what else runs on the machine only adds."""
    return min(once_us(act, count) for _ in range(ROUNDS))


async def fields_and_indexes(directory: Path) -> None:
    ring, entropy = Keyring.generate(SystemEntropy()), SystemEntropy()
    records = FileRecordKeys(directory / "records", ring, entropy)
    fields = Fields(ring, entropy, "harborstreet.example", records)
    record = "v0123456789abcdef0123"
    records.create(record)
    spoken = Place("voicemail", "transcript", record)

    async def measure(grant: Grant) -> None:
        sealed = fields.seal(Purpose.CALL_RECORD, TEXT, PLACE)
        own = fields.seal(Purpose.TRANSCRIPT, TEXT, spoken)
        seal = best_us(lambda: fields.seal(Purpose.CALL_RECORD, TEXT, PLACE), 5000)
        opened = best_us(lambda: fields.open(Purpose.CALL_RECORD, sealed, PLACE, grant), 5000)
        bare = AESGCM(bytes(32))
        plain = best_us(lambda: bare.decrypt(bytes(12), bare.encrypt(bytes(12), TEXT, b""), b""), 5000)
        both = f"both {seal + opened:.2f} µs; bare AES-GCM both {plain:.2f} µs"
        print(f"field of {len(TEXT)} bytes: seal {seal:.2f} µs, open {opened:.2f} µs, {both}")
        by_record = best_us(lambda: fields.open(Purpose.TRANSCRIPT, own, spoken, grant), 2000)
        print(f"field under its record's key: open {by_record:.1f} µs")

    await Gate(AllowsAll(), AllowsAll()).open(  # type: ignore[arg-type]
        Actor(ActorKind.SERVICE, "bench"), "calls.list", Ref("call", "*"), "bench", measure
    )
    print(f"blind index: {best_us(lambda: blind_index(ring, 'call.caller', '+12025550142'), 5000):.2f} µs")
    print(f"a record's key: new {best_us(lambda: records.create(entropy.name('v')), 100):.0f} µs (durable)")


def audio() -> bool:
    """Whether sealing and opening reach their target."""
    key, segment, count, ok = bytes(32), bytes(SEGMENT_BYTES), 500, True
    bare, head = AESGCM(key), bytes(47)
    for name, ours, library in (("seal", *sealing(key, segment, count, bare, head)), ("open", *opening(key, segment, count, bare, head))):
        share = library / ours
        ok &= share >= 0.8
        speed = SEGMENT_BYTES / ours
        bare_speed = SEGMENT_BYTES / library
        print(f"sealed audio, {name}: {speed:.0f} MB/s, {share:.0%} of bare AES-GCM ({bare_speed:.0f} MB/s) at {SEGMENT_BYTES} bytes")
    return ok


def sealing(key: bytes, segment: bytes, count: int, bare: AESGCM, head: bytes) -> tuple[float, float]:
    ours, library = [], []
    for _ in range(ROUNDS * 4):  # in turns, so that both meet the same machine
        sealer = StreamSealer(key, "v1", SystemEntropy())
        ours.append(once_us(lambda: sealer.seal(segment), count))  # noqa: B023 - used at once
        library.append(once_us(lambda: bare.encrypt(bytes(12), segment, head), count))
    return min(ours), min(library)


def opening(key: bytes, segment: bytes, count: int, bare: AESGCM, head: bytes) -> tuple[float, float]:
    sealer = StreamSealer(key, "v1", SystemEntropy())
    sealed, plain = sealer.seal(segment), bare.encrypt(bytes(12), segment, head)
    opener = StreamOpener(key, sealer.header, "v1")
    ours, library = [], []
    for _ in range(ROUNDS * 4):
        ours.append(once_us(lambda: opener.open(0, sealed, last=False), count))
        library.append(once_us(lambda: bare.decrypt(bytes(12), plain, head), count))
    return min(ours), min(library)


def once_us(act: Callable[[], object], count: int) -> float:
    """Microseconds of this thread's own CPU time for one."""
    started = time.thread_time()
    for _ in range(count):
        act()
    return (time.thread_time() - started) / count * 1e6


async def rekeying(directory: Path, calls: int) -> None:
    """Calls sealed anew with their indexes, while the loop's lag and the waits of other writes are measured."""
    clock, entropy, board = SystemClock(), SystemEntropy(), Board()
    files = FileKeys(directory / "keys", entropy, clock)
    keys = files.create(None)
    records = FileRecordKeys(directory / "keys" / "records", keys.keyring, entropy)
    fields = Fields(keys.keyring, entropy, "bench.example", records)
    store = Store(directory / "auricle.db", keys.keyring, fields, keys.signing, "bench.example/audit", clock)
    keeper = KeyKeeper(files=files, keys=keys, store=store, board=board, clock=clock, settings=KeySettings())
    gate = Gate(Policies.packaged(), store)
    job = RekeyJob(store=store, records=records, keeper=keeper, gate=gate, board=board, clock=clock, keep_days=35)
    for start in range(0, calls, 500):
        await asyncio.gather(*(store.add_call(a_call(number)) for number in range(start, min(calls, start + 500))))

    def rotate(ring: Keyring) -> None:
        for purpose in (Purpose.CALL_RECORD, Purpose.BLIND_INDEX):
            ring.rotate(purpose, entropy)

    await keeper.change(rotate)
    quiet, busy, work, writes, over = await lag(1.0), [], [], [], asyncio.Event()

    async def watch() -> None:
        while not over.is_set():
            before = time.thread_time()
            busy.append(await lag(0.0))
            work.append((time.thread_time() - before) * 1e3)

    async def write() -> None:
        number = calls
        while not over.is_set():
            started = time.perf_counter()
            await store.add_call(a_call(number))
            writes.append((time.perf_counter() - started) * 1e3)
            number += 1
            await asyncio.sleep(0.2)

    beside = [asyncio.ensure_future(watch()), asyncio.ensure_future(write())]
    started = time.perf_counter()
    await job.once()
    took = time.perf_counter() - started
    over.set()
    await asyncio.gather(*beside)
    done = job.job.done if job.job else 0
    print(f"re-encryption: {done} values of {calls} calls in {took:.1f} s ({done / took:.0f}/s)")
    ordered = sorted(busy)
    late = f"lag p99 {ordered[int(len(ordered) * 0.99)]:.1f} ms, worst {ordered[-1]:.1f} ms (alone: worst {quiet:.1f} ms)"
    print(f"event loop meanwhile: {late}; longest work in one go {max(work):.1f} ms of CPU")
    print(f"a call kept meanwhile: median {statistics.median(writes):.0f} ms, worst {max(writes):.0f} ms")
    store.close()


async def lag(seconds: float) -> float:
    """The worst delay of a timer of 1 ms, in milliseconds, over some time; one timer alone for 0."""
    worst, until = 0.0, time.perf_counter() + seconds
    while True:
        started = time.perf_counter()
        await asyncio.sleep(0.001)
        worst = max(worst, (time.perf_counter() - started - 0.001) * 1e3)
        if time.perf_counter() >= until:
            return worst


def a_call(number: int) -> CallRecord:
    started = datetime(2026, 11, 25, tzinfo=UTC) + timedelta(seconds=number)
    return CallRecord(
        id=CallId(f"c{number:08}"),
        direction=Direction.INBOUND,
        caller=Phi(f"+1202555{100 + number % 100:04}"),
        caller_name=Phi("Maria Alvarez"),
        called=Phi("+12025550100"),
        started_at=started,
        answered_at=None,
        ended_at=started + timedelta(seconds=9),
        disposition=Disposition.ABANDONED,
        answered_by=None,
        steps=("greeting",),
        protection=Protection.TO_GATEWAY,
        legs=(),
    )


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--calls", type=int, default=20000)
    calls = parser.parse_args().calls
    with tempfile.TemporaryDirectory() as directory:
        asyncio.run(fields_and_indexes(Path(directory)))
        ok = audio()
        asyncio.run(rekeying(Path(directory), calls))
    return 0 if ok else 1


if __name__ == "__main__":
    raise SystemExit(main())
