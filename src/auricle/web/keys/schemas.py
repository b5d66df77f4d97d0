"""Keys as the console shows them; never a key."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from auricle.web.keys.ports import KeyJob, KeysChanged, KeysView


class PurposeView(BaseModel):
    """The epochs of one purpose."""

    purpose: str
    epoch: int
    epochs: int
    created_at: datetime | None
    records_behind: int


class JobView(BaseModel):
    """How far the re-encryption is; `damaged` rows were named in the log and left as they are."""

    state: Literal["running", "done", "stopped"]
    done: int
    total: int
    damaged: int


class RecoveryView(BaseModel):
    """The recovery key exported last."""

    made_at: datetime
    shares: int
    needed: int


class KeyStateView(BaseModel):
    """Whether whoever holds the root key answers for it; `text` says what to do."""

    state: Literal["up", "unreachable", "refused", "file-refused"]
    since: datetime | None
    text: str


class KeysPage(BaseModel):
    """All of it."""

    provider: str
    holders: list[str]
    development: bool
    state: KeyStateView
    purposes: list[PurposeView]
    job: JobView | None
    recovery: RecoveryView | None


class RotateForm(BaseModel):
    """What to rotate; nothing means every purpose."""

    purpose: str | None = Field(default=None, max_length=40)


class KeysNote(BaseModel):
    """The event `keys`."""

    job: JobView | None
    state: str


def keys_page(view: KeysView) -> KeysPage:
    """For a screen."""
    return KeysPage(
        provider=view.provider,
        holders=list(view.holders),
        development=view.development,
        state=KeyStateView(state=view.state.state, since=view.state.since, text=view.state.text),  # type: ignore[arg-type]
        purposes=[
            PurposeView(
                purpose=one.purpose, epoch=one.epoch, epochs=one.epochs, created_at=one.created_at, records_behind=one.records_behind
            )
            for one in view.purposes
        ],
        job=_job(view.job),
        recovery=None
        if view.recovery is None
        else RecoveryView(made_at=view.recovery.made_at, shares=view.recovery.shares, needed=view.recovery.needed),
    )


def keys_note(changed: KeysChanged) -> KeysNote:
    """For the live stream."""
    return KeysNote(job=_job(changed.job), state=changed.state)


def _job(job: KeyJob | None) -> JobView | None:
    if job is None:
        return None
    return JobView(state=job.state, done=job.done, total=job.total, damaged=job.damaged)  # type: ignore[arg-type]
