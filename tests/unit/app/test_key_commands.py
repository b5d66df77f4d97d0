"""`auricle keys …` on a practice that does not run: each command does what it says, is audited, and refuses in one line."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from auricle.adapters.clock import SystemEntropy
from auricle.adapters.keys import FileKeys, holders
from auricle.app.cli import app
from auricle.app.demo.practice import make_demo_practice
from auricle.vault.keyring import Purpose

pytestmark = pytest.mark.real  # whole practices, with real passwords and keys: slow for a unit test

PASSPHRASE, ANOTHER = "correct horse battery staple", "another horse battery"
VECTORS = Path(__file__).parents[2] / "vectors" / "vault" / "keyfile"
Auricle = Callable[..., Result]


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("TIME_COST", 1), ("MEMORY_KIB", 64), ("LANES", 1)):
        monkeypatch.setattr(holders, name, value)
    monkeypatch.delenv("AURICLE_PASSPHRASE_FILE", raising=False)


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    return make_demo_practice(tmp_path, 0).settings


@pytest.fixture
def auricle(settings: Path, monkeypatch: pytest.MonkeyPatch) -> Auricle:
    """`auricle("rotate", "blob", passphrase=…, new=…)` runs `auricle keys rotate blob` on the practice."""

    def run(command: str, *arguments: str, passphrase: str = PASSPHRASE, new: str = ANOTHER) -> Result:
        environment = {"AURICLE_PASSPHRASE": passphrase, "AURICLE_NEW_PASSPHRASE": new}
        return CliRunner().invoke(app, ["keys", command, "--settings", str(settings), *arguments], env=environment)

    return run


def files(settings: Path) -> FileKeys:
    return FileKeys(settings.parent / "data" / "keys", SystemEntropy())


def entries(settings: Path, passphrase: str = PASSPHRASE) -> list[tuple[str, str, str]]:
    """Action, thing and outcome of the entries about keys, by the command line's own export."""
    result = CliRunner().invoke(app, ["audit", "export", "--settings", str(settings)], env={"AURICLE_PASSPHRASE": passphrase})
    assert result.exit_code == 0, result.output
    lines = [json.loads(line) for line in result.stdout.splitlines() if line.startswith('{"index"')]
    leaves = [json.loads(line["leaf"]) for line in lines]
    return [(leaf["action"], leaf["ref"], leaf["outcome"]) for leaf in leaves if leaf["actor"] == "cli" and leaf["kind"] == "keys"]


