"""Virtual time: an event loop that never waits. When nothing is runnable its clock jumps to the next timer.

A test that would wait for ever fails at once, because then there is neither a runnable task nor a timer.
"""

import asyncio
import functools
import selectors
from collections import deque
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any

MIDNIGHT = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
START_S = 1000.0


class NothingWillHappen(AssertionError):
    """Every task waits for something that nobody will send."""


class _JumpingSelector(selectors.SelectSelector):
    """Instead of sleeping it moves the clock."""

    def __init__(self) -> None:
        super().__init__()
        self.now = START_S

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready:
            return ready
        if timeout is None:
            raise NothingWillHappen
        self.now += max(0.0, timeout)
        return []


class VirtualEventLoop(asyncio.SelectorEventLoop):
    """asyncio on virtual time."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now


def on_virtual_time(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Run an async test on a loop of its own whose time is virtual."""

    @functools.wraps(test)
    def run(*args: Any, **kwargs: Any) -> None:
        with asyncio.Runner(loop_factory=VirtualEventLoop) as runner:
            runner.run(test(*args, **kwargs))

    return run


class FakeClock:
    """Fits `kernel.time.Clock` over the running loop's time."""

    def now(self) -> datetime:
        return MIDNIGHT + timedelta(seconds=self.monotonic() - START_S)

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()


class FakeEntropy:
    """Fits `kernel.time.Entropy`: names in order, so that a failing test reads the same twice."""

    def __init__(self) -> None:
        self._drawn = 0

    def token(self, size: int) -> bytes:
        self._drawn += 1
        return self._drawn.to_bytes(size, "big")

    def name(self, prefix: str = "") -> str:
        self._drawn += 1
        return f"{prefix}{self._drawn:016d}"


class FakeInbox:
    """Fits `calls.ports.Inbox`."""

    def __init__(self) -> None:
        self._items: deque[Any] = deque()
        self._arrived = asyncio.Event()

    def put(self, item: Any) -> None:
        self._items.append(item)
        self._arrived.set()

    async def take(self, timeout_s: float | None = None) -> Any | None:
        if not self._items:
            self._arrived.clear()
            try:
                async with asyncio.timeout(timeout_s):
                    await self._arrived.wait()
            except TimeoutError:
                return None
        return self._items.popleft()


class FakeLoop:
    """Fits `calls.ports.Loop`; what a task raises is kept in `failures` for the test to look at."""

    def __init__(self) -> None:
        self.tasks: list[asyncio.Task[None]] = []
        self.failures: list[tuple[str, BaseException]] = []

    def inbox(self) -> FakeInbox:
        return FakeInbox()

    def spawn(self, name: str, work: Coroutine[object, object, None]) -> None:
        self.tasks.append(asyncio.get_running_loop().create_task(self._guarded(name, work), name=name))

    async def finished(self) -> None:
        """Wait until every task is over."""
        while running := [task for task in self.tasks if not task.done()]:
            await asyncio.wait(running)

    async def _guarded(self, name: str, work: Coroutine[object, object, None]) -> None:
        try:
            await work
        except Exception as error:  # noqa: BLE001  # the port says: logged, and the end of that task only
            self.failures.append((name, error))
