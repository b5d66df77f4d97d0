"""The pieces of RFC 3261 25.1 that everything else is made of: tokens, quoted strings, lists, parameters, header names and limits."""

import re
from collections.abc import Iterable, Mapping

from auricle.sip.errors import HeaderInjection, SipParseError

MAX_MESSAGE_BYTES = 65535  # a UDP datagram; a stream is held to the same
MAX_HEAD_BYTES = 16384  # ten times a usual INVITE with its History-Info
MAX_HEADERS = 200  # lines; the richest INVITE we know has 45
MAX_URI_CHARS = 2048  # the longest we have met, a Refer-To with Replaces, has 400
MAX_PORT = 65535
MAX_CSEQ = 2**31 - 1  # RFC 3261 8.1.1.5

Params = Mapping[str, str | None]
"""Parameters by lower-case name; None is a parameter without a value."""

COMPACT = {
    "a": "accept-contact", "b": "referred-by", "c": "content-type", "d": "request-disposition", "e": "content-encoding", "f": "from",
    "i": "call-id", "j": "reject-contact", "k": "supported", "l": "content-length", "m": "contact", "n": "identity-info",
    "o": "event", "r": "refer-to", "s": "subject", "t": "to", "u": "allow-events", "v": "via", "x": "session-expires", "y": "identity",
}  # fmt: skip
"""Compact forms of the IANA registry."""
LISTS = frozenset(
    re.findall(
        r"\S+",
        """
        accept accept-contact accept-encoding accept-language alert-info allow allow-events call-info contact content-encoding
        content-language diversion error-info history-info identity in-reply-to p-asserted-identity p-associated-uri p-early-media
        p-preferred-identity path privacy proxy-require reason record-route recv-info reject-contact request-disposition require route
        security-client security-server security-verify service-route supported unsupported via warning
        """,
    )
)
"""Headers whose values may share a line, divided by commas. Authorization and its like are not: their commas divide parameters (7.3.1)."""
SINGLE = frozenset(
    re.findall(r"\S+", "from to call-id cseq content-length max-forwards content-type expires min-se session-expires rack rseq")
)
"""Headers that may come once; a second one with another value makes the message ambiguous, and we do not choose."""
_NAMES: list[str] = re.findall(
    r"\S+",
    """
    Accept Accept-Contact Accept-Encoding Accept-Language Alert-Info Allow Allow-Events Authentication-Info Authorization Call-ID
    Call-Info Contact Content-Disposition Content-Encoding Content-Language Content-Length Content-Type CSeq Date Diversion Error-Info
    Event Expires From Geolocation History-Info Identity Identity-Info In-Reply-To Join Max-Forwards MIME-Version Min-Expires Min-SE
    Organization P-Asserted-Identity P-Preferred-Identity Path Priority Privacy Proxy-Authenticate Proxy-Authorization Proxy-Require RAck
    Reason Record-Route Refer-To Referred-By Reject-Contact Reply-To Replaces Request-Disposition Require Resource-Priority Retry-After
    Route RSeq Server Service-Route Session-Expires SIP-ETag SIP-If-Match Subject Subscription-State Supported Timestamp To Unsupported
    User-Agent User-to-User Via Warning WWW-Authenticate X-Auricle-Source
    """,
)
DISPLAY = {name.lower(): name for name in _NAMES}
SPELLED = (
    {name: lower for lower, name in DISPLAY.items()}
    | {lower: lower for lower in DISPLAY}
    | {letter: name for compact, name in COMPACT.items() for letter in (compact, compact.upper())}
)
"""Usual spellings of header names to their canonical form, so that most names cost one look-up."""

