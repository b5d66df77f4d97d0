"""The Merkle tree of RFC 6962 2.1: hashes with domain separation, an append-only frontier, inclusion and consistency proofs."""

import hashlib
from collections.abc import Callable, Sequence

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


RangeRoot = Callable[[int, int], bytes]
"""The root over the leaves from one number up to, and without, another."""


def inclusion_path(index: int, size: int, root: RangeRoot) -> list[bytes]:
    """The path from a leaf to the root of the first `size` leaves (RFC 6962 2.1.1). Raises IndexError for a leaf that is not there."""
    if not 0 <= index < size:
        raise IndexError(index)
    path: list[bytes] = []
    low, high = 0, size
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            path.append(root(middle, high))
            high = middle
        else:
            path.append(root(low, middle))
            low = middle
    return path[::-1]


def inclusion_proof(hashes: Sequence[bytes], index: int) -> list[bytes]:
    """`inclusion_path` over leaf hashes in memory."""
    return inclusion_path(index, len(hashes), lambda low, high: root_of(hashes[low:high]))


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


def consistency_path(old_size: int, size: int, root: RangeRoot) -> list[bytes]:
    """That the tree of the first `old_size` leaves is a prefix of that of `size` (RFC 6962 2.1.2). Raises ValueError out of range."""
    if not 0 < old_size <= size:
        raise ValueError(old_size)
    path: list[bytes] = []
    low, high = 0, size
    while old_size != high:
        middle = low + _split(high - low)
        if old_size <= middle:
            path.append(root(middle, high))
            high = middle
        else:
            path.append(root(low, middle))
            low = middle
    if low > 0:  # where it is the whole old tree, the verifier has that root already
        path.append(root(low, high))
    return path[::-1]


def consistency_proof(hashes: Sequence[bytes], old_size: int) -> list[bytes]:
    """`consistency_path` over leaf hashes in memory."""
    return consistency_path(old_size, len(hashes), lambda low, high: root_of(hashes[low:high]))


class Subtrees:
    """Roots over ranges of a long log: those of whole blocks are kept, so a proof reads a few blocks and not all leaves.

    `read` gives the leaf hashes of a range. Nothing is believed: whoever hands out a proof verifies it against a signed root first.
    """

    BLOCK = 1024

    def __init__(self, read: Callable[[int, int], Sequence[bytes]]) -> None:
        self._read = read
        self._known: dict[tuple[int, int], bytes] = {}

    def root(self, low: int, high: int) -> bytes:
        """The root over leaves `low` to `high` - 1; `low` is a multiple of the largest power of two in the range, as in any path."""
        size = high - low
        if size < self.BLOCK:
            return root_of(self._read(low, high))
        known = self._known.get((low, high))
        if known is None:
            middle = low + _split(size)
            known = root_of(self._read(low, high)) if size == self.BLOCK else node_hash(self.root(low, middle), self.root(middle, high))
            if size & (size - 1) == 0:
                self._known[low, high] = known
        return known


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


def _split(size: int) -> int:
    """The largest power of two smaller than `size`."""
    return 1 << (size - 1).bit_length() - 1
