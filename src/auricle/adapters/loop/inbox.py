"""A call's inbox: one reader, any number of writers in the same thread."""

import asyncio
from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")


class AsyncInbox(Generic[T]):
    """Fits `calls.ports.Inbox`. Items wait in order; only one task may take at a time."""

    __slots__ = ("_items", "_waiter")

    def __init__(self) -> None:
        self._items: deque[T] = deque()
        self._waiter: asyncio.Future[None] | None = None

    def put(self, item: T) -> None:
        """Add at the end and wake the reader."""
        self._items.append(item)
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def take(self, timeout_s: float | None = None) -> T | None:
        """The next item; None when `timeout_s` passed first."""
        if not self._items:
            await self._wait(timeout_s)
        return self._items.popleft() if self._items else None

    async def _wait(self, timeout_s: float | None) -> None:
        # asyncio.timeout costs four times as much as one timer handle, and every call waits here a dozen times
        loop = asyncio.get_running_loop()
        self._waiter = waiter = loop.create_future()
        handle = None if timeout_s is None else loop.call_later(timeout_s, _wake, waiter)
        try:
            await waiter
        finally:
            self._waiter = None
            if handle is not None:
                handle.cancel()


def _wake(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)
