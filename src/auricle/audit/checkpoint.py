"""Signed checkpoints: the C2SP tlog-checkpoint body in a C2SP signed note, Ed25519.

The body is origin, tree size and root, a line each; then an empty line; then `— origin base64(key hash, signature)`.
Leaves out: extension lines of our own and cosignatures of witnesses (both are allowed in a note that is read).
"""

import hashlib
from base64 import b64decode, b64encode
from dataclasses import dataclass
from typing import ClassVar

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from auricle.kernel.errors import PeerError

ED25519 = b"\x01"
ORIGIN_SUFFIX = "/audit"
MAX_NOTE_CHARS = 65536  # a note with dozens of cosignatures is below 10 k


class BadCheckpoint(PeerError):
    """A checkpoint or key that is malformed, or a signature that does not hold; the text says which."""

    code: ClassVar[str] = "audit.bad_checkpoint"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The state of a log: `size` entries with this root. `origin` names the log, without blanks or `+`."""

    origin: str
    size: int
    root: bytes

    def body(self) -> str:
        """What is signed."""
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode()}\n"


def sign(checkpoint: Checkpoint, key: Ed25519PrivateKey) -> str:
    """The signed note. Raises BadCheckpoint for an origin that no key may be named by."""
    _check_name(checkpoint.origin)
    body = checkpoint.body()
    signature = key_hash(checkpoint.origin, key.public_key()) + key.sign(body.encode())
    return f"{body}\n\u2014 {checkpoint.origin} {b64encode(signature).decode()}\n"


def vkey(origin: str, key: Ed25519PublicKey) -> str:
    """The verifier key as text: name, key hash, algorithm and key (C2SP signed-note). Raises BadCheckpoint for a bad name."""
    _check_name(origin)
    return f"{origin}+{key_hash(origin, key).hex()}+{b64encode(ED25519 + key.public_bytes_raw()).decode()}"


def read_vkey(text: str) -> tuple[str, Ed25519PublicKey]:
    """The name and key of a verifier key. Raises BadCheckpoint."""
    try:
        name, hashed, encoded = text.strip().split("+", 2)
        raw = _decode(encoded)
        key = Ed25519PublicKey.from_public_bytes(raw[1:])
    except ValueError as error:
        raise BadCheckpoint("the public key is not of the form name+hash+key") from error
    _check_name(name)
    if raw[:1] != ED25519 or key_hash(name, key).hex() != hashed:
        raise BadCheckpoint("the public key's hash does not fit it")
    return name, key


def verify(note: str, verifier: str) -> Checkpoint:
    """The checkpoint in a note that this verifier key signed; signatures of other keys are passed over. Raises BadCheckpoint."""
    name, key = read_vkey(verifier)
    body, separator, signatures = note[: MAX_NOTE_CHARS + 1].rpartition("\n\n")
    if not separator or not signatures.endswith("\n") or len(note) > MAX_NOTE_CHARS:
        raise BadCheckpoint("the checkpoint is no signed note")
    body += "\n"
    ours = [signature for signature in (_signature_of(line, name) for line in signatures[:-1].split("\n")) if signature]
    wanted = key_hash(name, key)
    signature = next((signature for signature in ours if signature[:4] == wanted), None)
    if signature is None:
        raise BadCheckpoint("the checkpoint is signed by another key of this name" if ours else "the checkpoint is not signed by this key")
    try:
        key.verify(signature[4:], body.encode())
    except (ValueError, InvalidSignature) as error:
        raise BadCheckpoint("the checkpoint's signature does not hold") from error
    return _read_body(body, name)


def key_hash(origin: str, key: Ed25519PublicKey) -> bytes:
    """Four bytes that tell keys of one name apart."""
    return hashlib.sha256(origin.encode() + b"\n" + ED25519 + key.public_bytes_raw()).digest()[:4]


def _check_name(name: str) -> None:
    if not name or "+" in name or not name.isprintable() or any(character.isspace() for character in name):
        raise BadCheckpoint("the name of a log has no blanks and no +")


def _signature_of(line: str, name: str) -> bytes:
    """Key hash and signature of one line, empty for another signer's."""
    dash, signer, encoded = [*line.split(" "), "", "", ""][:3]
    if dash != "\u2014" or line.count(" ") != 2:
        raise BadCheckpoint("a signature line of the checkpoint is malformed")
    if signer != name:
        return b""
    try:
        return _decode(encoded)
    except ValueError as error:
        raise BadCheckpoint("a signature line of the checkpoint is malformed") from error


def _read_body(body: str, name: str) -> Checkpoint:
    lines = body.split("\n")
    if len(lines) < 4 or lines[0] != name or not _is_size(lines[1]):
        raise BadCheckpoint("the checkpoint's body is malformed")
    try:
        root = _decode(lines[2])
    except ValueError as error:
        raise BadCheckpoint("the checkpoint's root is malformed") from error
    if len(root) != 32:
        raise BadCheckpoint("the checkpoint's root is malformed")
    return Checkpoint(lines[0], int(lines[1]), root)


def _is_size(text: str) -> bool:
    """A decimal number without leading zeros, below 2^63."""
    return text.isascii() and text.isdigit() and len(text) < 19 and (text == "0" or text[0] != "0")


def _decode(text: str) -> bytes:
    """Base64 with one spelling only: no other alphabet, no missing padding, no spare bits. Raises ValueError."""
    raw = b64decode(text, validate=True)
    if b64encode(raw).decode() != text:
        raise ValueError("base64 in another than its one spelling")
    return raw
