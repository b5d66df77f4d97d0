"""Receives a fork of one party's audio and hands it on in order, filled and bounded by the wall clock."""

import asyncio
import re
from typing import Any

from auricle.calls.ports import AudioSink
from auricle.media.rtp import parse_rtp
from auricle.media.timeline import Timeline


class ForkReceiver(asyncio.DatagramProtocol):
    """One UDP socket on loopback for one fork."""

    def __init__(self, sink: AudioSink) -> None:
        self._sink = sink
        self._timeline = Timeline()
        self._transport: asyncio.DatagramTransport | None = None
        self._loop = asyncio.get_running_loop()

    async def open(self) -> int:
        """Listen on a free port and return it."""
        self._transport, _ = await self._loop.create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", 0))
        port: int = self._transport.get_extra_info("sockname")[1]
        return port

    def close(self) -> None:
        """Write what is still held back, and close."""
        if self._transport is not None:
            self._write(self._timeline.flush(self._loop.time()))
            self._transport.close()
            self._transport = None

    def datagram_received(self, data: bytes, addr: Any) -> None:
        """One packet from rtpengine."""
        packet = parse_rtp(data)
        if packet is not None and addr[0] == "127.0.0.1":
            self._write(self._timeline.add(packet, self._loop.time()))

    def _write(self, pcmu: bytes) -> None:
        if pcmu:
            self._sink.write(pcmu)


def fork_sdp(offer: str, port: int) -> bytes:
    """Our recvonly answer to rtpengine's fork offer: the same payload types, our port."""
    formats = re.search(r"^m=audio \d+ \S+ (.+?)\r?$", offer, re.MULTILINE)
    types = formats.group(1) if formats else "0"
    return (
        f"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio {port} RTP/AVP {types}\r\n"
        "a=rtpmap:0 PCMU/8000\r\na=recvonly\r\n"
    ).encode()
