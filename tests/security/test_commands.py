"""Every command that looks at a practice or changes it leaves its entry in the audit log, which afterwards still verifies."""

import asyncio
import json
import re
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from tests.security.conftest import PASSPHRASE, PATIENT, opened
from typer.testing import CliRunner

from auricle.app.cli import app
from auricle.app.doors import COMMANDS, Guard

pytestmark = pytest.mark.real

NEW_PASSWORD = "lighthouse gravel Tuesday spoon"
ARGUMENTS: dict[str, Sequence[str]] = {
    "user add": ["nurse.user", "--person", "nurse"],
    "user list": [],
    "user password": ["nurse.user"],
    "user reset-second-factor": ["nurse.user"],
    "user terminate": ["billing", "--reason", "left the practice"],
    "user restore": ["billing", "--reason", "came back again"],
    "access explain": ["nurse", "calls.list", "call"],
    "access grant": ["support", "calls.list", "--reason", "support ticket 12"],
    "access grants": [],
    "access revoke": ["<last id>"],
    "agreements set": ["sms", "--reference", "BAA 2026", "--signed-on", "2026-01-05"],
    "agreements list": [],
    "agreements end": ["sms"],
    "hold add": ["--name", "case 7", "--reason", "a letter of a lawyer", "--number", PATIENT],
    "hold list": [],
    "hold release": ["<last id>"],
    "retention show": [],
    "retention preview": ["voicemail=30"],
    "retention run": [],
    "audit anchor-status": [],
    "audit fsck": [],
    "audit prove": ["1"],
    "audit report": ["--number", PATIENT],
    "keys status": [],
    "keys rotate": [],
    "keys rewrap": [],
    "keys export-recovery": [],
    "keys passphrase": [],
    "database check": [],
    "database accept": ["account"],
    "database restored": [],
    "audit export": [],
}
"""In the order in which they are run. `serve`, `keys recover` and `database migrate` have tests of their own (tests/real: test_instance.py,
test_keys.py, store/test_settings.py)."""
ELSEWHERE = {"serve", "keys recover", "database migrate"}


def leaves(settings: Path) -> Iterator[dict[str, object]]:
    rows = sqlite3.connect(settings.parent / "data" / "auricle.db").execute("SELECT leaf FROM audit_leaf ORDER BY number").fetchall()
    return (json.loads(leaf) for (leaf,) in rows)


def test_every_command_with_an_entry_has_a_run_here() -> None:
    wanted = {name for name, door in COMMANDS.items() if door.guard is Guard.POSSESSION and door.entry}
    assert wanted == set(ARGUMENTS) | ELSEWHERE


def test_each_leaves_its_entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def prepare() -> Path:
        office = await opened(tmp_path / "practice")
        await office.instance.stop()
        return office.settings

    monkeypatch.setattr("auricle.app.cli.keep_memory_private", lambda: None)
    monkeypatch.setenv("AURICLE_PASSPHRASE", PASSPHRASE)
    monkeypatch.setenv("AURICLE_NEW_PASSPHRASE", PASSPHRASE)
    monkeypatch.setenv("AURICLE_NEW_PASSWORD", NEW_PASSWORD)
    settings = asyncio.run(prepare())
    runner, last_id = CliRunner(), ""
    for name, arguments in ARGUMENTS.items():
        before = sum(1 for _ in leaves(settings))
        given = [last_id if argument == "<last id>" else argument for argument in arguments]
        done = runner.invoke(app, [*name.split(), *given, "-s", str(settings)])
        assert done.exit_code == 0, f"{name}: {done.output}{done.stderr}"
        found = re.search(r"\b([gh][0-9a-f]{20})\b", done.output)
        last_id = found.group(1) if found else last_id
        added = list(leaves(settings))[before:]
        assert COMMANDS[name].entry in {entry["action"] for entry in added}, f"{name} left {[entry['action'] for entry in added]}"
        assert all(PATIENT not in json.dumps(entry) for entry in added)
    (tmp_path / "export").write_text(done.output)
    verified = runner.invoke(app, ["audit", "verify", str(tmp_path / "export")])
    assert verified.exit_code == 0, verified.output
