"""Verification: every vector gets its fault, a checkpoint kept from an earlier day finds forks, and nothing makes it raise."""

import ast
import json
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auricle.audit import verify as module
from auricle.audit.verify import Fault, verify_export

VECTORS = Path(__file__).parents[2] / "vectors" / "audit"
WANTED: dict[str, str | None] = json.loads((VECTORS / "wanted.json").read_text())
KEY = (VECTORS / "key.txt").read_text()


def lines_of(name: str) -> list[str]:
    return (VECTORS / f"{name}.jsonl").read_text().splitlines()


def test_the_committed_vectors_are_what_the_script_builds(script: ModuleType) -> None:
    committed = {path.name: path.read_bytes() for path in VECTORS.iterdir() if path.suffix in {".jsonl", ".json", ".txt"}}
    assert committed == script.vectors()


@pytest.mark.parametrize("name", WANTED)
def test_each_vector_gets_its_fault(name: str) -> None:
    report = verify_export(lines_of(name))
    assert report.kind == (Fault(WANTED[name]) if WANTED[name] else None), report.fault
    assert report.ok == (WANTED[name] is None)
    assert report.text().startswith("verified:" if report.ok else "NOT VERIFIED:")


def test_every_fault_has_a_vector() -> None:
    assert {wanted for wanted in WANTED.values() if wanted} == {fault.value for fault in Fault} - {"bad-checkpoint", "not-a-proof"}


@pytest.mark.parametrize("name", ["ok", "ok-of-nothing", "ok-of-one"])
def test_a_good_export_under_the_key_you_have(name: str) -> None:
    report = verify_export(lines_of(name), KEY)
    assert (report.ok, report.trusted) == (True, True)
    assert "the key you gave" in report.text()
    assert "compare it" in verify_export(lines_of(name)).text()


def test_an_export_of_another_log_is_not_ours(script: ModuleType) -> None:
    """Somebody made a whole log under a key of their own: alone it is in order, under the key you hold it is not."""
    theirs = script.vkey(script.ORIGIN, script.OTHER_KEY.public_key())
    export = script.export(script.leaves(), script.note(script.leaves(), script.OTHER_KEY), {}, theirs)
    assert verify_export(export).ok
    assert verify_export(export, KEY).kind is Fault.NOT_SIGNED


def test_what_was_changed_is_named(script: ModuleType) -> None:
    assert "entry 6 was changed" in verify_export(lines_of("flipped-in-place")).fault
    assert "entries 4 to 7" in verify_export(lines_of("flipped-and-rehashed")).fault
    assert "entry 1 is missing" in verify_export(lines_of("dropped")).fault


@pytest.mark.parametrize("size", range(12))
def test_an_earlier_checkpoint_of_the_same_log_fits(size: int, script: ModuleType) -> None:
    assert verify_export(lines_of("ok"), KEY, script.note(script.leaves()[:size])).ok


@pytest.mark.parametrize("size", range(1, 12))
def test_a_log_written_anew_is_a_fork_from_the_checkpoint_you_kept(size: int, script: ModuleType) -> None:
    """The owner of the key rewrites history and signs it: only a checkpoint kept elsewhere shows it."""
    kept = script.note(script.leaves()[:size])
    rewritten = script.leaves()
    rewritten[0] = script.refused()
    report = verify_export(script.export(rewritten), KEY, kept)
    assert (report.kind, verify_export(script.export(rewritten), KEY).ok) == (Fault.FORKED, True)
    assert f"first {size} entries" in report.fault


def test_a_log_cut_back_and_signed_anew_is_found_by_a_newer_checkpoint(script: ModuleType) -> None:
    kept = script.note(script.leaves())
    report = verify_export(script.export(script.leaves(8)), KEY, kept)
    assert (report.kind, report.entries) == (Fault.CUT, 8)
    assert "covers 11" in report.fault


def test_a_forged_kept_checkpoint_is_refused(script: ModuleType) -> None:
    forged = script.note(script.leaves(), script.OTHER_KEY)
    assert verify_export(lines_of("ok"), KEY, forged).kind is Fault.NOT_SIGNED


@pytest.mark.parametrize("note", ["\n\n", "x\n1\nAAAA\n\n\u2014 x AAAA\n", None])
def test_a_checkpoint_that_is_none(note: str | None) -> None:
    lines = [*lines_of("ok")[:2], json.dumps({"checkpoint": note})]
    assert verify_export(lines).kind in {Fault.BAD_CHECKPOINT, Fault.NOT_SIGNED}


def test_a_signed_body_that_is_no_checkpoint(script: ModuleType) -> None:
    body = f"{script.ORIGIN}\nnumber\nroot\n"
    raw = bytes.fromhex(KEY.split("+")[1]) + script.KEY.sign(body.encode())
    note = f"{body}\n\u2014 {script.ORIGIN} {script.b64encode(raw).decode()}\n"
    assert verify_export([lines_of("ok")[0], json.dumps({"checkpoint": note})]).kind is Fault.BAD_CHECKPOINT


