"""A child process that is started, watched, restarted when it dies, and stopped by its own process id."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Sequence
from enum import StrEnum
from io import FileIO
from typing import TypeAlias

import structlog

from auricle.adapters.process.complaints import Complaints, Describe
from auricle.adapters.process.errors import StartFailed
from auricle.adapters.process.unprivileged import NOBODY, find_program, unprivileged

log = structlog.get_logger(__name__)

READY_TIMEOUT_S = 15.0
READY_POLL_S = 0.03
STOP_TIMEOUT_S = 5.0
DRAIN_S = 0.5
FIRST_BACKOFF_S, MAX_BACKOFF_S = 0.2, 10.0
STABLE_S = 30.0  # a child that lived this long starts again without a growing wait


class ServiceState(StrEnum):
    """Where a supervised child stands."""

    STARTING = "starting"
    UP = "up"
    RESTARTING = "restarting"
    STOPPED = "stopped"


Ready: TypeAlias = Callable[[], Awaitable[bool]]
OnState: TypeAlias = Callable[[str, ServiceState], None]


class Supervised:
    """One child. `ready` is asked until it says yes; `on_state` hears every change and must not block.

    `package` is what to install when the program is missing; `describe` says what of the child's lines may be logged; `run_as` is the
    account it runs as when we are root.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        package: str,
        *,
        ready: Ready,
        on_state: OnState,
        environment: dict[str, str] | None = None,
        describe: Describe | None = None,
        run_as: str = NOBODY,
    ) -> None:
        self.name = name
        self.state = ServiceState.STOPPED
        self._command = list(command)
        self._package = package
        self._ready = ready
        self._on_state = on_state
        self._environment = environment
        self._run_as = run_as
        self._complaints = Complaints(name, describe)
        self._process: asyncio.subprocess.Process | None = None
        self._watcher: asyncio.Task[None] | None = None
        self._reader: asyncio.Task[None] | None = None
        self._stopping = False

    @property
    def pid(self) -> int | None:
        """The child's process id while it runs."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    async def start(self) -> None:
        """Start the child and wait until it is ready. Raises MissingProgram or StartFailed; then nothing runs."""
        self._command[0] = find_program(self._command[0], self.name, self._package)
        self._stopping = False
        self._set(ServiceState.STARTING)
        try:
            await self._launch()
            if self._stopping:
                raise StartFailed(f"{self.name} was stopped while it started")
        except BaseException:  # also when the caller gives up waiting: no child may be left
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
        self._set(ServiceState.STOPPED)

    async def replace(self, command: Sequence[str]) -> None:
        """Run this command from now on: the running child is ended and a new one started. Raises MissingProgram or StartFailed."""
        await self.stop()
        self._command = list(command)
        await self.start()

    async def _launch(self) -> None:
        self._complaints.forget()
        process = self._process = await self._spawn()
        try:
            async with asyncio.timeout(READY_TIMEOUT_S):
                while not await self._ready():
                    if process.returncode is not None:
                        await self._drain()
                        raise StartFailed(f"{self.name} ended at once: {self._complaints.worst}")
                    await asyncio.sleep(READY_POLL_S)
        except TimeoutError:
            raise StartFailed(f"{self.name} did not get ready: {self._complaints.worst}") from None

    async def _spawn(self) -> asyncio.subprocess.Process:
        """Run the command, its standard error on a pipe of our own.

        asyncio's pipes would make `wait()` last until the child's children have closed theirs too, so that a killed daemon went unnoticed.
        """
        here, there = os.pipe()
        try:
            process = await asyncio.create_subprocess_exec(
                *unprivileged(self._command, self._run_as),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=there,
                start_new_session=True,
                env=None if self._environment is None else {**os.environ, **self._environment},
            )
        except OSError as error:
            os.close(here)
            raise StartFailed(f"{self.name} cannot be started: {error.strerror}") from error
        except BaseException:
            os.close(here)
            raise
        finally:
            os.close(there)
        self._reader = asyncio.ensure_future(self._read(os.fdopen(here, "rb", 0)))
        return process

    async def _drain(self) -> None:
        """Wait a moment for what the child said last."""
        if self._reader is not None:
            await asyncio.wait([self._reader], timeout=DRAIN_S)

    async def _watch(self) -> None:
        """Start the child again whenever it dies."""
        loop = asyncio.get_running_loop()
        backoff = 0.0
        began = loop.time()
        while True:
            if self._process is not None:
                code = await self._process.wait()
                if self._stopping:
                    return
                log.error("service_died", service=self.name, code=code)
                self._set(ServiceState.RESTARTING)
                await self._end_child()  # workers that outlived it still hold its ports
            backoff = FIRST_BACKOFF_S if loop.time() - began > STABLE_S or not backoff else min(backoff * 2, MAX_BACKOFF_S)
            await asyncio.sleep(backoff)
            began = loop.time()
            try:
                await self._launch()
            except Exception as error:  # noqa: BLE001 - task root: whatever went wrong, the next attempt comes; texts may hold addresses
                log.error("service_restart_failed", service=self.name, error=type(error).__name__)  # noqa: TRY400 - type only
                await self._end_child()
            else:
                self._set(ServiceState.UP)

    async def _read(self, pipe: FileIO) -> None:
        loop = asyncio.get_running_loop()
        stream = asyncio.StreamReader()
        transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stream), pipe)
        try:
            while True:
                try:
                    line = await stream.readline()
                except ValueError:
                    continue  # a line longer than the stream's limit was dropped
                if not line:
                    return
                if not self._stopping:  # what an ending child complains about is its end
                    self._complaints.take(line.decode("utf-8", "replace").strip(), loop.time())
        finally:
            transport.close()

    async def _end_child(self) -> None:
        """End the child and everything in its session."""
        process, self._process = self._process, None
        if process is not None:
            if process.returncode is None:
                _signal(os.kill, process.pid, signal.SIGTERM)
                try:
                    await asyncio.wait_for(process.wait(), STOP_TIMEOUT_S)
                except TimeoutError:
                    log.warning("service_killed", service=self.name)
            _signal(os.killpg, process.pid, signal.SIGKILL)  # its session carries its number, so the group holds nobody else
            await process.wait()
        if self._reader is not None:
            self._reader.cancel()
            await asyncio.gather(self._reader, return_exceptions=True)
            self._reader = None

    def _set(self, state: ServiceState) -> None:
        if state is self.state:
            return
        self.state = state
        log.info("service_state", service=self.name, state=state.value)
        self._on_state(self.name, state)


def _signal(send: Callable[[int, int], None], pid: int, number: signal.Signals) -> None:
    try:
        send(pid, number)
    except (ProcessLookupError, PermissionError):
        return  # already gone
