"""The key file and its provider while the practice runs: changes are taken up, a provider that refuses stops new protected writes.

Keys are in memory: calls, and what is open, go on whatever the file and the provider say.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime

import structlog

from auricle.access.subject import KEEPER
from auricle.adapters.keys import FileKeys, Keys, KeysDamaged, KeysMissing, KeysReplayed, ProviderUnreachable, WrongHolder
from auricle.adapters.store import Store
from auricle.app.board import Board, KeysMoved
from auricle.app.key_provider import KeySettings
from auricle.kernel.errors import AuricleError, OurError
from auricle.kernel.time import Clock
from auricle.vault.gate import Outcome, Ref
from auricle.vault.keyring import Keyring
from auricle.web.keys.ports import KeyState

log = structlog.get_logger(__name__)
LOOK_S = 0.4  # a rotation by the command line counts within a second
FILE, PROVIDER = Ref("keys", "file"), Ref("keys", "provider")
UP, UNREACHABLE, REFUSED, FILE_REFUSED = "up", "unreachable", "refused", "file-refused"


class KeyKeeper:
    """`start` before anything is sealed, then `watch` until cancelled."""

    def __init__(self, *, files: FileKeys, keys: Keys, store: Store, board: Board, clock: Clock, settings: KeySettings) -> None:
        self._files = files
        self._keys = keys
        self._store = store
        self._board = board
        self._clock = clock
        self._settings = settings
        self._seen = self._mark()
        self._asked_at = clock.monotonic()
        self._provider = KeyState(UP)
        self._file = KeyState(UP)
        self._listeners: list[Callable[[], None]] = []
        self._changing = asyncio.Lock()

    @property
    def keyring(self) -> Keyring:
        """The ring that everything seals with; rotations appear in it."""
        return self._keys.keyring

    @property
    def state(self) -> KeyState:
        """What is wrong with the provider, else with the file."""
        return self._provider if self._provider.state != UP else self._file

    @property
    def development(self) -> bool:
        """Whether the keys lie unprotected beside the data."""
        return self._keys.development

    def on_change(self, listener: Callable[[], None]) -> None:
        """Call this whenever there is a new epoch."""
        self._listeners.append(listener)

    async def start(self) -> None:
        """Compare with the generation last used here. Raises KeysReplayed where an older copy of the key file was put back."""
        seen = await self._store.key_generation()
        if self._keys.root and self._keys.generation < seen:
            error = KeysReplayed(
                f"{self._files.file} is an older copy (generation {self._keys.generation}, last used here was {seen}): restore the newest "
                "one. If it is lost, and only then:  auricle keys rewrap --accept-older"
            )
            await self._store.record(KEEPER, "keys.open", FILE, Outcome.REFUSED, error.code)
            raise error
        await self._store.note_key_generation(self._keys.generation)
        if self._settings.provider != "passphrase":
            self._board.service("keys", UP)

    async def watch(self) -> None:
        """Look at the file all the time and at the provider now and then."""
        while True:
            await asyncio.sleep(LOOK_S)
            if self._mark() != self._seen:
                await self.look()
            if self._clock.monotonic() - self._asked_at >= self._settings.check_s:
                await self.ask()

    async def change(self, change: Callable[[Keyring], None]) -> None:
        """Change the ring durably, then in memory. Raises what `FileKeys.change` raises; a change of nothing else is lost."""
        if not self._keys.root:
            raise OurError("the key file could not be upgraded: make its directory writable and restart")
        async with self._changing:
            keys = await asyncio.to_thread(self._files.change, self._keys.root, change, self._keys.generation)
            await self._adopt(keys)

    # ---- the file ------------------------------------------------------------------------------------

    async def look(self) -> None:
        """Take the file's content up, or say why not."""
        async with self._changing:
            seen = self._mark()
            try:
                keys = await asyncio.to_thread(self._read)
            except AuricleError as error:
                self._seen = seen
                await self._file_refused(error)
                return
            if keys.generation > self._keys.generation:
                await self._adopt(keys)
                await self._store.record(KEEPER, "keys.reload", FILE, Outcome.DONE, f"generation {keys.generation}")
            else:
                self._seen = seen
            if self._file.state != UP:
                self._file = KeyState(UP)
                self._tell()

    def _read(self) -> Keys:
        try:
            return self._files.reread(self._keys.root, self._keys.generation)
        except WrongHolder:  # a new root key: a provider or a development key can be asked, a passphrase only at a start
            keys = self._files.unlock(None)
            if keys.signing.private_bytes_raw() != self._keys.signing.private_bytes_raw():
                raise KeysDamaged(f"{self._files.file} holds the keys of another practice") from None
            if keys.generation < self._keys.generation:
                raise KeysReplayed(f"{self._files.file} is older than the one in use") from None
            return keys

    async def _adopt(self, keys: Keys) -> None:
        self._keys.keyring.adopt(keys.keyring)
        self._keys = Keys(
            self._keys.keyring, keys.signing, keys.development, keys.root, keys.generation, keys.opened_by or self._keys.opened_by
        )
        self._seen = self._mark()
        await self._store.note_key_generation(keys.generation)
        self._tell()
        for listener in self._listeners:
            listener()

    async def _file_refused(self, error: AuricleError) -> None:
        log.error("key_file_refused", code=error.code)
        self._file = KeyState(FILE_REFUSED, self._clock.now(), f"The key file was changed and is not used: {error}")
        await self._store.record(KEEPER, "keys.reload", FILE, Outcome.REFUSED, error.code)
        self._tell()

    def _mark(self) -> tuple[int, int, int] | None:
        try:
            found = self._files.file.stat()
        except OSError:
            return None
        return found.st_ino, found.st_size, found.st_mtime_ns

    # ---- the provider --------------------------------------------------------------------------------

    async def ask(self) -> None:
        """Ask the provider whether it still answers for the root key."""
        self._asked_at = self._clock.monotonic()
        try:
            await asyncio.to_thread(self._files.check_provider, self._keys.root)
        except ProviderUnreachable as error:
            await self._unreachable(error)
        except (KeysDamaged, KeysMissing):
            return  # the file is what is wrong, and `look` says so
        except OurError as error:
            await self._refused(error)
        else:
            await self._answered()

    async def _answered(self) -> None:
        if self._provider.state == UP:
            return
        self._provider = KeyState(UP)
        self.keyring.allow()
        await self._store.record(KEEPER, "keys.provider", PROVIDER, Outcome.DONE, "answers again")
        self._tell()

    async def _unreachable(self, error: OurError) -> None:
        if self._provider.state == REFUSED:
            return  # what refused before has not taken it back
        now = self._clock.now()
        since = self._provider.since or now
        if self._provider.state == UP:
            await self._became(UNREACHABLE, since, error)
        if (now - since).total_seconds() >= self._settings.grace_s and self.keyring.refused is None:
            self.keyring.refuse(now, "the keys' provider is out of reach")
            await self._store.record(KEEPER, "keys.provider", PROVIDER, Outcome.REFUSED, "out of reach for too long")
            self._tell()

    async def _refused(self, error: OurError) -> None:
        if self._provider.state == REFUSED:
            return
        now = self._clock.now()
        if self.keyring.refused is None:
            self.keyring.refuse(now, "the keys' provider refuses")
        await self._became(REFUSED, now, error)

    async def _became(self, state: str, since: datetime, error: OurError) -> None:
        log.error("keys_provider", state=state, code=error.code)
        words = "provider out of reach" if state == UNREACHABLE else "refused by provider"
        self._provider = KeyState(state, since, f"keys: {words} since {since:%Y-%m-%d %H:%M} UTC: {error}")
        await self._store.record(KEEPER, "keys.provider", PROVIDER, Outcome.REFUSED, error.code)
        self._tell()

    def _tell(self) -> None:
        if self._settings.provider != "passphrase" or self.state.state != UP or "keys" in self._board.services():
            self._board.service("keys", self.state.state)
        self._board.publish(KeysMoved())
