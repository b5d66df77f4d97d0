"""Places: no two of them share an encoding."""

from hypothesis import given
from hypothesis import strategies as st

from auricle.vault.place import Place

NAMES = st.text(st.characters(blacklist_categories=["Cs"]), max_size=12)


def test_a_known_encoding() -> None:
    assert Place("call", "sealed", "c1").encode() == b"\0\4call\0\6sealed\0\2c1"


@given(st.tuples(NAMES, NAMES, NAMES), st.tuples(NAMES, NAMES, NAMES))
def test_encodings_differ_where_places_do(one: tuple[str, str, str], other: tuple[str, str, str]) -> None:
    assert (Place(*one).encode() == Place(*other).encode()) == (one == other)


def test_borders_do_not_shift() -> None:
    assert Place("ab", "c", "d").encode() != Place("a", "bc", "d").encode()
