"""Header lines as text: checked once against injection on the way out, and on the way in read no further than what is asked.

Each shortcut covers the common form only and leaves everything else to the parsers of `headers.py`.
"""

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


def tag_of(message: Request | Response, name: str) -> str:
    """The tag of From or To, empty without one. Raises SipParseError for an uncommon form that cannot be read."""
    raw = message.get(name) or ""
    end = raw.rfind(">") + 1
    tail = raw[end:]
    if end and not tail:
        return ""
    if end and tail.startswith(";tag=") and '"' not in tail:
        return tail[5:].partition(";")[0]
    return (message.from_ if name == "from" else message.to).tag or ""


def branch_of(message: Request | Response) -> tuple[str, str]:
    """The branch of the top Via, empty without one, and the text that holds its transport and sent-by, lower-case."""
    raw = message.get("via") or ""
    sent_by, _, params = raw.partition(";")
    start = params.find("branch=")
    if start < 0 or '"' in params or (start and params[start - 1] != ";"):
        via = message.via
        return via.branch or "", f"sip/2.0/{via.transport} {via.sent_by}".lower()
    end = len(params)
    for mark in ";,":
        found = params.find(mark, start)
        if 0 <= found < end:
            end = found
    return params[start + 7 : end].strip(), sent_by.lower()
