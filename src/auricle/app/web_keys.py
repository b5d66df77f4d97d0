"""The practice's keys behind the key routes: the gate first, then the act."""

import asyncio
from datetime import UTC, datetime

from auricle.adapters.keys import FileKeys
from auricle.adapters.keys.document import RECOVERY
from auricle.adapters.store import Store
from auricle.app.keys import KeyKeeper
from auricle.app.rekey import RekeyJob
from auricle.kernel.actor import Actor
from auricle.kernel.time import Clock, Entropy
from auricle.vault.errors import SealingRefused
from auricle.vault.gate import Gate, Grant, Outcome, Ref
from auricle.vault.keyring import Keyring, Purpose
from auricle.web.keys.ports import KeysView, PurposeKeys, RecoveryKey
from auricle.web.ports import NotFound

CONSOLE = "console"


class WebKeys:
    """Fits `web.keys.ports.Keys`; the command line uses it too."""

    def __init__(
        self, *, files: FileKeys, keeper: KeyKeeper, job: RekeyJob, store: Store, gate: Gate, clock: Clock, entropy: Entropy, provider: str
    ) -> None:
        self._files = files
        self._keeper = keeper
        self._job = job
        self._store = store
        self._gate = gate
        self._clock = clock
        self._entropy = entropy
        self._provider = provider

    async def view(self, actor: Actor) -> KeysView:
        """Epochs, holders, recovery key, and how sealing anew goes."""

        async def read(grant: Grant) -> KeysView:
            del grant  # nothing sealed is shown
            holders = await asyncio.to_thread(self._files.holders)
            await self._job.remember()
            behind = await self._job.behind()
            recovery = [
                RecoveryKey(datetime.fromtimestamp(one.made_at, UTC), int(one.facts["shares"]), int(one.facts["needed"]))
                for one in holders
                if one.kind == RECOVERY
            ]
            return KeysView(
                provider=self._provider,
                holders=tuple(holder.kind for holder in holders),
                development=self._keeper.development,
                state=self._keeper.state,
                purposes=[self._of_purpose(purpose, behind[purpose]) for purpose in Purpose],
                job=self._job.job,
                recovery=recovery[0] if recovery else None,
            )

        return await self._gate.open(actor, "keys.read", Ref("keys", "*"), CONSOLE, read)

    async def rotate(self, actor: Actor, purpose: str | None) -> None:
        """New epochs; everything is sealed anew behind them. Raises NotFound, SealingRefused while the provider refuses."""
        purposes = [one for one in Purpose if purpose in (None, one.value)]
        ref = Ref("keys", purpose if purpose and purposes else "*")
        await self._gate.check(actor, "keys.rotate", ref, CONSOLE)
        if not purposes:
            raise NotFound("no such purpose")
        if self._keeper.keyring.refused is not None:
            raise SealingRefused("no new keys while their provider refuses")
        now = self._clock.now()

        def rotate(ring: Keyring) -> None:
            for one in purposes:
                ring.rotate(one, self._entropy, now)

        await self._keeper.change(rotate)
        await self._store.record(actor, "keys.rotate", ref, Outcome.DONE, CONSOLE)

    def _of_purpose(self, purpose: Purpose, behind: int) -> PurposeKeys:
        epochs = self._keeper.keyring.epochs(purpose)
        newest = max(epochs)
        return PurposeKeys(purpose.value, newest, len(epochs), epochs[newest].made_at, behind)
