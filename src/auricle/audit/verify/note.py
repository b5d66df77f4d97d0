"""Keys and signed notes as a verifier reads them (C2SP signed-note, tlog-checkpoint); only the signature itself is checked by a library."""

import hashlib
from base64 import b64decode, b64encode
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from auricle.audit.verify.report import Fault, Wrong


@dataclass(frozen=True, slots=True)
class Key:
    """A log's key, its name and the hash that tells keys of one name apart."""

    name: str
    hash: bytes
    public: Ed25519PublicKey


def read_key(verifier: str) -> Key:
    """The key of `name+hash+base64(0x01, key)`. Raises Wrong."""
    try:
        name, hashed, encoded = verifier.strip().split("+", 2)
        raw = strict_base64(encoded)
        expected = hashlib.sha256(name.encode() + b"\n" + raw).digest()[:4]
        if raw[:1] != b"\x01" or expected.hex() != hashed:
            raise ValueError
        return Key(name, expected, Ed25519PublicKey.from_public_bytes(raw[1:]))
    except ValueError:
        raise Wrong(Fault.BAD_KEY, "the public key cannot be read: it has the form name+hash+key") from None


def signed_state(note: object, key: Key) -> tuple[int, bytes]:
    """Tree size and root of a note whose signature by this key holds. Raises Wrong."""
    if not isinstance(note, str):
        raise Wrong(Fault.BAD_CHECKPOINT, "a checkpoint is not text")
    body, _, signatures = note.rpartition("\n\n")
    signed = [line.split(" ") for line in signatures.split("\n")]
    candidates = [parts[2] for parts in signed if len(parts) == 3 and parts[:2] == ["\u2014", key.name]]
    try:
        raw = [strict_base64(candidate) for candidate in candidates]
        signature = next((one for one in raw if one[:4] == key.hash), None)
        if signature is None:
            raise Wrong(Fault.NOT_SIGNED, "the checkpoint is not signed by this key: another log, or another key of this name")
        key.public.verify(signature[4:], f"{body}\n".encode())
        origin, size, root = body.split("\n")[:3]
        if not (size.isascii() and size.isdigit()) or len(size) > 18 or len(strict_base64(root)) != 32:
            raise ValueError
    except InvalidSignature:
        raise Wrong(Fault.BAD_SIGNATURE, "the checkpoint's signature does not hold: it was changed after signing") from None
    except ValueError:
        raise Wrong(Fault.BAD_CHECKPOINT, "the checkpoint is malformed") from None
    if origin != key.name:
        raise Wrong(Fault.BAD_CHECKPOINT, "the checkpoint is of another log")
    return int(size), strict_base64(root)


def strict_base64(text: str) -> bytes:
    """Base64 in its one spelling. Raises ValueError."""
    raw = b64decode(text, validate=True)
    if b64encode(raw).decode() != text:
        raise ValueError
    return raw
