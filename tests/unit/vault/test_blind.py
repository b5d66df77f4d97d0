"""Blind indexes: equal values meet, everything else is apart; text from outside cannot make one fail."""

from datetime import UTC, datetime
from types import ModuleType

from hypothesis import given
from hypothesis import strategies as st

from auricle.vault.blind import INDEX_BYTES, blind_index, blind_indexes
from auricle.vault.keyring import Keyring, Purpose

MADE_AT = datetime(2026, 11, 25, tzinfo=UTC)


class Same:
    """Entropy of one value."""

    def __init__(self, value: int) -> None:
        self._value = value

    def token(self, size: int) -> bytes:
        return bytes([self._value]) * size

    def name(self, prefix: str = "") -> str:
        return prefix


RING = Keyring({Purpose.BLIND_INDEX: {1: bytes(32)}})


@given(st.text(max_size=20), st.text(max_size=20))
def test_indexes_are_equal_where_values_are(one: str, other: str) -> None:
    assert (blind_index(RING, "call.caller", one) == blind_index(RING, "call.caller", other)) == (one == other)


def test_contexts_are_apart() -> None:
    assert blind_index(RING, "call.caller", "1") != blind_index(RING, "call.called", "1")
    assert blind_index(RING, "a", "bc") != blind_index(RING, "ab", "c")


def test_another_key_gives_another_index(keyring: Keyring) -> None:
    assert blind_index(RING, "c", "v") != blind_index(keyring, "c", "v")


@given(st.text(max_size=20), st.integers(0, 3))
def test_a_look_up_meets_rows_of_every_epoch(value: str, rotations: int) -> None:
    ring = Keyring({Purpose.BLIND_INDEX: {1: bytes(32)}})
    written = [blind_index(ring, "c", value)]
    for turn in range(rotations):
        ring.rotate(Purpose.BLIND_INDEX, Same(turn + 1))
        written.append(blind_index(ring, "c", value))
    found = blind_indexes(ring, "c", value)
    assert found[0] == written[-1]
    assert set(written) <= set(found)
    assert written[0][2:] in found  # rows of before epochs were written
    assert len(set(written)) == rotations + 1
    assert {len(index) for index in written} == {INDEX_BYTES}


def test_an_index_names_its_epoch(keyring: Keyring, script: ModuleType) -> None:
    before = blind_index(keyring, "c", "v")
    keyring.rotate(Purpose.BLIND_INDEX, script.Counted("rotate"))
    assert before[:2] == b"\x00\x01"
    assert blind_index(keyring, "c", "v")[:2] == b"\x00\x02"
    assert before in blind_indexes(keyring, "c", "v")
    keyring.retire(Purpose.BLIND_INDEX, 1, MADE_AT)
    assert before not in blind_indexes(keyring, "c", "v")  # the columns have been written anew
    keyring.retire(Purpose.BLIND_INDEX, 1, None)
    assert before in blind_indexes(keyring, "c", "v")
    keyring.retire(Purpose.BLIND_INDEX, 1, MADE_AT)
    keyring.destroy(Purpose.BLIND_INDEX, 1)
    assert before not in blind_indexes(keyring, "c", "v")
