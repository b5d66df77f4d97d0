"""The key routes' port over memory."""

from collections.abc import Callable
from datetime import UTC, datetime

from auricle.access.model import Action
from auricle.kernel.actor import Actor
from auricle.vault.keyring import Purpose
from auricle.web.keys.ports import KeyJob, KeyState, KeysView, PurposeKeys, RecoveryKey
from auricle.web.ports import NotFound

MADE = datetime(2026, 11, 1, 9, 0, tzinfo=UTC)
Gate = Callable[[Actor, Action, str, str], None]


class FakeKeys:
    """One epoch a purpose until somebody rotates."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self.epochs = dict.fromkeys(Purpose, 1)
        self.job: KeyJob | None = None
        self.state = KeyState("up")

    async def view(self, actor: Actor) -> KeysView:
        """All of it."""
        self._gate(actor, Action.KEYS_READ, "keys", "*")
        purposes = [PurposeKeys(purpose.value, epoch, epoch, MADE, 3 * (epoch - 1)) for purpose, epoch in self.epochs.items()]
        return KeysView("passphrase", ("passphrase", "recovery"), False, self.state, purposes, self.job, RecoveryKey(MADE, 3, 2))

    async def rotate(self, actor: Actor, purpose: str | None) -> None:
        """A new epoch."""
        self._gate(actor, Action.KEYS_ROTATE, "keys", purpose or "*")
        if purpose is not None and purpose not in self.epochs:
            raise NotFound
        for one in Purpose:
            if purpose in (None, one.value):
                self.epochs[one] += 1
        self.job = KeyJob("running", 0, 12, 0)
