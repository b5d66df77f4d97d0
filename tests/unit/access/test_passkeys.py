"""What a counter tells, and names of passkeys."""

import pytest

from auricle.access.passkeys import MAX_NAME_CHARS, clean_name, counter_went_back


@pytest.mark.parametrize(
    ("stored", "now", "back"),
    [(0, 0, False), (0, 1, False), (0, 4294967295, False), (1, 2, False), (1, 1, True), (5, 4, True), (5, 0, True), (4294967295, 0, True)],
)
def test_weba_9ae1_the_counter(stored: int, now: int, *, back: bool) -> None:
    """WEBA-9ae1: 0 and 0 is fine; where either counts, the new one must be greater."""
    assert counter_went_back(stored, now) is back


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("  My phone ", "My phone"),
        ("two\nlines\tand  spaces", "two lines and spaces"),
        ("\x1b[31mred\x07", "[31mred"),
        ("\u202etxet", "txet"),
        ("\x00\x01", "Passkey"),
        ("x" * 100, "x" * MAX_NAME_CHARS),
        ("Telefon Zoë 📱", "Telefon Zoë 📱"),
    ],
)
def test_a_name_is_one_printable_line(given: str, kept: str) -> None:
    assert clean_name(given) == kept
