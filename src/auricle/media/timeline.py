"""RTP audio laid on one timeline: contiguous mu-law, gaps filled with silence, late and doubled packets dropped.

Length comes from timestamps and payload sizes, never from counting packets. A timestamp jump that no elapsed time backs is a new base,
not a gap; a pause the timestamps do not show is filled as soon as it is known not to be a backlog. So the audio is never more than a
second longer than the wall clock, and a stall does not shift what follows.
"""

from auricle.media.mulaw import SILENCE
from auricle.media.rtp import RtpPacket

RATE = 8000
PCMU_TYPE = 0
REORDER_PACKETS = 4  # 80 ms: what loopback and rtpengine's own threads can swap
MAX_DROPOUT, MAX_MISORDER = 3000, 100  # RFC 3550 A.1
SLACK = RATE // 4  # jitter of arrival against timestamps that still counts as the same clock
SETTLE_S = 0.3  # a backlog after a stall comes faster than real time; a pause does not
MAX_AHEAD = RATE  # audio that arrives faster than it can be spoken is a flood


class Timeline:
    """One party's audio, in order. Times are seconds, monotonic; `started` is where the timeline begins."""

    __slots__ = ("_bad_seq", "_held", "_late", "_late_at", "_next_seq", "_next_ts", "_pause", "_ssrc", "_started", "_written")

    def __init__(self, started: float) -> None:
        self._started = started
        self._ssrc: int | None = None
        self._next_ts = 0
        self._next_seq = 0
        self._bad_seq: int | None = None
        self._held: dict[int, RtpPacket] = {}
        self._written = 0
        """Samples given out, and those kept in `_late`."""
        self._late = bytearray()
        self._late_at = 0.0
        self._pause = 0

    def add(self, packet: RtpPacket, now: float) -> bytes:
        """Take a packet that arrived at `now`; gives the audio that is now settled, often of this packet alone."""
        if packet.ssrc != self._ssrc:
            head = self._release_all(now)
            self._ssrc = packet.ssrc
            return head + self._begin(packet, now)
        ahead = (packet.sequence - self._next_seq) & 0xFFFF
        if ahead == 0:
            return self._emit(packet, now) + self._release(now)
        if ahead < MAX_DROPOUT:
            self._held[packet.sequence] = packet
            return self._skip(now) if len(self._held) > REORDER_PACKETS else b""
        if ahead > 0xFFFF - MAX_MISORDER:
            return b""  # a duplicate, or too late
        if packet.sequence != self._bad_seq:  # RFC 3550 A.1: two in a row are a sender that began anew
            self._bad_seq = (packet.sequence + 1) & 0xFFFF
            return b""
        return self._release_all(now) + self._begin(packet, now)

    def finish(self, now: float) -> bytes:
        """What is still held back, and silence up to `now`; nothing when nothing was ever said."""
        out = self._release_all(now) + self._settle()
        return out + (self._silence(self._behind(now)) if self._written else b"")

    def _begin(self, packet: RtpPacket, now: float) -> bytes:
        """A new base: the packet lies where the wall clock is."""
        self._next_ts = packet.timestamp
        out = b""
        if self._is_audio(packet):
            out = self._settle() + self._silence(self._behind(now) - len(packet.payload))
        return out + self._emit(packet, now)

    def _release_all(self, now: float) -> bytes:
        out = b""
        while self._held:
            out += self._skip(now)
        return out

    def _release(self, now: float) -> bytes:
        out = b""
        while self._held and (packet := self._held.pop(self._next_seq, None)) is not None:
            out += self._emit(packet, now)
        return out

    def _skip(self, now: float) -> bytes:
        """Give up on the missing packets before the nearest one held."""
        nearest = min(self._held, key=lambda sequence: (sequence - self._next_seq) & 0xFFFF)
        return self._emit(self._held.pop(nearest), now) + self._release(now)

    def _emit(self, packet: RtpPacket, now: float) -> bytes:
        self._next_seq = (packet.sequence + 1) & 0xFFFF
        self._bad_seq = None
        if not self._is_audio(packet):  # keys and comfort noise share the sequence; their time shows in the next timestamp
            return b""
        payload = packet.payload
        behind = self._behind(now) - len(payload)  # samples the wall clock is ahead once this is written
        if behind < -MAX_AHEAD:
            return b""
        gap = (packet.timestamp - self._next_ts) & 0xFFFFFFFF
        self._next_ts = (packet.timestamp + len(payload)) & 0xFFFFFFFF
        fill = gap if 0 < gap < 0x80000000 and gap <= behind + SLACK else 0
        return self._lay(bytes([SILENCE]) * fill + payload, behind - fill, now)

    def _lay(self, audio: bytes, behind: int, now: float) -> bytes:
        """Give audio out, unless it is `behind` the wall clock: then keep it until it shows whether a backlog or a pause came before it."""
        self._written += len(audio)
        if not self._late:
            if behind <= SLACK:
                return audio
            self._late_at, self._pause = now, behind
        self._late += audio
        self._pause = min(self._pause, behind)
        if behind <= SLACK:
            self._pause = 0
        elif now - self._late_at < SETTLE_S:
            return b""
        return self._settle()

    def _settle(self) -> bytes:
        """Give out what was kept, after the pause before it."""
        if not self._late:
            return b""
        out = self._silence(self._pause) + bytes(self._late)
        self._late.clear()
        return out

    def _silence(self, samples: int) -> bytes:
        self._written += max(0, samples)
        return bytes([SILENCE]) * samples

    def _behind(self, now: float) -> int:
        """How many samples the wall clock is ahead of what was written."""
        return int((now - self._started) * RATE) - self._written

    @staticmethod
    def _is_audio(packet: RtpPacket) -> bool:
        return packet.payload_type == PCMU_TYPE and bool(packet.payload)
