"""Names as words that can be compared: without case, accents and punctuation."""

import re
import unicodedata

_WORD = re.compile(r"[^\W\d_]{2,40}")
MAX_WORDS = 8  # a display name has a few; what follows is no name


def name_words(name: str) -> tuple[str, ...]:
    """The words of a name, each once: `María Reyes-Ortiz, RN` gives maria, reyes, ortiz, rn."""
    plain = "".join(character for character in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(character))
    return tuple(dict.fromkeys(_WORD.findall(plain)))[:MAX_WORDS]
