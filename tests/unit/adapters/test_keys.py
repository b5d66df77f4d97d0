"""The key file: created once, opened by its passphrase only, and each kind of trouble with its own words."""

import importlib.util
import json
import os
import time
from pathlib import Path

import pytest
import structlog

from auricle.adapters.clock import SystemEntropy
from auricle.adapters.keys import FileKeys, Keys, KeysDamaged, KeysExist, KeysMissing, WeakPassphrase, WrongPassphrase
from auricle.kernel.errors import AuricleError
from auricle.vault.keyring import Purpose

PASSPHRASE = "correct horse battery staple"
VECTORS = Path(__file__).parents[2] / "vectors" / "vault" / "keyfile"


@pytest.fixture
def files(tmp_path: Path) -> FileKeys:
    return FileKeys(tmp_path / "keys", SystemEntropy())


def same(one: Keys, other: Keys) -> bool:
    rings = all(one.keyring.key(purpose, 1) == other.keyring.key(purpose, 1) for purpose in Purpose)
    return rings and one.signing.private_bytes_raw() == other.signing.private_bytes_raw()


def test_the_passphrase_opens_what_it_made(files: FileKeys) -> None:
    made = files.create(PASSPHRASE)
    opened = files.unlock(PASSPHRASE)
    assert same(made, opened)
    assert not opened.development


def test_a_wrong_passphrase_is_refused_at_once_and_clearly(files: FileKeys, tmp_path: Path) -> None:
    files.create(PASSPHRASE)
    before = (tmp_path / "keys" / "keys.json").read_bytes()
    start = time.monotonic()
    with pytest.raises(WrongPassphrase, match=r"The passphrase does not open the key file; nothing was changed\."):
        files.unlock("wrong horse battery staple")
    assert time.monotonic() - start < 5
    assert (tmp_path / "keys" / "keys.json").read_bytes() == before


def test_a_missing_passphrase_says_where_to_give_it(files: FileKeys) -> None:
    files.create(PASSPHRASE)
    with pytest.raises(WrongPassphrase, match="AURICLE_PASSPHRASE"):
        files.unlock(None)


@pytest.mark.parametrize("short", ["", "short", "elevenchars"])
def test_a_short_passphrase_makes_nothing(short: str, files: FileKeys) -> None:
    with pytest.raises(WeakPassphrase, match="12 characters"):
        files.create(short)
    assert not files.exist


def test_the_same_passphrase_in_another_unicode_form_opens(files: FileKeys) -> None:
    files.create("Zoe\u0308 hat zwei Katzen")
    assert not files.unlock("Zo\u00eb hat zwei Katzen").development


def test_a_development_key_is_marked_and_private(files: FileKeys, tmp_path: Path) -> None:
    made = files.create(None)
    assert made.development
    assert same(made, files.unlock(None))
    key = tmp_path / "keys" / "development.key"
    assert key.read_bytes().startswith(b"AURICLE DEVELOPMENT KEY")
    assert json.loads((tmp_path / "keys" / "keys.json").read_text())["kek"] == "development"
    for path in (key, tmp_path / "keys" / "keys.json"):
        assert path.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o700


def test_keys_are_never_overwritten(files: FileKeys) -> None:
    made = files.create(PASSPHRASE)
    with pytest.raises(KeysExist, match="never overwritten"):
        files.create(None)
    assert same(made, files.unlock(PASSPHRASE))


def test_two_that_create_at_once_do_not_overwrite(tmp_path: Path) -> None:
    first, second = FileKeys(tmp_path, SystemEntropy()), FileKeys(tmp_path, SystemEntropy())
    made: list[Keys] = []

    class Late(SystemEntropy):
        """The other process makes its keys between our look and our write."""

        def token(self, size: int) -> bytes:
            if not made:
                made.append(second.create(PASSPHRASE))
            return super().token(size)

    with pytest.raises(KeysExist):
        FileKeys(tmp_path, Late()).create(PASSPHRASE)
    assert same(made[0], first.unlock(PASSPHRASE))


def test_a_development_key_left_by_a_crash_is_used_again(files: FileKeys, tmp_path: Path) -> None:
    files.create(None)
    left = (tmp_path / "keys" / "development.key").read_bytes()
    (tmp_path / "keys" / "keys.json").unlink()
    made = files.create(None)
    assert (tmp_path / "keys" / "development.key").read_bytes() == left
    assert same(made, files.unlock(None))


def test_no_keys_say_how_to_make_them(files: FileKeys) -> None:
    with pytest.raises(KeysMissing, match="auricle keys create"):
        files.unlock(PASSPHRASE)


def test_a_lost_development_key_is_named(files: FileKeys, tmp_path: Path) -> None:
    files.create(None)
    (tmp_path / "keys" / "development.key").unlink()
    with pytest.raises(KeysMissing, match=r"development\.key"):
        files.unlock(None)


