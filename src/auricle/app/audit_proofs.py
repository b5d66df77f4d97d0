"""Proofs out of the store: made from what is kept, and verified against a signed root before they leave."""

from dataclasses import dataclass

from auricle.adapters.store import Store
from auricle.adapters.store.errors import LogDamaged
from auricle.audit.checkpoint import Checkpoint, verify
from auricle.audit.tree import consistency_path, inclusion_path, leaf_hash, verify_consistency, verify_inclusion

NO_PROOF = "the proof of entry {} does not lead to the signed root: the log was changed; run auricle audit fsck"


@dataclass(frozen=True, slots=True)
class Inclusion:
    """That an entry is in the log of a checkpoint of `size` entries."""

    size: int
    path: list[bytes]
    note: str


@dataclass(frozen=True, slots=True)
class Consistency:
    """That the log of an older checkpoint is the beginning of that of `note`, which covers `size` entries."""

    size: int
    path: list[bytes]
    note: str


async def inclusion(store: Store, number: int, leaf: bytes, *, oldest: bool = False) -> Inclusion:
    """The proof of an entry under the newest checkpoint, or the oldest that covers it; signs one if none does. Raises LogDamaged."""
    found = await store.checkpoints_from(covering=number + 1, oldest=oldest)
    if not found:
        await store.checkpoint()
        found = await store.checkpoints_from(covering=number + 1, oldest=oldest)
    if not found:
        raise LogDamaged(NO_PROOF.format(number))
    size, note = found[0]
    path = await store.path(lambda root: inclusion_path(number, size, root))
    signed = _signed(store, note)
    if not verify_inclusion(leaf_hash(leaf), number, signed.size, path, signed.root):
        raise LogDamaged(NO_PROOF.format(number))
    return Inclusion(size, path, note)


async def consistency(store: Store, older: str) -> Consistency:
    """The proof from an older checkpoint of ours to the newest one. Raises LogDamaged."""
    old = _signed(store, older)
    ((size, note),) = await store.checkpoints_from()
    new = _signed(store, note)
    path = await store.path(lambda root: consistency_path(old.size, size, root)) if old.size else []
    if old.size and not verify_consistency(old.size, old.root, new.size, new.root, path):
        raise LogDamaged(f"the log of {old.size} signed entries is not the beginning of that of {new.size}: run auricle audit fsck")
    return Consistency(size, path, note)


def _signed(store: Store, note: str) -> Checkpoint:
    return verify(note, store.verifier)
