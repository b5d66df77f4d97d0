"""A verifier written from docs/specs/audit-log.md alone, importing nothing of ours: it and the product agree about every vector."""

import hashlib
import json
from base64 import b64decode
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

VECTORS = Path(__file__).parents[2] / "vectors" / "audit"
WANTED: dict[str, str | None] = json.loads((VECTORS / "wanted.json").read_text())
NEEDED = {"v", "at", "actor_kind", "actor", "session", "address", "action", "kind", "ref", "outcome", "purpose"}
ALLOWED = NEEDED | {"detail", "touched", "sealed", "place"}


class Bad(Exception):
    pass


def root_of(hashes: list[bytes]) -> bytes:
    if not hashes:
        return hashlib.sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    return hashlib.sha256(b"\x01" + root_of(hashes[:k]) + root_of(hashes[k:])).digest()


def unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    if len(dict(pairs)) != len(pairs):
        raise Bad("a key twice")
    return dict(pairs)


def read(text: str) -> dict[str, object]:
    try:
        value = json.loads(text, object_pairs_hook=unique)
    except (ValueError, RecursionError):
        raise Bad("no JSON") from None
    if not isinstance(value, dict):
        raise Bad("no object")
    return value


def checkpoint(note: str, key: str) -> tuple[int, bytes]:
    parts = key.split("+", 2)
    if len(parts) != 3:
        raise Bad("key")
    name, hashed, encoded = parts
    raw = b64decode(encoded, validate=True)
    ident = hashlib.sha256(name.encode() + b"\n" + raw).digest()[:4]
    if ident.hex() != hashed:
        raise Bad("key")
    body, _, lines = note.rpartition("\n\n")
    for line in lines.splitlines():
        dash, signer, encoded = [*line.split(" "), "", ""][:3]
        signature = b64decode(encoded) if (dash, signer) == ("\u2014", name) else b""
        if signature[:4] != ident:
            continue
        try:
            Ed25519PublicKey.from_public_bytes(raw[1:]).verify(signature[4:], body.encode() + b"\n")
        except InvalidSignature:
            raise Bad("signature") from None
        origin, size, root = body.split("\n")[:3]
        if origin != name:
            raise Bad("origin")
        return int(size), b64decode(root)
    raise Bad("not signed by this key")


def verify(lines: list[str]) -> None:
    """Under the export's own key, as the vectors are meant."""
    head = read(lines[0]) if lines else {}
    if head.get("format") != "auricle-audit-export/1":
        raise Bad("format")
    key = str(head["key"])
    hashes: list[bytes] = []
    ended = False
    for line in lines[1:]:
        row = read(line)
        ended = set(row) == {"checkpoint"}
        if ended:
            size, root = checkpoint(str(row["checkpoint"]), key)
            if size != len(hashes) or root != root_of(hashes):
                raise Bad("root")
            continue
        if set(row) != {"index", "hash", "leaf"} or row["index"] is True or row["index"] != len(hashes):
            raise Bad("row")
        leaf = str(row["leaf"])
        hashed = hashlib.sha256(b"\x00" + leaf.encode()).digest()
        entry = read(leaf)
        if hashed.hex() != row["hash"] or not leaf.isascii() or not NEEDED <= set(entry) <= ALLOWED or entry["v"] != 1:
            raise Bad("entry")
        if entry["outcome"] not in {"allowed", "refused", "failed", "done"} or not str(entry["at"]).endswith("+00:00"):
            raise Bad("entry")
        if not all(isinstance(entry[name], str) for name in NEEDED - {"v"}):
            raise Bad("entry")
        hashes.append(hashed)
    if not ended or head.get("entries") != len(hashes):
        raise Bad("cut")


@pytest.mark.parametrize("name", WANTED)
def test_a_stranger_agrees(name: str) -> None:
    lines = (VECTORS / f"{name}.jsonl").read_text().splitlines()
    if WANTED[name] is None:
        verify(lines)
        return
    with pytest.raises(Bad):
        verify(lines)