def status(auricle: Auricle, **more: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(auricle("status", "--json", **more).stdout)
    return found


def test_create_then_status(auricle: Auricle, settings: Path) -> None:
    made = auricle("create")
    assert made.exit_code == 0, made.output
    assert "+" in made.stdout.splitlines()[-1]
    assert auricle("create").exit_code == 1
    shown = auricle("status")
    assert shown.exit_code == 0, shown.output
    assert re.search(r"holder +passphrase", shown.stdout)
    assert "recovery   none" in shown.stdout
    found = status(auricle)
    assert (found["provider"], found["locked"], found["state"]["state"], found["recovery"]) == ("passphrase", None, "up", None)
    assert [one["purpose"] for one in found["purposes"]] == [purpose.value for purpose in Purpose]
    for secret in (files(settings).unlock(PASSPHRASE).root.hex(), PASSPHRASE):
        assert secret not in shown.stdout


def test_status_of_a_locked_file_says_who_holds_it(auricle: Auricle) -> None:
    auricle("create")
    locked = auricle("status", passphrase="wrong horse battery staple")
    assert locked.exit_code == 1
    assert "locked     The passphrase does not open the key file" in locked.stdout
    assert "holder     passphrase" in locked.stdout


def test_rotation_of_one_purpose_and_of_all(auricle: Auricle, settings: Path) -> None:
    auricle("create")
    assert auricle("rotate", "blob").exit_code == 0
    assert auricle("rotate").exit_code == 0
    ring = files(settings).unlock(PASSPHRASE).keyring
    assert (ring.epoch(Purpose.BLOB), ring.epoch(Purpose.AUTH)) == (3, 2)
    wrong = auricle("rotate", "no-such")
    assert (wrong.exit_code, "call-record" in wrong.output) == (1, True)
    assert [entry for entry in entries(settings) if entry[0] == "keys.rotate"] == [
        ("keys.rotate", "blob", "allowed"),
        ("keys.rotate", "blob", "done"),
        ("keys.rotate", "*", "allowed"),
        ("keys.rotate", "*", "done"),
    ]


def test_a_new_passphrase(auricle: Auricle, settings: Path) -> None:
    auricle("create")
    assert auricle("passphrase", new="short").exit_code == 1
    assert auricle("passphrase").exit_code == 0
    assert auricle("status").exit_code == 1
    assert status(auricle, passphrase=ANOTHER)["locked"] is None
    assert ("keys.passphrase", "file", "done") in entries(settings, ANOTHER)


def test_recovery_by_shares(auricle: Auricle, settings: Path, tmp_path: Path) -> None:
    auricle("create")
    root = files(settings).unlock(PASSPHRASE).root
    printed = auricle("export-recovery", "--shares", "3", "--needed", "2")
    assert printed.exit_code == 0, printed.output
    shares = re.findall(r"share \d of 3\n(.+)\n", printed.stdout + "\n")
    assert [len(share.split()) for share in shares] == [33, 33, 33]
    found = status(auricle)
    assert (found["recovery"]["shares"], found["recovery"]["needed"]) == (3, 2)
    assert "2 of 3 shares" in auricle("status").stdout
    for number, share in enumerate(shares):
        (tmp_path / f"share{number}").write_text(share)
    few = auricle("recover", "--share", str(tmp_path / "share0"), passphrase="forgotten")
    assert (few.exit_code, "fewer" in few.output) == (1, True)
    both = ("--share", str(tmp_path / "share2"), "--share", str(tmp_path / "share0"))
    done = auricle("recover", *both, passphrase=ANOTHER)
    assert done.exit_code == 0, done.output
    assert files(settings).unlock(ANOTHER).root == root
    noted = entries(settings, ANOTHER)
    assert ("keys.export-recovery", "file", "done") in noted
    assert ("keys.recover", "file", "done") in noted
    assert auricle("export-recovery", "--shares", "1", "--needed", "3", passphrase=ANOTHER).exit_code == 1


def test_rewrapping_and_a_new_root_key(auricle: Auricle, settings: Path) -> None:
    auricle("create")
    before = files(settings).unlock(PASSPHRASE)
    assert auricle("rewrap").exit_code == 0
    assert files(settings).unlock(PASSPHRASE).root == before.root
    auricle("export-recovery")
    assert auricle("rewrap", "--new-root").exit_code == 0
    after = files(settings).unlock(PASSPHRASE)
    assert after.root != before.root
    assert after.keyring.key(Purpose.BLOB, 1) == before.keyring.key(Purpose.BLOB, 1)
    assert status(auricle)["recovery"] is None
    assert [entry[0] for entry in entries(settings) if entry[2] == "done"].count("keys.rewrap") == 2


def test_an_older_copy_is_refused_and_can_be_accepted_by_name(auricle: Auricle, settings: Path, tmp_path: Path) -> None:
    auricle("create")
    auricle("rotate", "auth")
    file = settings.parent / "data" / "keys" / "keys.json"
    shutil.copy(file, tmp_path / "older.json")
    auricle("rotate", "auth")
    shutil.copy(tmp_path / "older.json", file)
    refused = auricle("rotate", "auth")
    assert (refused.exit_code, "older copy" in refused.output, "--accept-older" in refused.output) == (1, True, True)
    assert auricle("rewrap", "--accept-older").exit_code == 0
    assert auricle("status").exit_code == 0
    assert files(settings).unlock(PASSPHRASE).keyring.epoch(Purpose.AUTH) == 2


def test_a_file_of_version_1_is_upgraded_by_the_first_command(auricle: Auricle, settings: Path) -> None:
    file = settings.parent / "data" / "keys" / "keys.json"
    file.parent.mkdir(parents=True)
    shutil.copy(VECTORS / "v1-ok.json", file)
    assert auricle("status").exit_code == 0
    assert json.loads(file.read_text())["format"] == "auricle-keys/2"
    assert auricle("rotate", "blob").exit_code == 0


def test_a_provider_whose_settings_lack_something_is_one_line(auricle: Auricle, settings: Path) -> None:
    settings.write_text(settings.read_text() + '\n[keys]\nprovider = "vault"\nkey = "auricle"\n')
    result = auricle("create")
    assert (result.exit_code, "`endpoint`" in result.output) == (1, True)
