"""What the pure SIP core wants done: datagrams to send and words to deliver. The driver empties it after every step."""

from collections import deque
from collections.abc import Hashable
from typing import Generic, TypeVar

W = TypeVar("W")

Path = Hashable
"""Where a message came from and its response goes: `EDGE` is the datagram socket, anything else a connection of the driver's."""
EDGE: Path = None


class Outbox(Generic[W]):
    """Effects in the order in which they were decided."""

    __slots__ = ("messages", "words")

    def __init__(self) -> None:
        self.messages: list[tuple[Path, bytes]] = []
        self.words: deque[W] = deque()
