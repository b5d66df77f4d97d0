"""Proof files: made from the tree, verified by the verifier's own path, and found out whatever is changed in them."""

import json
from base64 import b64decode, b64encode
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auricle.audit.proof_file import proof_file, tlog_proof
from auricle.audit.tree import Subtrees, consistency_path, consistency_proof, inclusion_path, inclusion_proof, leaf_hash, root_of
from auricle.audit.verify import Fault, verify_proof
from auricle.audit.verify.merkle import Tree, consistent, included


def a_proof(script: ModuleType, index: int = 6, size: int = 8, newest: int = 11, key: str = "") -> str:
    leaves = script.leaves(newest)
    hashes = [leaf_hash(leaf) for leaf in leaves]
    proof = tlog_proof(index, inclusion_proof(hashes[:size], index), script.note(leaves[:size]))
    newer = script.note(leaves) if newest > size else ""
    path = consistency_proof(hashes, size) if newest > size else []
    return proof_file(key or script.VERIFIER, leaves[index].decode(), proof, path, newer)


def test_a_proof_verifies_alone_and_under_the_key_you_have(script: ModuleType) -> None:
    report = verify_proof(a_proof(script), script.VERIFIER)
    assert (report.ok, report.trusted, report.index, report.size, report.newest) == (True, True, 6, 8, 11)
    assert "entry 6 is in the log of 8 entries" in report.text()
    assert "beginning of the one of 11" in report.text()
    assert "compare it" in verify_proof(a_proof(script)).text()
    assert verify_proof(a_proof(script, 7, 8, 8), script.VERIFIER).newest == 8
    assert verify_proof(a_proof(script, 0, 1, 1), script.VERIFIER).ok


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 9, 11])
def test_every_entry_of_every_size(size: int, script: ModuleType) -> None:
    for index in range(size):
        assert verify_proof(a_proof(script, index, size, 11), script.VERIFIER).ok


def changed(text: str, **fields: object) -> str:
    return json.dumps(json.loads(text) | fields)


def test_another_entry_is_not_proven(script: ModuleType) -> None:
    report = verify_proof(changed(a_proof(script), leaf=script.refused().decode()), script.VERIFIER)
    assert (report.ok, report.kind) == (False, Fault.TAMPERED)
    assert "entry at 6" not in report.text() or "does not lead" in report.text()


def test_another_place_is_not_proven(script: ModuleType) -> None:
    proof = json.loads(a_proof(script))["proof"].replace("index 6", "index 5")
    assert verify_proof(changed(a_proof(script), proof=proof), script.VERIFIER).kind is Fault.TAMPERED


def test_a_log_rewritten_later_is_a_fork(script: ModuleType) -> None:
    rewritten = script.leaves()
    rewritten[2] = script.refused()
    newer = script.note(rewritten)
    assert verify_proof(changed(a_proof(script), newer=newer), script.VERIFIER).kind is Fault.FORKED


def test_a_key_of_somebody_else(script: ModuleType) -> None:
    other = script.vkey(script.ORIGIN, script.OTHER_KEY.public_key())
    assert verify_proof(a_proof(script), other).kind is Fault.NOT_SIGNED
    assert verify_proof(changed(a_proof(script), key="x"), None).kind is Fault.BAD_KEY


@pytest.mark.parametrize(
    "fields",
    [
        {"format": "auricle-audit-proof/2"},
        {"leaf": 7},
        {"more": "x"},
        {"proof": "index 6"},
        {"proof": "c2sp.org/tlog-proof@v1\nindex 06\n\nx"},
        {"proof": "c2sp.org/tlog-proof@v1\n\nx"},
        {"newer": None},
        {"leaf": '{"v":1}'},
        {"leaf": "\u00e9"},
    ],
)
def test_what_is_no_proof(fields: dict[str, object], script: ModuleType) -> None:
    report = verify_proof(changed(a_proof(script), **fields), script.VERIFIER)
    assert not report.ok
    assert report.text().startswith("NOT VERIFIED: ")


