"""Vouchers: a row fits its own and no other; old epochs end; a table's sum tells what was added, taken away or put back."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auricle.vault.errors import WrongKey
from auricle.vault.keyring import Keyring, Purpose
from auricle.vault.vouch import SUM_BYTES, Row, Vouching, message

VECTORS = Path(__file__).parents[2] / "vectors" / "vault" / "voucher"
ROW: Row = {"id": "g1", "person": "dana", "ends_at": 1.5, "revoked_at": None, "noted": False}
VALUES = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.text(max_size=5) | st.binary(max_size=5)
)
ROWS = st.dictionaries(st.text(min_size=1, max_size=4), VALUES, max_size=4)


class Same:
    def token(self, size: int) -> bytes:
        return bytes([7]) * size

    def name(self, prefix: str = "") -> str:
        return prefix


def a_ring() -> Keyring:
    return Keyring({Purpose.AUTH: {1: bytes(32)}})


def value_of(written: list[Any] | None) -> Any:
    if written is None:
        return None
    kind, value = written
    return bytes.fromhex(value) if kind == "bytes" else value


def test_vectors(voucher_vector: dict[str, Any]) -> None:
    v = voucher_vector
    vouching = Vouching(Keyring({Purpose.AUTH: {1: bytes.fromhex(v["key"])}}), v["practice"])
    row = {name: value_of(written) for name, written in v["row"].items()}
    assert vouching.fits(v["table"], row, bytes.fromhex(v["voucher"])) == v["fits"]


def test_there_are_vectors_of_both_kinds() -> None:
    fits = [json.loads(path.read_text())["fits"] for path in VECTORS.glob("*.json")]
    assert fits.count(True) >= 3
    assert fits.count(False) >= 6


@pytest.mark.parametrize(
    "change", [{"person": "erin"}, {"ends_at": 1.25}, {"revoked_at": 0.0}, {"noted": True}, {"noted": 0}, {"id": "g2"}, {"more": 1}]
)
def test_any_change_shows(change: dict[str, Any]) -> None:
    vouching = Vouching(a_ring(), "p")
    voucher = vouching.vouch("access_grant", ROW)
    assert vouching.fits("access_grant", ROW, voucher)
    assert not vouching.fits("access_grant", {**ROW, **change}, voucher)
    assert not vouching.fits("break_glass", ROW, voucher)
    assert not Vouching(a_ring(), "q").fits("access_grant", ROW, voucher)
    assert not vouching.fits("access_grant", ROW, None)


def test_a_column_that_comes_later_changes_nothing_while_it_is_null() -> None:
    vouching = Vouching(a_ring(), "p")
    assert vouching.fits("t", {**ROW, "later": None}, vouching.vouch("t", ROW))


def plain(row: Row) -> list[tuple[str, str, Any]]:
    return sorted((name, type(value).__name__, repr(value)) for name, value in row.items() if value is not None)


@given(ROWS, ROWS)
def test_two_rows_never_share_their_bytes(one: Row, other: Row) -> None:
    assert (message(b"p", "t", one) == message(b"p", "t", other)) == (plain(one) == plain(other))


def test_names_that_run_together_are_apart() -> None:
    assert message(b"p", "tx", {}) != message(b"pt", "x", {})
    assert message(b"p", "t", {"a": "bc"}) != message(b"p", "t", {"ab": "c"})


def test_what_is_no_value_of_a_row_is_refused() -> None:
    with pytest.raises(TypeError):
        message(b"p", "t", {"a": []})  # type: ignore[dict-item]


def test_an_epoch_vouches_until_it_is_retired() -> None:
    ring = a_ring()
    vouching = Vouching(ring, "p")
    old = vouching.vouch("t", ROW)
    ring.rotate(Purpose.AUTH, Same())
    new = vouching.vouch("t", ROW)
    assert (old[:2], new[:2]) == (b"\x00\x01", b"\x00\x02")
    assert vouching.fits("t", ROW, old)
    from datetime import UTC, datetime

    ring.retire(Purpose.AUTH, 1, datetime(2026, 11, 25, tzinfo=UTC))
    assert not vouching.fits("t", ROW, old), "an old row put back counts as not there"
    assert vouching.fits("t", ROW, new)


def test_a_sum_is_found_again_and_shows_nothing() -> None:
    vouching = Vouching(a_ring(), "p")
    total = vouching.member(1, "t", ROW) + vouching.member(1, "t", {**ROW, "id": "g2"})
    hidden = vouching.hide(1, "t", total, b"n" * 16)
    assert len(hidden) == SUM_BYTES
    assert vouching.total("t", hidden) == (1, total % vouching.modulus)
    assert vouching.total("u", hidden)[1] != total % vouching.modulus, "of another table"
    assert hidden[18:] != vouching.hide(1, "t", total, b"m" * 16)[18:], "the same sum looks different each time"
    assert vouching.member(1, "t", ROW).to_bytes(32, "big") != vouching.vouch("t", ROW)[2:]
    for wrong in (b"", hidden[:-1], b"\x00\x09" + hidden[2:]):
        with pytest.raises(WrongKey):
            vouching.total("t", wrong)
