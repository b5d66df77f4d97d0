"""Verification of an export, by a path of its own: it reads the bytes, hashes them with hashlib, and shares no code with the writer.

Only the check of the Ed25519 signature uses a library. What is wrong is named: a changed, missing, moved or added entry, a cut
export, a fork from a checkpoint seen before, another log's key. Whatever it is given, it reports and never raises.
"""

import hashlib
import json
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

TEXTS = frozenset({"at", "actor_kind", "actor", "session", "address", "action", "kind", "ref", "outcome", "purpose"})
OUTCOMES = frozenset({"allowed", "refused", "failed", "done"})
MAX_LINE_CHARS = 1 << 20  # an entry is below 1 k; a sealed detail below 64 k
ROW_KEYS = ({"index", "hash", "leaf"}, {"checkpoint"})


class Fault(StrEnum):
    """What is wrong with an export."""

    NOT_AN_EXPORT = "not-an-export"
    BAD_LINE = "bad-line"
    CHANGED = "entry-changed"
    MISSING = "entry-missing"
    BAD_ENTRY = "bad-entry"
    CUT = "cut"
    TAMPERED = "tampered"
    FORKED = "forked"
    BAD_KEY = "bad-key"
    NOT_SIGNED = "not-signed-by-this-key"
    BAD_SIGNATURE = "bad-signature"
    BAD_CHECKPOINT = "bad-checkpoint"


@dataclass(frozen=True, slots=True)
class Report:
    """What was found. `fault` is for a person, `kind` for programs and tests."""

    ok: bool
    entries: int
    key: str
    trusted: bool
    """True when the verifier gave the key; False when the export's own was used."""
    fault: str = ""
    kind: Fault | None = None

    def text(self) -> str:
        """For a person."""
        if not self.ok:
            return f"NOT VERIFIED: {self.fault}"
        source = "the key you gave" if self.trusted else "the key in the export (compare it with the one you were given)"
        return f"verified: {self.entries} entries, complete and unchanged under a checkpoint signed by {source}\n{self.key}"


class _Wrong(Exception):
    def __init__(self, kind: Fault, text: str) -> None:
        super().__init__(text)
        self.kind = kind


class _Check:
    """The state of one verification: hashes so far, and the checkpoints that hold."""

    def __init__(self, known: tuple[int, bytes] | None) -> None:
        self.entries = 0
        self._signed_to = 0
        self._wrong: tuple[int, int] | None = None  # the first entries that do not give a signed root
        self._fits = True  # whether the newest checkpoint does
        self._known = known
        self._subtrees: list[tuple[int, bytes]] = []  # (leaves in it, root), each larger than the next
        self.compare_known()

    def compare_known(self) -> None:
        """Compare with the checkpoint known before, where this is its place."""
        if self._known is not None and self._known[0] == self.entries and self._known[1] != self.root():
            raise _Wrong(Fault.FORKED, f"the log forked: its first {self.entries} entries are not those of the checkpoint you know")

    def add(self, leaf_hash: bytes) -> None:
        """RFC 6962 2.1: merge equal subtrees as they appear."""
        node, leaves = leaf_hash, 1
        while self._subtrees and self._subtrees[-1][0] == leaves:
            node = hashlib.sha256(b"\x01" + self._subtrees.pop()[1] + node).digest()
            leaves *= 2
        self._subtrees.append((leaves, node))
        self.entries += 1
        self.compare_known()

    def root(self) -> bytes:
        """The root over all leaves so far."""
        if not self._subtrees:
            return hashlib.sha256(b"").digest()
        nodes = [node for _, node in self._subtrees]
        root = nodes.pop()
        while nodes:
            root = hashlib.sha256(b"\x01" + nodes.pop() + root).digest()
        return root

    def checkpoint(self, size: int, root: bytes) -> None:
        """A signed state that stands at this place of the export."""
        if size != self.entries:
            self._fits = False
            self.end()
            raise _Wrong(Fault.CUT, f"a checkpoint covers {size} entries where the export has {self.entries}: it was cut or added to")
        self._fits = root == self.root()
        if not self._fits and self._wrong is None:
            self._wrong = self._signed_to, max(self._signed_to, size - 1)
        self._signed_to = size

    def end(self) -> None:
        """What the checkpoints together say: entries that fit the last one but not an earlier one are a second history."""
        if self._wrong is None:
            return
        where = f"entries {self._wrong[0]} to {self._wrong[1]}"
        if self._fits:
            raise _Wrong(Fault.FORKED, f"the log forked: {where} were another history when an earlier checkpoint was signed")
        raise _Wrong(Fault.TAMPERED, f"{where} do not give the signed root: at least one was changed, dropped, added or moved")


def verify_export(lines: Iterable[str], trusted_key: str | None = None, known_checkpoint: str | None = None) -> Report:
    """Check an export against a public key (vkey text) and, if you kept one, a signed checkpoint of an earlier day. Never raises."""
    key, check = trusted_key or "", None
    try:
        rows = _rows(lines)
        head = next(rows, {})
        if head.get("format") != "auricle-audit-export/1":
            raise _Wrong(Fault.NOT_AN_EXPORT, "this is not an audit export, or its first line is missing")
        key = trusted_key or str(head.get("key", ""))
        _public_key(key)
        known = _signed_state(known_checkpoint, key) if known_checkpoint else None
        check = _Check(known)
        _walk(rows, check, key)
        if type(head.get("entries")) is not int or head["entries"] != check.entries:
            raise _Wrong(Fault.CUT, f"the export has {check.entries} entries and announces another number: it was cut or added to")
        if known is not None and known[0] > check.entries:
            raise _Wrong(Fault.CUT, f"the export ends at {check.entries} entries; the checkpoint you know covers {known[0]}")
    except _Wrong as wrong:
        return Report(False, check.entries if check else 0, key, trusted_key is not None, str(wrong), wrong.kind)
    return Report(True, check.entries, key, trusted_key is not None)


