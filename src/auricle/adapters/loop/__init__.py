"""Tasks and inboxes on asyncio: the only place that makes tasks."""

from auricle.adapters.loop.inbox import AsyncInbox
from auricle.adapters.loop.tasks import AsyncLoop

__all__ = ["AsyncInbox", "AsyncLoop"]
