"""Typed header values (RFC 3261 20, 25.1): addresses, Via, CSeq, Reason, and the comma rule that keeps quotes and <> whole."""

from dataclasses import dataclass, field

from auricle.sip.errors import SipParseError
from auricle.sip.events import Reason
from auricle.sip.uri import Uri, parse_uri, split_host_port

Params = dict[str, str | None]
MAX_CSEQ = 2**31 - 1  # RFC 3261 8.1.1.5


@dataclass(frozen=True, slots=True)
class NameAddr:
    """A name-addr or addr-spec with its header parameters. `display` is unescaped, untrusted text."""

    display: str
    uri: Uri
    params: Params = field(default_factory=dict)

    @property
    def tag(self) -> str | None:
        """The tag parameter of From and To."""
        return self.params.get("tag")

    def __str__(self) -> str:
        display = '"' + self.display.replace("\\", "\\\\").replace('"', '\\"') + '" ' if self.display else ""
        return f"{display}<{self.uri}>{format_params(self.params)}"


@dataclass(frozen=True, slots=True)
class Via:
    """One Via value. `host` keeps IPv6 brackets; `received` may come with or without them (RFC 5118 4.5)."""

    transport: str
    host: str
    port: int | None
    params: Params

    @property
    def branch(self) -> str | None:
        """The branch parameter."""
        return self.params.get("branch")

    @property
    def sent_by(self) -> str:
        """Host and port as written, for matching (RFC 3261 17.2.3)."""
        return self.host.lower() if self.port is None else f"{self.host.lower()}:{self.port}"


@dataclass(frozen=True, slots=True)
class CSeq:
    """A CSeq value."""

    number: int
    method: str


def split_list(text: str) -> list[str]:
    """Split a list header at its commas, outside quotes and angle brackets."""
    if "," not in text:
        return [text.strip()] if text.strip() else []
    parts: list[str] = []
    start = depth = 0
    quoted = escaped = False
    for i, c in enumerate(text):
        if quoted:
            if escaped:
                escaped = False
            elif c == "\\":
                escaped = True
            elif c == '"':
                quoted = False
        elif c == '"':
            quoted = True
        elif c == "<":
            depth += 1
        elif c == ">":
            depth = max(0, depth - 1)
        elif c == "," and not depth:
            parts.append(text[start:i])
            start = i + 1
    parts.append(text[start:])
    return [part.strip() for part in parts if part.strip()]


def parse_name_addr(text: str) -> NameAddr:
    """Read From, To, Contact, Route … Without <> every parameter belongs to the header (RFC 3261 20). Raises SipParseError."""
    text = text.strip()
    if text.startswith('"'):
        display, rest = _quoted(text)
        rest = rest.lstrip()
        if not rest.startswith("<"):
            raise SipParseError("bad address")
    else:
        before, bracket, after = text.partition("<")
        if not bracket:
            uri, _, params = text.partition(";")
            return NameAddr("", parse_uri(uri.strip()), parse_params(params))
        display, rest = before.strip(), "<" + after
    uri, bracket, params = rest[1:].partition(">")
    if not bracket:
        raise SipParseError("bad address")
    return NameAddr(display, parse_uri(uri.strip()), parse_params(params.lstrip().removeprefix(";")))


def parse_params(text: str) -> Params:
    """`a=b;c;d="x;y"` as a dictionary with lower-case names; a parameter without value has None."""
    params: Params = {}
    for part in _split_quoted(text, ";"):
        name, equals, value = part.partition("=")
        name = name.strip().lower()
        if name:
            value = value.strip()
            params[name] = (_quoted(value)[0] if value.startswith('"') else value) if equals else None
    return params


def format_params(params: Params) -> str:
    """Header parameters as text, each with its semicolon."""
    return "".join(f";{name}" if value is None else f";{name}={_param_value(value)}" for name, value in params.items())


def parse_via(text: str) -> Via:
    """Read one Via value. Raises SipParseError."""
    protocol, _, rest = text.strip().partition(" ")
    name, version, transport = ([part.strip() for part in protocol.split("/")] + ["", "", ""])[:3]
    if not transport:  # white space around the slashes is legal (RFC 3261 25.1, RFC 4475 3.1.1.1)
        squeezed = text.replace(" /", "/").replace("/ ", "/").strip()
        if squeezed != text.strip():
            return parse_via(" ".join(squeezed.split()))
        raise SipParseError("bad Via")
    if name.upper() != "SIP" or version != "2.0":
        raise SipParseError("bad Via")
    sent_by, _, params = rest.strip().partition(";")
    host, port = split_host_port(sent_by.replace(" ", "").replace("\t", ""))
    return Via(transport.upper(), host, port, parse_params(params))


def parse_cseq(text: str) -> CSeq:
    """Read CSeq. Raises SipParseError."""
    number, _, method = text.strip().partition(" ")
    method = method.strip()
    if not (number.isascii() and number.isdigit() and len(number) <= 10 and int(number) <= MAX_CSEQ and method and " " not in method):
        raise SipParseError("bad CSeq")
    return CSeq(int(number), method)


def parse_reason(text: str) -> Reason | None:
    """Read one Reason value (RFC 3326); None when it has no usable cause."""
    protocol, _, params = text.partition(";")
    found = parse_params(params)
    cause = found.get("cause") or ""
    return Reason(protocol.strip(), int(cause), found.get("text") or "") if cause.isascii() and cause.isdigit() else None


def parse_addresses(values: list[str]) -> list[NameAddr]:
    """A list header of addresses: P-Asserted-Identity, Diversion, History-Info, Route. Raises SipParseError."""
    return [parse_name_addr(value) for value in values]


def _quoted(text: str) -> tuple[str, str]:
    """The content of the quoted string at the start, unescaped, and what follows it."""
    out: list[str] = []
    i = 1
    while i < len(text):
        c = text[i]
        if c == "\\" and i + 1 < len(text):
            out.append(text[i + 1])
            i += 2
            continue
        if c == '"':
            return "".join(out), text[i + 1 :]
        out.append(c)
        i += 1
    raise SipParseError("unterminated quote")


def _split_quoted(text: str, separator: str) -> list[str]:
    if '"' not in text:
        return text.split(separator) if text else []
    parts, start, quoted = [], 0, False
    for i, c in enumerate(text):
        if c == '"' and (i == 0 or text[i - 1] != "\\"):
            quoted = not quoted
        elif c == separator and not quoted:
            parts.append(text[start:i])
            start = i + 1
    return [*parts, text[start:]]


def _param_value(value: str) -> str:
    return value if value and not set(value) & set(' ";,<>\t\\') else '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
