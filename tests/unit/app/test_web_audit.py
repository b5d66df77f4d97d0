"""The audit pages over a real store: proofs that verify, private details, exports in pieces, a patient's report, a spoilt leaf."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.web_ports import a_call
from tests.unit.app.test_audit_watch import NOON, NOOR, OFFICER, PRACTICE, World

from auricle.adapters.store import LogDamaged
from auricle.app.audit_anchors import AnchorWatch
from auricle.app.board import Board
from auricle.app.web_audit import WebAudit
from auricle.audit.formats import Format
from auricle.audit.search import AuditQuery
from auricle.audit.tree import leaf_hash, verify_inclusion
from auricle.audit.verify import verify_export
from auricle.kernel.e164 import NotANumber
from auricle.vault.gate import Outcome, Ref
from auricle.web.ports import NotFound


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.store.close()


@pytest.fixture
def audit(world: World) -> WebAudit:
    return WebAudit(world.store, world.gate, PRACTICE, AnchorWatch(world.store, [], Board(), world.clock, every_s=1, alarm_s=1))


async def look(world: World, number: int, **said: Any) -> int:
    return await world.store.record(NOOR, "voicemail.play", Ref("voicemail", f"v{number}"), Outcome.ALLOWED, "console", **said)


async def test_every_entry_proves_itself(world: World, audit: WebAudit) -> None:
    for number in range(9):
        await look(world, number)
    for number in (0, 4, 8, 9):  # the ninth is the look at the fourth
        proof = (await audit.entry(OFFICER, number, private=False)).proof
        from auricle.audit.checkpoint import verify

        signed = verify(proof.checkpoint, proof.key)
        assert verify_inclusion(leaf_hash(proof.leaf.encode()), number, signed.size, proof.path, signed.root)
    with pytest.raises(NotFound):
        await audit.entry(OFFICER, 10**6, private=False)


async def test_a_private_detail_is_opened_when_asked_for_and_that_is_an_entry(world: World, audit: WebAudit) -> None:
    number = await look(world, 1, private="searched for Maria Alvarez")
    assert (await audit.entry(OFFICER, number, private=False)).private is None
    assert (await audit.entry(OFFICER, number, private=True)).private == "searched for Maria Alvarez"
    lines = await audit.page(OFFICER, AuditQuery(action="audit.private"))
    assert [(line.entry.actor, line.entry.ref) for line in lines] == [("pat-officer", str(number))]


async def test_an_export_in_pieces(world: World, audit: WebAudit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("auricle.app.web_audit.PIECE_BYTES", 100)
    for number in range(20):
        await look(world, number)
    for form in Format:
        pieces = [piece async for piece in await audit.export(OFFICER, form)]
        assert len(pieces) > 5
        if form is Format.JSONL:
            assert verify_export(b"".join(pieces).splitlines(), world.store.verifier).entries == 21


async def test_a_patients_report_names_whoever_touched_a_record(world: World, audit: WebAudit) -> None:
    await world.store.add_call(a_call(1, NOON))
    await world.gate.open(NOOR, "calls.list", Ref("call", "*"), "console", world.store.calls_page)
    number = a_call(1, NOON).caller.reveal("test")
    looks = await audit.patient_report(OFFICER, number)
    assert [(one.actor, one.action, one.record) for one in looks] == [
        ("switchboard", "call.record", "call:c0000001"),
        ("noor-haddad", "calls.list", "call:c0000001"),
    ]
    assert list(await audit.patient_report(OFFICER, "+12025550199")) == []
    with pytest.raises(NotANumber):
        await audit.patient_report(OFFICER, "911")
    database = b"".join(path.read_bytes() for path in world.path.parent.iterdir())
    assert number[-10:].encode() not in database


async def test_a_spoilt_leaf_spoils_no_page(world: World, audit: WebAudit) -> None:
    for number in range(3):
        await look(world, number)
    connection = sqlite3.connect(world.path, isolation_level=None)
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name LIKE 'audit%'").fetchall():
        connection.execute(f"DROP TRIGGER {name}")
    connection.execute("UPDATE audit_leaf SET leaf = x'00' WHERE number = 1")
    connection.close()
    lines = await audit.page(OFFICER, AuditQuery(actor="noor-haddad"))
    assert [line.number for line in lines] == [2, 0]
    with pytest.raises(LogDamaged):
        await audit.entry(OFFICER, 1, private=False)


async def test_checkpoints_have_times_and_the_names_of_witnesses(world: World, audit: WebAudit) -> None:
    from auricle.adapters.store.anchors import Anchored

    await look(world, 1)
    await world.store.checkpoint()
    await world.store.put_anchored(Anchored("w1", 1, NOON), "witness.example/w1", "\u2014 witness.example/w1 AAAA\n")
    found = await audit.checkpoints(OFFICER)
    assert [(one.size, one.at, one.witnesses) for one in found.checkpoints] == [(1, NOON, ["witness.example/w1"])]
    assert (found.key, found.anchors) == (world.store.verifier, [])
