"""One party's audio on one clock."""

from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auricle.media.rtp import RtpPacket
from auricle.media.timeline import MAX_AHEAD, RATE, Timeline

FRAME = 160
SILENT = b"\xff"
Arrival = tuple[float, RtpPacket]


def speech(n: int, *, seq: int = 100, ts: int = 160_000, at: float = 0.0, ssrc: int = 7, size: int = FRAME) -> list[Arrival]:
    """`n` packets in real time; the audio of packet i is the byte i % 100."""
    return [
        (at + i * size / RATE, RtpPacket(0, (seq + i) & 0xFFFF, (ts + i * size) & 0xFFFFFFFF, ssrc, False, bytes([i % 100]) * size))
        for i in range(n)
    ]


def lay(arrivals: Iterable[Arrival], end: float | None = None, started: float = 0.0) -> bytes:
    timeline = Timeline(started)
    out, now = b"", started
    for now, packet in arrivals:
        out += timeline.add(packet, now)
    return out + timeline.finish(now if end is None else end)


def audio(n: int, size: int = FRAME, first: int = 0) -> bytes:
    return b"".join(bytes([i % 100]) * size for i in range(first, n))


def test_in_order_comes_out_at_once() -> None:
    timeline = Timeline(0.0)
    for i, (now, packet) in enumerate(speech(50)):
        assert timeline.add(packet, now + 0.02) == bytes([i]) * FRAME


def test_sequence_and_timestamp_wrap() -> None:
    assert lay(speech(50, seq=65_500, ts=0xFFFFFFFF - 1000, at=0.02)) == audio(50)


def test_swapped_and_doubled_packets() -> None:
    arrivals = speech(10)
    arrivals[3], arrivals[4] = arrivals[4], arrivals[3]
    arrivals.insert(7, arrivals[2])
    arrivals.append(arrivals[9])
    assert lay(arrivals, 0.18) == audio(10)


def test_lost_packet_is_silence() -> None:
    arrivals = speech(20)
    del arrivals[5:7]
    assert lay(arrivals, 0.38) == audio(5) + SILENT * 2 * FRAME + audio(20, first=7)


def test_silence_suppression_is_filled() -> None:
    arrivals = [
        (at, replace(packet, payload_type=13, payload=b"\x40") if 10 <= i < 12 else packet) for i, (at, packet) in enumerate(speech(60))
    ]
    del arrivals[12:50]
    assert lay(arrivals, 59 * 0.02) == audio(10) + SILENT * 40 * FRAME + audio(60, first=50)


def test_keys_are_silence_of_their_length() -> None:
    """RFC 4733 packets share the sequence and keep the timestamp of the key's start."""
    arrivals = [
        (at, replace(packet, payload_type=101, payload=b"\x05\x0a\x00\xa0", timestamp=160_000 + 10 * FRAME) if 10 <= i < 18 else packet)
        for i, (at, packet) in enumerate(speech(30))
    ]
    assert lay(arrivals, 29 * 0.02) == audio(10) + SILENT * 8 * FRAME + audio(30, first=18)


def test_recording_that_begins_before_the_party_speaks() -> None:
    out = lay(speech(10, at=1.0), 1.2)
    assert out[: RATE - FRAME] == SILENT * (RATE - FRAME)
    assert audio(10) in out


def test_length_follows_the_clock_when_packets_change_size() -> None:
    """SDP-d7c4: 50 packets of 40 ms, then 100 of 20 ms: 4.0 s without a hole."""
    first = speech(50, seq=1, size=320, at=0.04)
    second = speech(100, seq=51, ts=160_000 + 50 * 320, at=2.02)
    assert lay(first + second, 4.0) == audio(50, 320) + audio(100)


def test_timestamp_zero_and_leap_are_no_gap() -> None:
    """RECO-6bf5."""
    arrivals = speech(1500, ts=144_000)
    arrivals[1001] = (arrivals[1001][0], replace(arrivals[1001][1], timestamp=0, marker=True))
    arrivals[1200:] = [(at, replace(packet, timestamp=(packet.timestamp + 3_000_000_000) & 0xFFFFFFFF)) for at, packet in arrivals[1200:]]
    out = lay(arrivals, 30.0)
    assert len(out) / RATE == pytest.approx(30.0, abs=0.1)
    assert out.replace(SILENT, b"") == audio(1500)


