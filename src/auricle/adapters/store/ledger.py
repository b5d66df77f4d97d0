"""The audit log in the writer's database: numbers entries, keeps the Merkle frontier, signs checkpoints.

Belongs to the writer's thread. Everything between `draft` and `adopt` happens in one transaction that holds the write lock.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import insert
from sqlalchemy.dialects.sqlite import insert as upsert

from auricle.adapters.store import schema
from auricle.adapters.store.clerk import LOGGED, Register, registers_of
from auricle.adapters.store.errors import LogDamaged
from auricle.adapters.store.link import Link
from auricle.adapters.store.statements import compiled, text
from auricle.audit import leaf as leaves
from auricle.audit.checkpoint import BadCheckpoint, Checkpoint, sign, verify, vkey
from auricle.audit.clock import set_back
from auricle.audit.entry import Entry
from auricle.audit.tree import Frontier, leaf_hash

CHECKPOINT_ENTRIES = 256
CHECKPOINT_S = 10.0
_ADD_LEAF = compiled(insert(schema.audit_leaves))
_ADD_INDEX = compiled(insert(schema.audit_index))
_ADD_TOUCHED = compiled(insert(schema.audit_touched))
_ADD_CHECKPOINT = compiled(upsert(schema.checkpoints).on_conflict_do_nothing(index_elements=["size"]))  # the same size has the same root
_NEWEST_CHECKPOINT = text("SELECT size, note FROM audit_checkpoint ORDER BY size DESC LIMIT 1")
_LEAVES_FROM = text("SELECT number, leaf FROM audit_leaf WHERE number >= :number ORDER BY number")
_NAMES_REGISTERS = b'"%b":"' % LOGGED.encode()
RESTORE = "restore the database from a backup, and keep this one as evidence"


class Draft:
    """Entries on their way into the log."""

    __slots__ = ("at", "columns", "frontier", "rows", "signed", "tip", "touched")

    def __init__(self, frontier: Frontier, at: datetime | None, tip: bytes) -> None:
        self.frontier = frontier
        self.tip = tip
        """The hash of the newest entry."""
        self.at = at
        """The time of the newest entry."""
        self.rows: list[dict[str, int | bytes]] = []
        self.columns: list[dict[str, int | bytes | str | float]] = []
        self.touched: list[dict[str, int | str]] = []
        self.signed = False

    def append(self, entry: Entry) -> None:
        """Give the entry the next number; a clock that was set back before it is an entry of its own."""
        backwards = set_back(self.at, entry.at)
        if backwards is not None:
            self._add(backwards)
        self._add(entry)

    def _add(self, entry: Entry) -> None:
        leaf, number = entry.leaf(), self.frontier.size
        hashed = leaf_hash(leaf)
        self.rows.append({"number": number, "leaf": leaf})
        self.columns.append({"number": number, "hash": hashed, **leaves.columns(entry)})
        if entry.touched:
            self.touched += [{"record": record, "number": number} for record in leaves.touched(entry)]
        self.frontier.append(hashed)
        self.at, self.tip = entry.at, hashed

    @property
    def last(self) -> int:
        """The number of the newest entry; -1 in an empty log."""
        return self.frontier.size - 1


class Ledger:
    """Made from what the database holds. Raises LogDamaged where that is not what the newest checkpoint signed."""

    def __init__(self, link: Link, signing: Ed25519PrivateKey, origin: str, now: float) -> None:
        self._link = link
        self._signing = signing
        self._origin = origin
        self._frontier = Frontier()
        self._signed_size = -1
        self._signed_at = now
        self._at: datetime | None = None
        self._tip = b""
        self.registers: dict[str, Register] = {}
        """The newest state of each counted table that the log names, or that was written since; see `clerk`."""
        self.vouched: frozenset[str] = frozenset()
        """Tables the log names: their rows have vouchers."""
        self._load()

    def draft(self) -> Draft:
        """A place for new entries, behind those that another process (the command line) may have added."""
        frontier = self._frontier.copy()
        known = max(frontier.size - 1, 0)
        rows = self._link.rows(_LEAVES_FROM, {"number": known})
        if frontier.size and (not rows or rows[0][0] != known or leaf_hash(rows[0][1]) != self._tip):
            raise LogDamaged(f"entry {known} of the audit log, written before, is no longer there as it was: {RESTORE}")
        at, tip = self._extend(frontier, rows[1:] if frontier.size else rows)
        return Draft(frontier, at or self._at, tip or self._tip)

    def write(self, draft: Draft, now: float, *, must_sign: bool = False) -> None:
        """Put the entries into the transaction, and a checkpoint when it is time for one."""
        if draft.rows:
            self._link.execute(_ADD_LEAF, draft.rows)
            self._link.execute(_ADD_INDEX, draft.columns)
        if draft.touched:
            self._link.execute(_ADD_TOUCHED, draft.touched)
        enough = draft.frontier.size - max(self._signed_size, 0) >= CHECKPOINT_ENTRIES
        if must_sign or enough or (draft.frontier.size != self._signed_size and now - self._signed_at >= CHECKPOINT_S):
            note = sign(Checkpoint(self._origin, draft.frontier.size, draft.frontier.root()), self._signing)
            self._link.execute(_ADD_CHECKPOINT, ({"size": draft.frontier.size, "note": note},))
            draft.signed = True

    def adopt(self, draft: Draft, now: float) -> None:
        """The transaction was committed."""
        if self._frontier.size == self._signed_size and draft.rows:
            self._signed_at = now  # the time until a checkpoint runs from the first entry it lacks
        self._frontier, self._at, self._tip = draft.frontier, draft.at, draft.tip
        if draft.signed:
            self._signed_size, self._signed_at = draft.frontier.size, now

    def note(self, register: Register) -> None:
        """A table stands so now, or did."""
        known = self.registers.get(register.name)
        if known is None or register.serial >= known.serial:
            self.registers[register.name] = register

    def due_in(self, now: float) -> float | None:
        """Seconds until a checkpoint is due; None while everything is signed."""
        if self._frontier.size == self._signed_size:
            return None
        return max(0.0, self._signed_at + CHECKPOINT_S - now)

    def put_off(self, now: float) -> None:
        """The checkpoint could not be written; the next try comes as late as if it had been."""
        self._signed_at = now

    def _load(self) -> None:
        self._link.begin_reading()  # one view of both tables
        try:
            newest = self._link.rows(_NEWEST_CHECKPOINT, {})
            checkpoint = self._verified(str(newest[0][1])) if newest else None
            self._at, self._tip = self._extend(self._frontier, self._link.stream(_LEAVES_FROM, {"number": 0}), checkpoint)
        finally:
            self._link.rollback()
        if checkpoint is None:
            return
        if self._frontier.size < checkpoint.size:
            raise LogDamaged(f"the audit log ends at entry {self._frontier.size}, but {checkpoint.size} were signed: {RESTORE}")
        self._signed_size = checkpoint.size

    def _verified(self, note: str) -> Checkpoint:
        try:
            return verify(note, vkey(self._origin, self._signing.public_key()))
        except BadCheckpoint as error:
            raise LogDamaged(f"{error}: the database belongs to other keys or another practice, or its audit log was changed") from error

    def _read_registers(self, leaf: bytes) -> None:
        """Of a leaf that was written here or by another process of ours: the tree commits to it."""
        entry = leaves.entry_of(leaf)
        for name, register in registers_of((entry.detail or {}).get(LOGGED, "")):
            self.vouched |= {name}
            if register is not None:
                self.note(register)

    def _extend(
        self, frontier: Frontier, rows: Iterable[tuple[Any, ...]], checkpoint: Checkpoint | None = None
    ) -> tuple[datetime | None, bytes]:
        """Add the leaves that the database has and the frontier lacks; the root must be the checkpoint's where it passes it.

        Returns the time and the hash of the last of them.
        """
        leaf, tip = b"", b""
        for number, leaf in rows:
            if number != frontier.size or not isinstance(leaf, bytes):
                raise LogDamaged(f"entry {frontier.size} of the audit log is missing: {RESTORE}")
            tip = leaf_hash(leaf)
            frontier.append(tip)
            if _NAMES_REGISTERS in leaf:
                self._read_registers(leaf)
            if checkpoint is not None and frontier.size == checkpoint.size and frontier.root() != checkpoint.root:
                raise LogDamaged(f"the first {checkpoint.size} entries of the audit log are not the ones that were signed: {RESTORE}")
        return leaves.time_of(leaf) if leaf else None, tip
