"""Page cursors: opaque to clients, strict when they come back."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime

from auricle.web.errors import BadCursor

MAX_CURSOR_CHARS = 200


def encode_cursor(at: datetime, ident: str) -> str:
    """A cursor that stands before one item."""
    return urlsafe_b64encode(f"{at.isoformat()}|{ident}".encode()).decode().rstrip("=")


def decode_cursor(text: str) -> tuple[datetime, str]:
    """What encode_cursor was given. Raises BadCursor."""
    try:
        at, _, ident = urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode("ascii").partition("|")
        when = datetime.fromisoformat(at)
    except ValueError as error:
        raise BadCursor from error
    if when.tzinfo is None or not ident:
        raise BadCursor
    return when, ident
