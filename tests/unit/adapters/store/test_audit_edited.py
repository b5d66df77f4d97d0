"""The database edited by hand, its triggers dropped: an export says which entry and what was done, fsck too, and the next start refuses."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from auricle.adapters.store import LogDamaged, Store
from auricle.audit.checkpoint import Checkpoint, sign
from auricle.audit.tree import leaf_hash, root_of
from auricle.audit.verify import Fault, Report, verify_export
from auricle.kernel.actor import Actor, ActorKind
from auricle.vault.gate import Outcome, Ref

NURSE = Actor(ActorKind.PERSON, "p-nurse", session_id="s1", address="192.0.2.9")
COUNT = 12


@pytest.fixture(params=["sqlite"])
def backend(request: pytest.FixtureRequest) -> str:
    """What is under test are exports and the check, which are the same for PostgreSQL; `test_ledger` edits that too."""
    return str(request.param)


@pytest.fixture
async def filled(practice: Any) -> Store:
    """Twelve entries, signed after each fourth; two of them with sealed details. The triggers are gone."""
    store: Store = practice.open()
    for number in range(COUNT):
        private = f"secret {number}" if number in {5, 6} else ""
        await store.record(NURSE, "voicemail.play", Ref("voicemail", f"v{number}"), Outcome.ALLOWED, "console", private=private)
        practice.clock.pass_s(1)
        if number % 4 == 3:
            await store.checkpoint()
    practice.disarm()
    return store


def verified(store: Store, *known: str) -> Report:
    return verify_export(store.audit_export(), store.verifier, known)


def leaf(practice: Any, number: int) -> bytes:
    return bytes(practice.raw("SELECT leaf FROM audit_leaf WHERE number = ?", number)[0][0])


def put(practice: Any, number: int, data: bytes, *, hashed: bool = False) -> None:
    practice.raw("UPDATE audit_leaf SET leaf = ? WHERE number = ?", data, number)
    if hashed:
        practice.raw("UPDATE audit_index SET hash = ? WHERE number = ?", leaf_hash(data), number)


def changed(practice: Any, number: int, **fields: str) -> bytes:
    return json.dumps(json.loads(leaf(practice, number)) | fields, sort_keys=True, separators=(",", ":")).encode()


def row_changed(practice: Any) -> None:
    put(practice, 6, changed(practice, 6, outcome="refused"))


def row_changed_and_rehashed(practice: Any) -> None:
    put(practice, 6, changed(practice, 6, outcome="refused"), hashed=True)


def row_removed(practice: Any) -> None:
    practice.raw("DELETE FROM audit_leaf WHERE number = 6")


def rows_removed_and_renumbered(practice: Any) -> None:
    for table in ("audit_leaf", "audit_index"):
        practice.raw(f"DELETE FROM {table} WHERE number = 6")
        for number in range(7, COUNT):
            practice.raw(f"UPDATE {table} SET number = ? WHERE number = ?", number - 1, number)


def leaves_exchanged(practice: Any) -> None:
    two, three = leaf(practice, 2), leaf(practice, 3)
    put(practice, 2, three)
    put(practice, 3, two)


def rows_exchanged(practice: Any) -> None:
    two, three = leaf(practice, 2), leaf(practice, 3)
    put(practice, 2, three, hashed=True)
    put(practice, 3, two, hashed=True)


def details_swapped(practice: Any) -> None:
    five, six = json.loads(leaf(practice, 5)), json.loads(leaf(practice, 6))
    put(practice, 5, changed(practice, 5, sealed=six["sealed"], place=six["place"]), hashed=True)
    put(practice, 6, changed(practice, 6, sealed=five["sealed"], place=five["place"]), hashed=True)


def tail_cut(practice: Any) -> None:
    practice.raw("DELETE FROM audit_leaf WHERE number >= 10")


def checkpoint_forged(practice: Any) -> None:
    data = changed(practice, 6, outcome="refused")
    put(practice, 6, data, hashed=True)
    hashes = [leaf_hash(leaf(practice, number)) for number in range(COUNT)]
    for size in (8, 12):
        note = sign(Checkpoint(practice.origin, size, root_of(hashes[:size])), Ed25519PrivateKey.generate())
        practice.raw("UPDATE audit_checkpoint SET note = ? WHERE size = ?", note, size)


EDITS: list[tuple[Callable[[Any], None], Fault, str]] = [
    (row_changed, Fault.CHANGED, "entry 6 was changed"),
    (row_changed_and_rehashed, Fault.TAMPERED, "entries 4 to 7"),
    (row_removed, Fault.MISSING, "entry 6 is missing"),
    (rows_removed_and_renumbered, Fault.CUT, "covers 12 entries where the export has 11"),
    (leaves_exchanged, Fault.REORDERED, "entries 2 and 3 were reordered"),
    (rows_exchanged, Fault.REORDERED, "entries 2 and 3 were reordered"),
    (details_swapped, Fault.SWAPPED, "the sealed details of entries 5 and 6 were swapped"),
    (tail_cut, Fault.CUT, "covers 12 entries where the export has 10"),
    (checkpoint_forged, Fault.NOT_SIGNED, "not signed by this key"),
]


@pytest.mark.parametrize(("edit", "kind", "words"), EDITS, ids=[edit.__name__ for edit, _, _ in EDITS])
async def test_an_export_says_what_was_done_and_the_next_start_refuses(
    edit: Callable[[Any], None], kind: Fault, words: str, filled: Store, practice: Any
) -> None:
    assert verified(filled).ok
    edit(practice)
    report = verified(filled)
    if edit is rows_removed_and_renumbered:
        assert report.kind in {Fault.CUT, Fault.TAMPERED}, report.fault
    else:
        assert (report.kind, words in report.fault) == (kind, True), report.fault
    filled._writer.close()
    with pytest.raises(LogDamaged):
        practice.open()


async def test_a_tail_cut_together_with_its_checkpoints_is_found_by_a_kept_one(filled: Store, practice: Any) -> None:
    """Nothing inside shows it: that is what anchors are for."""
    kept = await filled.latest_checkpoint()
    assert kept is not None
    practice.raw("DELETE FROM audit_leaf WHERE number >= 8")
    practice.raw("DELETE FROM audit_checkpoint WHERE size > 8")
    assert verified(filled).ok
    report = verified(filled, kept)
    assert (report.kind, "ends at 8 entries" in report.fault) == (Fault.CUT, True)


async def test_a_history_written_anew_with_the_key_is_a_fork_from_a_kept_checkpoint(filled: Store, practice: Any) -> None:
    kept = await filled.latest_checkpoint()
    assert kept is not None
    put(practice, 6, changed(practice, 6, outcome="refused"), hashed=True)
    hashes = [leaf_hash(leaf(practice, number)) for number in range(COUNT)]
    for size in (8, 12):
        practice.raw(
            "UPDATE audit_checkpoint SET note = ? WHERE size = ?",
            sign(Checkpoint(practice.origin, size, root_of(hashes[:size])), practice.signing),
            size,
        )
    assert verified(filled).ok
    assert verified(filled, kept).kind is Fault.FORKED


# ---- fsck ----------------------------------------------------------------------------------------------


async def findings(store: Store, look: Any) -> list[tuple[int, str]]:
    async def check(grant: Any) -> list[tuple[int, str]]:
        return [(finding.number, finding.text) for finding in store.audit_check(grant)]

    found: list[tuple[int, str]] = await look("audit", "*", check)
    return found


async def test_a_sound_log_has_no_findings(filled: Store, look: Any) -> None:
    await filled.record(NURSE, "calls.list", Ref("call", "*"), Outcome.DONE, "", touched=("call:c1", "call:c2"))
    assert await findings(filled, look) == []


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        ("UPDATE audit_index SET actor = 'somebody' WHERE number = 3", [(3, "has another actor in its columns than in itself")]),
        ("UPDATE audit_index SET at = at - 60 WHERE number = 3", [(3, "has another at in its columns than in itself")]),
        ("UPDATE audit_index SET outcome = 'refused' WHERE number = 3", [(3, "has another outcome in its columns than in itself")]),
        ("DELETE FROM audit_index WHERE number = 3", [(3, "has no columns for searching")]),
        (
            "INSERT INTO audit_touched (record, number) VALUES ('call:c9', 3)",
            [(3, "names other records than the table of touched records")],
        ),
        ("INSERT INTO audit_touched (record, number) VALUES ('call:c9', 999)", [(999, "is missing, but records name it")]),
        ("DELETE FROM audit_leaf WHERE number = 3", [(3, "is missing")]),
    ],
)
async def test_what_does_not_agree_is_named(sql: str, found: list[tuple[int, str]], filled: Store, practice: Any, look: Any) -> None:
    practice.raw(sql)
    assert await findings(filled, look) == found


async def test_details_that_do_not_open_are_named(filled: Store, practice: Any, look: Any) -> None:
    six = json.loads(leaf(practice, 6))
    put(practice, 5, changed(practice, 5, sealed=six["sealed"]), hashed=True)
    assert await findings(filled, look) == [(5, "has a private detail that does not open (Corrupt)")]


async def test_a_leaf_changed_is_named(filled: Store, practice: Any, look: Any) -> None:
    put(practice, 7, b"{}")
    row_changed(practice)
    assert await findings(filled, look) == [
        (6, "was changed: it does not fit the hash it was written with"),
        (6, "has another outcome in its columns than in itself"),
        (7, "is no entry"),
    ]
