"""Checkpoints come in time, and a log that was changed behind our back is not signed on."""

import asyncio
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from auricle.adapters.store import LogDamaged, Store, WriteRefused, ledger
from auricle.audit.checkpoint import verify
from auricle.audit.verify import verify_export
from auricle.kernel.actor import ANONYMOUS
from auricle.vault.gate import Outcome, Ref


async def entries(store: Store, count: int) -> None:
    await asyncio.gather(*(store.record(ANONYMOUS, "test.act", Ref("test", str(n)), Outcome.DONE, "") for n in range(count)))


async def until_signed(practice: Any, size: int) -> None:
    async with asyncio.timeout(5):
        while practice.raw("SELECT 1 FROM audit_checkpoint WHERE size = ?", size) == []:
            await asyncio.sleep(0.01)


async def test_a_checkpoint_comes_with_the_256th_entry(store: Store, practice: Any) -> None:
    await entries(store, 255)
    assert practice.raw("SELECT size FROM audit_checkpoint") == []
    await entries(store, 2)
    assert practice.raw("SELECT size FROM audit_checkpoint") == [(257,)]
    note = await store.latest_checkpoint()
    assert note is not None
    assert verify(note, store.verifier).size == 257


async def test_a_quiet_log_is_signed_after_a_while(monkeypatch: pytest.MonkeyPatch, store: Store, practice: Any) -> None:
    monkeypatch.setattr(ledger, "CHECKPOINT_S", 0.1)
    await entries(store, 3)
    await until_signed(practice, 3)


async def test_a_trickle_of_entries_does_not_put_it_off(monkeypatch: pytest.MonkeyPatch, store: Store, practice: Any) -> None:
    monkeypatch.setattr(ledger, "CHECKPOINT_S", 0.3)
    for _ in range(12):
        await entries(store, 1)
        await asyncio.sleep(0.05)
    sizes = [size for (size,) in practice.raw("SELECT size FROM audit_checkpoint")]
    assert sizes
    assert min(sizes) < 12


async def test_it_is_signed_at_the_end(practice: Any) -> None:
    store = practice.open()
    await entries(store, 5)
    store.close()
    assert practice.raw("SELECT max(size) FROM audit_checkpoint") == [(5,)]


async def test_it_goes_on_where_it_was(practice: Any) -> None:
    for round_ in range(1, 5):
        store = practice.open()
        await entries(store, 70)
        store.close()
        report = verify_export(store.audit_export(), store.verifier)
        assert (report.ok, report.entries) == (True, 70 * round_)


async def test_an_export_holds_the_earlier_checkpoints(practice: Any) -> None:
    for _ in range(3):
        store = practice.open()
        await entries(store, 4)
        store.close()
    lines = list(store.audit_export())
    assert sum('"checkpoint"' in line for line in lines) == 3
    assert verify_export(lines, store.verifier).ok


async def test_entries_are_never_changed_or_deleted_through_sql(store: Store, practice: Any) -> None:
    await entries(store, 3)
    await store.checkpoint()
    for table, column in (("audit_leaf", "number"), ("audit_checkpoint", "size")):
        for act in (f"DELETE FROM {table}", f"UPDATE {table} SET {column} = {column} + 1000"):
            with pytest.raises(Exception, match="append-only"):
                practice.raw(act)


CHANGES = {
    "an entry changed": "UPDATE audit_leaf SET leaf = (SELECT leaf FROM audit_leaf WHERE number = 8) WHERE number = 7",
    "two entries swapped": "",
    "an entry gone": "DELETE FROM audit_leaf WHERE number = 7",
    "the first entry gone": "DELETE FROM audit_leaf WHERE number = 0",
    "the last entries gone": "DELETE FROM audit_leaf WHERE number >= 15",
    "all entries gone": "DELETE FROM audit_leaf",
    "another log's checkpoint": "UPDATE audit_checkpoint SET note = replace(note, '.example/audit', '.example/other')",
    "a signature cut": "UPDATE audit_checkpoint SET note = substr(note, 1, length(note) - 9) || char(10)",
    "a size changed": "UPDATE audit_checkpoint SET note = replace(note, char(10) || '20' || char(10), char(10) || '19' || char(10))",
    "no note": "UPDATE audit_checkpoint SET note = ''",
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
async def test_a_log_changed_behind_our_back_is_not_opened(change: str, practice: Any) -> None:
    store = practice.open()
    await entries(store, 20)
    store.close()
    practice.disarm()
    if not change:  # by way of a free number: a key is checked row by row
        for step in ("number = 99 WHERE number = 7", "number = 7 WHERE number = 8", "number = 8 WHERE number = 99"):
            practice.raw(f"UPDATE audit_leaf SET {step}")
    else:
        practice.raw(change)
    with pytest.raises(LogDamaged):
        practice.open()


async def test_a_database_of_other_keys_is_not_opened(practice: Any) -> None:
    store = practice.open()
    await entries(store, 3)
    store.close()
    practice.signing = Ed25519PrivateKey.generate()
    with pytest.raises(LogDamaged, match="other keys or another practice"):
        practice.open()


async def test_a_hole_made_while_we_run_stops_the_log(store: Store, practice: Any) -> None:
    await entries(store, 3)
    practice.raw("INSERT INTO audit_leaf (number, leaf) VALUES (9, x'7b7d')")
    results = await asyncio.gather(
        *(store.record(ANONYMOUS, "a", Ref("t", "x"), Outcome.DONE, "") for _ in range(3)), return_exceptions=True
    )
    assert all(isinstance(result, Exception) for result in results)


@pytest.mark.parametrize("act", ["DELETE FROM audit_leaf WHERE number = 2", "UPDATE audit_leaf SET leaf = x'7b7d' WHERE number = 2"])
async def test_a_tail_cut_or_changed_while_we_run_stops_the_log(act: str, store: Store, practice: Any) -> None:
    """Also what a server that fell back to an older state would show: entries we acknowledged are gone."""
    await entries(store, 3)
    practice.disarm()
    practice.raw(act)
    with pytest.raises(WriteRefused, match="entry 2 of the audit log"):
        await entries(store, 1)
    assert practice.raw("SELECT count(*) FROM audit_leaf WHERE number > 2") == [(0,)]
