"""Bencode both ways, and replies nobody could read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auricle.media.bencode import decode, encode
from auricle.media.errors import MediaFailed

values = st.recursive(
    st.integers() | st.binary(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(st.text(max_size=8).filter(lambda text: text.isprintable()), values, max_size=5))
def test_round_trip(value: dict[str, object]) -> None:
    assert decode(encode(value)) == value  # type: ignore[arg-type]


def test_as_rtpengine_writes_it() -> None:
    assert encode({"command": "offer", "n": 7, "l": ["a", b"b"], "d": {}}) == b"d7:command5:offer1:ni7e1:ll1:a1:be1:ddee"
    assert decode(b"d6:result4:pong8:durationi2000ee") == {"result": b"pong", "duration": 2000}


@pytest.mark.parametrize(
    "data",
    [
        b"", b"d", b"de5:extra", b"le", b"i7e", b"4:pong", b"d1:ai7", b"d1:a2:xe", b"d99999999999:ae", b"d1:a-1:xe", b"di7ei7ee",
        b"dlei1ee", b"d1:aie", b"d1:aixee", b"d1:a" + b"l" * 500 + b"e" * 501, b"d1:a" + b"l" * 100_000,
    ],
)  # fmt: skip
def test_unreadable(data: bytes) -> None:
    with pytest.raises(MediaFailed):
        decode(data)


@given(st.binary(max_size=60).map(lambda data: b"d" + data))
def test_garbage_never_breaks_anything_else(data: bytes) -> None:
    try:
        assert isinstance(decode(data), dict)
    except MediaFailed:
        return
