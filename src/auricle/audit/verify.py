"""Verification of an export, by a path of its own: it reads the bytes, hashes them with hashlib, and shares no code with the writer.

Only the check of the Ed25519 signature uses a library. What is wrong is named: a flipped, dropped, swapped or added entry, a cut
export, a fork, another log's key.
"""

import hashlib
import json
from base64 import b64decode
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

WANTED = {"v", "at", "actor_kind", "actor", "session", "address", "action", "kind", "ref", "outcome", "purpose"}


@dataclass(frozen=True, slots=True)
class Report:
    """What was found."""

    ok: bool
    entries: int
    key: str
    trusted: bool
    """True when the verifier gave the key; False when the export's own was used."""
    fault: str = ""

    def text(self) -> str:
        """For a person."""
        if not self.ok:
            return f"NOT VERIFIED: {self.fault}"
        source = "the key you gave" if self.trusted else "the key in the export (compare it with the one you were given)"
        return f"verified: {self.entries} entries, complete and unchanged under a checkpoint signed by {source}\n{self.key}"


class _Fault(Exception):
    pass


def verify_export(lines: Iterable[str], trusted_key: str | None = None) -> Report:
    """Check an export. Never raises: whatever is wrong is in the report."""
    key = trusted_key or ""
    count = 0
    try:
        head, leaves, note = _read(list(lines))
        key = trusted_key or head
        count = len(leaves)
        size, root = _signed_state(note, key)
        if size != count:
            raise _Fault(f"the checkpoint covers {size} entries, the export has {count}: it was cut or added to")
        if _root(leaves) != root:
            raise _Fault("the entries do not give the checkpoint's root: at least one was changed, dropped, added or moved")
        _check_fields(leaves)
    except _Fault as fault:
        return Report(False, count, key, trusted_key is not None, str(fault))
    return Report(True, count, key, trusted_key is not None)


def _read(lines: list[str]) -> tuple[str, list[bytes], str]:
    rows = [_object(number, line) for number, line in enumerate(lines, 1) if line.strip()]
    if len(rows) < 2 or rows[0].get("format") != "auricle-audit-export/1":
        raise _Fault("this is not an audit export, or its first line is missing")
    if "checkpoint" not in rows[-1]:
        raise _Fault("the export has no checkpoint at its end: it was cut")
    leaves = []
    for expected, row in enumerate(rows[1:-1]):
        leaf = row.get("leaf")
        if row.get("index") != expected or not isinstance(leaf, str):
            raise _Fault(f"entry {expected} is missing or out of order")
        leaves.append(leaf.encode())
    return str(rows[0].get("key", "")), leaves, str(rows[-1]["checkpoint"])


def _object(number: int, line: str) -> dict[str, object]:
    try:
        row = json.loads(line)
    except ValueError:
        raise _Fault(f"line {number} is not JSON") from None
    if not isinstance(row, dict):
        raise _Fault(f"line {number} is not an object")
    return row


def _signed_state(note: str, verifier: str) -> tuple[int, bytes]:
    """Tree size and root of a note whose signature holds."""
    try:
        name, hashed, encoded = verifier.strip().split("+", 2)
        raw_key = b64decode(encoded, validate=True)
        key = Ed25519PublicKey.from_public_bytes(raw_key[1:])
    except ValueError:
        raise _Fault("the public key cannot be read") from None
    body, _, signatures = note.partition("\n\n")
    body += "\n"
    signed = [line.split(" ") for line in signatures.splitlines()]
    candidates = [parts[2] for parts in signed if len(parts) == 3 and parts[0] == "\u2014" and parts[1] == name]
    if not candidates:
        raise _Fault("the checkpoint is not signed by this key's name: another log, or another key")
    try:
        signature = b64decode(candidates[0], validate=True)
        if signature[:4].hex() != hashed:
            raise _Fault("the checkpoint is signed by another key")
        key.verify(signature[4:], body.encode())
        origin, size, root = body.splitlines()[:3]
        state = int(size), b64decode(root, validate=True)
    except InvalidSignature:
        raise _Fault("the checkpoint's signature does not hold") from None
    except ValueError:
        raise _Fault("the checkpoint is malformed") from None
    if origin != name:
        raise _Fault("the checkpoint is of another log")
    return state


def _root(leaves: list[bytes]) -> bytes:
    """RFC 6962 2.1, level by level: an odd node at the end of a level moves up unchanged."""
    level = [hashlib.sha256(b"\x00" + leaf).digest() for leaf in leaves]
    if not level:
        return hashlib.sha256(b"").digest()
    while len(level) > 1:
        pairs = [hashlib.sha256(b"\x01" + level[i] + level[i + 1]).digest() for i in range(0, len(level) - 1, 2)]
        level = pairs + ([level[-1]] if len(level) % 2 else [])
    return level[0]


def _check_fields(leaves: list[bytes]) -> None:
    """Every leaf is an entry with all its fields."""
    for index, leaf in enumerate(leaves):
        try:
            entry = json.loads(leaf)
        except ValueError:
            raise _Fault(f"entry {index} cannot be read") from None
        if not isinstance(entry, dict) or not set(entry) >= WANTED:
            raise _Fault(f"entry {index} lacks fields")
