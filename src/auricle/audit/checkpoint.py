"""Signed checkpoints: the C2SP tlog-checkpoint body in a C2SP signed note, Ed25519.

    harborstreet.example/audit        origin
    42                                tree size
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=   root
                                      (empty line)
    — harborstreet.example/audit Az3grl…           key hash and signature
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


class BadCheckpoint(PeerError):
    """A checkpoint or key that is malformed, or a signature that does not hold; the text says which."""

    code: ClassVar[str] = "audit.bad_checkpoint"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The state of a log."""

    origin: str
    size: int
    root: bytes

    def body(self) -> str:
        """What is signed."""
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode()}\n"


def sign(checkpoint: Checkpoint, key: Ed25519PrivateKey) -> str:
    """The signed note."""
    body = checkpoint.body()
    signature = key_hash(checkpoint.origin, key.public_key()) + key.sign(body.encode())
    return f"{body}\n\u2014 {checkpoint.origin} {b64encode(signature).decode()}\n"


def vkey(origin: str, key: Ed25519PublicKey) -> str:
    """The verifier key as text: name, key hash, algorithm and key (C2SP signed-note)."""
    return f"{origin}+{key_hash(origin, key).hex()}+{b64encode(ED25519 + key.public_bytes_raw()).decode()}"


def read_vkey(text: str) -> tuple[str, Ed25519PublicKey]:
    """The name and key of a verifier key. Raises BadCheckpoint."""
    try:
        name, hashed, encoded = text.strip().split("+", 2)
        raw = b64decode(encoded, validate=True)
        key = Ed25519PublicKey.from_public_bytes(raw[1:])
    except ValueError as error:
        raise BadCheckpoint("the public key is not of the form name+hash+key") from error
    if raw[:1] != ED25519 or key_hash(name, key).hex() != hashed:
        raise BadCheckpoint("the public key's hash does not fit it")
    return name, key


def verify(note: str, verifier: str) -> Checkpoint:
    """The checkpoint in a note that this verifier key signed. Raises BadCheckpoint."""
    name, key = read_vkey(verifier)
    body, separator, signatures = note.partition("\n\n")
    if not separator:
        raise BadCheckpoint("the checkpoint has no signature")
    body += "\n"
    for line in signatures.splitlines():
        dash, _, rest = line.partition(" ")
        signer, _, encoded = rest.partition(" ")
        if dash == "\u2014" and signer == name:
            _check_signature(encoded, name, key, body)
            return _read_body(body, name)
    raise BadCheckpoint("the checkpoint is not signed by this key")


def key_hash(origin: str, key: Ed25519PublicKey) -> bytes:
    """Four bytes that tell keys of one name apart."""
    return hashlib.sha256(origin.encode() + b"\n" + ED25519 + key.public_bytes_raw()).digest()[:4]


def _check_signature(encoded: str, name: str, key: Ed25519PublicKey, body: str) -> None:
    try:
        raw = b64decode(encoded, validate=True)
        if raw[:4] != key_hash(name, key):
            raise BadCheckpoint("the checkpoint is signed by another key of this name")
        key.verify(raw[4:], body.encode())
    except (ValueError, InvalidSignature) as error:
        raise BadCheckpoint("the checkpoint's signature does not hold") from error


def _read_body(body: str, name: str) -> Checkpoint:
    lines = body.splitlines()
    if len(lines) < 3 or lines[0] != name or not (lines[1].isascii() and lines[1].isdigit()) or (lines[1] != "0" and lines[1][0] == "0"):
        raise BadCheckpoint("the checkpoint's body is malformed")
    try:
        root = b64decode(lines[2], validate=True)
    except ValueError as error:
        raise BadCheckpoint("the checkpoint's root is malformed") from error
    if len(root) != 32:
        raise BadCheckpoint("the checkpoint's root is malformed")
    return Checkpoint(lines[0], int(lines[1]), root)
