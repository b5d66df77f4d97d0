"""API keys: their form, their limits, and that only a hash is kept."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auricle.access.api_keys import FOR_PEOPLE_ALONE, SCOPES, ApiKey, BadKeyRequest, check_request, parsed, secret_hash, written
from auricle.access.model import STEP_UP, Action
from auricle.kernel.ids import PersonId

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
KEY_ID = "k" + "0a" * 10


def test_a_key_is_read_as_it_was_written() -> None:
    key, secret = written(KEY_ID, bytes(range(32)))
    assert key == f"auricle_{KEY_ID}_{secret}"
    assert parsed(key) == (KEY_ID, secret)
    assert len(secret) == 43


def test_it_opens_until_it_expires_and_nothing_else_does() -> None:
    _, secret = written(KEY_ID, bytes(range(32)))
    key = ApiKey(KEY_ID, secret_hash(secret), "x", PersonId("dana"), frozenset(), NOW, NOW + timedelta(days=1))
    assert secret not in key.secret_hash
    assert secret not in repr(key)
    assert key.opens_with(secret, NOW)
    assert not key.opens_with(secret[:-1] + "A", NOW)
    assert not key.opens_with(secret, NOW + timedelta(days=1))


@pytest.mark.parametrize(
    "bad", ["", "auricle_", "auricle_k00_x", "Bearer x", f"auricle_{KEY_ID}_{'a' * 42}", f"auricle_{KEY_ID}_{'a' * 43}\n"]
)
def test_what_is_no_key(bad: str) -> None:
    assert parsed(bad) is None


@given(st.text(max_size=120))
def test_any_text_is_read(text: str) -> None:
    parsed(text)


def test_nothing_that_asks_for_a_step_up_is_a_scope() -> None:
    assert not SCOPES & STEP_UP
    assert {Action.CALLS_LIST.value, Action.PEOPLE_DEPROVISION.value} <= SCOPES
    assert Action.ME_SECURITY in FOR_PEOPLE_ALONE


@pytest.mark.parametrize(
    ("scopes", "days"),
    [
        (set(), 10),
        ({"calls.list", "api-keys.manage"}, 10),
        ({"no.such"}, 10),
        ({"voicemail.play"}, 10),
        ({"calls.list"}, 0),
        ({"calls.list"}, -1),
        ({"calls.list"}, 367),
    ],
    ids=["none", "for people alone", "unknown", "not the owner's", "no life", "past", "more than a year"],
)
def test_keys_that_are_not_made(scopes: set[str], days: int) -> None:
    with pytest.raises(BadKeyRequest):
        check_request(frozenset(scopes), frozenset({"calls.list", "api-keys.manage"}), NOW + timedelta(days=days), NOW)


def test_a_key_that_is() -> None:
    check_request(frozenset({"calls.list"}), frozenset({"calls.list"}), NOW + timedelta(days=365), NOW)
