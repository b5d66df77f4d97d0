"""RTP headers."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auricle.media.rtp import RtpPacket, parse_rtp


def packet(first: int = 0x80, second: int = 0, payload: bytes = b"abc") -> bytes:
    return struct.pack("!BBHII", first, second, 65535, 0xFFFFFFFF, 7) + payload


def test_plain_packet() -> None:
    assert parse_rtp(packet(second=0x80 | 101)) == RtpPacket(101, 65535, 0xFFFFFFFF, 7, True, b"abc")


def test_sources_extension_and_padding_are_taken_off() -> None:
    assert parse_rtp(packet(0x82, payload=bytes(8) + b"abc")) == RtpPacket(0, 65535, 0xFFFFFFFF, 7, False, b"abc")
    assert parse_rtp(packet(0x90, payload=b"\xbe\xde\x00\x01" + bytes(4) + b"abc")) == RtpPacket(0, 65535, 0xFFFFFFFF, 7, False, b"abc")
    assert parse_rtp(packet(0xA0, payload=b"abc\x00\x02")) == RtpPacket(0, 65535, 0xFFFFFFFF, 7, False, b"abc")


@pytest.mark.parametrize(
    "data",
    [
        b"", b"\x80" * 11, packet(0x40), packet(second=200), packet(second=201), packet(0x8F), packet(0x90, payload=b"\xbe\xde"),
        packet(0x90, payload=b"\xbe\xde\x00\x09"), packet(0xA0, payload=b"\x09"), packet(0xA0, payload=b"\x00"),
        b"\x16\xfe\xfd" + bytes(20),
    ],
)  # fmt: skip
def test_not_rtp(data: bytes) -> None:
    """RTCP, DTLS, other versions, and headers that reach beyond the end."""
    assert parse_rtp(data) is None


@given(st.binary(max_size=40))
def test_anything_is_read_or_refused(data: bytes) -> None:
    found = parse_rtp(data)
    assert found is None or len(found.payload) <= len(data) - 12