HOST = r"\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9_][A-Za-z0-9_.-]{0,254}"
"""A name, an IPv4 address or an IPv6 reference, as a pattern; underscores are no host names by the book and common in private networks."""
TOKEN = re.compile(r"[A-Za-z0-9.!%*_+`'~-]+")
_BREAKS = re.compile(r"[\r\n\0]")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*+)"', re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
# A quote that never ends takes the rest with it: possessive throughout, so that no input costs more than one pass.
_LIST_PART = re.compile(r'(?:[^",<]++|"(?:[^"\\]|\\.)*+(?:"|\\?\Z)|<[^<>]*+>|<)*+', re.DOTALL)
_PARAM_PART = re.compile(r'(?:[^";]++|"(?:[^"\\]|\\.)*+(?:"|\\?\Z))*+', re.DOTALL)
_PLAIN_VALUE = re.compile(r"[A-Za-z0-9.!%*_+`'~:\[\]-]+")


def canonical(name: str) -> str:
    """The long, lower-case form of a header name."""
    known = SPELLED.get(name)
    if known is not None:
        return known
    lower = name.rstrip(" \t").lower()
    return COMPACT.get(lower, lower)


def clean(value: str) -> str:
    """A header value of ours without surrounding blanks. Raises HeaderInjection for one that would end its line or is no text."""
    if _BREAKS.search(value):
        raise HeaderInjection
    if not value.isascii():
        try:
            value.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError:
            raise HeaderInjection from None
    return value.strip(" \t")


def clean_name(name: str) -> str:
    """The canonical form of a header name of ours. Raises HeaderInjection when it is no token."""
    known = SPELLED.get(name)
    if known is None:
        if not TOKEN.fullmatch(name):
            raise HeaderInjection
        known = canonical(name)
    return known


def split_list(text: str) -> list[str]:
    """Split a list header at its commas, outside quoted strings and angle brackets (RFC 3261 7.3.1); empty parts are dropped."""
    if "," not in text:
        part = text.strip(" \t")
        return [part] if part else []
    if '"' not in text and "<" not in text:
        return [part for raw in text.split(",") if (part := raw.strip(" \t"))]
    return _split(text, _LIST_PART)


def _split(text: str, pattern: re.Pattern[str]) -> list[str]:
    parts: list[str] = []
    at = 0
    while at <= len(text):
        found = pattern.match(text, at)
        assert found is not None
        if part := found.group().strip(" \t"):
            parts.append(part)
        at = found.end() + 1
    return parts


def parse_quoted(text: str) -> tuple[str, str]:
    """The content of the quoted string at the start, unescaped, and what follows it. Raises SipParseError."""
    found = _QUOTED.match(text)
    if found is None:
        raise SipParseError("unterminated quote")
    content = found.group(1)
    return (_ESCAPE.sub(r"\1", content) if "\\" in content else content), text[found.end() :]


def quoted(text: str) -> str:
    """The text as a quoted string (RFC 3261 25.1)."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def parse_params(text: str) -> dict[str, str | None]:
    """`a=b;c;d="x;y"` by lower-case name, quoted values without their quotes. Of a name that comes twice the first counts."""
    params: dict[str, str | None] = {}
    if '"' not in text and " " not in text and "\t" not in text:
        for part in text.split(";"):
            name, equals, value = part.partition("=")
            if name:
                params.setdefault(name.lower(), value if equals else None)
        return params
    for part in _split(text, _PARAM_PART):
        name, equals, value = part.partition("=")
        name = name.rstrip(" \t").lower()
        if name and name not in params:
            value = value.lstrip(" \t")
            params[name] = None if not equals else parse_quoted(value)[0] if value[:1] == '"' else value
    return params


def format_params(params: Params) -> str:
    """Header parameters as text, each with its semicolon; a value that is no token or host is quoted."""
    return "".join(
        f";{name}" if value is None else f";{name}={value if _PLAIN_VALUE.fullmatch(value) else quoted(value)}"
        for name, value in params.items()
    )


def parse_number(text: str, most: int) -> int | None:
    """A plain decimal number of at most ten digits that is not above `most`, else None."""
    if text.isascii() and text.isdigit() and len(text) <= 10:
        number = int(text)
        return number if number <= most else None
    return None


def tokens(values: Iterable[str]) -> frozenset[str]:
    """Option tags and the like, lower-case."""
    return frozenset([value.lower() for value in values])
