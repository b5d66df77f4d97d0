"""A directory with `keys.json`, and `development.key` beside it where no passphrase was given. `create` never overwrites.

Changes happen under the directory's lock, on the file as it is then, and raise its generation: two processes lose nothing of each other's.
"""

import json
import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from auricle.adapters.clock import SystemClock
from auricle.adapters.keys import disk
from auricle.adapters.keys.document import DEVELOPMENT, PASSPHRASE, RECOVERY, Holder, KeyDocument, KeyDocument1, read_document
from auricle.adapters.keys.errors import (
    KeysDamaged,
    KeysExist,
    KeysMissing,
    KeysReplayed,
    ProviderMissing,
    ProviderRefused,
    ProviderUnreachable,
    WrongHolder,
    WrongPassphrase,
    WrongShares,
)
from auricle.adapters.keys.holders import Holders, open_provider, stretched
from auricle.adapters.keys.provider import KekProvider
from auricle.kernel.time import Clock, Entropy
from auricle.vault.envelope import KEY_BYTES
from auricle.vault.errors import VaultError, WrongKey
from auricle.vault.keyring import Keyring, Purpose
from auricle.vault.wrapping import unwrap, wrap

log = structlog.get_logger(__name__)
SIGNING_LABEL = b"auricle/v1/audit-signing-key"
STATE_LABEL = b"auricle/v2/key-file"
RESTORE = "restore it from its copy"


@dataclass(frozen=True, slots=True)
class Keys:
    """What an unlocked key file gives. `development` is True where anybody who reads the disk has the keys.

    `generation` counts the writes of the file; 0 and an empty root key for a version-1 file that was not upgraded yet.
    """

    keyring: Keyring
    signing: Ed25519PrivateKey
    development: bool
    root: bytes = field(default=b"", repr=False)
    generation: int = 0
    opened_by: str = ""
    """The kind of holder that opened it."""


