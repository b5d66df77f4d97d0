"""What `auricle user …` does to a practice that may be running: it opens the same data, and the practice notices."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from auricle.app.identity.users import Users
from auricle.app.instance import Instance

T = TypeVar("T")


async def with_users(settings: Path, passphrase: str | None, work: Callable[[Users], Awaitable[T]]) -> T:
    """Do something with the accounts of a practice."""
    instance = Instance(settings, passphrase)
    try:
        return await work(instance.identity.users)
    finally:
        await instance.stop()
