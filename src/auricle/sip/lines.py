"""Header lines as text, checked once against injection, and the URI of a Contact without parsing more than it takes."""

from collections.abc import Iterable

from auricle.sip.errors import HeaderInjection, SipParseError
from auricle.sip.message import Request, Response

_FORBIDDEN_IN_TARGET = frozenset(' \t\r\n\0"<>?')


def header_lines(headers: Iterable[tuple[str, str]]) -> str:
    """Whole lines for these headers. Raises HeaderInjection for a name or value that would end its line."""
    return "".join(f"{one_line(name)}: {one_line(value)}\r\n" for name, value in headers)


def one_line(value: str) -> str:
    """`value` unchanged. Raises HeaderInjection when it holds CR, LF or NUL."""
    if "\r" in value or "\n" in value or "\0" in value:
        raise HeaderInjection
    return value


def contact_uri(message: Request | Response) -> str | None:
    """The URI of the first Contact, fit to be a Request-URI; None when there is none that can be read."""
    raw = message.get("contact")
    if not raw or raw == "*":
        return None
    if raw[0] == "<":  # the common form needs no parser: no display name, no quotes
        uri = raw[1 : raw.find(">")]
        if uri.startswith(("sip:", "sips:")) and _FORBIDDEN_IN_TARGET.isdisjoint(uri):
            return uri
    try:
        contacts = message.contacts
    except SipParseError:
        return None
    return one_line(str(contacts[0].uri).partition("?")[0]) if contacts else None
