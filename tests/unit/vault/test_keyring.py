"""The keyring: epochs, wrapping, and each way in which a wrapped ring is not usable."""

import json
from types import ModuleType

import pytest

from auricle.vault.errors import Corrupt, UnknownFormat, WrongKey
from auricle.vault.keyring import LABEL, MAX_EPOCH, Keyring, Purpose
from auricle.vault.wrapping import wrap

KEK = bytes(range(32))


def test_every_purpose_has_its_own_key(keyring: Keyring) -> None:
    keys = {keyring.key(purpose, 1) for purpose in Purpose}
    assert len(keys) == len(Purpose)
    assert {len(key) for key in keys} == {32}


def test_a_wrapped_ring_comes_back(keyring: Keyring, script: ModuleType) -> None:
    keyring.rotate(Purpose.BLOB, script.Counted("rotate"))
    again = Keyring.unwrapped(keyring.wrapped(KEK, script.Counted("wrap")), KEK)
    assert again.epoch(Purpose.BLOB) == 2
    assert all(again.key(p, e) == keyring.key(p, e) for p in Purpose for e in range(1, keyring.epoch(p) + 1))


def test_another_kek_is_a_wrong_key(keyring: Keyring, script: ModuleType) -> None:
    with pytest.raises(WrongKey):
        Keyring.unwrapped(keyring.wrapped(KEK, script.Counted("wrap")), bytes(32))


def test_any_changed_byte_is_found(keyring: Keyring, script: ModuleType) -> None:
    wrapped = keyring.wrapped(KEK, script.Counted("wrap"))
    for at in range(len(wrapped)):
        with pytest.raises(UnknownFormat if at == 16 else Corrupt):
            Keyring.unwrapped(script.flipped(wrapped, at), KEK)


@pytest.mark.parametrize(
    "content",
    [
        b"not json",
        b"[]",
        b"{}",
        b'{"call-record": {"1": "AA=="}}',
        b'{"another-purpose": {}}',
        b'{"call-record": 3}',
        b'{"call-record": {"x": ""}}',
    ],
)
def test_content_of_another_version_is_named(content: bytes, script: ModuleType) -> None:
    with pytest.raises(UnknownFormat):
        Keyring.unwrapped(wrap(KEK, LABEL, content, script.Counted("wrap")), KEK)


def test_a_short_key_is_refused(keyring: Keyring, script: ModuleType) -> None:
    content = {purpose.value: {"1": "AAAA"} for purpose in Purpose}
    with pytest.raises(UnknownFormat):
        Keyring.unwrapped(wrap(KEK, LABEL, json.dumps(content).encode(), script.Counted("wrap")), KEK)


def test_an_epoch_that_is_not_there_is_a_wrong_key(keyring: Keyring) -> None:
    with pytest.raises(WrongKey):
        keyring.cipher(Purpose.BLOB, 2)


def test_epochs_end_where_their_two_bytes_do(keyring: Keyring, script: ModuleType) -> None:
    full = Keyring({Purpose.BLOB: {MAX_EPOCH: bytes(32)}})
    with pytest.raises(ValueError, match="no more epochs"):
        full.rotate(Purpose.BLOB, script.Counted("rotate"))


def test_a_ring_does_not_print_its_keys(keyring: Keyring) -> None:
    assert keyring.key(Purpose.BLOB, 1).hex() not in repr(keyring) + str(keyring)
    assert repr(keyring) == "<keyring>"


def test_a_kek_of_another_size_is_a_bug(keyring: Keyring, script: ModuleType) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        keyring.wrapped(b"short", script.Counted("wrap"))