@pytest.mark.parametrize("jump", [1, 160, 7000, 80_000, 0x7FFFFFFF, 0x80000000, 0xFFFFFF60])
def test_leaps_of_all_sizes(jump: int) -> None:
    arrivals = speech(200)
    arrivals[100:] = [(at, replace(packet, timestamp=(packet.timestamp + jump) & 0xFFFFFFFF)) for at, packet in arrivals[100:]]
    out = lay(arrivals, 4.0)
    assert len(out) / RATE == pytest.approx(4.0, abs=0.26)
    assert out.replace(SILENT, b"") == audio(200)


@pytest.mark.parametrize("timestamps_go_on", [True, False])
def test_stall_leaves_what_follows_in_its_place(timestamps_go_on: bool) -> None:
    """RECO-090b: packets withheld for 3 s, with the sender's clock going on or standing still."""
    arrivals = speech(400) + speech(400, seq=500, ts=160_000 + (550 if timestamps_go_on else 400) * FRAME, at=11.0)
    out = lay(arrivals, 19.0)
    assert len(out) == pytest.approx(19.0 * RATE, abs=0.05 * RATE)
    assert out.index(SILENT * 1000) == 400 * FRAME
    assert out.rindex(SILENT * 1000) + 1000 == pytest.approx(11.0 * RATE, abs=0.02 * RATE)


def test_backlog_after_a_stall_is_no_pause() -> None:
    """The network held packets back for a second and then gave them all: nothing was silent."""
    arrivals = [(max(at, 3.0) if 2.0 <= at < 3.0 else at, packet) for at, packet in speech(250)]
    assert lay(arrivals, 249 * 0.02) == audio(250)


def test_new_sender_begins_where_the_clock_is() -> None:
    out = lay(speech(50) + speech(50, seq=9, ts=5, at=2.0, ssrc=8), 3.0)
    assert len(out) / RATE == pytest.approx(3.0, abs=0.05)
    assert out[: 50 * FRAME] == audio(50)
    assert out.rstrip(SILENT)[-50 * FRAME :] == audio(50)


@pytest.mark.parametrize("sequence", [5, 40_000, 60_000])
def test_sender_that_numbers_anew(sequence: int) -> None:
    """RFC 3550 A.1: the same source restarts; two packets in a row are believed, and one stray is not."""
    stray = [(2.0, RtpPacket(0, 30_000, 0, 7, False, b"\x63" * FRAME))]
    out = lay(speech(100) + stray + speech(100, seq=sequence, ts=99, at=2.0), 4.0)
    assert len(out) / RATE == pytest.approx(4.0, abs=0.06)
    assert out.replace(SILENT, b"")[-98 * FRAME :] == audio(100, first=2)
    assert b"\x63" * FRAME + b"\x00" not in out


def test_flood_is_cut_at_the_clock() -> None:
    arrivals = [(i / 1000, packet) for i, (_, packet) in enumerate(speech(3000))]
    assert len(lay(arrivals, 3.0)) <= 3 * RATE + MAX_AHEAD + FRAME


def test_nothing_said_is_nothing() -> None:
    assert lay([], 9.0) == b""
    assert lay([(1.0, RtpPacket(101, 1, 1, 1, True, b"\x05\x8a\x00\xa0"))], 9.0) == b""


packets = st.builds(
    RtpPacket,
    payload_type=st.sampled_from([0, 0, 0, 13, 101]),
    sequence=st.integers(0, 65535) | st.integers(0, 8),
    timestamp=st.integers(0, 0xFFFFFFFF) | st.integers(0, 2000),
    ssrc=st.integers(0, 2),
    marker=st.booleans(),
    payload=st.sampled_from([b"", b"\x11", b"\x12" * 160, b"\x13" * 1400]),
)


@given(st.lists(st.tuples(st.floats(0, 2), packets), max_size=60))
def test_whatever_comes_the_length_is_bounded_by_the_clock(steps: list[tuple[float, RtpPacket]]) -> None:
    now = 100.0
    timeline = Timeline(now)
    total, said = 0, False
    for wait, packet in steps:
        now += wait
        total += len(timeline.add(packet, now))
        assert total <= (now - 100) * RATE + MAX_AHEAD + 1400
        said = said or bool(packet.payload_type == 0 and packet.payload)
    total += len(timeline.finish(now))
    assert total <= (now - 100) * RATE + MAX_AHEAD + 1400
    assert not total or total >= int((now - 100) * RATE)
    assert said or total == 0
