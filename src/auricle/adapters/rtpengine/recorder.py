"""Receives a fork of one party's audio and hands it on in order, filled and bounded by the wall clock."""

import asyncio
import re
import socket

from auricle.calls.ports import AudioSink
from auricle.media.errors import MediaFailed
from auricle.media.ng import HUB_ADDRESS
from auricle.media.rtp import parse_rtp
from auricle.media.timeline import Timeline

MAX_PACKET_BYTES = 2048
RECEIVE_BUFFER = 1 << 18  # a second of packets, with the kernel's own overhead, while the loop is busy
BATCH = 64
_SECTION = re.compile(rb"^m=audio (\d+) \S+ ([0-9 ]+?) *\r?$", re.MULTILINE)


class ForkReceiver:
    """One UDP socket on loopback for one fork; packets from elsewhere than rtpengine's port of the fork are dropped."""

    def __init__(self, sink: AudioSink) -> None:
        self._sink = sink
        self._loop = asyncio.get_running_loop()
        self._timeline = Timeline(self._loop.time())
        self._source: tuple[str, int] | None = None
        self._socket: socket.socket | None = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        self._socket.bind((HUB_ADDRESS, 0))
        self._loop.add_reader(self._socket.fileno(), self._readable)

    def answer(self, offer: bytes) -> bytes:
        """Our recvonly answer to rtpengine's offer of the fork: the same payload types, our port. Raises MediaFailed."""
        section = _SECTION.search(offer)
        if section is None or self._socket is None:
            raise MediaFailed("no fork offered")
        self._source = (HUB_ADDRESS, int(section.group(1)))
        return (
            f"v=0\r\no=- 1 1 IN IP4 {HUB_ADDRESS}\r\ns=-\r\nc=IN IP4 {HUB_ADDRESS}\r\nt=0 0\r\n"
            f"m=audio {self._socket.getsockname()[1]} RTP/AVP {section.group(2).decode()}\r\na=rtpmap:0 PCMU/8000\r\na=recvonly\r\n"
        ).encode()

    def close(self) -> None:
        """Write what has arrived and what is held back, and close. Idempotent."""
        if self._socket is None:
            return
        while self._readable():
            continue
        self._write(self._timeline.finish(self._loop.time()))
        self._loop.remove_reader(self._socket.fileno())
        self._socket.close()
        self._socket = None

    def _readable(self) -> bool:
        """Take a batch of packets; True when there may be more."""
        assert self._socket is not None
        for _ in range(BATCH):
            try:
                data, source = self._socket.recvfrom(MAX_PACKET_BYTES)
            except BlockingIOError:
                return False
            packet = parse_rtp(data) if source == self._source else None
            if packet is not None:
                self._write(self._timeline.add(packet, self._loop.time()))
        return True

    def _write(self, pcmu: bytes) -> None:
        if pcmu:
            self._sink.write(pcmu)
