"""One spelling for what is searched by blind index: names, birth dates, record numbers. Telephone numbers have `kernel.e164`.

Two texts that a person would call the same must give the same bytes here, since an index compares nothing else (Unicode TR 15).
"""

import re
import unicodedata
from collections.abc import Iterable
from datetime import date

from auricle.kernel.errors import PeerError

MAX_NAME_TOKENS = 12  # a display name comes from a stranger; nobody has more names
MAX_TOKEN_CHARS = 40
MAX_RECORD_NUMBER_CHARS = 32
OLDEST_YEARS = 130
NAMES_VERSION = 1
"""Of `name_tokens`: rows that were indexed by an older one are indexed again."""

_JOINS = frozenset("'`\u2018\u2019\u02bc\u02bb\u00b4.\u00ad\u200b\u200c\u200d")
"""Left out within a word: O'Hara is one word, J.R. another."""
_ASCII = {code: None if chr(code) in _JOINS else " " for code in range(128) if not chr(code).isalnum()}
"""Most names: what the rules below come to for them."""
_FOLDED = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h", "ŧ": "t"})
"""Letters that Unicode does not take apart and people write without."""
_MONTHS = {
    name: number
    for number, names in enumerate(
        ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"), 1
    )
    for name in (names, names[:3])
} | {"sept": 9}
_ISO = re.compile(r"(?P<year>\d{4})-?(?P<month>\d{2})-?(?P<day>\d{2})")
_NUMERIC = re.compile(r"(?P<month>\d{1,2})[/.-](?P<day>\d{1,2})[/.-](?P<year>\d{4})")
_NAMED = re.compile(r"(?P<month>[a-z]+)\.?\s+(?P<day>\d{1,2})(?:st|nd|rd|th)?,?\s+(?P<year>\d{4})")
_NAMED_DAY_FIRST = re.compile(r"(?P<day>\d{1,2})(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<month>[a-z]+)\.?,?\s+(?P<year>\d{4})")
_RECORD_PREFIX = re.compile(r"(?:MRN|NO)(?=[\d#: .-])|[#: ]")


class NotADate(PeerError):
    """The text is no date of birth; the message does not repeat it."""

    code = "normal.not_a_date"


class NotARecordNumber(PeerError):
    """The text is no record number; the message does not repeat it."""

    code = "normal.not_a_record_number"


def name_tokens(text: str) -> tuple[str, ...]:
    """The words of a person's name, each once, in the order they stand: without case, diacritics and punctuation.

    Single letters are left out beside longer words, and so is what holds no letter: a carrier may send a number for a name.
    """
    if text.isascii():
        words = text.lower().translate(_ASCII).split()
        return _named(words)
    folded = unicodedata.normalize("NFKC", text).casefold().translate(_FOLDED)
    plain = "".join(char for char in unicodedata.normalize("NFKD", folded) if not unicodedata.combining(char) and char not in _JOINS)
    words = "".join(char if char.isalnum() else " " for char in plain).split()
    return _named(words)


def _named(words: Iterable[str]) -> tuple[str, ...]:
    named = list(dict.fromkeys(word[:MAX_TOKEN_CHARS] for word in words if not word.isdigit()))
    longer = [word for word in named if len(word) > 1 or not word.isascii()]
    return tuple((longer or named)[:MAX_NAME_TOKENS])


def birth_date(text: str, today: date) -> str:
    """A date of birth as YYYY-MM-DD out of ISO 8601, HL7 (YYYYMMDD), US numbers (month first) or English words. Raises NotADate.

    Two-digit years are refused: 3/4/25 is a baby or somebody of a hundred years.
    """
    given = unicodedata.normalize("NFKC", text).strip().casefold()
    match = next((found for form in (_ISO, _NUMERIC, _NAMED, _NAMED_DAY_FIRST) if (found := form.fullmatch(given))), None)
    if match is None:
        raise NotADate("write a date of birth as 1984-07-09 or 07/09/1984, with four digits for the year")
    named = match["month"]
    month = int(named) if named.isdigit() else _MONTHS.get(named, 0)
    try:
        born = date(int(match["year"]), month, int(match["day"]))
    except ValueError:
        raise NotADate("there is no such day; numbers are read month first (07/09/1984 is the ninth of July)") from None
    if born > today or today.year - born.year > OLDEST_YEARS:
        raise NotADate("a date of birth lies in the past, and not more than 130 years back")
    return born.isoformat()


def record_number(text: str) -> str:
    """A medical record number: capitals and digits alone. Leading zeros stay: in some systems they tell two patients apart.

    Raises NotARecordNumber.
    """
    given = unicodedata.normalize("NFKC", text).strip().upper()
    while match := _RECORD_PREFIX.match(given):
        given = given[match.end() :]
    number = "".join(char for char in given if char.isalnum())
    if not number or len(number) > MAX_RECORD_NUMBER_CHARS or not number.isascii() or not any(char.isdigit() for char in number):
        raise NotARecordNumber("a record number has letters and digits, at least one digit, and at most 32 of both")
    return number
