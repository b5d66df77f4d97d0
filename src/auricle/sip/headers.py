"""Typed header values (RFC 3261 20): addresses, Via, CSeq, Reason. Each is read from one value, after the list was split."""

import re
from dataclasses import dataclass, field

from auricle.sip.errors import SipParseError
from auricle.sip.events import Reason
from auricle.sip.grammar import (
    HOST,
    MAX_CSEQ,
    MAX_PORT,
    TOKEN,
    Params,
    format_params,
    parse_number,
    parse_params,
    parse_quoted,
    quoted,
)
from auricle.sip.uri import SipUri, Uri, parse_uri

_ADDRESS = re.compile(r'(?:"([^"\\]*+)"[ \t]*+|([^"<>]*+))<([^<>]*+)>[ \t]*+(?:;(.*+))?', re.DOTALL)
_USUAL = re.compile(
    rf'(?:"([^"\\]*+)" ?)?<(sips?):([A-Za-z0-9+._-]{{1,256}})@({HOST})(?::([0-9]{{1,4}}))?>(?:;tag=([A-Za-z0-9.!%*_+`\'~-]++))?', re.ASCII
)
"""What From and To nearly always look like, read in one step: it is asked for in every message."""
_ADDR_SPEC_STOP = frozenset('<>"')
_VIA = re.compile(
    r"[sS][iI][pP][ \t]*/[ \t]*2\.0[ \t]*/[ \t]*([A-Za-z0-9.!%*_+`'~-]+)[ \t]+"
    rf"({HOST})[ \t]*(?::[ \t]*([0-9]{{1,5}})[ \t]*)?(?:;(.*))?",
    re.DOTALL,
)
_CSEQ = re.compile(r"([0-9]{1,10})[ \t]+([A-Za-z0-9.!%*_+`'~-]+)")


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
        display = f"{quoted(self.display)} " if self.display else ""
        return f"{display}<{self.uri}>{format_params(self.params)}"


@dataclass(frozen=True, slots=True)
class Via:
    """One Via value. `host` keeps IPv6 brackets; `transport` is upper-case."""

    transport: str
    host: str
    port: int | None
    params: Params = field(default_factory=dict)

    @property
    def branch(self) -> str | None:
        """The branch parameter."""
        return self.params.get("branch")

    @property
    def sent_by(self) -> str:
        """Host and port in one form, for matching (RFC 3261 17.2.3)."""
        return self.host.lower() if self.port is None else f"{self.host.lower()}:{self.port}"

    @property
    def address(self) -> str:
        """Where it was really sent from, as far as it is known: `received`, with or without brackets (RFC 5118 4.5), else the host."""
        return (self.params.get("received") or self.host).strip("[]")

    def __str__(self) -> str:
        sent_by = self.host if self.port is None else f"{self.host}:{self.port}"
        return f"SIP/2.0/{self.transport} {sent_by}{format_params(self.params)}"


@dataclass(frozen=True, slots=True)
class CSeq:
    """A CSeq value."""

    number: int
    method: str

    def __str__(self) -> str:
        return f"{self.number} {self.method}"


def parse_name_addr(text: str) -> NameAddr:
    """Read From, To, Contact, Route … Without <> every parameter belongs to the header (RFC 3261 20). Raises SipParseError."""
    usual = _USUAL.fullmatch(text)
    if usual is not None:
        name, scheme, user, host, port, tag = usual.groups()
        uri = SipUri(scheme, user, host, None if port is None else int(port), "", {}, {})
        return NameAddr(name or "", uri, {} if tag is None else {"tag": tag})
    found = _ADDRESS.fullmatch(text)
    if found is None:
        return _parse_unusual(text.strip(" \t"))
    name, words, spec, params = found.groups()
    display = name if name is not None else words.strip(" \t")
    return NameAddr(display, parse_uri(spec), parse_params(params) if params else {})


def _parse_unusual(text: str) -> NameAddr:
    """An addr-spec without brackets, or a display name with escapes."""
    if text.startswith('"'):
        display, rest = parse_quoted(text)
        found = _ADDRESS.fullmatch(rest.lstrip(" \t"))
        if found is None or found.group(1) is not None or found.group(2):
            raise SipParseError("bad address")
        return NameAddr(display, parse_uri(found.group(3)), parse_params(found.group(4) or ""))
    spec, _, params = text.partition(";")
    if "?" in spec or not _ADDR_SPEC_STOP.isdisjoint(spec):  # RFC 3261 20.10: a URI with ? or a comma must stand in brackets
        raise SipParseError("bad address")
    return NameAddr("", parse_uri(spec.rstrip(" \t")), parse_params(params))


def parse_via(text: str) -> Via:
    """Read one Via value. Raises SipParseError."""
    found = _VIA.fullmatch(text)
    if found is None:
        raise SipParseError("bad Via")
    transport, host, port, params = found.groups()
    number = None if port is None else int(port)
    if number is not None and number > MAX_PORT:
        raise SipParseError("bad Via")
    return Via(transport.upper(), host, number, parse_params(params) if params else {})


def parse_cseq(text: str) -> CSeq:
    """Read CSeq. Raises SipParseError."""
    found = _CSEQ.fullmatch(text)
    if found is None or int(found.group(1)) > MAX_CSEQ:
        raise SipParseError("bad CSeq")
    return CSeq(int(found.group(1)), found.group(2))


def parse_reason(text: str) -> Reason | None:
    """Read one Reason value (RFC 3326 2); None when it has no usable cause."""
    protocol, _, rest = text.partition(";")
    protocol = protocol.strip(" \t")
    try:
        params = parse_params(rest)
    except SipParseError:
        return None
    cause = parse_number(params.get("cause") or "", 999)
    return None if cause is None or not TOKEN.fullmatch(protocol) else Reason(protocol, cause, params.get("text") or "")


def parse_privacy(values: list[str]) -> frozenset[str]:
    """Privacy tokens, lower-case (RFC 3323 4.2): divided by semicolons, or by commas as some trunks do."""
    return frozenset([token.strip(" \t").lower() for value in values for token in value.replace(",", ";").split(";") if token.strip(" \t")])


def parse_addresses(values: list[str]) -> list[NameAddr]:
    """Addresses that must all be readable: Contact, Route, Record-Route. Raises SipParseError."""
    return [parse_name_addr(value) for value in values]


def readable_addresses(values: list[str]) -> list[NameAddr]:
    """Addresses of a header we can do without, unreadable ones left out (RFC 3261 8.2.2: such a value is as good as none)."""
    found: list[NameAddr] = []
    for value in values:
        try:
            found.append(parse_name_addr(value))
        except SipParseError:
            continue
    return found