def test_the_inclusion_part_is_a_c2sp_tlog_proof_and_may_carry_extra_data(script: ModuleType) -> None:
    proof = json.loads(a_proof(script))["proof"]
    assert proof.split("\n")[:2] == ["c2sp.org/tlog-proof@v1", "index 6"]
    with_extra = proof.replace("\nindex", f"\nextra {b64encode(b'hello').decode()}\nindex", 1)
    assert verify_proof(changed(a_proof(script), proof=with_extra), script.VERIFIER).ok


@given(st.data())
def test_no_single_change_goes_unseen(script: ModuleType, data: st.DataObject) -> None:
    text = a_proof(script)
    at = data.draw(st.integers(0, len(text) - 1))
    forged = text[:at] + data.draw(st.characters()) + text[at + 1 :]
    if verify_proof(forged, script.VERIFIER).ok:
        before, after = json.loads(text), json.loads(forged)
        before.pop("key"), after.pop("key")  # the key inside is not looked at where the verifier has one
        assert before == after


@given(st.text(max_size=80))
def test_rubbish_gives_a_report(text: str) -> None:
    assert not verify_proof(text).ok


# ---- paths over a long log ---------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 5, 1023, 1024, 1025, 2047, 2048, 3000, 5000])
def test_paths_from_blocks_are_those_over_all_hashes(size: int) -> None:
    hashes = [leaf_hash(str(number).encode()) for number in range(size)]
    reads: list[int] = []

    def read(low: int, high: int) -> list[bytes]:
        reads.append(high - low)
        return hashes[low:high]

    trees = Subtrees(read)
    root = root_of(hashes)
    for index in {0, size // 3, size // 2, size - 1}:
        path = inclusion_path(index, size, trees.root)
        assert path == inclusion_proof(hashes, index)
        assert included(hashes[index], index, size, path, root)
    for old in {1, size // 3 or 1, size // 2 or 1, size - 1 or 1, size}:
        path = consistency_path(old, size, trees.root)
        assert path == consistency_proof(hashes, old)
        assert consistent((old, root_of(hashes[:old])), (size, root), path)
    reads.clear()
    inclusion_path(size // 2, size, trees.root)
    assert sum(reads) <= 2 * Subtrees.BLOCK, "whole blocks are read once only"


@given(st.lists(st.integers(0, 40), max_size=12))
def test_the_verifiers_tree_takes_leaves_in_any_pieces(pieces: list[int]) -> None:
    tree, hashes = Tree(), []
    for piece in pieces:
        new = [leaf_hash(str(len(hashes) + number).encode()) for number in range(piece)]
        hashes += new
        tree.add(new)
        assert (tree.size, tree.root()) == (len(hashes), root_of(hashes))
    assert tree.copy().root() == tree.root()


@pytest.mark.parametrize("size", range(1, 20))
def test_the_verifiers_proof_checks_refuse_every_other_claim(size: int) -> None:
    hashes = [leaf_hash(bytes([number])) for number in range(size)]
    root = root_of(hashes)
    for index in range(size):
        path = inclusion_proof(hashes, index)
        for claimed in range(-1, size + 2):
            assert included(hashes[index], claimed, size, path, root) == (claimed == index)
        assert not included(hashes[index], index, size, [*path, bytes(32)], root)
        assert not included(hashes[index], index, size, [b"".join(path)] if len(path) > 1 else [b"x"], root)
    for old in range(1, size + 1):
        path = consistency_proof(hashes, old)
        for claimed in range(size + 2):
            assert consistent((claimed, root_of(hashes[:old])), (size, root), path) == (claimed == old)
        assert not consistent((old, bytes(32)), (size, root), path)
        assert not consistent((old, root_of(hashes[:old])), (size, bytes(32)), path)


def test_base64_has_one_spelling(script: ModuleType) -> None:
    proof = json.loads(a_proof(script))["proof"]
    line = proof.split("\n")[2]
    last = b64decode(line)[-1:]
    other = line[:-2] + chr(ord(line[-2]) + 1) + "="
    if b64decode(other)[-1:] == last:
        assert not verify_proof(changed(a_proof(script), proof=proof.replace(line, other)), script.VERIFIER).ok
