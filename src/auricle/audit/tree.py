"""The Merkle tree of RFC 6962 2.1: hashes with domain separation, an append-only frontier, inclusion and consistency proofs."""

import hashlib
from collections.abc import Sequence

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(leaf: bytes) -> bytes:
    """SHA-256 of 0x00 and the leaf."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256 of 0x01 and both children."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Frontier:
    """The right edge of a growing tree: the roots of its full subtrees, largest first. Appending costs two hashes on average."""

    __slots__ = ("_full", "size")

    def __init__(self) -> None:
        self.size = 0
        self._full: list[bytes] = []

    def append(self, hashed_leaf: bytes) -> None:
        """Add a leaf's hash."""
        node, size = hashed_leaf, self.size
        while size & 1:
            node = node_hash(self._full.pop(), node)
            size >>= 1
        self._full.append(node)
        self.size += 1

    def root(self) -> bytes:
        """The root of all leaves so far."""
        if not self._full:
            return EMPTY_ROOT
        root = self._full[-1]
        for subtree in reversed(self._full[:-1]):
            root = node_hash(subtree, root)
        return root

    def copy(self) -> "Frontier":
        """An independent copy, to try a batch on."""
        other = Frontier()
        other.size, other._full = self.size, list(self._full)
        return other


def root_of(hashes: Sequence[bytes]) -> bytes:
    """The root over leaf hashes."""
    frontier = Frontier()
    for hashed in hashes:
        frontier.append(hashed)
    return frontier.root()


def inclusion_proof(hashes: Sequence[bytes], index: int) -> list[bytes]:
    """The path from a leaf to the root (RFC 6962 2.1.1). Raises IndexError for a leaf that is not there."""
    if not 0 <= index < len(hashes):
        raise IndexError(index)
    if len(hashes) == 1:
        return []
    split = _split(len(hashes))
    if index < split:
        return [*inclusion_proof(hashes[:split], index), root_of(hashes[split:])]
    return [*inclusion_proof(hashes[split:], index - split), root_of(hashes[:split])]


def verify_inclusion(hashed_leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether the proof leads from the leaf to the root of a tree of `size` leaves (RFC 9162 2.1.3.2)."""
    if not 0 <= index < size or any(len(sibling) != HASH_BYTES for sibling in proof):
        return False
    node, fn, sn = hashed_leaf, index, size - 1
    for sibling in proof:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            node = node_hash(sibling, node)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            node = node_hash(node, sibling)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and node == root


def consistency_proof(hashes: Sequence[bytes], old_size: int) -> list[bytes]:
    """That the tree of the first `old_size` leaves is a prefix of this one (RFC 6962 2.1.2). Raises ValueError for a size out of range."""
    if not 0 < old_size <= len(hashes):
        raise ValueError(old_size)
    return [] if old_size == len(hashes) else _subproof(hashes, old_size, whole=True)


def verify_consistency(old_size: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]) -> bool:
    """Check a consistency proof (RFC 9162 2.1.4.2)."""
    if not 0 < old_size <= size or any(len(sibling) != HASH_BYTES for sibling in proof):
        return False
    if old_size == size:
        return not proof and old_root == root
    if not proof:
        return False
    path = [old_root, *proof] if old_size & (old_size - 1) == 0 else list(proof)
    fn, sn = old_size - 1, size - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    old = new = path[0]
    for sibling in path[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            new = node_hash(new, sibling)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and old == old_root and new == root


def _subproof(hashes: Sequence[bytes], old_size: int, *, whole: bool) -> list[bytes]:
    if old_size == len(hashes):
        return [] if whole else [root_of(hashes)]
    split = _split(len(hashes))
    if old_size <= split:
        return [*_subproof(hashes[:split], old_size, whole=whole), root_of(hashes[split:])]
    return [*_subproof(hashes[split:], old_size - split, whole=False), root_of(hashes[:split])]


def _split(size: int) -> int:
    """The largest power of two smaller than `size`."""
    return 1 << (size - 1).bit_length() - 1