@pytest.mark.parametrize("content", [b"", b"AAAA\n", b"!!!"])
def test_a_damaged_development_key_is_named(content: bytes, files: FileKeys, tmp_path: Path) -> None:
    files.create(None)
    (tmp_path / "keys" / "development.key").write_bytes(content)
    with pytest.raises(KeysDamaged, match=r"development\.key"):
        files.unlock(None)


def test_a_development_key_of_other_keys_is_named(files: FileKeys, tmp_path: Path) -> None:
    files.create(None)
    FileKeys(tmp_path / "other", SystemEntropy()).create(None)
    (tmp_path / "other" / "development.key").replace(tmp_path / "keys" / "development.key")
    with pytest.raises(KeysDamaged, match="restore both from one copy"):
        files.unlock(None)


def vector(name: str, tmp_path: Path) -> FileKeys:
    (tmp_path / "keys.json").write_bytes((VECTORS / name).read_bytes())
    (tmp_path / "keys.json").chmod(0o600)
    return FileKeys(tmp_path, SystemEntropy())


def test_the_good_vector_opens(tmp_path: Path) -> None:
    spec = importlib.util.spec_from_file_location("vault_vectors", VECTORS.parent / "build.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    keys = vector("ok.json", tmp_path).unlock(PASSPHRASE)
    assert keys.keyring.key(Purpose.BLOB, 1) == script.ring().key(Purpose.BLOB, 1)


@pytest.mark.parametrize("name", sorted(path.name for path in VECTORS.glob("damaged-*.json")))
def test_a_damaged_file_is_not_called_a_wrong_passphrase(name: str, tmp_path: Path) -> None:
    with pytest.raises(KeysDamaged, match=r"keys\.json"):
        vector(name, tmp_path).unlock(PASSPHRASE)


def test_a_flipped_bit_anywhere_is_damage_even_with_the_right_passphrase(tmp_path: Path) -> None:
    data = (VECTORS / "ok.json").read_bytes()
    files = vector("ok.json", tmp_path)
    for at in range(0, len(data), 7):
        (tmp_path / "keys.json").write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        with pytest.raises(KeysDamaged):
            files.unlock(PASSPHRASE)


def test_changing_the_passphrase_keeps_the_keys(files: FileKeys) -> None:
    made = files.create(PASSPHRASE)
    files.change_passphrase(PASSPHRASE, "another horse battery")
    assert same(made, files.unlock("another horse battery"))
    with pytest.raises(WrongPassphrase):
        files.unlock(PASSPHRASE)


def test_a_passphrase_replaces_the_development_key(files: FileKeys, tmp_path: Path) -> None:
    made = files.create(None)
    files.change_passphrase(None, PASSPHRASE)
    assert sorted(path.name for path in (tmp_path / "keys").iterdir()) == ["keys.json"]
    assert same(made, files.unlock(PASSPHRASE))


@pytest.mark.parametrize("passphrase", [PASSPHRASE, None])
def test_rotation_is_kept(passphrase: str | None, files: FileKeys) -> None:
    made = files.create(passphrase)
    files.rotate(Purpose.BLOB, passphrase)
    opened = files.unlock(passphrase)
    assert opened.keyring.epoch(Purpose.BLOB) == 2
    assert same(made, opened)
    assert opened.development == (passphrase is None)


def test_files_open_to_others_are_warned_of(files: FileKeys, tmp_path: Path) -> None:
    files.create(None)
    (tmp_path / "keys" / "development.key").chmod(0o644)
    with structlog.testing.capture_logs() as logs:
        files.unlock(None)
    assert [(entry["event"], entry["file"]) for entry in logs] == [("key_file_readable_by_others", "development.key")]


def test_no_key_stands_in_clear_in_the_file(files: FileKeys, tmp_path: Path) -> None:
    made = files.create(PASSPHRASE)
    data = (tmp_path / "keys" / "keys.json").read_bytes()
    for secret in (made.signing.private_bytes_raw(), *(made.keyring.key(purpose, 1) for purpose in Purpose)):
        assert secret not in data
        assert secret.hex().encode() not in data


def test_nothing_half_written_is_left(files: FileKeys, tmp_path: Path) -> None:
    files.create(PASSPHRASE)
    files.rotate(Purpose.BLOB, PASSPHRASE)
    assert [path.name for path in (tmp_path / "keys").iterdir()] == ["keys.json"]


def test_a_directory_that_cannot_be_written_leaves_no_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = FileKeys(tmp_path / "keys", SystemEntropy())

    def full(descriptor: int, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises((OSError, AuricleError)):
        files.create(PASSPHRASE)
    assert list((tmp_path / "keys").iterdir()) == []
