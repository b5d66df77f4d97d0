"""Spawned tasks: kept alive, counted, and their failures logged by type (their texts may hold what logs must not)."""

import asyncio
import traceback
from collections.abc import Coroutine
from typing import Any

import structlog

from auricle.adapters.loop.inbox import AsyncInbox

log = structlog.get_logger(__name__)


class AsyncLoop:
    """Fits `calls.ports.Loop`."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def inbox(self) -> AsyncInbox[Any]:
        """A new inbox."""
        return AsyncInbox()

    def spawn(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        """Run `work` as a task of its own."""
        task = asyncio.get_running_loop().create_task(_guarded(name, work), name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    @property
    def running(self) -> int:
        """How many spawned tasks have not ended."""
        return len(self._tasks)

    async def stop(self) -> None:
        """Cancel what still runs and wait until it has cleaned up."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _guarded(name: str, work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except Exception as error:  # noqa: BLE001 - task root: one failed call or job must not end the others
        where = traceback.extract_tb(error.__traceback__)[-1]
        log.error(  # noqa: TRY400 - the text of the error may hold what logs must not
            "task_failed", task=name, error=type(error).__name__, file=where.filename.rpartition("/")[2], line=where.lineno
        )
