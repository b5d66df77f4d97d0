"""Names what was done to entries that do not fit, as far as it can be told: exchanged with another, or only the sealed detail was."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from auricle.audit.verify.merkle import Tree, leaf_hash
from auricle.audit.verify.report import Fault, Wrong

MAX_CHANGED = 1000  # beyond these a list names nobody any more
MAX_PAIRS = 256  # entries between two checkpoints of ours; all their pairs are tried in seconds
MAX_NEIGHBOURS = 2048
MAX_SEALED = 64
SEALED = re.compile(rb'"sealed":"[A-Za-z0-9+/=]*"')
PLACE = re.compile(rb'"place":"[^"\\]*"')


@dataclass(frozen=True, slots=True)
class Changed:
    """An entry that does not fit the hash beside it."""

    number: int
    said: bytes
    leaf: bytes


def of_changed(found: Sequence[Changed]) -> Wrong:
    """What was done to entries whose hashes do not fit."""
    by_said = {changed.said: changed.number for changed in found}
    for changed in found:
        other = by_said.get(leaf_hash(changed.leaf))
        if other is not None:
            pair = f"entries {min(changed.number, other)} and {max(changed.number, other)}"
            return Wrong(Fault.REORDERED, f"{pair} were reordered: entry {changed.number} has the hash of entry {other}")
    for one, other_one in combinations(found[:MAX_SEALED], 2):
        for first, second in _with_exchanged_details(one.leaf, other_one.leaf):
            if leaf_hash(first) == one.said and leaf_hash(second) == other_one.said:
                return Wrong(Fault.SWAPPED, f"the sealed details of entries {one.number} and {other_one.number} were swapped")
    numbers = [str(changed.number) for changed in found[:10]]
    if len(found) == 1:
        return Wrong(Fault.CHANGED, f"entry {numbers[0]} was changed: it does not fit its hash")
    more = f" and {len(found) - 10} more" if len(found) > 10 else ""
    return Wrong(Fault.CHANGED, f"entries {', '.join(numbers)}{more} were changed: they do not fit their hashes")


def of_range(before: Tree, leaves: Sequence[bytes], root: bytes, first: int) -> Wrong | None:
    """What was done to `leaves`, entries `first` and on, that should give `root` behind the tree `before`; None where it cannot be told."""
    hashes = [leaf_hash(leaf) for leaf in leaves]
    prefixes = _prefixes(before, hashes)
    for one, other in _pairs(len(hashes)):
        changed = [hashes[other], *hashes[one + 1 : other], hashes[one], *hashes[other + 1 :]]
        if _gives(prefixes[one], changed, root):
            return Wrong(Fault.REORDERED, f"entries {first + one} and {first + other} were reordered")
    sealed = [number for number, leaf in enumerate(leaves) if b'"sealed":"' in leaf][:MAX_SEALED]
    for one, other in combinations(sealed, 2):
        for left, right in _with_exchanged_details(leaves[one], leaves[other]):
            changed = [leaf_hash(left), *hashes[one + 1 : other], leaf_hash(right), *hashes[other + 1 :]]
            if _gives(prefixes[one], changed, root):
                return Wrong(Fault.SWAPPED, f"the sealed details of entries {first + one} and {first + other} were swapped")
    return None


def _prefixes(before: Tree, hashes: Sequence[bytes]) -> list[Tree]:
    """The tree before each of the entries."""
    prefixes = [before.copy()]
    for hashed in hashes:
        tree = prefixes[-1].copy()
        tree.add([hashed])
        prefixes.append(tree)
    return prefixes


def _pairs(count: int) -> Iterator[tuple[int, int]]:
    """Neighbours first, then any two."""
    yield from ((one, one + 1) for one in range(min(count, MAX_NEIGHBOURS) - 1))
    if count <= MAX_PAIRS:
        yield from ((one, other) for one, other in combinations(range(count), 2) if other > one + 1)


def _gives(before: Tree, hashes: Sequence[bytes], root: bytes) -> bool:
    tree = before.copy()
    tree.add(hashes)
    return tree.root() == root


def _with_exchanged_details(one: bytes, other: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Both leaves with the other's sealed detail: the ciphertext alone, and with its place."""
    a, b = SEALED.search(one), SEALED.search(other)
    if a is None or b is None:
        return
    first, second = one.replace(a[0], b[0]), other.replace(b[0], a[0])
    yield first, second
    place_a, place_b = PLACE.search(one), PLACE.search(other)
    if place_a is not None and place_b is not None:
        yield first.replace(place_a[0], place_b[0]), second.replace(place_b[0], place_a[0])
