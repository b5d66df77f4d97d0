"""Inboxes keep order and time out; a failing task is logged by type and harms no other."""

import asyncio

import structlog

from auricle.adapters.loop import AsyncInbox, AsyncLoop


async def test_an_inbox_gives_items_in_order() -> None:
    inbox: AsyncInbox[int] = AsyncInbox()
    inbox.put(1)
    inbox.put(2)
    assert [await inbox.take(), await inbox.take()] == [1, 2]


async def test_a_waiting_reader_is_woken_by_an_item() -> None:
    inbox: AsyncInbox[int] = AsyncInbox()
    reader = asyncio.ensure_future(inbox.take())
    await asyncio.sleep(0)
    inbox.put(7)
    assert await reader == 7


async def test_a_timeout_gives_none_and_loses_nothing() -> None:
    inbox: AsyncInbox[int] = AsyncInbox()
    assert await inbox.take(0.001) is None
    inbox.put(3)
    assert await inbox.take(0) == 3


async def test_a_failing_task_is_logged_without_its_text() -> None:
    loop = AsyncLoop()

    async def fail() -> None:
        raise ValueError("+12025550142 is private")

    with structlog.testing.capture_logs() as logs:
        loop.spawn("call c1", fail())
        await asyncio.sleep(0.01)
    assert [(entry["event"], entry["error"]) for entry in logs] == [("task_failed", "ValueError")]
    assert "2025550142" not in str(logs)
    assert loop.running == 0


async def test_stop_waits_for_cleaning_up() -> None:
    loop = AsyncLoop()
    cleaned = []

    async def work() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0)
            cleaned.append(True)

    loop.spawn("work", work())
    await asyncio.sleep(0)
    await loop.stop()
    assert cleaned == [True]