class FileKeys:
    """The keys in one directory. Methods block for as long as their provider does: call them off the event loop."""

    def __init__(self, directory: Path, entropy: Entropy, clock: Clock | None = None, provider: KekProvider | None = None) -> None:
        self._directory = directory
        self._file = directory / "keys.json"
        self._development = directory / "development.key"
        self._entropy = entropy
        self._clock = clock or SystemClock()
        self._provider = provider
        self._holders = Holders(directory, entropy, self._clock)

    @property
    def exist(self) -> bool:
        """Whether keys were made."""
        return self._file.exists()

    @property
    def file(self) -> Path:
        """The key file."""
        return self._file

    # ---- opening -------------------------------------------------------------------------------------

    def create(self, passphrase: str | None) -> Keys:
        """Make fresh keys, held by the provider, else under a passphrase, else by a development key.

        Raises KeysExist (nothing is ever overwritten), WeakPassphrase, and what the provider raises.
        """
        if self.exist:
            raise self._exists()
        if passphrase is not None and self._provider is None:
            self._holders.fresh_stretching(passphrase)
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        root = self._entropy.token(KEY_BYTES)
        holder = self._holder_for(root, passphrase)
        keyring = Keyring.generate(self._entropy, self._clock.now())
        signing = Ed25519PrivateKey.from_private_bytes(self._entropy.token(32))
        keys = Keys(keyring, signing, holder.kind == DEVELOPMENT, root, 1, holder.kind)
        try:
            disk.write_new(self._file, self._document(keys, (holder,)).encode())
        except FileExistsError:
            raise self._exists() from None
        return keys

    def unlock(self, passphrase: str | None, *, upgrade: bool = False) -> Keys:
        """Open the keys: by the provider, by the passphrase (where one is given, also when the provider fails), or by a development key.

        `upgrade` writes what an earlier version left.

        Raises KeysMissing, KeysDamaged, WrongPassphrase, and what the provider raises.
        """
        document = self._read()
        keys = self._unlocked_1(document, passphrase) if isinstance(document, KeyDocument1) else self._unlocked(document, passphrase)
        self._warn_of_readers()
        if upgrade:
            disk.sweep(self._directory)
        if upgrade and (not keys.root or keys.keyring.lacking()):
            keys = self._upgraded(keys, passphrase)
        return keys

    def reread(self, root: bytes, at_least: int = 0) -> Keys:
        """The keys as the file has them now, for who has the root key in memory; the provider is not asked.

        Raises KeysMissing, KeysDamaged, KeysReplayed below generation `at_least`, WrongHolder where the file has a new root key.
        """
        document = self._read()
        if isinstance(document, KeyDocument1):
            raise KeysReplayed(f"{self._file} is of an older version than the one in use: {RESTORE}")
        keys = self._opened(document, root, "")
        if keys.generation < at_least:
            raise KeysReplayed(f"{self._file} is older (generation {keys.generation}) than the one in use ({at_least}): {RESTORE}")
        return keys

    def holders(self) -> tuple[Holder, ...]:
        """Who can open the file; nothing of a version-1 file. Raises KeysMissing, KeysDamaged."""
        document = self._read()
        return document.holders if isinstance(document, KeyDocument) else ()

    def check_provider(self, root: bytes) -> None:
        """Ask the provider for the root key once more; nothing where no provider holds it. Raises what the provider raises, WrongHolder."""
        holder = self._held_by_provider(self.holders())
        if self._provider is not None and holder is not None and open_provider(holder, self._provider) != root:
            raise WrongHolder(f"{self._provider.kind} now gives another root key")

    # ---- changing ------------------------------------------------------------------------------------

    def change(self, root: bytes, change: Callable[[Keyring], None], at_least: int = 0) -> Keys:
        """Change the ring durably, on the file as it is now. Raises what `reread` raises."""
        with disk.locked(self._directory):
            keys = self.reread(root, at_least)
            change(keys.keyring)
            return self._written(keys, self.holders())

    def rotate(self, purpose: Purpose, passphrase: str | None) -> Keys:
        """Start a new epoch of one purpose, durably; what older ones sealed still opens. Raises what unlock raises."""
        keys = self.unlock(passphrase, upgrade=True)

        def rotate(ring: Keyring) -> None:
            ring.rotate(purpose, self._entropy, self._clock.now())

        return self.change(keys.root, rotate)

    def change_passphrase(self, old: str | None, new: str) -> None:
        """Put a new passphrase in the old one's place, or in a development key's, which is removed then.

        Raises WeakPassphrase, and what unlock raises.
        """
        self._holders.fresh_stretching(new)
        keys = self.unlock(old, upgrade=True)
        with disk.locked(self._directory):
            keys = self.reread(keys.root)
            kept = [holder for holder in self.holders() if holder.kind not in (PASSPHRASE, DEVELOPMENT)]
            self._written(keys, (self._holders.by_passphrase(keys.root, new), *kept))
        self._development.unlink(missing_ok=True)
        disk.sync_directory(self._directory)

    def rewrap(self, passphrase: str | None, *, only: bool = False, fresh_root: bool = False, accept_older: int = 0) -> Keys:
        """Give the root key to the configured provider (or the passphrase) anew.

        `only` drops every other holder but the recovery key; `fresh_root` makes a new root key, which drops all others, the recovery
        key too; `accept_older` is the generation the file is lifted to, where an older copy is meant to be used. Raises what unlock raises.
        """
        keys = self.unlock(passphrase, upgrade=True)
        with disk.locked(self._directory):
            keys = self.reread(keys.root)
            root = self._entropy.token(KEY_BYTES) if fresh_root else keys.root
            holder = self._holder_for(root, passphrase if keys.opened_by != DEVELOPMENT else None)
            old = () if fresh_root else self.holders()
            kept = [one for one in old if one.kind != holder.kind and (not only or one.kind == RECOVERY)]
            lifted = Keys(keys.keyring, keys.signing, holder.kind == DEVELOPMENT, root, max(keys.generation, accept_older), holder.kind)
            written = self._written(lifted, (holder, *kept))
        if all(one.kind != DEVELOPMENT for one in (holder, *kept)):
            self._development.unlink(missing_ok=True)
            disk.sync_directory(self._directory)
        return written

    def export_recovery(self, root: bytes, shares: int, needed: int) -> list[str]:
        """Make a recovery key, which replaces an earlier one; the words of its shares. Raises WrongShares, and what `reread` raises."""
        with disk.locked(self._directory):
            keys = self.reread(root)
            holder, words = self._holders.by_shares(root, shares, needed)
            self._written(keys, (*(one for one in self.holders() if one.kind != RECOVERY), holder))
        return words

    def recover(self, shares: Sequence[str], passphrase: str) -> Keys:
        """Open with recovery shares and set a new passphrase, which replaces the old. Raises WrongShares, WeakPassphrase, KeysDamaged."""
        self._holders.fresh_stretching(passphrase)
        document = self._read()
        holder = next((one for one in document.holders if one.kind == RECOVERY), None) if isinstance(document, KeyDocument) else None
        if holder is None:
            raise WrongShares("This key file has no recovery key: none was exported.")
        root = self._holders.open_shares(holder, list(shares))
        with disk.locked(self._directory):
            keys = self.reread(root)
            kept = [one for one in self.holders() if one.kind not in (PASSPHRASE, DEVELOPMENT)]
            written = self._written(keys, (self._holders.by_passphrase(root, passphrase), *kept))
        self._development.unlink(missing_ok=True)
        disk.sync_directory(self._directory)
        return written

    # ---- inside --------------------------------------------------------------------------------------

    def _unlocked(self, document: KeyDocument, passphrase: str | None) -> Keys:
        by_kind = {holder.kind: holder for holder in document.holders}
        held = self._held_by_provider(document.holders)
        if held is not None and self._provider is not None:
            try:
                return self._opened(document, open_provider(held, self._provider), held.kind)
            except (ProviderUnreachable, ProviderRefused, ProviderMissing, WrongHolder) as error:
                if passphrase is None or PASSPHRASE not in by_kind:
                    raise
                log.warning("key_provider_passed_over", code=error.code)
        if passphrase is not None and PASSPHRASE in by_kind:
            return self._opened(document, self._holders.open_passphrase(by_kind[PASSPHRASE], passphrase), PASSPHRASE)
        if DEVELOPMENT in by_kind:
            return self._opened(document, self._holders.open_development(by_kind[DEVELOPMENT]), DEVELOPMENT)
        if PASSPHRASE in by_kind:
            raise WrongPassphrase("The key file needs its passphrase: give it in AURICLE_PASSPHRASE.")
        raise KeysMissing(
            f"{self._file} is held by {', '.join(sorted(by_kind))}: set [keys] provider in the settings, or use  auricle keys recover"
        )

    def _opened(self, document: KeyDocument, root: bytes, opened_by: str) -> Keys:
        damaged = KeysDamaged(f"the key file {self._file} is damaged or of another version: {RESTORE}")
        try:
            state = json.loads(unwrap(root, STATE_LABEL, document.state))
        except WrongKey as error:
            if opened_by:
                raise damaged from error
            raise WrongHolder(f"{self._file} has a new root key: restart to take it up") from None
        except VaultError as error:
            raise damaged from error
        if state["digest"] != document.digest():
            raise damaged
        try:
            keyring = Keyring.unwrapped(document.keyring, root)
            signing = Ed25519PrivateKey.from_private_bytes(unwrap(root, SIGNING_LABEL, document.signing))
        except (VaultError, ValueError) as error:
            raise damaged from error
        development = any(holder.kind == DEVELOPMENT for holder in document.holders)
        return Keys(keyring, signing, development, root, state["generation"], opened_by)

    def _unlocked_1(self, document: KeyDocument1, passphrase: str | None) -> Keys:
        if document.stretching is None:
            kek = self._holders.development_kek()
        elif passphrase is None:
            raise WrongPassphrase("The key file needs its passphrase: give it in AURICLE_PASSPHRASE.")
        else:
            kek = stretched(passphrase, document.stretching)
        try:
            keyring = Keyring.unwrapped_1(document.keyring, kek)
        except WrongKey:
            if document.stretching is None:
                raise KeysDamaged(f"{self._development} is not the key of {self._file}: restore both from one copy") from None
            raise WrongPassphrase("The passphrase does not open the key file; nothing was changed.") from None
        except VaultError as error:
            raise KeysDamaged(f"the key file {self._file} is damaged or of another version: {RESTORE}") from error
        try:
            signing = Ed25519PrivateKey.from_private_bytes(unwrap(kek, SIGNING_LABEL, document.signing))
        except (VaultError, ValueError) as error:
            raise KeysDamaged(f"the key file {self._file} is damaged or of another version: {RESTORE}") from error
        kind = DEVELOPMENT if document.stretching is None else PASSPHRASE
        return Keys(keyring, signing, document.stretching is None, opened_by=kind)

    def _upgraded(self, keys: Keys, passphrase: str | None) -> Keys:
        """Bring a version-1 file to version 2, or give a ring the purposes that came since."""
        if keys.root:
            now = self._clock.now()
            return self.change(keys.root, lambda ring: ring.complete(self._entropy, now))
        with disk.locked(self._directory):
            if isinstance(self._read(), KeyDocument):  # another process was first
                return self.unlock(passphrase)
            keys.keyring.complete(self._entropy, self._clock.now())
            root = self._entropy.token(KEY_BYTES)
            old = passphrase if keys.opened_by == PASSPHRASE else None
            holder = self._holders.by_development_key(root) if old is None else self._holders.by_passphrase(root, old)
            return self._written(Keys(keys.keyring, keys.signing, keys.development, root, 0, keys.opened_by), (holder,))

    def _holder_for(self, root: bytes, passphrase: str | None) -> Holder:
        if self._provider is not None:
            return self._holders.by_provider(root, self._provider)
        return self._holders.by_development_key(root) if passphrase is None else self._holders.by_passphrase(root, passphrase)

    def _held_by_provider(self, holders: Sequence[Holder]) -> Holder | None:
        if self._provider is None:
            return None
        return next((holder for holder in holders if holder.kind == self._provider.kind), None)

    def _written(self, keys: Keys, holders: Sequence[Holder]) -> Keys:
        development = any(holder.kind == DEVELOPMENT for holder in holders)
        newer = Keys(keys.keyring, keys.signing, development, keys.root, keys.generation + 1, keys.opened_by)
        disk.replace(self._file, self._document(newer, tuple(holders)).encode())
        return newer

    def _document(self, keys: Keys, holders: tuple[Holder, ...]) -> KeyDocument:
        signing = wrap(keys.root, SIGNING_LABEL, keys.signing.private_bytes_raw(), self._entropy)
        bare = KeyDocument(holders, keys.keyring.wrapped(keys.root, self._entropy), signing)
        state = json.dumps({"generation": keys.generation, "digest": bare.digest()}, sort_keys=True).encode()
        return KeyDocument(holders, bare.keyring, signing, wrap(keys.root, STATE_LABEL, state, self._entropy))

    def _read(self) -> KeyDocument | KeyDocument1:
        try:
            return read_document(self._file.read_bytes())
        except FileNotFoundError:
            raise KeysMissing(f"there are no keys in {self._file}: make them with  auricle keys create") from None
        except (ValueError, KeyError, TypeError, RecursionError, AttributeError) as error:
            raise KeysDamaged(f"the key file {self._file} is damaged: {RESTORE}") from error

    def _exists(self) -> KeysExist:
        return KeysExist(f"there are keys in {self._file} already; they are never overwritten")

    def _warn_of_readers(self) -> None:
        for path in (self._file, self._development):
            if path.exists() and path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
                log.warning("key_file_readable_by_others", file=path.name)
