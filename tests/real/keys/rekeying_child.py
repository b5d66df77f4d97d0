"""A process that seals calls anew until it is done or killed: `rekeying_child.py DIRECTORY`. Prints a line after the first batch."""

import asyncio
import sys
from pathlib import Path

from auricle.access.decision import Policies
from auricle.adapters.clock import SystemClock, SystemEntropy
from auricle.adapters.keys import FileKeys
from auricle.adapters.keys.records import FileRecordKeys
from auricle.adapters.store import Store
from auricle.app.board import Board
from auricle.app.key_provider import KeySettings
from auricle.app.keys import KeyKeeper
from auricle.app.rekey import RekeyJob
from auricle.vault.fields import Fields
from auricle.vault.gate import Gate
from auricle.vault.keyring import Purpose

REALM = "pbx.example"


class Kept:
    """The store of a directory with the job behind it."""

    def __init__(self, directory: Path) -> None:
        clock, entropy, self.board = SystemClock(), SystemEntropy(), Board()
        self.files = FileKeys(directory / "keys", entropy, clock)
        self.keys = self.files.unlock(None) if self.files.exist else self.files.create(None)
        records = FileRecordKeys(directory / "keys" / "records", self.keys.keyring, entropy)
        fields = Fields(self.keys.keyring, entropy, REALM, records)
        self.store = Store(directory / "auricle.db", self.keys.keyring, fields, self.keys.signing, f"{REALM}/audit", clock)
        self.keeper = KeyKeeper(files=self.files, keys=self.keys, store=self.store, board=self.board, clock=clock, settings=KeySettings())
        gate = Gate(Policies.packaged(), self.store)
        self.job = RekeyJob(store=self.store, records=records, keeper=self.keeper, gate=gate, board=self.board, clock=clock, keep_days=35)


async def main(directory: Path) -> None:
    kept = Kept(directory)
    noted = kept.store.note_progress

    async def told(progress: object) -> None:
        await noted(progress)  # type: ignore[arg-type]
        if getattr(progress, "purpose", "") == Purpose.CALL_RECORD and getattr(progress, "done", 0):
            print("began", flush=True)

    kept.store.note_progress = told  # type: ignore[method-assign]
    await kept.job.once()
    kept.store.close()
    print("done", flush=True)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
