"""One-time codes: the vectors of RFC 6238, the window, and that a step is good once."""

from base64 import b32encode
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auricle.access.totp import STEP_S, new_secret, step_of, uri

RFC_SECRET = b32encode(b"12345678901234567890").decode()
SECRET = new_secret(b"\x01" * 20)
NOW = datetime(2026, 11, 25, 9, 0, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "287082"),
        (1111111109, "081804"),
        (1111111111, "050471"),
        (1234567890, "005924"),
        (2000000000, "279037"),
        (20000000000, "353130"),
    ],
)
def test_the_rfc_s_vectors(seconds: int, code: str) -> None:
    """RFC 6238 appendix B, SHA-1, the last six of its eight digits."""
    assert step_of(RFC_SECRET, code, datetime.fromtimestamp(seconds, UTC), 0) == seconds // STEP_S


@pytest.fixture(scope="module")
def code() -> str:
    import pyotp

    return pyotp.TOTP(SECRET).at(NOW)


@pytest.mark.parametrize(
    ("drift_s", "right"),
    [(0, True), (-30, True), (30, True), (-68, False), (60, False)],
    ids=["now", "late", "early", "too late", "too early"],
)
def test_one_step_either_side(code: str, drift_s: int, right: bool) -> None:
    assert (step_of(SECRET, code, NOW - timedelta(seconds=drift_s), 0) is not None) is right


def test_a_step_is_good_once(code: str) -> None:
    step = step_of(SECRET, code, NOW, 0)
    assert step is not None
    assert step_of(SECRET, code, NOW, step) is None
    assert step_of(SECRET, code, NOW + timedelta(seconds=20), step) is None


def test_spaces_are_fine(code: str) -> None:
    assert step_of(SECRET, f" {code[:3]} {code[3:]} ", NOW, 0) is not None


@pytest.mark.parametrize("bad", ["", "12345", "1234567", "١٢٣٤٥٦", "12345a", "-12345", "0x1234"])
def test_what_is_no_code(bad: str) -> None:
    assert step_of(SECRET, bad, NOW, 0) is None


@given(st.text(max_size=20))
def test_any_text_is_answered(text: str) -> None:
    step_of(SECRET, text, NOW, 0)


def test_the_address_for_the_qr_code() -> None:
    text = uri(SECRET, "dana.reyes", "Harbor Street Family Medicine")
    assert text.startswith("otpauth://totp/Harbor%20Street%20Family%20Medicine:dana.reyes?secret=")
