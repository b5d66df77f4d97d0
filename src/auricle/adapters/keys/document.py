"""The text of `keys.json`, strictly read (docs/specs/keyring.md). A checksum tells a damaged file from a wrong passphrase.

The checksum guards against accidents, not attackers: it is no secret. Version 2 is authenticated as a whole under the root key besides.
"""

import hashlib
import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

FORMAT = "auricle-keys/2"
FORMAT_1 = "auricle-keys/1"
SALT_BYTES = 16
MAX_FILE_BYTES = 1 << 20
MAX_HOLDERS = 32
MAX_TIME, MAX_MEMORY_KIB, MAX_LANES = 64, 4 << 20, 64  # a changed file must not make unlocking take all memory or hours

PASSPHRASE, DEVELOPMENT, RECOVERY = "passphrase", "development", "recovery"


@dataclass(frozen=True, slots=True)
class Stretching:
    """How a passphrase becomes a key: Argon2id version 1.3 (RFC 9106) with these costs."""

    salt: bytes
    time_cost: int
    memory_kib: int
    lanes: int

    def data(self) -> dict[str, object]:
        """As it stands in the file."""
        return {"salt": b64encode(self.salt).decode(), "time_cost": self.time_cost, "memory_kib": self.memory_kib, "lanes": self.lanes}

    @classmethod
    def of(cls, costs: Any) -> "Stretching":
        """Read from the file. Raises ValueError, KeyError, TypeError."""
        time_cost, memory_kib, lanes, salt = costs["time_cost"], costs["memory_kib"], costs["lanes"], costs["salt"]
        if not (isinstance(time_cost, int) and isinstance(memory_kib, int) and isinstance(lanes, int) and isinstance(salt, str)):
            raise ValueError("costs that are no numbers")
        if not (0 < time_cost <= MAX_TIME and 0 < lanes <= MAX_LANES and 8 * lanes <= memory_kib <= MAX_MEMORY_KIB):
            raise ValueError("costs out of range")
        raw = b64decode(salt, validate=True)
        if len(raw) != SALT_BYTES:
            raise ValueError("a salt of another size")
        return cls(raw, time_cost, memory_kib, lanes)


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody who can open the file, as a slot of LUKS: the root key, wrapped for them.

    `facts` is what its kind needs to find its key again (costs of a passphrase, name of a key), never a secret.
    """

    id: str
    kind: str
    made_at: int
    wrapped: bytes
    facts: Mapping[str, Any] = field(default_factory=dict)

    def data(self) -> dict[str, object]:
        """As it stands in the file."""
        wrapped = b64encode(self.wrapped).decode()
        return {"id": self.id, "kind": self.kind, "made_at": self.made_at, "wrapped": wrapped, "facts": dict(self.facts)}

    @classmethod
    def of(cls, data: Any) -> "Holder":
        """Read from the file. Raises ValueError, KeyError, TypeError."""
        if set(data) != {"id", "kind", "made_at", "wrapped", "facts"} or not isinstance(data["facts"], dict):
            raise ValueError("a holder with other keys")
        if not (isinstance(data["id"], str) and isinstance(data["kind"], str) and type(data["made_at"]) is int):
            raise ValueError("a holder with odd values")
        if data["kind"] == PASSPHRASE:
            Stretching.of(data["facts"]["argon2id"])
        return cls(data["id"], data["kind"], data["made_at"], b64decode(data["wrapped"], validate=True), data["facts"])


@dataclass(frozen=True, slots=True)
class KeyDocument:
    """A version-2 file: holders of the root key, and what the root key seals.

    `state` is wrapped under the root key too: the file's generation, and the digest of all the rest.
    """

    holders: tuple[Holder, ...]
    keyring: bytes
    signing: bytes
    state: bytes = b""

    def digest(self) -> str:
        """SHA-256 over holders, keyring and signing key; `state` binds it to the root key."""
        return _checksum(self._content())

    def encode(self) -> bytes:
        """The file's bytes."""
        content = self._content() | {"format": FORMAT, "state": b64encode(self.state).decode()}
        return _text(content | {"checksum": _checksum(content)})

    def _content(self) -> dict[str, object]:
        return {
            "holders": [holder.data() for holder in self.holders],
            "keyring": b64encode(self.keyring).decode(),
            "signing": b64encode(self.signing).decode(),
        }


@dataclass(frozen=True, slots=True)
class KeyDocument1:
    """A version-1 file: keyring and signing key wrapped under one passphrase; `stretching` is None for a development key."""

    stretching: Stretching | None
    keyring: bytes
    signing: bytes


def read_document(data: bytes) -> KeyDocument | KeyDocument1:
    """Read a file's bytes. Raises ValueError, KeyError or TypeError for anything that was not written by this program or an earlier one."""
    if len(data) > MAX_FILE_BYTES:
        raise ValueError("too long")
    content = json.loads(data)
    if not isinstance(content, dict) or content.pop("checksum", None) != _checksum(content):
        raise ValueError("not a key file, or changed")
    if content.get("format") == FORMAT:
        return _version_2(content)
    if content.get("format") == FORMAT_1:
        return _version_1(content)
    raise ValueError("not a key file of a known version")


def _version_2(content: dict[str, Any]) -> KeyDocument:
    if set(content) != {"format", "holders", "keyring", "signing", "state"} or not 0 < len(content["holders"]) <= MAX_HOLDERS:
        raise ValueError("other keys than version 2 has")
    holders = tuple(Holder.of(data) for data in content["holders"])
    if len({holder.id for holder in holders}) != len(holders):
        raise ValueError("two holders of one id")
    keyring, signing, state = (b64decode(content[name], validate=True) for name in ("keyring", "signing", "state"))
    return KeyDocument(holders, keyring, signing, state)


def _version_1(content: dict[str, Any]) -> KeyDocument1:
    stretching = None
    if content["kek"] == "argon2id":
        stretching = Stretching.of(content["argon2id"])
    elif content["kek"] != "development":
        raise ValueError("unknown kind of key")
    return KeyDocument1(stretching, b64decode(content["keyring"], validate=True), b64decode(content["signing"], validate=True))


def _text(content: Mapping[str, object]) -> bytes:
    return json.dumps(content, indent=1, sort_keys=True).encode() + b"\n"


def _checksum(content: Mapping[str, object]) -> str:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
