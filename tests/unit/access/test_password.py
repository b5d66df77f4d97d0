"""Which passwords may be chosen (NIST SP 800-63B-4, 3.1.1)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auricle.access.password import MAX_CHARS, BadPassword, check_password, context_words, normalized, strength

CONTEXT = ["dana.reyes", "Dana Reyes", "Harbor Street Family Medicine", "harborstreet.example"]


@pytest.mark.parametrize(
    "password",
    [
        "",
        "short",
        "fourteen chars",
        "quiet lantern " * 20,
        "aaaaaaaaaaaaaaaaaa",
        "passwordpassword",
        "Password12345678",
        "qwertyuiopasdfgh",
        "123456789012345",
        "iloveyouiloveyou1",
        "abcdefghijklmnopq",
        "letmeinletmein12",
        "dana.reyes dana.reyes",
        "DanaReyes-auricle",
        "Harbor Street 2026",
        "family medicine harbor",
        "PASSWORD" * 9 + "password",
    ],
)
def test_a_password_that_may_not_be_chosen(password: str) -> None:
    with pytest.raises(BadPassword) as refused:
        check_password(password, CONTEXT)
    if password:
        assert password not in str(refused.value)


@pytest.mark.parametrize(
    "password",
    [
        "quiet-harbor-lantern-7",
        "пароль достаточно длинный",
        "x1 y2 z3 w4 v5 " * 10,
        "correct horse battery staple",
        "   spaces    count too   ,",
        "🦔🌲🌧️ hedgehog in the rain",
        "onlylowercaselettersbutmany",
    ],
)
def test_a_password_that_may_no_classes_of_characters_asked_for(password: str) -> None:
    check_password(password, CONTEXT)


def test_with_a_second_factor_twelve_characters_are_enough_and_eleven_never() -> None:
    check_password("lantern-x7qb", CONTEXT, second_factor=True)
    for second_factor, password in ((True, "lantern-x7q"), (False, "lantern-x7qb"), (False, "lantern-x7qbwr")):
        with pytest.raises(BadPassword):
            check_password(password, CONTEXT, second_factor=second_factor)


def test_code_points_are_counted_after_normalization() -> None:
    decomposed = "a\u0308" * 14 + "x"  # 29 code points as typed on one machine, 15 on another
    assert len(normalized(decomposed)) == 15
    with pytest.raises(BadPassword):
        check_password("q\u0308u\u0308i\u0308e\u0308t\u0308a\u0308b\u0308"[:13], CONTEXT)
    assert normalized("cafe\u0301 lantern harbor") == normalized("caf\u00e9 lantern harbor")


def test_context_words_are_taken_apart() -> None:
    assert {"dana", "reyes", "danareyes", "harbor", "street", "auricle"} <= set(context_words(CONTEXT))


def test_the_longest_is_checked_without_waiting() -> None:
    check_password("".join(chr(0x4E00 + 7 * number) for number in range(MAX_CHARS)), CONTEXT)
    with pytest.raises(BadPassword):
        check_password("ab" * (MAX_CHARS // 2), CONTEXT)


def test_the_hint_tells_nothing_of_the_password() -> None:
    weak, strong = strength("passwordpassword", CONTEXT), strength("correct horse battery staple", CONTEXT)
    assert weak.score < 2 < strong.score
    assert weak.warning
    assert strength("", CONTEXT).score == 0


@given(st.text(max_size=300))
def test_any_text_is_taken_or_refused_and_never_breaks(password: str) -> None:
    try:
        check_password(password, CONTEXT)
    except BadPassword:
        return
    assert 15 <= len(normalized(password)) <= MAX_CHARS
