"""The text of `keys.json`, strictly read (docs/specs/keyring.md). A checksum tells a damaged file from a wrong passphrase.

The checksum guards against accidents, not attackers: it is no secret, and what is wrapped is authenticated anyway.
"""

import hashlib
import json
from base64 import b64decode, b64encode
from dataclasses import dataclass

FORMAT = "auricle-keys/1"
SALT_BYTES = 16
MAX_FILE_BYTES = 1 << 20
MAX_TIME, MAX_MEMORY_KIB, MAX_LANES = 64, 4 << 20, 64  # a changed file must not make unlocking take all memory or hours


@dataclass(frozen=True, slots=True)
class Stretching:
    """How a passphrase becomes a key: Argon2id version 1.3 (RFC 9106) with these costs."""

    salt: bytes
    time_cost: int
    memory_kib: int
    lanes: int


@dataclass(frozen=True, slots=True)
class KeyDocument:
    """A key file's content; `stretching` is None for a development key."""

    stretching: Stretching | None
    keyring: bytes
    signing: bytes

    def encode(self) -> bytes:
        """The file's bytes."""
        content: dict[str, object] = {
            "format": FORMAT,
            "keyring": b64encode(self.keyring).decode(),
            "signing": b64encode(self.signing).decode(),
        }
        if self.stretching is None:
            content["kek"] = "development"
        else:
            s = self.stretching
            costs = {"salt": b64encode(s.salt).decode(), "time_cost": s.time_cost, "memory_kib": s.memory_kib, "lanes": s.lanes}
            content |= {"kek": "argon2id", "argon2id": costs}
        content["checksum"] = _checksum(content)
        return json.dumps(content, indent=1, sort_keys=True).encode() + b"\n"

    @classmethod
    def decode(cls, data: bytes) -> "KeyDocument":
        """Read a file's bytes. Raises ValueError for anything that `encode` would not have written."""
        if len(data) > MAX_FILE_BYTES:
            raise ValueError("too long")
        content = json.loads(data)
        if not isinstance(content, dict) or content.get("format") != FORMAT or content.pop("checksum", None) != _checksum(content):
            raise ValueError("not a key file, or changed")
        stretching = None
        if content["kek"] == "argon2id":
            stretching = _stretching(content["argon2id"])
        elif content["kek"] != "development":
            raise ValueError("unknown kind of key")
        return cls(stretching, b64decode(content["keyring"], validate=True), b64decode(content["signing"], validate=True))


def _stretching(costs: dict[str, object]) -> Stretching:
    time_cost, memory_kib, lanes, salt = costs["time_cost"], costs["memory_kib"], costs["lanes"], costs["salt"]
    if not (isinstance(time_cost, int) and isinstance(memory_kib, int) and isinstance(lanes, int) and isinstance(salt, str)):
        raise ValueError("costs that are no numbers")
    if not (0 < time_cost <= MAX_TIME and 0 < lanes <= MAX_LANES and 8 * lanes <= memory_kib <= MAX_MEMORY_KIB):
        raise ValueError("costs out of range")
    raw = b64decode(salt, validate=True)
    if len(raw) != SALT_BYTES:
        raise ValueError("a salt of another size")
    return Stretching(raw, time_cost, memory_kib, lanes)


def _checksum(content: dict[str, object]) -> str:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
