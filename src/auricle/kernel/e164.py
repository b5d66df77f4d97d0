"""Telephone numbers (ITU-T E.164), read through `phonenumbers`; the one normaliser for trunks, people and texts.

Parsing builds a number, it does not prove one: only valid numbers pass, short and local ones never match anybody,
and a number that needs a second leading 1 stripped is refused rather than corrected into a stranger's.
"""

import re
from dataclasses import dataclass
from typing import ClassVar

import phonenumbers

from auricle.kernel.errors import PeerError

MAX_NUMBER_CHARS = 64  # 15 digits, separators and an extension fit in half of this


class NotANumber(PeerError):
    """The text is no valid telephone number; the text itself is not repeated here, it may be PHI."""

    code: ClassVar[str] = "number.invalid"
    sip_status: ClassVar[int] = 404


@dataclass(frozen=True, slots=True)
class E164:
    """A valid number: `text` is `+` and digits; `extension` is kept apart and takes no part in matching."""

    text: str
    extension: str = ""

    @classmethod
    def parse(cls, text: str, region: str = "US") -> "E164":
        """Read one written form; `region` is the practice's ISO 3166 country, for numbers without a `+`.

        Raises NotANumber for anything that is not a valid number of one country.
        """
        if not text or len(text) > MAX_NUMBER_CHARS or "@" in text:
            raise NotANumber
        try:
            parsed = phonenumbers.parse(text, region)
        except phonenumbers.NumberParseException as error:
            raise NotANumber from error
        if not phonenumbers.is_valid_number(parsed):
            raise NotANumber
        written = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
        if not _kept_as_written(text, written):
            raise NotANumber
        return cls(written, parsed.extension or "")

    def national(self) -> str:
        """The form people of the number's country write, for screens."""
        parsed = phonenumbers.parse(self.text, None)
        return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL)

    def __str__(self) -> str:
        return self.text


def _kept_as_written(text: str, written: str) -> bool:
    """False where the library dropped a digit that a `+` form had: "+1 120 255 50142" is no way to write +12025550142."""
    if not text.lstrip().startswith("+"):
        return True
    digits = re.sub(r"\D", "", re.split(r"(?i)(?:;ext=|x|ext)", text, maxsplit=1)[0])
    return digits == written[1:]
