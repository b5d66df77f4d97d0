"""rtpengine's log of RFC 4733 keys: one JSON datagram a key, at its end, however often the end was repeated."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

from auricle.media.ng import HUB_ADDRESS, LEG

KEYS = "0123456789*#ABCD"
MAX_EVENT_BYTES = 1024  # an event has 200


class KeyListener(asyncio.DatagramProtocol):
    """Hands keys to the leg whose party pressed them. Only the phone's own side counts; the hub side of the other leg repeats it."""

    def __init__(self) -> None:
        self.listeners: dict[str, Callable[[str], None]] = {}
        self._transport: asyncio.DatagramTransport | None = None

    async def open(self) -> int:
        """Listen on a free loopback port and return it."""
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=(HUB_ADDRESS, 0))
        port: int = self._transport.get_extra_info("sockname")[1]
        return port

    def close(self) -> None:
        """Stop listening."""
        if self._transport is not None:
            self._transport.close()
            self._transport = None

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """One event; anything that is not one, or of no leg of ours, is dropped: every program here can send to a loopback port."""
        if addr[0] != HUB_ADDRESS or len(data) > MAX_EVENT_BYTES:
            return
        key = _key_of(data)
        if key is not None and (listener := self.listeners.get(key[0])) is not None:
            listener(key[1])


def _key_of(data: bytes) -> tuple[str, str] | None:
    """The call-id and the key of an event of a phone."""
    try:
        event: Any = json.loads(data)
    except (ValueError, RecursionError):
        return None
    if not isinstance(event, dict) or event.get("source_tag") != LEG:
        return None
    call, number = event.get("callid"), event.get("event")
    if not isinstance(call, str) or type(number) is not int or not 0 <= number < len(KEYS):
        return None
    return call, KEYS[number]
