"""Numbers: one caller written many ways is one caller, and a bad number never becomes a stranger's (case CALL-c70d)."""

import pytest

from auricle.kernel.e164 import E164, NotANumber


@pytest.mark.parametrize(
    "text",
    ["+1 202 555 0142", "12025550142", "2025550142", "(202) 555-0142", "011 1 202 555 0142", "tel:202-555-0142;phone-context=+1"],
)
def test_written_forms_of_one_number_are_equal(text: str) -> None:
    assert E164.parse(text) == E164("+12025550142")


@pytest.mark.parametrize("text", ["202.555.0142 x3", "+12025550142;ext=3"])
def test_an_extension_is_kept_apart(text: str) -> None:
    assert E164.parse(text) == E164("+12025550142", "3")


@pytest.mark.parametrize(
    "text",
    ["555-0142", "anonymous", "911", "", "+", "+12025550142@198.51.100.7", "+1 120 255 50142", "001 202 555 0142", "7" * 65],
)
def test_what_is_no_number_is_refused_not_mended(text: str) -> None:
    with pytest.raises(NotANumber):
        E164.parse(text)


def test_screens_get_the_national_form() -> None:
    assert E164("+12025550142").national() == "(202) 555-0142"
