"""`auricle audit …` on the files of a practice: what each command finds, and what it leaves in the log."""

import asyncio
import csv
import io
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from fhir.resources.R4B.auditevent import AuditEvent
from tests.fakes.web_ports import a_call
from tests.unit.app.test_audit_watch import NOON
from typer.testing import CliRunner

from auricle.app.cli import app
from auricle.app.demo.practice import make_demo_practice
from auricle.app.instance import Instance
from auricle.audit.leaf import entry_of

pytestmark = pytest.mark.real  # whole practices, with real passwords and keys: slow for a unit test

RUN = CliRunner()
NUMBER = "+12025550142"


def invoke(*arguments: str, code: int = 0) -> str:
    result = RUN.invoke(app, ["audit", *arguments], catch_exceptions=False)
    assert result.exit_code == code, result.output
    return result.output


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A practice with a few calls and entries, as its files lie on the disk."""
    made = make_demo_practice(tmp_path_factory.mktemp("practice"), 0)
    directory, path = made.directory, made.settings
    anchor = '[[audit.anchors]]\nkind = "file"\nname = "usb"\ndirectory = "kept"\n'
    path.write_text(path.read_text().replace("[numbers]", f"{anchor}\n[numbers]"))
    patch = pytest.MonkeyPatch()
    patch.setenv("AURICLE_PASSPHRASE", "")
    keys = RUN.invoke(app, ["keys", "create", "--settings", str(path)], catch_exceptions=False)
    assert keys.exit_code == 0, keys.output

    async def fill() -> str:
        instance = Instance(path, None)
        try:
            for number in range(3):
                await instance._store.add_call(a_call(number, NOON))
            await instance._store.checkpoint()
            await instance.audit.anchors.step(instance.audit.anchors._anchors[0])
            return instance.audit.key
        finally:
            await instance.stop()

    (directory / "key").write_text(asyncio.run(fill()))
    yield path
    patch.undo()


def actions(settings: Path) -> list[tuple[str, str]]:
    connection = sqlite3.connect(settings.parent / "data" / "auricle.db")
    found = [entry_of(leaf) for (leaf,) in connection.execute("SELECT leaf FROM audit_leaf ORDER BY number")]
    connection.close()
    return [(entry.action, entry.actor) for entry in found]


def test_an_export_verifies_with_the_key_and_a_kept_checkpoint(settings: Path, tmp_path: Path) -> None:
    file, key = tmp_path / "audit.jsonl", (settings.parent / "key").read_text()
    invoke("export", "-s", str(settings), "--out", str(file))
    assert ("audit.export", "cli") in actions(settings)
    kept = tmp_path / "kept.txt"
    kept.write_text(json.loads(file.read_text().splitlines()[-1])["checkpoint"])
    later = tmp_path / "later.jsonl"
    later.write_text(invoke("export", "-s", str(settings)))
    assert "verified:" in invoke("verify", str(later), "--key", key, "--checkpoint", str(kept))
    file.write_text(file.read_text().replace("call.record", "call.rekord", 1))
    assert "entry 0 was changed" in invoke("verify", str(file), "--key", key, code=1)


def test_a_file_that_is_there_is_not_overwritten(settings: Path, tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.write_text("mine")
    invoke("export", "-s", str(settings), "--out", str(there), code=1)
    assert there.read_text() == "mine"


def test_the_other_forms(settings: Path) -> None:
    fhir = invoke("export", "-s", str(settings), "--format", "fhir")
    assert all(AuditEvent.model_validate_json(line) for line in fhir.splitlines())
    rows = list(csv.DictReader(io.StringIO(invoke("export", "-s", str(settings), "--format", "csv"))))
    assert rows[0]["action"] == "call.record"
    assert invoke("export", "-s", str(settings), "--format", "cef").startswith("CEF:0|Auricle|")


def test_a_proof_verifies_alone(settings: Path, tmp_path: Path) -> None:
    file, key = tmp_path / "proof.json", (settings.parent / "key").read_text()
    invoke("prove", "1", "-s", str(settings), "--out", str(file))
    assert "entry 1 is in the log" in invoke("verify-proof", str(file), "--key", key)
    file.write_text(file.read_text().replace("c0000001", "c0000002"))
    assert "NOT VERIFIED" in invoke("verify-proof", str(file), "--key", key, code=1)
    assert "has no entry 99999" in invoke("prove", "99999", "-s", str(settings), code=1)


def test_fsck_finds_nothing_and_then_something(settings: Path) -> None:
    assert "verified:" in invoke("fsck", "-s", str(settings))
    connection = sqlite3.connect(settings.parent / "data" / "auricle.db", isolation_level=None)
    connection.execute("UPDATE audit_index SET actor = 'somebody' WHERE number = 0")
    assert "entry 0 has another actor" in invoke("fsck", "-s", str(settings), code=1)
    connection.execute("UPDATE audit_index SET actor = 'switchboard' WHERE number = 0")
    connection.close()
    assert "verified:" in invoke("fsck", "-s", str(settings))


def test_a_report_names_who_touched_the_records_of_a_number_and_the_log_does_not_name_the_number(settings: Path) -> None:
    number = a_call(1, NOON).caller.reveal("test")
    rows = list(csv.DictReader(io.StringIO(invoke("report", "-s", str(settings), "--number", number))))
    assert [(row["action"], row["record"]) for row in rows] == [("call.record", "call:c0000001")]
    assert json.loads(invoke("report", "-s", str(settings), "--number", number, "--format", "json"))[0]["actor"] == "switchboard"
    assert ("audit.report", "cli") in actions(settings)
    database = b"".join(path.read_bytes() for path in (settings.parent / "data").glob("auricle.db*"))
    assert number[-10:].encode() not in database


def test_where_checkpoints_are_kept(settings: Path) -> None:
    out = invoke("anchor-status", "-s", str(settings))
    assert out.startswith("usb ")
    assert "3 entries" in out
    (kept,) = (settings.parent / "kept").iterdir()
    file = settings.parent / "whole.jsonl"
    invoke("export", "-s", str(settings), "--out", str(file))
    assert "verified:" in invoke("verify", str(file), "--checkpoint", str(kept))
