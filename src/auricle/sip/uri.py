"""SIP, SIPS and tel URIs (RFC 3261 19.1, RFC 3966). Parsing is strict about structure, lenient about unknown parameters.

User, password, parameters and headers are kept unescaped; `str()` escapes them again, so that no decoded character can end the URI.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, unquote_to_bytes

from auricle.sip.errors import SipParseError, UnsupportedScheme
from auricle.sip.grammar import HOST, MAX_PORT, MAX_URI_CHARS, Params

_USER_SAFE = "-_.!~*'()&=+$,;?/"
_PASSWORD_SAFE = "-_.!~*'()&=+$,"  # noqa: S105 - the characters a password may have
_PARAM_SAFE = "-_.!~*'()[]/:&+$"
_HEADER_SAFE = "-_.!~*'()[]/?:+$"
_SIP = re.compile(
    r"(?P<scheme>[sS][iI][pP][sS]?):"
    r"(?:(?P<user>[^@:\x00-\x20\x7f]++)?(?::(?P<password>[^@\x00-\x20\x7f]*+))?@)?"
    rf"(?P<host>{HOST})"
    r"(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<params>;[^?\x00-\x20\x7f]*+)?"
    r"(?:\?(?P<headers>[^\x00-\x20\x7f]*+))?",
    re.ASCII,
)
_TEL = re.compile(r"([+0-9A-Da-d*#.()-]++)((?:;[^;\x00-\x20\x7f]*+)*+)", re.ASCII)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*", re.ASCII)
_PLAIN_USER = re.compile(r"[A-Za-z0-9+._~!*'()&=$,;?/-]*", re.ASCII)
_PLAIN_PARAM = re.compile(r"[A-Za-z0-9.:_-]*", re.ASCII)
_DIALLED = "+0123456789*#-.() "
_SEPARATORS = str.maketrans("", "", "-.() ")


@dataclass(frozen=True, slots=True)
class SipUri:
    """sip: and sips:. `host` keeps the brackets of an IPv6 reference; parameter names are lower-case."""

    scheme: str
    user: str
    host: str
    port: int | None = None
    password: str = ""
    params: Params = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def address(self) -> str:
        """The host without brackets, as sockets want it."""
        return self.host.strip("[]")

    def e164_candidate(self) -> str:
        """The user part where it may be a telephone number, with a global `phone-context` in front and `ext` behind (RFC 3261 19.1.6)."""
        number, semicolon, rest = self.user.partition(";")
        if number.strip(_DIALLED):
            return number  # a name
        return _number_text(number, _params(rest) if semicolon else {})

    def __str__(self) -> str:
        text = f"{self.scheme}:"
        if self.user or self.password:
            user = self.user
            text += user if _PLAIN_USER.fullmatch(user) else _escape(user, _USER_SAFE)
            text += f":{_escape(self.password, _PASSWORD_SAFE)}@" if self.password else "@"
        text += self.host if self.port is None else f"{self.host}:{self.port}"
        if self.params:
            text += _format(self.params)
        if self.headers:
            text += "?" + "&".join([f"{_escape(n, _HEADER_SAFE)}={_escape(v, _HEADER_SAFE)}" for n, v in self.headers.items()])
        return text


@dataclass(frozen=True, slots=True)
class TelUri:
    """tel: (RFC 3966). `number` is as written, visual separators included."""

    number: str
    params: Params = field(default_factory=dict)

    @property
    def user(self) -> str:
        """The number without visual separators, where a SIP URI has its user."""
        return self.number.translate(_SEPARATORS)

    def e164_candidate(self) -> str:
        """The number with its global context in front and its extension behind (RFC 3966 5.1.5)."""
        return _number_text(self.number, self.params)

    def __str__(self) -> str:
        return f"tel:{self.number}{_format(self.params)}"


Uri = SipUri | TelUri


def parse_uri(text: str) -> Uri:
    """Read one URI. Raises SipParseError; UnsupportedScheme for one that is neither sip, sips nor tel."""
    found = _SIP.fullmatch(text)
    if found is None or len(text) > MAX_URI_CHARS:
        return _parse_other(text)
    scheme, user, password, host, port, params, headers = found.groups()
    if port is not None and int(port) > MAX_PORT:
        raise SipParseError("bad port")
    return SipUri(
        scheme.lower(),
        (user if "%" not in user else _unescape(user)) if user else "",
        host,
        None if port is None else int(port),
        _unescape(password) if password else "",
        _params(params) if params else {},
        _headers(headers) if headers else {},
    )


def _parse_other(text: str) -> TelUri:
    scheme, colon, rest = text.partition(":")
    if len(text) > MAX_URI_CHARS or not colon or not _SCHEME.fullmatch(scheme):
        raise SipParseError("bad URI")
    if scheme.lower() != "tel":
        if scheme.lower() in {"sip", "sips"}:
            raise SipParseError("bad URI")
        raise UnsupportedScheme("unsupported URI scheme")
    found = _TEL.fullmatch(rest)
    if found is None or not found.group(1).strip("+.()-"):
        raise SipParseError("bad tel URI")
    return TelUri(found.group(1), _params(found.group(2)))


def _params(text: str) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for part in text.split(";"):
        name, equals, value = part.partition("=")
        if name:
            if "%" in part:
                name, value = _unescape(name), _unescape(value)
            found.setdefault(name.lower(), value if equals else None)
    return found


def _headers(text: str) -> dict[str, str]:
    pairs = [part.partition("=") for part in text.split("&") if part]
    return {_unescape(name): _unescape(value) for name, _, value in pairs}


def _format(params: Params) -> str:
    text = ""
    for name, value in params.items():
        text += f";{name}" if _PLAIN_PARAM.fullmatch(name) else f";{_escape(name, _PARAM_SAFE)}"
        if value is not None:
            text += f"={value}" if _PLAIN_PARAM.fullmatch(value) else f"={_escape(value, _PARAM_SAFE)}"
    return text


def _escape(text: str, safe: str) -> str:
    return quote(text.encode("utf-8", "surrogateescape"), safe=safe)


def _unescape(text: str) -> str:
    if "%" not in text:
        return text
    return unquote_to_bytes(text.encode("utf-8", "surrogateescape")).decode("utf-8", "surrogateescape")


def _number_text(number: str, params: Params) -> str:
    text = number.translate(_SEPARATORS)
    context = params.get("phone-context") or ""
    if context.startswith("+") and not text.startswith("+"):
        text = context.translate(_SEPARATORS) + text
    extension = params.get("ext")
    return f"{text};ext={extension.translate(_SEPARATORS)}" if extension else text
