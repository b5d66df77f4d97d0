"""Comparison of texts."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from auricle.speech.normalize import normalize, word_error_rate


@pytest.mark.parametrize(
    ("spoken", "written"),
    [
        ("five five five, oh one four two", "555-0142"),
        ("twenty-one", "21"),
        ("March third nineteen eighty one", "March 3rd, 1981"),
        ("two hundred and forty dollars", "$240"),
        ("one thousand two hundred", "1,200"),
        ("two thousand twenty six", "2026"),
        ("ten thirty a.m.", "10:30 AM"),
        ("three o'clock", "3"),
        ("the twenty second of May", "the 22nd of May"),
        ("I'm sure it\u2019s okay, Dr. Reyes", "I am sure it is OK, doctor Reyes"),
        ("oh oh seven", "007"),
        ("one hundred and two thousand five hundred and one", "102,501"),
    ],
)
def test_numbers_however_written(spoken: str, written: str) -> None:
    assert normalize(spoken) == normalize(written)


@pytest.mark.parametrize(
    ("one", "other"), [("21", "12"), ("fifteen", "fifty"), ("room one", "room two"), ("can", "cannot"), ("5550142", "555142")]
)
def test_what_differs_stays_different(one: str, other: str) -> None:
    assert normalize(one) != normalize(other)


@pytest.mark.parametrize(
    ("reference", "hypothesis", "rate"),
    [
        ("Call 555 0142.", "call five five five oh one four two", 0.0),
        ("I'd like that.", "I would like that", 0.0),
        ("one two three four", "one two three", 0.25),
        ("hello", "", 1.0),
        ("", "", 0.0),
        ("", "word", 1.0),
        ("...", "!", 0.0),
        ("no", "no no no", 2.0),
    ],
)
def test_word_error_rate(reference: str, hypothesis: str, rate: float) -> None:
    assert word_error_rate(reference, hypothesis) == rate


WORDS = st.lists(
    st.sampled_from(
        ["call", "two", "hundred", "and", "thousand", "one", "5", "05", "third", "twenty", "oh", "a.m.", "I'm", "$7", "1,200", "-"]
    ),
    max_size=12,
)


@given(WORDS.map(" ".join))
def test_normalizing_twice_changes_nothing(text: str) -> None:
    once = normalize(text)
    assume("hundred" not in once and "thousand" not in once)  # "two hundred two hundred" has more than one reading
    assert normalize(once) == once


@given(st.text(max_size=60))
def test_any_text_has_no_error_against_itself(text: str) -> None:
    assert word_error_rate(text, text) == 0.0
