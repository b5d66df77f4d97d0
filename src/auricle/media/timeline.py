"""RTP audio laid on one timeline: contiguous mu-law, gaps filled with silence, late and doubled packets dropped.

Length comes from timestamps and payload sizes, never from counting packets. A timestamp jump that no elapsed time backs is a new base,
not a gap, so no packet can make hours of silence; inserted silence never exceeds the wall clock.
"""

from auricle.media.mulaw import SILENCE
from auricle.media.rtp import RtpPacket

RATE = 8000
PCMU_TYPE = 0
REORDER_PACKETS = 4  # 80 ms: what loopback and rtpengine's own buffers can swap
CLOCK_SLACK_S = 0.25  # jitter of arrival against timestamps that still counts as the same clock


class Timeline:
    """One party's audio, in order."""

    __slots__ = ("_held", "_next_seq", "_next_ts", "_ssrc", "_started", "_written")

    def __init__(self) -> None:
        self._ssrc: int | None = None
        self._next_ts = 0
        self._next_seq = 0
        self._held: dict[int, RtpPacket] = {}
        self._started = 0.0
        self._written = 0

    def add(self, packet: RtpPacket, now: float) -> bytes:
        """Take a packet that arrived at `now` (seconds, monotonic); gives the audio that is now settled, often of this packet alone."""
        if packet.payload_type != PCMU_TYPE or not packet.payload:
            return b""
        if self._ssrc is None:
            self._started = now
        if packet.ssrc != self._ssrc:
            head = self.flush(now) if self._ssrc is not None else b""
            self._rebase(packet)
            return head + self._emit(packet, now)
        ahead = (packet.sequence - self._next_seq) & 0xFFFF
        if ahead >= 0x8000:
            return b""  # a duplicate, or too late
        if ahead == 0:
            return self._emit(packet, now) + self._release(now)
        self._held[packet.sequence] = packet
        return self._skip(now) if len(self._held) > REORDER_PACKETS else b""

    def flush(self, now: float) -> bytes:
        """The audio still held back, at the end or at a change of sender."""
        out = b""
        while self._held:
            out += self._skip(now)
        return out

    def _release(self, now: float) -> bytes:
        out = b""
        while (packet := self._held.pop(self._next_seq, None)) is not None:
            out += self._emit(packet, now)
        return out

    def _skip(self, now: float) -> bytes:
        """Give up on the missing packets before the nearest one held."""
        nearest = min(self._held, key=lambda sequence: (sequence - self._next_seq) & 0xFFFF)
        packet = self._held.pop(nearest)
        self._next_seq = nearest
        return self._emit(packet, now) + self._release(now)

    def _emit(self, packet: RtpPacket, now: float) -> bytes:
        gap = (packet.timestamp - self._next_ts) & 0xFFFFFFFF
        fill = 0
        behind = self._behind(now) - len(packet.payload)
        if gap >= 0x80000000:
            self._next_ts = packet.timestamp  # time went back: a new base
        elif gap:
            fill = gap if gap <= behind + CLOCK_SLACK_S * RATE else int(behind) if behind > RATE else 0
        fill = min(fill, max(0, int(self._behind(now))))
        out = bytes([SILENCE]) * fill + packet.payload
        self._next_ts = (packet.timestamp + len(packet.payload)) & 0xFFFFFFFF
        self._next_seq = (packet.sequence + 1) & 0xFFFF
        self._written += len(out)
        return out

    def _behind(self, now: float) -> float:
        """How many samples the wall clock is ahead of what was written."""
        return (now - self._started) * RATE - self._written

    def _rebase(self, packet: RtpPacket) -> None:
        self._ssrc = packet.ssrc
        self._next_ts = packet.timestamp
        self._next_seq = packet.sequence
