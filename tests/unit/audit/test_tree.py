"""The tree against the definition of RFC 6962, against pymerkle as an oracle, and its proofs against every lie we can think of."""

import hashlib
from itertools import pairwise

import pymerkle
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auricle.audit.tree import (
    EMPTY_ROOT,
    Frontier,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    root_of,
    verify_consistency,
    verify_inclusion,
)

# The leaves and roots of the reference log of Certificate Transparency (merkle_tree_test of google/certificate-transparency).
KNOWN_LEAVES = [
    bytes.fromhex(x) for x in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
KNOWN_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
HASHES = [leaf_hash(bytes([number])) for number in range(33)]


def defined(hashes: list[bytes]) -> bytes:
    """RFC 6962 2.1, word for word."""
    if not hashes:
        return hashlib.sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    return hashlib.sha256(b"\x01" + defined(hashes[:k]) + defined(hashes[k:])).digest()


def test_the_roots_of_the_reference_log() -> None:
    for size, known in enumerate(KNOWN_ROOTS, 1):
        assert root_of([leaf_hash(leaf) for leaf in KNOWN_LEAVES[:size]]).hex() == known


def test_the_empty_tree() -> None:
    assert Frontier().root() == EMPTY_ROOT == defined([])


@given(st.lists(st.binary(max_size=8), max_size=70))
def test_the_frontier_gives_the_defined_root_after_each_leaf(leaves: list[bytes]) -> None:
    frontier = Frontier()
    hashes: list[bytes] = []
    for leaf in leaves:
        hashes.append(leaf_hash(leaf))
        frontier.append(hashes[-1])
        assert (frontier.size, frontier.root()) == (len(hashes), defined(hashes))


def test_pymerkle_agrees() -> None:
    oracle, frontier = pymerkle.InmemoryTree(algorithm="sha256"), Frontier()
    for number in range(300):
        leaf = f"entry {number}".encode()
        oracle.append_entry(leaf)
        frontier.append(leaf_hash(leaf))
        assert frontier.root() == oracle.get_root()


def test_a_copy_is_its_own() -> None:
    frontier = Frontier()
    frontier.append(HASHES[0])
    before = frontier.root()
    copy = frontier.copy()
    copy.append(HASHES[1])
    assert (frontier.root(), frontier.size) == (before, 1)
    assert copy.root() == root_of(HASHES[:2])


@pytest.mark.parametrize("size", range(1, 34))
def test_every_leaf_proves_its_inclusion_and_no_other_place(size: int) -> None:
    hashes, root = HASHES[:size], root_of(HASHES[:size])
    for index in range(size):
        proof = inclusion_proof(hashes, index)
        for claimed in range(-1, size + 2):
            assert verify_inclusion(hashes[index], claimed, size, proof, root) == (claimed == index)
        assert not verify_inclusion(hashes[index], index, size, proof, bytes(32))
        assert not verify_inclusion(bytes(32), index, size, proof, root)
        assert not verify_inclusion(hashes[index], index, size, [*proof, bytes(32)], root)
        assert not any(verify_inclusion(hashes[index], index, size, proof[:at] + proof[at + 1 :], root) for at in range(len(proof)))


@pytest.mark.parametrize("size", range(1, 34))
def test_every_older_tree_is_a_prefix_and_no_other_is(size: int) -> None:
    roots = {old: root_of(HASHES[:old]) for old in range(1, size + 1)}
    for old, old_root in roots.items():
        proof = consistency_proof(HASHES[:size], old)
        assert verify_consistency(old, old_root, size, roots[size], proof)
        assert not verify_consistency(old, bytes(32), size, roots[size], proof)
        assert not verify_consistency(old, old_root, size, bytes(32), proof)
        assert not verify_consistency(old, old_root, size, roots[size], [*proof, bytes(32)])
        for other in roots:
            if other != old:
                assert not verify_consistency(other, old_root, size, roots[size], proof)
        for at in range(len(proof)):
            assert not verify_consistency(old, old_root, size, roots[size], proof[:at] + proof[at + 1 :])
            assert not verify_consistency(old, old_root, size, roots[size], [*proof[:at], bytes(32), *proof[at + 1 :]])


def test_a_proof_has_hashes_of_32_bytes_only() -> None:
    hashes = HASHES[:4]
    long = [b"".join(inclusion_proof(hashes, 0))]
    assert not verify_inclusion(hashes[0], 0, 4, long, root_of(hashes))
    assert not verify_consistency(3, root_of(hashes[:3]), 4, root_of(hashes), [b"x"])


@pytest.mark.parametrize("index", [-1, 4])
def test_no_proof_for_a_leaf_that_is_not_there(index: int) -> None:
    with pytest.raises(IndexError):
        inclusion_proof(HASHES[:4], index)


@pytest.mark.parametrize("old", [-1, 0, 5])
def test_no_proof_for_a_tree_that_was_not(old: int) -> None:
    with pytest.raises(ValueError, match=str(old)):
        consistency_proof(HASHES[:4], old)
    assert not verify_consistency(old, EMPTY_ROOT, 4, root_of(HASHES[:4]), [])


def test_a_node_is_never_taken_for_a_leaf() -> None:
    two = root_of(HASHES[:2])
    assert leaf_hash(HASHES[0] + HASHES[1]) != two
    assert len({root_of(HASHES[:size]) for size in range(34)}) == 34
    assert all(one != other for one, other in pairwise(HASHES))