@given(st.data())
def test_no_single_change_goes_unseen(data: st.DataObject) -> None:
    """One character of a good export replaced: it is found, or it changed nothing that is read."""
    text = (VECTORS / "ok.jsonl").read_text()
    at = data.draw(st.integers(0, len(text) - 1))
    character = data.draw(st.characters())
    changed = text[:at] + character + text[at + 1 :]
    report = verify_export(changed.split("\n"), KEY)
    if report.ok:
        assert [json.loads(line) for line in changed.split("\n") if line.strip()][1:] == [json.loads(line) for line in lines_of("ok")][1:]


@given(st.lists(st.text(max_size=60), max_size=6), st.one_of(st.none(), st.text(max_size=60)), st.one_of(st.none(), st.text(max_size=60)))
def test_rubbish_gives_a_report(lines: list[str], key: str | None, kept: str | None) -> None:
    assert not verify_export(lines, key, kept).ok


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5), lambda x: st.lists(x, max_size=3), max_leaves=5)


@given(st.dictionaries(st.sampled_from(["index", "hash", "leaf", "checkpoint", "entries"]), JSON))
def test_any_json_in_place_of_a_line_gives_a_report(row: dict[str, object]) -> None:
    good = lines_of("ok")
    for at in (1, len(good) - 1):
        assert not verify_export([*good[:at], json.dumps(row), *good[at + 1 :]], KEY).ok


@given(st.dictionaries(st.sampled_from(["v", "outcome", "at", "sealed", "detail"]), JSON, min_size=1))
def test_any_json_in_an_entry_gives_a_report(script: ModuleType, fields: dict[str, object]) -> None:
    leaf = json.dumps(json.loads(script.leaves(1)[0]) | fields).encode()
    assert isinstance(verify_export(script.export([leaf]), KEY).ok, bool)


def test_what_was_exchanged_is_named() -> None:
    assert "entries 2 and 3 were reordered" in verify_export(lines_of("leaves-exchanged")).fault
    assert "entries 2 and 3 were reordered" in verify_export(lines_of("swapped-and-renumbered")).fault
    assert "entry 1 stands after entry 2" in verify_export(lines_of("swapped")).fault
    for name in ("sealed-details-swapped", "sealed-details-swapped-and-rehashed", "sealed-details-swapped-without-their-places"):
        assert "the sealed details of entries 2 and 3 were swapped" in verify_export(lines_of(name)).fault


def test_several_changed_entries_are_all_named() -> None:
    assert "entries 6, 9 were changed" in verify_export(lines_of("two-flipped-in-place")).fault


def test_a_clock_set_back_is_said_and_is_no_tampering() -> None:
    said, unsaid = (verify_export(lines_of(f"ok-with-the-clock-set-back{end}")) for end in ("", "-unsaid"))
    assert said.notes == ("the clock was set back by 3599 s before entry 4; an entry of the log says so",)
    assert unsaid.notes == ("the clock was set back by 3599 s before entry 4; no entry of the log says so",)
    assert "note: the clock was set back" in said.text()


def test_a_range_of_missing_entries_is_named() -> None:
    lines = lines_of("ok")
    assert "entries 3 to 5 are missing" in verify_export([*lines[:4], *lines[8:]]).fault


def test_bytes_and_text_and_line_ends_are_the_same(script: ModuleType) -> None:
    lines = lines_of("ok")
    assert verify_export([f"{line}\r\n".encode() for line in lines], KEY).ok
    assert verify_export((VECTORS / "ok.jsonl").read_bytes().splitlines(keepends=True), KEY).ok


@pytest.mark.parametrize("size", [255, 256, 257, 1023, 1024, 1025, 2500])
def test_blocks_and_checkpoints_may_lie_anyhow(size: int, script: ModuleType) -> None:
    """The tree is built in blocks: their edges and those of checkpoints must not matter."""
    leaves = script.leaves(size)
    marks = {at: script.note(leaves[:at]) for at in (1, 255, 256, 300, 1024, 1500) if at < size}
    assert verify_export(script.export(leaves, earlier=marks), KEY, [script.note(leaves[: size // 2]), script.note(leaves)]).ok


def test_an_entry_changed_and_rehashed_among_many_is_in_the_range_that_is_named(script: ModuleType) -> None:
    leaves = script.leaves(1300)
    marks = {at: script.note(leaves[:at]) for at in (1000, 1040, 1080)}
    changed = list(leaves)
    changed[1050] = script.refused()
    report = verify_export(script.export(changed, script.note(leaves), marks), KEY)
    assert report.kind is Fault.TAMPERED
    assert "entries 1040 to 1079" in report.fault


def test_a_line_spelt_in_another_way_is_read_by_the_rules(script: ModuleType) -> None:
    spaced = [json.dumps(json.loads(line)) for line in lines_of("ok")]
    assert spaced != lines_of("ok")
    assert verify_export(spaced, KEY).ok


def test_it_shares_no_code_with_the_writer() -> None:
    files = list(Path(module.__file__).parent.glob("*.py"))
    assert len(files) > 5
    for file in files:
        tree = ast.parse(file.read_text())
        imported = [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        imported += [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
        assert [name for name in imported if name and name.startswith("auricle") and not name.startswith("auricle.audit.verify")] == []
