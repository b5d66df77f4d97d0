"""Where the practice's keys are kept: a file under a passphrase, or a development key beside it (docs/specs/keyring.md)."""

import json
import os
from base64 import b64decode, b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from argon2.low_level import Type, hash_secret_raw
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from auricle.kernel.errors import OurError, PeerError
from auricle.kernel.time import Entropy
from auricle.vault.envelope import KEY_BYTES, open_sealed, seal
from auricle.vault.errors import VaultError, WrongKey
from auricle.vault.keyring import Keyring

FORMAT = "auricle-keys/1"
TIME_COST, MEMORY_KIB, LANES = 3, 65536, 4  # RFC 9106 4, second recommended option
SIGNING_LABEL = b"auricle/v1/audit-signing-key"


class KeysMissing(OurError):
    """There are no keys yet."""

    code: ClassVar[str] = "keys.missing"


class WrongPassphrase(PeerError):
    """The passphrase does not open the key file."""

    code: ClassVar[str] = "keys.wrong_passphrase"


@dataclass(frozen=True, slots=True)
class Keys:
    """What an unlocked key file gives."""

    keyring: Keyring
    signing: Ed25519PrivateKey
    development: bool


class FileKeys:
    """`keys.json` in a directory of its own; `development.key` beside it only where no passphrase was given."""

    def __init__(self, directory: Path, entropy: Entropy) -> None:
        self._directory = directory
        self._file = directory / "keys.json"
        self._development = directory / "development.key"
        self._entropy = entropy

    @property
    def exist(self) -> bool:
        """Whether keys were made."""
        return self._file.exists()

    def create(self, passphrase: str | None) -> Keys:
        """Make fresh keys. Raises OurError when there are keys already: they are never overwritten."""
        if self.exist:
            raise OurError(f"there are keys in {self._file} already; they are never overwritten")
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        salt = self._entropy.token(16)
        if passphrase is None:
            kek = self._entropy.token(KEY_BYTES)
            _write(self._development, b64encode(kek) + b"\n")
        else:
            kek = _derive(passphrase, salt)
        keyring, signing = Keyring.generate(self._entropy), Ed25519PrivateKey.generate()
        content = {
            "format": FORMAT,
            "kek": "development" if passphrase is None else "argon2id",
            "salt": b64encode(salt).decode(),
            "argon2id": {"time_cost": TIME_COST, "memory_kib": MEMORY_KIB, "lanes": LANES},
            "keyring": b64encode(keyring.wrapped(kek, self._entropy)).decode(),
            "signing": b64encode(seal(AESGCM(kek), signing.private_bytes_raw(), SIGNING_LABEL, self._entropy)).decode(),
        }
        _write(self._file, json.dumps(content, indent=1).encode() + b"\n")
        return Keys(keyring, signing, passphrase is None)

    def unlock(self, passphrase: str | None) -> Keys:
        """Open the keys. Raises KeysMissing, WrongPassphrase, or VaultError for a damaged file."""
        if not self.exist:
            raise KeysMissing(f"there are no keys in {self._file}: make them with  auricle keys create")
        try:
            content = json.loads(self._file.read_bytes())
            development = content["kek"] == "development"
            wrapped, signing = b64decode(content["keyring"]), b64decode(content["signing"])
            salt, cost = b64decode(content["salt"]), content["argon2id"]
            kek = self._development_kek() if development else _derive(_required(passphrase), salt, cost)
        except (ValueError, KeyError, TypeError) as error:
            raise VaultError(f"the key file {self._file} is damaged: restore it from its copy") from error
        try:
            keyring = Keyring.unwrapped(wrapped, kek)
        except WrongKey:
            raise WrongPassphrase("The passphrase does not open the key file; nothing was changed.") from None
        return Keys(keyring, Ed25519PrivateKey.from_private_bytes(open_sealed(AESGCM(kek), signing, SIGNING_LABEL)), development)

    def _development_kek(self) -> bytes:
        try:
            return b64decode(self._development.read_bytes())
        except FileNotFoundError:
            raise KeysMissing(f"{self._development} is missing: without it these keys cannot be opened") from None


def _required(passphrase: str | None) -> str:
    if passphrase is None:
        raise WrongPassphrase("The key file needs its passphrase: give it in AURICLE_PASSPHRASE.")
    return passphrase


def _derive(passphrase: str, salt: bytes, cost: dict[str, int] | None = None) -> bytes:
    cost = cost or {"time_cost": TIME_COST, "memory_kib": MEMORY_KIB, "lanes": LANES}
    secret = passphrase.encode()
    return hash_secret_raw(secret, salt, cost["time_cost"], cost["memory_kib"], cost["lanes"], KEY_BYTES, Type.ID)


def _write(path: Path, data: bytes) -> None:
    """Write a private file durably, or not at all."""
    part = path.with_suffix(".part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.write(descriptor, data)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    part.replace(path)
