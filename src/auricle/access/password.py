"""Which passwords may be chosen (NIST SP 800-63B-4, 3.1.1): long enough, and not guessed at once.

No rules of composition, no forced change. Known passwords are those of zxcvbn's lists.
"""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from zxcvbn import zxcvbn

from auricle.kernel.errors import PeerError

MIN_ALONE = 15  # 3.1.1.2: where the password is the only thing asked for
MIN_WITH_SECOND_FACTOR = 12  # the standard asks for 8; those are guessed offline in days
MAX_CHARS = 256  # 3.1.1.2 asks for at least 64
EASY_GUESSES = 10**8  # zxcvbn's first three steps: known passwords, names, keyboard rows, dates, and their repeats and simple changes
LOOKED_AT = 72  # zxcvbn's time grows faster than the length; what is guessable in this many is so in more
PRODUCT = "auricle"


class BadPassword(PeerError):
    """A new password that may not be used; the text says what to do."""

    code: ClassVar[str] = "access.bad_password"


@dataclass(frozen=True, slots=True)
class Strength:
    """A hint: 0 (guessed at once) to 4, with what to do better; nothing of the password is in it."""

    score: int
    warning: str
    suggestions: tuple[str, ...]


def normalized(password: str) -> str:
    """The form that is counted, checked and hashed: NFC (RFC 8265 4.2), so that the same keys give the same password on every machine."""
    return unicodedata.normalize("NFC", password)


def min_chars(*, second_factor: bool) -> int:
    """How long a password must be; shorter where another factor is asked for as well."""
    return MIN_WITH_SECOND_FACTOR if second_factor else MIN_ALONE


def check_password(password: str, context: Iterable[str], *, second_factor: bool = False) -> None:
    """Refuse what is too short or long, made of context words (user, person, practice), or easily guessed. Raises BadPassword.

    `second_factor`: whether the practice asks everybody for one. Code points are counted, each as one (3.1.1.2).
    """
    text = normalized(password)
    least = min_chars(second_factor=second_factor)
    if len(text) < least:
        raise BadPassword(f"Choose a password of at least {least} characters. A few words that do not belong together are easy to keep.")
    if len(text) > MAX_CHARS:
        raise BadPassword(f"Choose a password of at most {MAX_CHARS} characters.")
    words = context_words(context)
    if len(_without(text, words)) < least // 2:
        raise BadPassword("Choose a password that is more than your name, your user name or the practice's name.")
    if _guesses(text, words) < EASY_GUESSES:
        raise BadPassword("This password is known to guessers or too much like one that is. Choose another.")


def strength(password: str, context: Iterable[str]) -> Strength:
    """How good a password is."""
    text = normalized(password)[:LOOKED_AT]
    if not text:
        return Strength(0, "", ())
    found = zxcvbn(text, user_inputs=context_words(context), max_length=LOOKED_AT)
    feedback = found["feedback"]
    return Strength(int(found["score"]), str(feedback["warning"] or ""), tuple(str(text) for text in feedback["suggestions"]))


def context_words(context: Iterable[str]) -> list[str]:
    """The words guessers try first for this account: whole and in their parts, the product's name too."""
    words: dict[str, None] = {PRODUCT: None}
    for text in context:
        whole = normalized(text).casefold()
        parts = "".join(c if c.isalnum() else " " for c in whole).split()
        for word in (whole, "".join(parts), *parts):
            if len(word) >= 3:
                words[word] = None
    return list(words)


def _guesses(text: str, words: list[str]) -> float:
    return float(zxcvbn(text[:LOOKED_AT], user_inputs=words, max_length=LOOKED_AT)["guesses"])


def _without(text: str, words: list[str]) -> str:
    """What is left of a password without the context words."""
    left = text.casefold()
    for word in sorted(words, key=len, reverse=True):
        left = left.replace(word, "")
    return left
