"""The keyring: epochs, wrapping, and each way in which a wrapped ring is not usable."""

import json
from datetime import UTC, datetime, timedelta
from types import ModuleType

import pytest

from auricle.vault.errors import Corrupt, SealingRefused, UnknownFormat, WrongKey
from auricle.vault.keyring import KEPT_GOING, LABEL, LABEL_1, MAX_EPOCH, VERSION_1, Epoch, Keyring, Purpose
from auricle.vault.wrapping import wrap

KEK = bytes(range(32))
NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)


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
        b'{"call-record": {"1": "AA=="}}',
        b'{"another-purpose": {}}',
        b'{"call-record": 3}',
        b'{"call-record": {"x": ""}}',
        b'{"call-record": {}}',
        b'{"call-record": {"0": {"key": ""}}}',
        b'{"call-record": {"1": {"key": "", "more": 1}}}',
        b'{"call-record": {"1": {"key": "", "made_at": true}}}',
    ],
)
def test_content_of_another_version_is_named(content: bytes, script: ModuleType) -> None:
    with pytest.raises(UnknownFormat):
        Keyring.unwrapped(wrap(KEK, LABEL, content, script.Counted("wrap")), KEK)


def test_a_short_key_is_refused(keyring: Keyring, script: ModuleType) -> None:
    content = {purpose.value: {"1": {"key": "AAAA"}} for purpose in Purpose}
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


def test_times_of_epochs_are_kept(script: ModuleType) -> None:
    ring = Keyring.generate(script.Counted("keyring"), NOW)
    ring.rotate(Purpose.BLOB, script.Counted("rotate"), NOW + timedelta(days=1))
    ring.retire(Purpose.BLOB, 1, NOW + timedelta(days=2))
    again = Keyring.unwrapped(ring.wrapped(KEK, script.Counted("wrap")), KEK).epochs(Purpose.BLOB)
    assert [(number, epoch.made_at, epoch.retired_at) for number, epoch in again.items()] == [
        (1, NOW, NOW + timedelta(days=2)),
        (2, NOW + timedelta(days=1), None),
    ]


def test_only_a_retired_epoch_that_does_not_seal_is_destroyed(keyring: Keyring, script: ModuleType) -> None:
    keyring.rotate(Purpose.BLOB, script.Counted("rotate"))
    with pytest.raises(ValueError, match="seals"):
        keyring.retire(Purpose.BLOB, 2, NOW)
    with pytest.raises(ValueError, match="retired"):
        keyring.destroy(Purpose.BLOB, 1)
    keyring.retire(Purpose.BLOB, 1, NOW)
    keyring.destroy(Purpose.BLOB, 1)
    with pytest.raises(WrongKey):
        keyring.cipher(Purpose.BLOB, 1)
    keyring.rotate(Purpose.BLOB, script.Counted("again"))
    assert keyring.epoch(Purpose.BLOB) == 3  # a number is never used twice while a newer one is there


def test_whoever_holds_a_ring_gets_what_it_adopts(keyring: Keyring, script: ModuleType) -> None:
    keyring.cipher(Purpose.BLOB, 1)
    other = Keyring.generate(script.Counted("other"))
    other.rotate(Purpose.BLOB, script.Counted("rotate"))
    keyring.adopt(other)
    assert keyring.epoch(Purpose.BLOB) == 2
    assert keyring.key(Purpose.BLOB, 1) == other.key(Purpose.BLOB, 1)
    text = keyring.cipher(Purpose.BLOB, 1).encrypt(bytes(12), b"x", b"")
    assert other.cipher(Purpose.BLOB, 1).decrypt(bytes(12), text, b"") == b"x"


def test_a_ring_of_an_earlier_program_is_completed(script: ModuleType) -> None:
    ring = Keyring({Purpose.BLOB: {1: Epoch(bytes(32), NOW)}})
    assert Purpose.AUTH in ring.lacking()
    ring.complete(script.Counted("new"), NOW)
    assert ring.lacking() == frozenset()
    assert ring.key(Purpose.BLOB, 1) == bytes(32)


def test_a_ring_of_version_1_needs_all_that_it_had(keyring: Keyring, script: ModuleType) -> None:
    content = {purpose.value: {"1": "A" * 43 + "="} for purpose in VERSION_1}
    ring = Keyring.unwrapped_1(wrap(KEK, LABEL_1, json.dumps(content).encode(), script.Counted("wrap")), KEK)
    assert ring.epochs(Purpose.AUTH)[1].made_at is None
    del content["blob"]
    with pytest.raises(UnknownFormat):
        Keyring.unwrapped_1(wrap(KEK, LABEL_1, json.dumps(content).encode(), script.Counted("wrap")), KEK)
    with pytest.raises(UnknownFormat):
        Keyring.unwrapped_1(wrap(KEK, LABEL_1, b"[]", script.Counted("wrap")), KEK)
    with pytest.raises(WrongKey):
        Keyring.unwrapped_1(keyring.wrapped(KEK, script.Counted("wrap")), KEK)


def test_a_refusal_stops_what_is_new_and_nothing_else(keyring: Keyring) -> None:
    keyring.refuse(NOW, "the keys' provider refuses")
    assert keyring.refused == (NOW, "the keys' provider refuses")
    for purpose in Purpose:
        if purpose in KEPT_GOING:
            assert keyring.sealing(purpose) == 1
            continue
        with pytest.raises(SealingRefused, match="provider refuses"):
            keyring.sealing(purpose)
        with pytest.raises(SealingRefused):
            keyring.sealing(purpose, NOW)
        assert keyring.sealing(purpose, NOW - timedelta(seconds=1)) == 1  # a call that ran before is kept
        assert keyring.cipher(purpose, 1)
    keyring.allow()
    assert keyring.refused is None
    assert keyring.sealing(Purpose.CALL_RECORD) == 1