def _walk(rows: Iterator[dict[str, object]], check: _Check, key: str) -> None:
    """Every row after the head; the last one must be a checkpoint."""
    ended = False
    for row in rows:
        if set(row) not in ROW_KEYS:
            raise _Wrong(Fault.BAD_LINE, f"after entry {check.entries - 1} stands a line that is neither an entry nor a checkpoint")
        ended = "checkpoint" in row
        if ended:
            check.checkpoint(*_signed_state(row["checkpoint"], key))
        else:
            check.add(_leaf_hash(row, check.entries))
    if not ended:
        raise _Wrong(Fault.CUT, "the export has no checkpoint at its end: it was cut")
    check.end()


def _rows(lines: Iterable[str]) -> Iterator[dict[str, object]]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        if len(line) > MAX_LINE_CHARS:
            raise _Wrong(Fault.BAD_LINE, f"line {number} is too long")
        yield _object(line, Fault.BAD_LINE, f"line {number}")


def _object(text: str | bytes, kind: Fault, what: str) -> dict[str, object]:
    try:
        value = json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise _Wrong(kind, f"{what} cannot be read") from None
    if not isinstance(value, dict):
        raise _Wrong(kind, f"{what} is not an object")
    return value


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """An object in which no key stands twice: two readers would see two different things."""
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a key stands twice")
    return value


def _leaf_hash(row: dict[str, object], expected: int) -> bytes:
    """The hash of a leaf that is whole, in order, and an entry."""
    index, text = row["index"], row["leaf"]
    if type(index) is not int or index != expected:
        raise _Wrong(Fault.MISSING, f"entry {expected} is missing or out of order")
    if not isinstance(text, str) or not text.isascii():
        raise _Wrong(Fault.BAD_ENTRY, f"entry {expected} is not ASCII text")
    leaf = text.encode("ascii")
    hashed = hashlib.sha256(b"\x00" + leaf)
    if row["hash"] != hashed.hexdigest():
        raise _Wrong(Fault.CHANGED, f"entry {expected} was changed: it does not fit its hash")
    entry = _object(leaf, Fault.BAD_ENTRY, f"entry {expected}")
    optional = {"sealed", "place", "detail", "touched"} & set(entry)
    if set(entry) - optional != TEXTS | {"v"} or type(entry["v"]) is not int or entry["v"] != 1:
        raise _Wrong(Fault.BAD_ENTRY, f"entry {expected} has not the fields of an entry")
    if not all(isinstance(entry[name], str) for name in TEXTS) or entry["outcome"] not in OUTCOMES:
        raise _Wrong(Fault.BAD_ENTRY, f"entry {expected} has a field with no value of an entry")
    return hashed.digest()


def _signed_state(note: object, verifier: str) -> tuple[int, bytes]:
    """Tree size and root of a note whose signature holds (C2SP signed-note, tlog-checkpoint)."""
    name, hashed, key = _public_key(verifier)
    if not isinstance(note, str):
        raise _Wrong(Fault.BAD_CHECKPOINT, "a checkpoint is not text")
    body, _, signatures = note.rpartition("\n\n")
    signed = [line.split(" ") for line in signatures.split("\n")]
    candidates = [parts[2] for parts in signed if len(parts) == 3 and parts[:2] == ["\u2014", name]]
    try:
        raw = [_base64(candidate) for candidate in candidates]
        signature = next((one for one in raw if one[:4] == hashed), None)
        if signature is None:
            raise _Wrong(Fault.NOT_SIGNED, "the checkpoint is not signed by this key: another log, or another key of this name")
        key.verify(signature[4:], f"{body}\n".encode())
        origin, size, root = body.split("\n")[:3]
        if not (size.isascii() and size.isdigit()) or len(size) > 18 or len(_base64(root)) != 32:
            raise ValueError
    except InvalidSignature:
        raise _Wrong(Fault.BAD_SIGNATURE, "the checkpoint's signature does not hold: it was changed after signing") from None
    except ValueError:
        raise _Wrong(Fault.BAD_CHECKPOINT, "the checkpoint is malformed") from None
    if origin != name:
        raise _Wrong(Fault.BAD_CHECKPOINT, "the checkpoint is of another log")
    return int(size), _base64(root)


def _public_key(verifier: str) -> tuple[str, bytes, Ed25519PublicKey]:
    """Name, key hash and key of `name+hash+base64(0x01, key)`."""
    try:
        name, hashed, encoded = verifier.strip().split("+", 2)
        raw = _base64(encoded)
        expected = hashlib.sha256(name.encode() + b"\n" + raw).digest()[:4]
        if raw[:1] != b"\x01" or expected.hex() != hashed:
            raise ValueError
        return name, expected, Ed25519PublicKey.from_public_bytes(raw[1:])
    except ValueError:
        raise _Wrong(Fault.BAD_KEY, "the public key cannot be read: it has the form name+hash+key") from None


def _base64(text: str) -> bytes:
    raw = b64decode(text, validate=True)
    if b64encode(raw).decode() != text:
        raise ValueError
    return raw
