"""SIP, SIPS and tel URIs (RFC 3261 19.1, RFC 3966). Parsing is strict about structure, lenient about unknown parameters."""

import re
from dataclasses import dataclass, field
from urllib.parse import quote, unquote

from auricle.sip.errors import SipParseError

MAX_URI_CHARS = 2048  # the longest we have met, a Refer-To with Replaces, has 400
_USER_SAFE = "-_.!~*'()&=+$,;?/"
_PARAM_SAFE = "-_.!~*'()[]/:&+$"
_HOST = re.compile(r"^(?:[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9])?)*\.?|\[[0-9A-Fa-f:.]+\])$")
_SEPARATORS = str.maketrans("", "", "-.() ")


@dataclass(frozen=True, slots=True)
class SipUri:
    """sip: and sips:. `host` keeps the brackets of an IPv6 reference; parameter names are lower-case."""

    scheme: str
    user: str
    host: str
    port: int | None = None
    password: str = ""
    params: dict[str, str | None] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    def e164_candidate(self) -> str:
        """The text that may be a telephone number: the user part without its own parameters, with a global `phone-context` put in front."""
        number, _, rest = self.user.partition(";")
        context = next((p.partition("=")[2] for p in rest.split(";") if p.lower().startswith("phone-context=")), "")
        return _with_context(number, context)

    def __str__(self) -> str:
        user = quote(self.user, safe=_USER_SAFE) if self.user else ""
        if self.password:
            user += ":" + quote(self.password, safe=_USER_SAFE.replace(";", ""))
        text = f"{self.scheme}:{user + '@' if user else ''}{self.host}"
        if self.port is not None:
            text += f":{self.port}"
        for name, value in self.params.items():
            text += f";{name}" if value is None else f";{name}={quote(value, safe=_PARAM_SAFE)}"
        if self.headers:
            text += "?" + "&".join(f"{quote(n, safe='')}={quote(v, safe='')}" for n, v in self.headers.items())
        return text


@dataclass(frozen=True, slots=True)
class TelUri:
    """tel: (RFC 3966). `number` is as written, visual separators included."""

    number: str
    params: dict[str, str | None] = field(default_factory=dict)

    @property
    def user(self) -> str:
        """The number without visual separators, where a SIP URI has its user."""
        return self.number.translate(_SEPARATORS)

    def e164_candidate(self) -> str:
        """The number with its context in front and its extension behind (RFC 3966 5.1.5)."""
        text = _with_context(self.number.translate(_SEPARATORS), self.params.get("phone-context") or "")
        extension = self.params.get("ext")
        return f"{text};ext={extension}" if extension else text

    def __str__(self) -> str:
        return "tel:" + self.number + "".join(f";{n}" if v is None else f";{n}={v}" for n, v in self.params.items())


Uri = SipUri | TelUri


def parse_uri(text: str) -> Uri:
    """Read one URI. Raises SipParseError."""
    if len(text) > MAX_URI_CHARS or any(c <= " " or c == "\x7f" for c in text):
        raise SipParseError("bad URI")
    scheme, colon, rest = text.partition(":")
    scheme = scheme.lower()
    if not colon or not rest:
        raise SipParseError("bad URI")
    if scheme in {"sip", "sips"}:
        return _parse_sip(scheme, rest)
    if scheme == "tel":
        number, _, params = rest.partition(";")
        if not number.strip("+*#-.()0123456789ABCDabcd") == "":
            raise SipParseError("bad tel URI")
        return TelUri(number, _params(params))
    raise SipParseError("unsupported URI scheme")


def _parse_sip(scheme: str, rest: str) -> SipUri:
    userinfo, at, hostpart = rest.rpartition("@") if "@" in rest.partition("?")[0] else ("", "", rest)
    if at:
        before, _, query = rest.partition("?")
        userinfo, _, hostpart = before.rpartition("@")
        if query:
            hostpart += "?" + query
    hostport, _, tail = _split_first(hostpart, ";?")
    user, _, password = userinfo.partition(":")
    host, port = split_host_port(hostport)
    params_text, _, headers_text = tail[1:].partition("?") if tail.startswith(";") else ("", "", tail[1:])
    headers = {unquote(n): unquote(v) for n, _, v in (h.partition("=") for h in headers_text.split("&") if h)}
    return SipUri(scheme, _unescape(user), host, port, _unescape(password), _params(params_text), headers)


def split_host_port(text: str) -> tuple[str, int | None]:
    """Host and port, with the brackets of IPv6 kept. Raises SipParseError."""
    if text.startswith("["):
        host, bracket, port = text.partition("]")
        host += bracket
        port = port.removeprefix(":") if port.startswith(":") or not port else "?"
    else:
        host, _, port = text.partition(":")
    if not _HOST.match(host):
        raise SipParseError("bad host")
    if not port:
        return host, None
    if not (port.isascii() and port.isdigit() and len(port) <= 5 and int(port) <= 65535):
        raise SipParseError("bad port")
    return host, int(port)


def _split_first(text: str, separators: str) -> tuple[str, str, str]:
    at = min((i for i in (text.find(s) for s in separators) if i >= 0), default=len(text))
    return text[:at], "", text[at:]


def _unescape(text: str) -> str:
    value = unquote(text, errors="surrogateescape")
    if any(c in value for c in "\r\n\0"):
        raise SipParseError("control character in URI")
    return value


def _params(text: str) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for part in text.split(";") if text else ():
        name, equals, value = part.partition("=")
        if name:
            found[name.lower()] = _unescape(value) if equals else None
    return found


def _with_context(number: str, context: str) -> str:
    if number.startswith("+") or not context.startswith("+"):
        return number
    return context.translate(_SEPARATORS) + number.translate(_SEPARATORS)
