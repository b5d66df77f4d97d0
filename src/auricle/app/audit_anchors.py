"""Keeps checkpoints outside the database. Each anchor has its own task and its own durable place in the log, so none holds up another.

What an anchor has is kept in the store: after a restart it goes on where it was. Intermediate checkpoints are skipped, since the newest
one commits to all of them.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import structlog

from auricle.adapters.anchors import Anchor, AnchorConflict, AnchorFailed, FileAnchor, SyslogAnchor, WitnessAnchor
from auricle.adapters.store import Store
from auricle.adapters.store.anchors import Anchored
from auricle.adapters.store.errors import StoreFailed
from auricle.app.board import Board
from auricle.app.settings_audit import (
    AnchorSettings,
    FileAnchorSettings,
    ObjectAnchorSettings,
    SyslogAnchorSettings,
    WitnessAnchorSettings,
)
from auricle.audit.tree import consistency_path
from auricle.kernel.actor import Actor, ActorKind
from auricle.kernel.errors import PeerError
from auricle.kernel.time import Clock
from auricle.vault.gate import Outcome, Ref
from auricle.web.audit.ports import AnchorState

log = structlog.get_logger(__name__)
ANCHORS = Actor(ActorKind.SERVICE, "audit-anchors")
POLL_S = 2.0
FIRST_WAIT_S, MAX_WAIT_S = 2.0, 900.0


class AnchorsWrong(PeerError):
    """An anchor of the settings cannot be used; the text names it and says why."""

    code = "settings.wrong"


class AnchorWatch:
    """The anchors of a practice. `every_s` is the least time between two checkpoints at one place, `alarm_s` the lag that is told."""

    def __init__(self, store: Store, anchors: Sequence[Anchor], board: Board, clock: Clock, *, every_s: float, alarm_s: float) -> None:
        self._store = store
        self._anchors = anchors
        self._board = board
        self._clock = clock
        self._every_s = every_s
        self._alarm_s = alarm_s
        self._states: dict[str, str] = {}

    async def run(self) -> None:
        """Work until cancelled."""
        await asyncio.gather(*(self._keep(anchor) for anchor in self._anchors))

    async def states(self) -> Sequence[AnchorState]:
        """Where every anchor stands."""
        kept = {one.name: one for one in await self._store.anchored()}
        return [self._state(anchor, kept.get(anchor.name, Anchored(anchor.name))) for anchor in self._anchors]

    async def _keep(self, anchor: Anchor) -> None:
        """One anchor's work. Nothing it does is awaited by a writer of entries."""
        self._tell(anchor, "waiting")
        while True:
            try:
                wait_s = await self.step(anchor)
            except StoreFailed as error:  # a full disk stops us as it stops everybody; the place itself is known, the next try repeats it
                log.error("anchor_state_not_kept", name=anchor.name, error=type(error).__name__)  # noqa: TRY400
                wait_s = MAX_WAIT_S
            await asyncio.sleep(wait_s)

    async def step(self, anchor: Anchor) -> float:
        """Keep the newest checkpoint there if it is time; how long to wait then, in seconds."""
        kept = next((one for one in await self._store.anchored() if one.name == anchor.name), Anchored(anchor.name))
        newest = await self._store.checkpoints_from()
        now = self._clock.now()
        if not newest or newest[0][0] == kept.size:
            self._tell(anchor, "up")
            return POLL_S
        size, note = newest[0]
        if size < kept.size:
            await self._conflict(anchor, kept, "log-is-shorter", now)
            return MAX_WAIT_S
        due = self._due_s(kept, now)
        if due > 0:
            return min(due, POLL_S) if not kept.tries else due
        return await self._try(anchor, kept, size, note)

    def _due_s(self, kept: Anchored, now: datetime) -> float:
        """Seconds until the next try."""
        if kept.tries and kept.tried_at is not None:
            return min(MAX_WAIT_S, FIRST_WAIT_S * 2.0 ** min(kept.tries - 1, 20)) - (now - kept.tried_at).total_seconds()
        return self._every_s - (now - kept.at).total_seconds() if kept.at is not None else 0.0

    async def _try(self, anchor: Anchor, kept: Anchored, size: int, note: str) -> float:
        async def prove(old: int) -> Sequence[bytes]:
            return await self._store.path(lambda root: consistency_path(old, size, root))

        try:
            receipt = await anchor.keep(size, note, prove)
        except AnchorConflict as error:
            await self._conflict(anchor, kept, error.reason, self._clock.now())
            return MAX_WAIT_S
        except AnchorFailed as error:
            await self._failed(anchor, kept, error.reason)
            return FIRST_WAIT_S
        await self._store.put_anchored(Anchored(anchor.name, size, self._clock.now()), receipt.witness, receipt.line)
        if self._states.get(anchor.name) in {"lagging", "conflict"}:
            await self._store.record(ANCHORS, "anchor.recovered", Ref("anchor", anchor.name), Outcome.DONE, "")
        self._tell(anchor, "up")
        return POLL_S

    async def _failed(self, anchor: Anchor, kept: Anchored, reason: str) -> None:
        now = self._clock.now()
        failed = Anchored(anchor.name, kept.size, kept.at, kept.tries + 1, now, reason)
        await self._store.put_anchored(failed)
        log.warning("anchor_failed", name=anchor.name, reason=reason, count=failed.tries)
        if await self._lag_s(kept, now) < self._alarm_s:
            self._tell(anchor, "failing")
        elif self._states.get(anchor.name) != "lagging":
            self._tell(anchor, "lagging")
            await self._store.record(ANCHORS, "anchor.lagging", Ref("anchor", anchor.name), Outcome.FAILED, "", why=reason)

    async def _conflict(self, anchor: Anchor, kept: Anchored, reason: str, now: datetime) -> None:
        """The place holds another history of our log: never overwritten, told once."""
        await self._store.put_anchored(Anchored(anchor.name, kept.size, kept.at, kept.tries + 1, now, reason))
        if self._states.get(anchor.name) != "conflict":
            self._tell(anchor, "conflict")
            log.error("anchor_conflict", name=anchor.name, reason=reason)
            await self._store.record(ANCHORS, "anchor.conflict", Ref("anchor", anchor.name), Outcome.FAILED, "", why=reason)

    async def _lag_s(self, kept: Anchored, now: datetime) -> float:
        """How long ago the first entry was written that this place does not cover."""
        first = await self._store.audit_time(kept.size)
        return (now - first).total_seconds() if first is not None else 0.0

    def _tell(self, anchor: Anchor, state: str) -> None:
        if self._states.get(anchor.name) != state:
            self._states[anchor.name] = state
            self._board.service(f"anchor {anchor.name}", state)

    def _state(self, anchor: Anchor, kept: Anchored) -> AnchorState:
        state = self._states.get(anchor.name, "waiting")
        return AnchorState(anchor.name, anchor.kind, state, kept.size, kept.at, kept.tries, kept.error)


