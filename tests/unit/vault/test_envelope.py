"""Envelopes: fresh nonces, strict reading, and no byte of one that can be changed."""

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from auricle.vault.envelope import open_sealed, seal
from auricle.vault.errors import Corrupt, UnknownFormat, VaultError


class Counting:
    """Entropy that counts up and remembers how much was drawn."""

    def __init__(self) -> None:
        self.drawn: list[int] = []

    def token(self, size: int) -> bytes:
        self.drawn.append(size)
        return len(self.drawn).to_bytes(size, "big")

    def name(self, prefix: str = "") -> str:
        return prefix


CIPHER = AESGCM(bytes(32))


@given(st.binary(max_size=200), st.binary(max_size=50))
def test_round_trip(plaintext: bytes, associated: bytes) -> None:
    sealed = seal(CIPHER, plaintext, associated, Counting())
    assert len(sealed) == len(plaintext) + 29
    assert open_sealed(CIPHER, sealed, associated) == plaintext


def test_each_seal_draws_its_own_nonce() -> None:
    entropy = Counting()
    assert seal(CIPHER, b"same", b"", entropy) != seal(CIPHER, b"same", b"", entropy)
    assert entropy.drawn == [12, 12]


def test_any_flipped_bit_is_found() -> None:
    sealed = seal(CIPHER, b"text", b"place", Counting())
    for bit in range(len(sealed) * 8):
        changed = bytearray(sealed)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(UnknownFormat if bit < 8 else Corrupt):
            open_sealed(CIPHER, bytes(changed), b"place")


@given(st.binary(max_size=80))
def test_rubbish_is_refused_by_name(data: bytes) -> None:
    with pytest.raises(VaultError):
        open_sealed(CIPHER, data, b"")


def test_an_error_holds_no_text_of_the_sealed() -> None:
    sealed = seal(CIPHER, b"+12025550142", b"", Counting())
    with pytest.raises(Corrupt) as caught:
        open_sealed(CIPHER, sealed, b"elsewhere")
    assert "2025550142" not in repr(caught.value)
