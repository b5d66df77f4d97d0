"""Sealed audio: order, ends and strangers' segments; what a sealer refuses to seal."""

from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auricle.vault.errors import Corrupt, UnknownFormat
from auricle.vault.stream import HEADER_BYTES, StreamHeader, StreamOpener, StreamSealer

KEY = bytes(range(32))


def sealer(script: ModuleType, seed: str = "s") -> StreamSealer:
    return StreamSealer(KEY, "v1", script.Counted(seed), 16)


def test_segments_open_in_any_order(script: ModuleType) -> None:
    seal = sealer(script)
    sealed = [seal.seal(b"a" * 16), seal.seal(b"b" * 16), seal.seal(b"c", last=True)]
    opener = StreamOpener(KEY, StreamHeader.decode(seal.header.encode()), "v1")
    assert opener.open(2, sealed[2], last=True) == b"c"
    assert opener.open(0, sealed[0], last=False) == b"a" * 16


@pytest.mark.parametrize(("index", "last"), [(1, False), (0, True)])
def test_a_segment_opens_only_as_what_it_is(index: int, last: bool, script: ModuleType) -> None:
    seal = sealer(script)
    first = seal.seal(b"a" * 16)
    with pytest.raises(Corrupt, match=f"segment {index}"):
        StreamOpener(KEY, seal.header, "v1").open(index, first, last=last)


def test_nothing_follows_the_last_segment(script: ModuleType) -> None:
    seal = sealer(script)
    seal.seal(b"a", last=True)
    with pytest.raises(ValueError, match="last segment"):
        seal.seal(b"b", last=True)


@pytest.mark.parametrize(("segment", "last"), [(b"short", False), (b"x" * 17, False), (b"x" * 17, True), (b"", False)])
def test_segments_have_their_size(segment: bytes, last: bool, script: ModuleType) -> None:
    with pytest.raises(ValueError, match="shorter"):
        sealer(script).seal(segment, last=last)


def test_an_empty_last_segment_only_of_an_empty_stream(script: ModuleType) -> None:
    assert len(sealer(script).seal(b"", last=True)) == 16
    seal = sealer(script)
    seal.seal(b"a" * 16)
    with pytest.raises(ValueError, match="last segment"):
        seal.seal(b"", last=True)


def test_two_streams_under_one_key_share_nothing(script: ModuleType) -> None:
    one, other = sealer(script, "one"), sealer(script, "other")
    sealed = one.seal(b"a" * 16)
    assert sealed != other.seal(b"a" * 16)
    with pytest.raises(Corrupt):
        StreamOpener(KEY, other.header, "v1").open(0, sealed, last=False)


@given(st.binary(max_size=60))
def test_a_header_is_read_or_refused(data: bytes) -> None:
    try:
        header = StreamHeader.decode(data)
    except (Corrupt, UnknownFormat):
        return
    assert header.encode() == data[:HEADER_BYTES]
