"""What a person would call the same name, date or number has one spelling; what is another has another."""

import unicodedata
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auricle.kernel.normal import MAX_NAME_TOKENS, NotADate, NotARecordNumber, birth_date, name_tokens, record_number

TODAY = date(2026, 11, 25)

SAME_NAMES = [
    ("Zoë Vandermolen-O'Hara", ("zoe", "vandermolen", "ohara")),
    ("ZOE VANDERMOLEN O\u2019HARA", ("zoe", "vandermolen", "ohara")),
    ("Zoe\u0308  Vandermolen\u2010OHara", ("zoe", "vandermolen", "ohara")),
    ("Vandermolen, Quentin", ("vandermolen", "quentin")),
    ("J.R. Smith Jr.", ("jr", "smith")),
    ("Weiß", ("weiss",)),
    ("ŁUKASZ Bjørn Þór", ("lukasz", "bjorn", "thor")),
    ("\uff3a\uff4f\uff45", ("zoe",)),
    ("İpek Işık", ("ipek", "isik")),
    ("Quentin V. Li", ("quentin", "li")),
    ("X", ("x",)),
    ("李 明", ("李", "明")),
    ("+1 202 555 0142", ()),
    ("Dr. 2nd Floor 12", ("dr", "2nd", "floor")),
    ("", ()),
    ("\udce4\x00 \u202eevil", ("evil",)),
]


@pytest.mark.parametrize(("text", "tokens"), SAME_NAMES)
def test_names(text: str, tokens: tuple[str, ...]) -> None:
    assert name_tokens(text) == tokens


@given(st.text(max_size=60))
def test_any_text_has_tokens_that_stay_as_they_are(text: str) -> None:
    tokens = name_tokens(text)
    assert len(tokens) <= MAX_NAME_TOKENS
    assert name_tokens(unicodedata.normalize("NFD", text)) == name_tokens(unicodedata.normalize("NFC", text))
    assert set(name_tokens(" ".join(tokens))) == set(tokens)


@given(st.text(st.characters(max_codepoint=127), max_size=60))
def test_the_short_way_for_plain_letters_is_the_same(text: str) -> None:
    assert name_tokens(text) == name_tokens(f"{text}\u200b")  # what is left out anyway sends it the long way


@pytest.mark.parametrize(
    "text", ["1984-07-09", "19840709", "07/09/1984", "7/9/1984", "July 9, 1984", "jul 9 1984", "9th of July 1984", " 9 Jul. 1984 "]
)
def test_one_birth_date_in_many_spellings(text: str) -> None:
    assert birth_date(text, TODAY) == "1984-07-09"


@pytest.mark.parametrize(
    "text", ["", "7/9/84", "25/12/1984", "1984-02-30", "2026-11-26", "1890-01-01", "1983", "Smarch 3 1984", "1984-07-09T00:00", "٣/٤/١٩٨٤x"]
)
def test_what_is_no_birth_date_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(NotADate) as refused:
        birth_date(text, TODAY)
    assert not text or text not in str(refused.value)


@pytest.mark.parametrize("text", ["MRN 00-123 a", "00123A", "#00123a", "mrn: 00123-A", "no. 00123/a", "MRN#00 123A"])
def test_one_record_number_in_many_spellings(text: str) -> None:
    assert record_number(text) == "00123A"


def test_leading_zeros_tell_records_apart() -> None:
    assert record_number("0123") != record_number("123")


@pytest.mark.parametrize("text", ["", "MRN", "---", "abc", "1" * 33, "12é4"])
def test_what_is_no_record_number_is_refused(text: str) -> None:
    with pytest.raises(NotARecordNumber):
        record_number(text)