def anchor_of(settings: AnchorSettings, base: Path, clock: Clock) -> Anchor:
    """The anchor of one table of the settings; relative directories start at `base`. Raises AnchorsWrong."""
    try:
        match settings:
            case FileAnchorSettings(name, directory):
                return FileAnchor(name, base / directory)
            case WitnessAnchorSettings(name, url, key, ca):
                return WitnessAnchor(name, url, key, ca=ca)
            case SyslogAnchorSettings():
                return SyslogAnchor(
                    settings.name,
                    settings.host,
                    settings.port,
                    clock,
                    ca=settings.ca,
                    server_name=settings.server_name,
                    certificate=settings.certificate,
                    private_key=settings.private_key,
                )
            case ObjectAnchorSettings(name, bucket, endpoint, prefix, region, ca):
                from auricle.adapters.anchors.objects import ObjectAnchor  # boto3 comes with the extra `aws`

                return ObjectAnchor(name, bucket, endpoint=endpoint, prefix=prefix, region=region, ca=ca)
    except (PeerError, ValueError) as error:
        raise AnchorsWrong(f"[[audit.anchors]] {settings.name}: {error}") from error
    except ImportError as error:
        raise AnchorsWrong(f"[[audit.anchors]] {settings.name}: object storage needs boto3: pip install auricle[aws]") from error
