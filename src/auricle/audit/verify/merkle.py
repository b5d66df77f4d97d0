"""The tree of RFC 6962 as a verifier builds it, and the checks of its proofs (RFC 9162 2.1.3.2 and 2.1.4.2)."""

import hashlib
from collections.abc import Sequence

_sha256 = hashlib.sha256
HASH_BYTES = 32


class Tree:
    """The roots of full subtrees by level, level 0 being leaves; leaves are added many at a time."""

    __slots__ = ("_odd", "size")

    def __init__(self, odd: Sequence[bytes | None] = (), size: int = 0) -> None:
        self._odd = list(odd)
        self.size = size

    def copy(self) -> "Tree":
        """An independent copy."""
        return Tree(self._odd, self.size)

    def add(self, hashes: Sequence[bytes]) -> None:
        """Append leaf hashes: at each level neighbours are merged, one without a neighbour waits there."""
        self.size += len(hashes)
        level, nodes = 0, list(hashes)
        while nodes:
            if level == len(self._odd):
                self._odd.append(None)
            waiting = self._odd[level]
            if waiting is not None:
                nodes.insert(0, waiting)
            self._odd[level] = nodes.pop() if len(nodes) & 1 else None
            pairs = iter(nodes)
            nodes = [_sha256(b"\x01" + left + right).digest() for left, right in zip(pairs, pairs, strict=True)]
            level += 1

    def root(self) -> bytes:
        """The root over all leaves so far (RFC 6962 2.1)."""
        root: bytes | None = None
        for node in self._odd:
            if node is not None:
                root = node if root is None else _sha256(b"\x01" + node + root).digest()
        return _sha256(b"").digest() if root is None else root


def leaf_hash(leaf: bytes) -> bytes:
    """SHA-256 of 0x00 and the leaf."""
    return _sha256(b"\x00" + leaf).digest()


def included(hashed: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether the path leads from this leaf at this index to the root over `size` leaves."""
    if not 0 <= index < size or any(len(node) != HASH_BYTES for node in path):
        return False
    here, last, node = index, size - 1, hashed
    for sibling in path:
        if last == 0:
            return False
        if here % 2 == 1 or here == last:
            node = _pair(sibling, node)
            while here % 2 == 0 and here != 0:
                here, last = here // 2, last // 2
        else:
            node = _pair(node, sibling)
        here, last = here // 2, last // 2
    return last == 0 and node == root


def consistent(old: tuple[int, bytes], new: tuple[int, bytes], path: Sequence[bytes]) -> bool:
    """Whether the log of an older state (size, root) is the beginning of that of a newer one."""
    (old_size, old_root), (size, root) = old, new
    if not 0 < old_size <= size or any(len(node) != HASH_BYTES for node in path):
        return False
    if old_size == size:
        return not path and old_root == root
    nodes = [old_root, *path] if old_size.bit_count() == 1 else list(path)
    if not nodes:
        return False
    here, last = old_size - 1, size - 1
    while here % 2 == 1:
        here, last = here // 2, last // 2
    before = after = nodes[0]
    for sibling in nodes[1:]:
        if last == 0:
            return False
        if here % 2 == 1 or here == last:
            before, after = _pair(sibling, before), _pair(sibling, after)
            while here % 2 == 0 and here != 0:
                here, last = here // 2, last // 2
        else:
            after = _pair(after, sibling)
        here, last = here // 2, last // 2
    return last == 0 and before == old_root and after == root


def _pair(left: bytes, right: bytes) -> bytes:
    return _sha256(b"\x01" + left + right).digest()
