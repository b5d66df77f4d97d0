"""Blind indexes: equal values meet, everything else is apart; text from outside cannot make one fail."""

from types import ModuleType

from hypothesis import given
from hypothesis import strategies as st

from auricle.vault.blind import blind_index
from auricle.vault.keyring import Keyring, Purpose

RING = Keyring({Purpose.BLIND_INDEX: {1: bytes(32)}})


@given(st.text(max_size=20), st.text(max_size=20))
def test_indexes_are_equal_where_values_are(one: str, other: str) -> None:
    assert (blind_index(RING, "call.caller", one) == blind_index(RING, "call.caller", other)) == (one == other)


def test_contexts_are_apart() -> None:
    assert blind_index(RING, "call.caller", "1") != blind_index(RING, "call.called", "1")
    assert blind_index(RING, "a", "bc") != blind_index(RING, "ab", "c")


def test_another_key_gives_another_index(keyring: Keyring) -> None:
    assert blind_index(RING, "c", "v") != blind_index(keyring, "c", "v")


def test_a_new_epoch_does_not_change_the_index(keyring: Keyring, script: ModuleType) -> None:
    before = blind_index(keyring, "c", "v")
    keyring.rotate(Purpose.BLIND_INDEX, script.Counted("rotate"))
    assert blind_index(keyring, "c", "v") == before
    assert len(before) == 16
