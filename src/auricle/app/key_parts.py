"""Everything about keys of one practice, joined: the file and its provider, records' own keys, the watch, the job, what the web asks."""

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from auricle.adapters.keys import FileKeys, Keys
from auricle.adapters.keys.records import FileRecordKeys
from auricle.adapters.store import Store
from auricle.app.board import Board
from auricle.app.key_provider import KeySettings, provider_of
from auricle.app.keys import KeyKeeper
from auricle.app.rekey import RekeyJob
from auricle.app.web_keys import WebKeys
from auricle.kernel.time import Clock, Entropy
from auricle.vault.gate import Gate
from auricle.web.keys.ports import KeysChanged

DIRECTORY, RECORDS = "keys", "records"


def key_files(settings: KeySettings, base: Path, data: Path, entropy: Entropy, clock: Clock) -> FileKeys:
    """The key file of a practice with the provider its settings name. Raises KeySettingsWrong."""
    return FileKeys(data / DIRECTORY, entropy, clock, provider_of(settings, base, entropy))


class KeyParts:
    """Made in two steps, since the store cannot open without keys and the watch needs the store."""

    store: Store
    gate: Gate
    keeper: KeyKeeper
    job: RekeyJob
    web: WebKeys

    def __init__(self, files: FileKeys, passphrase: str | None, settings: KeySettings, data: Path, clock: Clock, entropy: Entropy) -> None:
        """Opens the keys, and brings a file of an earlier version to this one. Raises what `FileKeys.unlock` raises."""
        self._files = files
        self._settings = settings
        self._clock = clock
        self._entropy = entropy
        self.keys: Keys = files.unlock(passphrase, upgrade=True)
        self.records = FileRecordKeys(data / DIRECTORY / RECORDS, self.keys.keyring, entropy)

    def complete(self, store: Store, gate: Gate, board: Board) -> None:
        """Make the rest."""
        self.store, self.gate = store, gate
        settings, clock = self._settings, self._clock
        self.keeper = KeyKeeper(files=self._files, keys=self.keys, store=store, board=board, clock=clock, settings=settings)
        self.job = RekeyJob(
            store=store,
            records=self.records,
            keeper=self.keeper,
            gate=gate,
            board=board,
            clock=clock,
            keep_days=settings.keep_retired_days,
        )
        self.web = WebKeys(
            files=self._files,
            keeper=self.keeper,
            job=self.job,
            store=store,
            gate=gate,
            clock=clock,
            entropy=self._entropy,
            provider=settings.provider,
        )

    async def start(self, blobs: Path) -> None:
        """Before anything is sealed: refuse an older copy of the key file, take records' keys out of the blobs' directory."""
        await self.keeper.start()
        await asyncio.to_thread(self.records.adopt, blobs)

    def changed(self) -> KeysChanged:
        """How it stands now, for the live stream."""
        return KeysChanged(self.job.job, self.keeper.state.state)

    def jobs(self) -> list[tuple[str, Coroutine[Any, Any, None]]]:
        """What runs beside calls, by name."""
        return [("keys", self.keeper.watch()), ("rekey", self.job.run())]
