"""A directory with `keys.json`, and `development.key` beside it where no passphrase was given. `create` never overwrites."""

import os
import stat
import unicodedata
from base64 import b64decode, b64encode
from dataclasses import dataclass
from pathlib import Path

import structlog
from argon2.exceptions import HashingError
from argon2.low_level import Type, hash_secret_raw
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from auricle.adapters.keys.document import SALT_BYTES, KeyDocument, Stretching
from auricle.adapters.keys.errors import KeysDamaged, KeysExist, KeysMissing, WeakPassphrase, WrongPassphrase
from auricle.kernel.errors import OurError
from auricle.kernel.time import Entropy
from auricle.vault.envelope import KEY_BYTES
from auricle.vault.errors import VaultError, WrongKey
from auricle.vault.keyring import Keyring, Purpose
from auricle.vault.wrapping import unwrap, wrap

log = structlog.get_logger(__name__)
SIGNING_LABEL = b"auricle/v1/audit-signing-key"
DEVELOPMENT_MARK = b"AURICLE DEVELOPMENT KEY: whoever reads this file can open everything\n"
TIME_COST, MEMORY_KIB, LANES = 3, 65536, 4  # RFC 9106 4, second recommended option: about 0.1 s
MIN_PASSPHRASE_CHARS = 12  # it is attacked offline, with the file in hand


@dataclass(frozen=True, slots=True)
class Keys:
    """What an unlocked key file gives. `development` is True where anybody who reads the disk has the keys."""

    keyring: Keyring
    signing: Ed25519PrivateKey
    development: bool


class FileKeys:
    """The keys in one directory."""

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
        """Make fresh keys; None makes a development key. Raises KeysExist (nothing is ever overwritten), WeakPassphrase."""
        if self.exist:
            raise KeysExist(f"there are keys in {self._file} already; they are never overwritten")
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        stretching = None if passphrase is None else self._fresh_stretching(passphrase)
        if passphrase is None and not self._development.exists():  # one left by a crash, or by a lost keys.json, is used again
            _write_new(self._development, DEVELOPMENT_MARK + b64encode(self._entropy.token(KEY_BYTES)) + b"\n")
        keys = Keys(Keyring.generate(self._entropy), Ed25519PrivateKey.from_private_bytes(self._entropy.token(32)), passphrase is None)
        try:
            _write_new(self._file, self._document(keys, stretching, passphrase).encode())
        except FileExistsError:
            raise KeysExist(f"there are keys in {self._file} already; they are never overwritten") from None
        return keys

    def unlock(self, passphrase: str | None) -> Keys:
        """Open the keys; a development key needs no passphrase. Raises KeysMissing, KeysDamaged, WrongPassphrase."""
        document = self._read()
        kek = self._kek(document.stretching, passphrase)
        try:
            keyring = self._unwrapped(document, kek)
            signing = Ed25519PrivateKey.from_private_bytes(unwrap(kek, SIGNING_LABEL, document.signing))
        except (VaultError, ValueError) as error:
            raise KeysDamaged(f"the key file {self._file} is damaged or of another version: restore it from its copy") from error
        self._warn_of_readers()
        return Keys(keyring, signing, document.stretching is None)

    def change_passphrase(self, old: str | None, new: str) -> None:
        """Wrap the same keys under a new passphrase; a development key is removed then. Raises what unlock and create raise."""
        keys = self.unlock(old)
        self._replace(Keys(keys.keyring, keys.signing, False), new)
        self._development.unlink(missing_ok=True)
        _sync_directory(self._directory)

    def rotate(self, purpose: Purpose, passphrase: str | None) -> Keys:
        """Start a new epoch of one purpose, durably; what older ones sealed still opens. Raises what unlock raises."""
        keys = self.unlock(passphrase)
        keys.keyring.rotate(purpose, self._entropy)
        self._replace(keys, None if keys.development else passphrase)
        return keys

    def _unwrapped(self, document: KeyDocument, kek: bytes) -> Keyring:
        try:
            return Keyring.unwrapped(document.keyring, kek)
        except WrongKey:
            if document.stretching is None:
                raise KeysDamaged(f"{self._development} is not the key of {self._file}: restore both from one copy") from None
            raise WrongPassphrase("The passphrase does not open the key file; nothing was changed.") from None

    def _replace(self, keys: Keys, passphrase: str | None) -> None:
        stretching = None if passphrase is None else self._fresh_stretching(passphrase)
        part = self._file.with_suffix(".part")
        part.unlink(missing_ok=True)
        _write_new(part, self._document(keys, stretching, passphrase).encode())
        part.replace(self._file)
        _sync_directory(self._directory)

    def _document(self, keys: Keys, stretching: Stretching | None, passphrase: str | None) -> KeyDocument:
        kek = self._kek(stretching, passphrase)
        signing = wrap(kek, SIGNING_LABEL, keys.signing.private_bytes_raw(), self._entropy)
        return KeyDocument(stretching, keys.keyring.wrapped(kek, self._entropy), signing)

    def _read(self) -> KeyDocument:
        try:
            return KeyDocument.decode(self._file.read_bytes())
        except FileNotFoundError:
            raise KeysMissing(f"there are no keys in {self._file}: make them with  auricle keys create") from None
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise KeysDamaged(f"the key file {self._file} is damaged: restore it from its copy") from error

    def _kek(self, stretching: Stretching | None, passphrase: str | None) -> bytes:
        if stretching is None:
            return self._development_kek()
        if passphrase is None:
            raise WrongPassphrase("The key file needs its passphrase: give it in AURICLE_PASSPHRASE.")
        return _stretched(passphrase, stretching)

    def _development_kek(self) -> bytes:
        try:
            kek = b64decode(self._development.read_bytes().removeprefix(DEVELOPMENT_MARK).strip(), validate=True)
        except FileNotFoundError:
            raise KeysMissing(f"{self._development} is missing: without it these keys cannot be opened") from None
        except ValueError:
            kek = b""
        if len(kek) != KEY_BYTES:
            raise KeysDamaged(f"{self._development} is damaged: restore it from its copy")
        return kek

    def _fresh_stretching(self, passphrase: str) -> Stretching:
        if len(passphrase) < MIN_PASSPHRASE_CHARS:
            raise WeakPassphrase(f"The passphrase needs at least {MIN_PASSPHRASE_CHARS} characters; nothing was made.")
        return Stretching(self._entropy.token(SALT_BYTES), TIME_COST, MEMORY_KIB, LANES)

    def _warn_of_readers(self) -> None:
        for path in (self._file, self._development):
            if path.exists() and path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
                log.warning("key_file_readable_by_others", file=path.name)


def _stretched(passphrase: str, how: Stretching) -> bytes:
    """NFC first: the same passphrase typed on another system must be the same bytes (RFC 8265 4.2)."""
    secret = unicodedata.normalize("NFC", passphrase).encode(errors="surrogatepass")
    try:
        return hash_secret_raw(secret, how.salt, how.time_cost, how.memory_kib, how.lanes, KEY_BYTES, Type.ID)
    except HashingError as error:
        raise OurError(f"the passphrase needs {how.memory_kib // 1024} MiB of memory to be checked") from error


def _write_new(path: Path, data: bytes) -> None:
    """Write a private file durably and whole, or not at all. Raises FileExistsError."""
    part = path.with_suffix(f".{os.getpid()}.new")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        if os.write(descriptor, data) != len(data):
            raise OSError(28, "short write")
        os.fsync(descriptor)
        os.link(part, path)  # unlike a rename, a link never replaces what is there
    finally:
        os.close(descriptor)
        part.unlink()
    _sync_directory(path.parent)


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
