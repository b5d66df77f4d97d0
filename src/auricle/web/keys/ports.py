"""What the key routes need of the rest."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from auricle.kernel.actor import Actor


@dataclass(frozen=True, slots=True)
class PurposeKeys:
    """The epochs of one purpose. `records_behind` are sealed with an older one, or still as an earlier version sealed them."""

    purpose: str
    epoch: int
    epochs: int
    created_at: datetime | None
    records_behind: int


@dataclass(frozen=True, slots=True)
class KeyJob:
    """The re-encryption that runs, or the last one: `running`, `done`, or `stopped` where damaged rows were left."""

    state: str
    done: int
    total: int
    damaged: int


@dataclass(frozen=True, slots=True)
class RecoveryKey:
    """The recovery key that was exported last; its shares are nowhere but on paper."""

    made_at: datetime
    shares: int
    needed: int


@dataclass(frozen=True, slots=True)
class KeyState:
    """Whether the keys' provider answers: `up`, `unreachable`, `refused`, `file-refused`; since when, and what to do."""

    state: str
    since: datetime | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class KeysView:
    """All that may be shown of keys."""

    provider: str
    holders: Sequence[str]
    development: bool
    state: KeyState
    purposes: Sequence[PurposeKeys]
    job: KeyJob | None
    recovery: RecoveryKey | None


@dataclass(frozen=True, slots=True)
class KeysChanged:
    """Keys were rotated, the re-encryption went on, or the provider's state changed."""

    job: KeyJob | None
    state: str


class Keys(Protocol):
    """The practice's keys. Every method passes the audited gate."""

    async def view(self, actor: Actor) -> KeysView:
        """Epochs, holders, and how the re-encryption goes."""
        ...

    async def rotate(self, actor: Actor, purpose: str | None) -> None:
        """Start a new epoch of one purpose or of all, and the re-encryption behind it. Raises NotFound for a purpose that is none."""
        ...
