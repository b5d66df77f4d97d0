"""RTP packets (RFC 3550 5.1), as far as a recorder needs them; RTCP on the same port is told apart (RFC 5761 4)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RtpPacket:
    """One packet."""

    payload_type: int
    sequence: int
    timestamp: int
    ssrc: int
    marker: bool
    payload: bytes


def parse_rtp(data: bytes) -> RtpPacket | None:
    """The packet, None for anything that is not RTP version 2 or is cut short."""
    if len(data) < 12 or data[0] >> 6 != 2 or 192 <= data[1] <= 223:
        return None
    start = 12 + 4 * (data[0] & 0x0F)
    if data[0] & 0x10:
        if len(data) < start + 4:
            return None
        start += 4 + 4 * int.from_bytes(data[start + 2 : start + 4], "big")
    end = len(data)
    if data[0] & 0x20:
        end -= data[-1]
    if start > end or (data[0] & 0x20 and data[-1] == 0):
        return None
    return RtpPacket(
        payload_type=data[1] & 0x7F,
        sequence=int.from_bytes(data[2:4], "big"),
        timestamp=int.from_bytes(data[4:8], "big"),
        ssrc=int.from_bytes(data[8:12], "big"),
        marker=bool(data[1] & 0x80),
        payload=data[start:end],
    )
