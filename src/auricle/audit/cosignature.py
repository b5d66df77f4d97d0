"""Cosignatures of witnesses over our checkpoints (C2SP tlog-cosignature, Ed25519 `cosignature/v1`) and the request that asks for one.

The request is that of C2SP tlog-witness `add-checkpoint`. Leaves out ML-DSA-44: none of our libraries has it.
"""

import hashlib
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from auricle.audit.checkpoint import BadCheckpoint

COSIGNATURE = b"\x04"
SIGNATURE_BYTES = 4 + 8 + 64  # key id, u64 timestamp, Ed25519 signature
MAX_PROOF_LINES = 63


@dataclass(frozen=True, slots=True)
class WitnessKey:
    """A witness by the key it cosigns with."""

    name: str
    id: bytes
    key: Ed25519PublicKey

    @classmethod
    def parse(cls, text: str) -> "WitnessKey":
        """Read a vkey of signature type 0x04. Raises BadCheckpoint."""
        try:
            name, hashed, encoded = text.strip().split("+", 2)
            raw = b64decode(encoded, validate=True)
            key = Ed25519PublicKey.from_public_bytes(raw[1:])
        except ValueError as error:
            raise BadCheckpoint("a witness's key has the form name+hash+key") from error
        ident = hashlib.sha256(name.encode() + b"\n" + raw).digest()[:4]
        if raw[:1] != COSIGNATURE or ident.hex() != hashed or not name or any(c.isspace() for c in name):
            raise BadCheckpoint("a witness's key is not a cosignature/v1 key, or its hash does not fit it")
        return cls(name, ident, key)


@dataclass(frozen=True, slots=True)
class Cosignature:
    """A signature line of a witness whose signature holds, and when it was made (POSIX seconds)."""

    witness: str
    line: str
    timestamp: int


def add_checkpoint(old_size: int, proof: Sequence[bytes], note: str) -> bytes:
    """The body of `add-checkpoint`: the size the witness has, the consistency proof from there, the checkpoint."""
    if len(proof) > MAX_PROOF_LINES:
        raise ValueError(len(proof))
    lines = "".join(f"{b64encode(node).decode()}\n" for node in proof)
    return f"old {old_size}\n{lines}\n{note}".encode()


def cosignature(answer: str, note: str, witness: WitnessKey) -> Cosignature:
    """The line of this witness in its answer; lines of other keys are passed over. Raises BadCheckpoint."""
    body = note.rpartition("\n\n")[0] + "\n"
    for line in answer.splitlines():
        parts = line.split(" ")
        if len(parts) != 3 or parts[0] != "\u2014" or parts[1] != witness.name:
            continue
        raw = _raw(parts[2])
        if len(raw) != SIGNATURE_BYTES or raw[:4] != witness.id:
            continue
        timestamp = int.from_bytes(raw[4:12], "big")
        try:
            witness.key.verify(raw[12:], f"cosignature/v1\ntime {timestamp}\n{body}".encode())
        except InvalidSignature as error:
            raise BadCheckpoint("the witness's cosignature does not hold") from error
        return Cosignature(witness.name, f"{line}\n", timestamp)
    raise BadCheckpoint("the witness's answer has no cosignature of its key")


def _raw(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except ValueError:
        return b""
