"""How fast the audit log is written, exported and verified: `python bench/audit.py [--entries 1000000] [--seconds 5]`.

Appends go through Store.record, durably, from many tasks at once (group commit). Verification reads a file of an export, like
`auricle audit verify`. The machine is named with the figures. The verified file is written through the ledger and the exporter.
"""

import argparse
import asyncio
import json
import os
import platform
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from auricle.adapters.clock import SystemClock, SystemEntropy
from auricle.adapters.store import Store
from auricle.audit.checkpoint import Checkpoint, sign, vkey
from auricle.audit.entry import Entry
from auricle.audit.export import export_lines
from auricle.audit.tree import Frontier, leaf_hash
from auricle.audit.verify import verify_export
from auricle.kernel.actor import Actor, ActorKind
from auricle.vault.fields import Fields
from auricle.vault.gate import Outcome, Ref
from auricle.vault.keyring import Keyring

NURSE = Actor(ActorKind.PERSON, "noor-haddad", frozenset({"nurse"}), "s5f0d1c2b3a4e5d6c7b8a", "192.0.2.17")
ORIGIN = "harborstreet.example/audit"
WHY = "Nurses and clinicians hear and read voicemail of their own box, of their team's boxes, and of patients they care for."
CHECKPOINT_EVERY = 256


def machine() -> str:
    """Processor, cores, system, Python."""
    model = next((line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line), "?")
    return f"{model}, {os.cpu_count()} cores, {platform.system()} {platform.release()}, Python {platform.python_version()}"


def store_at(directory: Path) -> Store:
    keyring = Keyring.generate(SystemEntropy())
    fields = Fields(keyring, SystemEntropy(), "harborstreet.example")
    return Store(directory / "auricle.db", keyring, fields, Ed25519PrivateKey.generate(), ORIGIN, SystemClock())


async def appends(store: Store, seconds: float, tasks: int) -> tuple[float, int]:
    """Durable appends a second, and how many there were."""
    count, stop = 0, time.perf_counter() + seconds

    async def worker(number: int) -> None:
        nonlocal count
        while time.perf_counter() < stop:
            await store.record(NURSE, "voicemail.play", Ref("voicemail", f"v{number:020x}"), Outcome.ALLOWED, "console", why=WHY)
            count += 1

    began = time.perf_counter()
    await asyncio.gather(*(worker(number) for number in range(tasks)))
    return count / (time.perf_counter() - began), count


def big_export(path: Path, entries: int) -> tuple[str, float]:
    """A file of that many entries as the exporter writes it, checkpoints included; its key, and entries a second."""
    key, frontier = Ed25519PrivateKey.generate(), Frontier()
    start = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
    notes: list[tuple[int, str]] = []
    leaves: list[bytes] = []
    for number in range(entries):
        entry = Entry(
            start + timedelta(milliseconds=37 * number), "person", "noor-haddad", "s5f0d1c2b3a4e5d6c7b8a", "192.0.2.17", "voicemail.play",
            "voicemail", f"v{number:020x}", "allowed", "console", detail={"why": WHY},
        )  # fmt: skip
        leaves.append(entry.leaf())
        frontier.append(leaf_hash(leaves[-1]))
        if frontier.size % CHECKPOINT_EVERY == 0:
            notes.append((frontier.size, sign(Checkpoint(ORIGIN, frontier.size, frontier.root()), key)))
    final = sign(Checkpoint(ORIGIN, frontier.size, frontier.root()), key)
    rows = ((number, None, leaf) for number, leaf in enumerate(leaves))
    began = time.perf_counter()
    with path.open("w", encoding="ascii") as file:
        for line in export_lines(rows, final, vkey(ORIGIN, key.public_key()), notes):
            file.write(line)
            file.write("\n")
    return vkey(ORIGIN, key.public_key()), entries / (time.perf_counter() - began)


def from_store(store: Store) -> float:
    """Entries a second of an export read from the database."""
    began, count = time.perf_counter(), 0
    for _ in store.audit_export():
        count += 1
    return count / (time.perf_counter() - began)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--tasks", type=int, default=256)
    parser.add_argument("--directory", type=Path, default=None, help="where to write; a disk, not a RAM disk")
    arguments = parser.parse_args()
    figures: dict[str, object] = {"machine": machine(), "at": datetime.now(UTC).isoformat(timespec="seconds")}
    with tempfile.TemporaryDirectory(dir=arguments.directory or Path.cwd()) as directory:
        if arguments.seconds:
            store = store_at(Path(directory))
            try:
                rate, count = asyncio.run(appends(store, arguments.seconds, arguments.tasks))
                figures |= {"appends_per_s": round(rate), "appended": count, "tasks": arguments.tasks}
                figures["export_from_store_per_s"] = round(from_store(store))
            finally:
                store.close()
        if arguments.entries:
            path = Path(directory) / "audit.jsonl"
            key, speed = big_export(path, arguments.entries)
            figures |= {"export_per_s": round(speed), "file_mb": round(path.stat().st_size / 1e6)}
            began, cpu = time.perf_counter(), time.process_time()
            with path.open("rb") as file:
                report = verify_export(file, key)
            took, cpu = time.perf_counter() - began, time.process_time() - cpu
            if not report.ok or report.entries != arguments.entries:
                raise SystemExit(f"the export of the bench did not verify: {report.fault}")
            figures |= {
                "verified": report.entries,
                "verify_s": round(took, 2),
                "verify_cpu_s": round(cpu, 2),
                "load": os.getloadavg()[0],
                "verify_per_s": round(report.entries / took),
            }
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
