"""A child process that is started, watched, restarted when it dies, and stopped by its own process id."""

import asyncio
import os
import shutil
import signal
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from enum import StrEnum
from typing import ClassVar

import structlog

from auricle.adapters.process.unprivileged import unprivileged
from auricle.kernel.errors import OurError

log = structlog.get_logger(__name__)

READY_TIMEOUT_S = 15.0
READY_POLL_S = 0.03
STOP_TIMEOUT_S = 5.0
FIRST_BACKOFF_S, MAX_BACKOFF_S = 0.2, 10.0
STABLE_S = 30.0  # a child that lived this long starts again without waiting
KEPT_LINES = 20


class ServiceState(StrEnum):
    """Where a supervised child stands."""

    STARTING = "starting"
    UP = "up"
    RESTARTING = "restarting"
    STOPPED = "stopped"


class MissingProgram(OurError):
    """A program is not installed; the text is the one line that says which package has it."""

    code: ClassVar[str] = "process.missing"


class StartFailed(OurError):
    """A child ended or did not get ready; the text has its last line."""

    code: ClassVar[str] = "process.start_failed"
    retryable: ClassVar[bool] = True


Ready = Callable[[], Awaitable[bool]]
OnState = Callable[[str, ServiceState], None]


class Supervised:
    """One child. `ready` is asked until it says yes; `on_state` hears every change and must not block."""

    def __init__(self, name: str, command: Sequence[str], package: str, *, ready: Ready, on_state: OnState, environment: dict[str, str] | None = None) -> None:
        self.name = name
        self.state = ServiceState.STOPPED
        self._command = list(command)
        self._package = package
        self._ready = ready
        self._on_state = on_state
        self._environment = environment
        self._process: asyncio.subprocess.Process | None = None
        self._last_lines: deque[str] = deque(maxlen=KEPT_LINES)
        self._watcher: asyncio.Task[None] | None = None
        self._reader: asyncio.Task[None] | None = None
        self._stopping = False

    @property
    def pid(self) -> int | None:
        """The child's process id while it runs."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    async def start(self) -> None:
        """Start the child and wait until it is ready. Raises MissingProgram or StartFailed."""
        if shutil.which(self._command[0]) is None:
            raise MissingProgram(f"{self.name} is not installed: apt-get install {self._package}")
        self._stopping = False
        self._set(ServiceState.STARTING)
        try:
            await self._launch()
        except StartFailed:
            await self._end_child()
            self._set(ServiceState.STOPPED)
            raise
        self._set(ServiceState.UP)
        self._watcher = asyncio.ensure_future(self._watch())

    async def stop(self) -> None:
        """End the child and wait until it is gone. Idempotent."""
        self._stopping = True
        if self._watcher is not None:
            self._watcher.cancel()
            await asyncio.gather(self._watcher, return_exceptions=True)
            self._watcher = None
        await self._end_child()
        if self.state is not ServiceState.STOPPED:
            self._set(ServiceState.STOPPED)

    async def replace(self, command: Sequence[str]) -> None:
        """Run this command from now on: the running child is ended and a new one started. Raises StartFailed."""
        await self.stop()
        self._command = list(command)
        await self.start()

    async def _launch(self) -> None:
        self._last_lines.clear()
        self._process = await asyncio.create_subprocess_exec(
            *unprivileged(self._command),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
            env=None if self._environment is None else {**os.environ, **self._environment},
        )
        assert self._process.stderr is not None  # noqa: S101 - asked for above
        self._reader = asyncio.ensure_future(self._read(self._process.stderr))
        try:
            async with asyncio.timeout(READY_TIMEOUT_S):
                while not await self._ready():
                    if self._process.returncode is not None:
                        if self._reader is not None:
                            await asyncio.gather(self._reader, return_exceptions=True)
                        raise StartFailed(f"{self.name} ended at once: {self._complaint()}")
                    await asyncio.sleep(READY_POLL_S)
        except TimeoutError:
            raise StartFailed(f"{self.name} did not get ready: {self._complaint()}") from None

    async def _watch(self) -> None:
        """Start the child again whenever it dies."""
        loop = asyncio.get_running_loop()
        backoff = FIRST_BACKOFF_S
        while not self._stopping:
            assert self._process is not None  # noqa: S101 - launched before the watcher
            began = loop.time()
            code = await self._process.wait()
            if self._stopping:
                return
            log.error("service_died", service=self.name, code=code)
            self._set(ServiceState.RESTARTING)
            backoff = FIRST_BACKOFF_S if loop.time() - began > STABLE_S else min(backoff * 2, MAX_BACKOFF_S)
            await asyncio.sleep(backoff)
            try:
                await self._launch()
            except StartFailed:
                log.error("service_restart_failed", service=self.name, wait_s=backoff)  # noqa: TRY400 - the text may hold addresses
                await self._end_child()
                continue
            self._set(ServiceState.UP)

    async def _read(self, stream: asyncio.StreamReader) -> None:
        """Keep the last lines for the message of a failed start; they are not logged, they may hold message bodies."""
        while True:
            try:
                line = await stream.readline()
            except ValueError:
                continue  # a line longer than the stream's limit: drop it
            if not line:
                return
            self._last_lines.append(line.decode("utf-8", "replace").strip())

    async def _end_child(self) -> None:
        process = self._process
        if process is not None and process.returncode is None:
            _signal(process.pid, signal.SIGTERM)
            try:
                await asyncio.wait_for(process.wait(), STOP_TIMEOUT_S)
            except TimeoutError:
                _signal(process.pid, signal.SIGKILL)
                await process.wait()
        if process is not None:
            _signal(process.pid, signal.SIGKILL, group_only=True)  # workers a killed parent may have left in its session
        if self._reader is not None:
            self._reader.cancel()
            await asyncio.gather(self._reader, return_exceptions=True)
            self._reader = None

    def _complaint(self) -> str:
        return next((line for line in reversed(self._last_lines) if "ERROR" in line or "CRITICAL" in line), "") or next(
            iter(reversed(self._last_lines)), "it printed nothing"
        )

    def _set(self, state: ServiceState) -> None:
        self.state = state
        log.info("service_state", service=self.name, state=state.value)
        self._on_state(self.name, state)


def _signal(pid: int, number: signal.Signals, *, group_only: bool = False) -> None:
    """Signal a child; its session carries its number, so the group holds nobody else."""
    try:
        if group_only or number is signal.SIGKILL:
            os.killpg(pid, number)
        else:
            os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        return
