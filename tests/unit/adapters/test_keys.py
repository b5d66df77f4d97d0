"""The key file: created once, opened by its passphrase only, and each kind of trouble with its own words."""

import importlib.util
import itertools
import json
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st

from auricle.adapters.clock import SystemEntropy
from auricle.adapters.keys import (
    FileKeys,
    Keys,
    KeysDamaged,
    KeysExist,
    KeysMissing,
    KeysReplayed,
    WeakPassphrase,
    WrongHolder,
    WrongPassphrase,
    WrongShares,
    holders,
)
from auricle.adapters.keys.recovery import combine, split
from auricle.kernel.errors import AuricleError
from auricle.vault.keyring import Keyring, Purpose

PASSPHRASE = "correct horse battery staple"
VECTORS = Path(__file__).parents[2] / "vectors" / "vault" / "keyfile"


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Costs that make nobody wait, but for the one test that asks for those of the product."""
    if "of_the_product" not in request.fixturenames:
        monkeypatch.setattr(holders, "TIME_COST", 1)
        monkeypatch.setattr(holders, "MEMORY_KIB", 64)
        monkeypatch.setattr(holders, "LANES", 1)


@pytest.fixture
def of_the_product() -> None:
    """Argon2id as in a practice."""


@pytest.fixture
def files(tmp_path: Path) -> FileKeys:
    return FileKeys(tmp_path / "keys", SystemEntropy())


def names(tmp_path: Path) -> list[str]:
    """What is in the directory of keys, but for the lock."""
    return sorted(path.name for path in (tmp_path / "keys").iterdir() if path.name != ".lock")


def same(one: Keys, other: Keys) -> bool:
    rings = all(one.keyring.key(purpose, 1) == other.keyring.key(purpose, 1) for purpose in Purpose)
    return rings and one.signing.private_bytes_raw() == other.signing.private_bytes_raw()


def test_the_passphrase_opens_what_it_made(files: FileKeys) -> None:
    made = files.create(PASSPHRASE)
    opened = files.unlock(PASSPHRASE)
    assert same(made, opened)
    assert not opened.development
    assert opened.opened_by == "passphrase"


def test_a_wrong_passphrase_is_refused_at_once_and_clearly(files: FileKeys, tmp_path: Path, of_the_product: None) -> None:
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
    assert [holder["kind"] for holder in json.loads((tmp_path / "keys" / "keys.json").read_text())["holders"]] == ["development"]
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


@pytest.mark.parametrize("name", sorted(path.name for path in VECTORS.glob("*damaged-*.json")))
def test_a_damaged_file_is_not_called_a_wrong_passphrase(name: str, tmp_path: Path) -> None:
    with pytest.raises(KeysDamaged):
        vector(name, tmp_path).unlock(PASSPHRASE)


def test_a_holder_under_another_name_is_another_holder(tmp_path: Path) -> None:
    with pytest.raises(WrongPassphrase):
        vector("refused-holder-renamed.json", tmp_path).unlock(PASSPHRASE)


@pytest.mark.parametrize("name", ["ok.json", "v1-ok.json"])
def test_a_flipped_bit_anywhere_is_damage_even_with_the_right_passphrase(name: str, tmp_path: Path) -> None:
    data = (VECTORS / name).read_bytes()
    files = vector(name, tmp_path)
    for at in range(0, len(data), 7):
        (tmp_path / "keys.json").write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        with pytest.raises(KeysDamaged):
            files.unlock(PASSPHRASE)


def test_a_file_of_version_1_opens_and_is_upgraded_when_it_may_be_written(tmp_path: Path) -> None:
    files = vector("v1-ok.json", tmp_path)
    before = (tmp_path / "keys.json").read_bytes()
    read = files.unlock(PASSPHRASE)
    assert (read.generation, read.root) == (0, b"")
    assert (tmp_path / "keys.json").read_bytes() == before
    with pytest.raises(WrongPassphrase):
        files.unlock("wrong horse battery staple", upgrade=True)
    assert (tmp_path / "keys.json").read_bytes() == before
    written = files.unlock(PASSPHRASE, upgrade=True)
    assert json.loads((tmp_path / "keys.json").read_text())["format"] == "auricle-keys/2"
    again = files.unlock(PASSPHRASE, upgrade=True)
    assert same(read, written)
    assert same(read, again)
    assert (again.generation, len(again.root)) == (1, 32)
    with pytest.raises(WrongPassphrase):
        files.unlock("wrong horse battery staple")


@pytest.mark.parametrize("act", ["rotate", "passphrase"])
def test_any_write_upgrades_a_file_of_version_1(act: str, tmp_path: Path) -> None:
    files = vector("v1-ok.json", tmp_path)
    read = files.unlock(PASSPHRASE)
    if act == "rotate":
        files.rotate(Purpose.AUTH, PASSPHRASE)
        assert files.unlock(PASSPHRASE).keyring.epoch(Purpose.AUTH) == 2
    else:
        files.change_passphrase(PASSPHRASE, "another horse battery")
    assert same(read, files.unlock(PASSPHRASE if act == "rotate" else "another horse battery"))


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = vector("v1-ok.json", tmp_path)
    before = (tmp_path / "keys.json").read_bytes()

    def full(descriptor: int, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="No space"):
        files.unlock(PASSPHRASE, upgrade=True)
    monkeypatch.undo()
    assert (tmp_path / "keys.json").read_bytes() == before
    assert files.unlock(PASSPHRASE)


def test_a_ring_that_lacks_a_purpose_gets_it_when_opened_for_writing(files: FileKeys) -> None:
    keys = files.create(PASSPHRASE)

    def of_an_earlier_program(ring: Keyring) -> None:
        ring.adopt(Keyring({purpose: ring.epochs(purpose) for purpose in Purpose if purpose is not Purpose.AUTH}))

    files.change(keys.root, of_an_earlier_program)
    assert files.unlock(PASSPHRASE).keyring.lacking() == {Purpose.AUTH}
    files.unlock(PASSPHRASE, upgrade=True)
    assert files.unlock(PASSPHRASE).keyring.epoch(Purpose.AUTH) == 1


# ---- changes beside each other ---------------------------------------------------------------------------


def test_changes_of_two_processes_are_both_kept(files: FileKeys, tmp_path: Path) -> None:
    keys = files.create(PASSPHRASE)
    other = FileKeys(tmp_path / "keys", SystemEntropy())
    with ThreadPoolExecutor(4) as pool:
        purposes = [Purpose.BLOB, Purpose.AUTH] * 6
        list(pool.map(lambda each: (files if each is Purpose.AUTH else other).change(keys.root, rotating(each)), purposes))
    found = files.reread(keys.root)
    assert (found.keyring.epoch(Purpose.BLOB), found.keyring.epoch(Purpose.AUTH)) == (7, 7)
    assert found.generation == 13


def rotating(purpose: Purpose) -> Callable[[Keyring], None]:
    def change(ring: Keyring) -> None:
        ring.rotate(purpose, SystemEntropy())

    return change


def test_an_older_copy_is_told_from_the_newest(files: FileKeys, tmp_path: Path) -> None:
    keys = files.create(PASSPHRASE)
    older = (tmp_path / "keys" / "keys.json").read_bytes()
    newer = files.change(keys.root, rotating(Purpose.BLOB))
    (tmp_path / "keys" / "keys.json").write_bytes(older)
    with pytest.raises(KeysReplayed, match="generation 1"):
        files.reread(keys.root, newer.generation)
    with pytest.raises(KeysReplayed):
        files.change(keys.root, rotating(Purpose.AUTH), newer.generation)
    assert (tmp_path / "keys" / "keys.json").read_bytes() == older
    lifted = files.rewrap(PASSPHRASE, accept_older=newer.generation)
    assert files.reread(keys.root, newer.generation).generation == lifted.generation == newer.generation + 1


def test_the_root_key_reads_on_after_a_new_passphrase(files: FileKeys) -> None:
    keys = files.create(PASSPHRASE)
    files.change_passphrase(PASSPHRASE, "another horse battery")
    assert same(keys, files.reread(keys.root))


def test_a_new_root_key_needs_the_passphrase_again(files: FileKeys) -> None:
    keys = files.create(PASSPHRASE)
    files.export_recovery(keys.root, 3, 2)
    files.rewrap(PASSPHRASE, fresh_root=True)
    with pytest.raises(WrongHolder, match="restart"):
        files.reread(keys.root)
    assert [holder.kind for holder in files.holders()] == ["passphrase"]
    assert same(keys, files.unlock(PASSPHRASE))


def test_rewrapping_a_passphrase_stretches_it_anew(files: FileKeys) -> None:
    keys = files.create(PASSPHRASE)
    before = files.holders()[0].facts["argon2id"]["salt"]
    files.rewrap(PASSPHRASE)
    assert files.holders()[0].facts["argon2id"]["salt"] != before
    assert same(keys, files.unlock(PASSPHRASE))


# ---- recovery --------------------------------------------------------------------------------------------


def test_enough_shares_open_and_set_a_new_passphrase(files: FileKeys) -> None:
    keys = files.create(PASSPHRASE)
    one, two, three = files.export_recovery(keys.root, 3, 2)
    assert len({one, two, three}) == 3
    for typed in ([three, one], [one, two, three], [f"  {two.upper()} ", one]):
        files.recover(typed, "a new passphrase 1")
        assert same(keys, files.unlock("a new passphrase 1"))
        with pytest.raises(WrongPassphrase):
            files.unlock(PASSPHRASE)


def test_shares_that_do_not_open_change_nothing(files: FileKeys, tmp_path: Path) -> None:
    keys = files.create(PASSPHRASE)
    with pytest.raises(WrongShares, match="none was exported"):
        files.recover(["a", "b"], "a new passphrase 1")
    old = files.export_recovery(keys.root, 3, 2)
    new = files.export_recovery(keys.root, 3, 2)
    before = (tmp_path / "keys" / "keys.json").read_bytes()
    misspelt = " ".join(["academic", *new[0].split()[1:]])
    for typed, words in (
        (old[:2], "newest export"),
        ([old[0], new[1]], "belong together"),
        (new[:1], "fewer"),
        ([], "fewer|belong"),
        ([new[0], new[0]], "twice"),
        ([misspelt, new[1]], "misspelt|belong"),
        ([new[0] + " extra", new[1]], "misspelt"),
        ([new[0].replace(new[0].split()[9], "wrongword"), new[1]], "misspelt"),
    ):
        with pytest.raises(WrongShares, match=words) as caught:
            files.recover(typed, "a new passphrase 1")
        words_of = new[0].split()  # two in a row: single words of the list are ordinary ones that our own texts have too
        assert not any(f"{one} {two}" in str(caught.value) for one, two in itertools.pairwise(words_of))
    with pytest.raises(WeakPassphrase):
        files.recover(new[:2], "short")
    assert (tmp_path / "keys" / "keys.json").read_bytes() == before


@pytest.mark.parametrize(("shares", "needed"), [(0, 0), (2, 3), (17, 2), (3, 1), (3, 0)])
def test_numbers_of_shares_that_make_no_sense_are_refused(shares: int, needed: int, files: FileKeys) -> None:
    keys = files.create(PASSPHRASE)
    with pytest.raises(WrongShares, match="nothing was made"):
        files.export_recovery(keys.root, shares, needed)
    assert [holder.kind for holder in files.holders()] == ["passphrase"]


@settings(max_examples=15, deadline=None)
@given(st.binary(min_size=32, max_size=32), st.data())
def test_any_needed_shares_give_the_secret_and_fewer_do_not(secret: bytes, data: st.DataObject) -> None:
    needed = data.draw(st.integers(2, 5))
    shares = split(secret, data.draw(st.integers(needed, 6)), needed)
    some = data.draw(st.permutations(shares))
    assert combine(some[:needed]) == secret
    with pytest.raises(WrongShares):
        combine(some[: needed - 1])


def test_changing_the_passphrase_keeps_the_keys(files: FileKeys) -> None:
    made = files.create(PASSPHRASE)
    files.change_passphrase(PASSPHRASE, "another horse battery")
    assert same(made, files.unlock("another horse battery"))
    with pytest.raises(WrongPassphrase):
        files.unlock(PASSPHRASE)


def test_a_passphrase_replaces_the_development_key(files: FileKeys, tmp_path: Path) -> None:
    made = files.create(None)
    files.change_passphrase(None, PASSPHRASE)
    assert names(tmp_path) == ["keys.json"]
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
    assert names(tmp_path) == ["keys.json"]


def test_a_directory_that_cannot_be_written_leaves_no_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = FileKeys(tmp_path / "keys", SystemEntropy())

    def full(descriptor: int, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises((OSError, AuricleError)):
        files.create(PASSPHRASE)
    assert list((tmp_path / "keys").iterdir()) == []
