"""Holders of the root key: made and opened, each kind in its own way. What a kind needs beside the file is asked for by name.

A passphrase is stretched, a development key lies beside the file, a provider wraps by itself, a recovery key is split into shares.
"""

import unicodedata
from base64 import b64decode, b64encode
from pathlib import Path

from argon2.exceptions import HashingError
from argon2.low_level import Type, hash_secret_raw

from auricle.adapters.keys import recovery
from auricle.adapters.keys.disk import write_new
from auricle.adapters.keys.document import DEVELOPMENT, PASSPHRASE, RECOVERY, SALT_BYTES, Holder, Stretching
from auricle.adapters.keys.errors import KeysDamaged, KeysMissing, WeakPassphrase, WrongHolder, WrongPassphrase, WrongShares
from auricle.adapters.keys.provider import KekProvider, context_of
from auricle.kernel.errors import OurError
from auricle.kernel.time import Clock, Entropy
from auricle.vault.envelope import KEY_BYTES
from auricle.vault.errors import Corrupt, VaultError, WrongKey
from auricle.vault.wrapping import unwrap, wrap

ROOT_LABEL = b"auricle/v2/root-key"
DEVELOPMENT_MARK = b"AURICLE DEVELOPMENT KEY: whoever reads this file can open everything\n"
TIME_COST, MEMORY_KIB, LANES = 3, 65536, 4  # RFC 9106 4, second recommended option: about 0.1 s
MIN_PASSPHRASE_CHARS = 12  # it is attacked offline, with the file in hand


class Holders:
    """Makes and opens holders of one key file's root key."""

    def __init__(self, directory: Path, entropy: Entropy, clock: Clock) -> None:
        self._development = directory / "development.key"
        self._entropy = entropy
        self._clock = clock

    # ---- making --------------------------------------------------------------------------------------

    def by_passphrase(self, root: bytes, passphrase: str) -> Holder:
        """Raises WeakPassphrase."""
        how = self.fresh_stretching(passphrase)
        return self._made(PASSPHRASE, root, stretched(passphrase, how), {"argon2id": how.data()})

    def by_development_key(self, root: bytes) -> Holder:
        """Makes `development.key` where there is none; one left by a crash, or by a lost keys.json, is used again."""
        if not self._development.exists():
            write_new(self._development, DEVELOPMENT_MARK + b64encode(self._entropy.token(KEY_BYTES)) + b"\n")
        return self._made(DEVELOPMENT, root, self.development_kek(), {})

    def by_provider(self, root: bytes, provider: KekProvider) -> Holder:
        """Wrapped, and at once unwrapped again: a key that only wraps would lock us out. Raises what the provider raises, WrongHolder."""
        ident = self._entropy.name("h")
        wrapped = provider.wrap(root, context_of(ident))
        if provider.unwrap(wrapped, context_of(ident)) != root:
            raise WrongHolder(f"{provider.kind} gave back another key than it was given; nothing was changed")
        return Holder(ident, provider.kind, self._now(), wrapped, dict(provider.facts()))

    def by_shares(self, root: bytes, shares: int, needed: int) -> tuple[Holder, list[str]]:
        """A recovery key and the words of its shares, which stand nowhere else. Raises WrongShares."""
        secret = self._entropy.token(KEY_BYTES)
        words = recovery.split(secret, shares, needed)
        return self._made(RECOVERY, root, secret, {"shares": shares, "needed": needed}), words

    def fresh_stretching(self, passphrase: str) -> Stretching:
        """Costs of today with a new salt. Raises WeakPassphrase."""
        if len(passphrase) < MIN_PASSPHRASE_CHARS:
            raise WeakPassphrase(f"The passphrase needs at least {MIN_PASSPHRASE_CHARS} characters; nothing was made.")
        return Stretching(self._entropy.token(SALT_BYTES), TIME_COST, MEMORY_KIB, LANES)

    # ---- opening -------------------------------------------------------------------------------------

    def open_passphrase(self, holder: Holder, passphrase: str) -> bytes:
        """The root key. Raises WrongPassphrase, KeysDamaged."""
        kek = stretched(passphrase, Stretching.of(holder.facts["argon2id"]))
        try:
            return unwrap(kek, _label(holder.id), holder.wrapped)
        except WrongKey:
            raise WrongPassphrase("The passphrase does not open the key file; nothing was changed.") from None
        except VaultError as error:
            raise KeysDamaged("the passphrase's part of the key file is damaged: restore the file from its copy") from error

    def open_development(self, holder: Holder) -> bytes:
        """The root key. Raises KeysMissing, KeysDamaged."""
        try:
            return unwrap(self.development_kek(), _label(holder.id), holder.wrapped)
        except VaultError as error:
            raise KeysDamaged(f"{self._development} is not the key of the key file beside it: restore both from one copy") from error

    def open_shares(self, holder: Holder, shares: list[str]) -> bytes:
        """The root key. Raises WrongShares, KeysDamaged."""
        try:
            return unwrap(recovery.combine(shares), _label(holder.id), holder.wrapped)
        except (WrongKey, ValueError):
            raise WrongShares("These shares are not of this key file's newest export; nothing was changed.") from None
        except Corrupt as error:
            raise KeysDamaged("the recovery part of the key file is damaged: restore the file from its copy") from error

    def development_kek(self) -> bytes:
        """The key beside the file. Raises KeysMissing, KeysDamaged."""
        try:
            kek = b64decode(self._development.read_bytes().removeprefix(DEVELOPMENT_MARK).strip(), validate=True)
        except FileNotFoundError:
            raise KeysMissing(f"{self._development} is missing: without it these keys cannot be opened") from None
        except ValueError:
            kek = b""
        if len(kek) != KEY_BYTES:
            raise KeysDamaged(f"{self._development} is damaged: restore it from its copy")
        return kek

    def _made(self, kind: str, root: bytes, kek: bytes, facts: dict[str, object]) -> Holder:
        ident = self._entropy.name("h")
        return Holder(ident, kind, self._now(), wrap(kek, _label(ident), root, self._entropy), facts)

    def _now(self) -> int:
        return int(self._clock.now().timestamp())


def open_provider(holder: Holder, provider: KekProvider) -> bytes:
    """The root key. Raises ProviderUnreachable, ProviderRefused, ProviderMissing, WrongHolder."""
    root = provider.unwrap(holder.wrapped, context_of(holder.id))
    if len(root) != KEY_BYTES:
        raise WrongHolder(f"{provider.kind} unwraps something that is no root key")
    return root


def stretched(passphrase: str, how: Stretching) -> bytes:
    """NFC first: the same passphrase typed on another system must be the same bytes (RFC 8265 4.2)."""
    secret = unicodedata.normalize("NFC", passphrase).encode(errors="surrogatepass")
    try:
        return hash_secret_raw(secret, how.salt, how.time_cost, how.memory_kib, how.lanes, KEY_BYTES, Type.ID)
    except HashingError as error:
        raise OurError(f"the passphrase needs {how.memory_kib // 1024} MiB of memory to be checked") from error


def _label(holder: str) -> bytes:
    return ROOT_LABEL + b"|" + holder.encode()
