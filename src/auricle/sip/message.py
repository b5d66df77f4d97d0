"""SIP messages (RFC 3261 7, 25.1): split once into header values, parse a value only when it is asked for.

Text is UTF-8 with surrogate escapes, so any bytes a peer sent come out again unchanged. Folded lines are joined before anything else
is read, and we never fold. `to_bytes` refuses CR, LF and NUL in any value of ours.
"""

import re
from collections.abc import Iterable

from auricle.sip.errors import FramingError, HeaderInjection, SipParseError
from auricle.sip.events import Reason
from auricle.sip.headers import CSeq, NameAddr, Via, parse_addresses, parse_cseq, parse_name_addr, parse_reason, parse_via, split_list
from auricle.sip.reasons import REASONS
from auricle.sip.uri import Uri, parse_uri

MAX_MESSAGE_BYTES = 65535  # a UDP datagram; a stream is held to the same
MAX_HEAD_BYTES = 16384  # the largest seen from carriers is 3.1 kB, History-Info and Geolocation included; five times that
MAX_HEADERS = 200
MANDATORY = ("via", "from", "to", "call-id", "cseq")

COMPACT = {
    "a": "accept-contact", "b": "referred-by", "c": "content-type", "d": "request-disposition", "e": "content-encoding", "f": "from",
    "i": "call-id", "j": "reject-contact", "k": "supported", "l": "content-length", "m": "contact", "n": "identity-info",
    "o": "event", "r": "refer-to", "s": "subject", "t": "to", "u": "allow-events", "v": "via", "x": "session-expires", "y": "identity",
}  # fmt: skip
LISTS = frozenset(
    "accept accept-encoding accept-language allow allow-events alert-info call-info contact content-language diversion error-info "
    "history-info in-reply-to p-asserted-identity p-preferred-identity path proxy-require reason record-route require route "
    "service-route supported unsupported via warning".split()
)
SINGLE = frozenset({"from", "to", "call-id", "cseq", "content-length", "max-forwards", "content-type"})
_SPELLED = {
    name: name.lower()
    for name in (
        "Via From To Call-ID CSeq Contact Max-Forwards Content-Type Content-Length Record-Route Route Path Supported Require Allow "
        "User-Agent Server Expires Session-Expires Min-SE Authorization WWW-Authenticate Reason P-Asserted-Identity Privacy "
        "X-Auricle-Source Allow-Events Date Subject Warning Retry-After Accept"
    ).split()
} | {letter: name for compact, name in COMPACT.items() for letter in (compact, compact.upper())}
_DISPLAY = {lower: spelled for spelled, lower in _SPELLED.items() if len(spelled) > 1}
_TOKEN = re.compile(r"^[A-Za-z0-9.!%*_+`'~-]+$")
_FOLD = re.compile(r"\r\n[ \t]+")
_BREAKS = re.compile(r"[\r\n\0]")


class Message:
    """What requests and responses share: header values in order, and typed views that are parsed once."""

    __slots__ = ("_fields", "_views", "body")

    def __init__(self, fields: dict[str, list[str]] | None = None, body: bytes = b"") -> None:
        self._fields: dict[str, list[str]] = {} if fields is None else fields
        self._views: dict[str, object] = {}
        self.body = body

    # ---- raw values ----------------------------------------------------------------------------------

    def get(self, name: str) -> str | None:
        """The first raw value, None without one. `name` is the long form; lower case is fastest."""
        values = self._fields.get(name) or self._fields.get(canonical(name))
        return values[0] if values else None

    def get_all(self, name: str) -> list[str]:
        """Every value; list headers are split at their commas."""
        key = canonical(name)
        values = self._fields.get(key)
        if not values:
            return []
        if key not in LISTS:
            return list(values)
        return [part for value in values for part in split_list(value)]

    def lines(self, name: str) -> list[str]:
        """Every value as its line had it, commas and all."""
        return list(self._fields.get(canonical(name), ()))

    def add(self, name: str, value: str) -> None:
        """Append a value. Raises HeaderInjection."""
        key = canonical(_clean(name))
        self._fields.setdefault(key, []).append(_clean(value))
        self._views.clear()

    def set(self, name: str, value: str) -> None:
        """Replace all values by this one. Raises HeaderInjection."""
        self._fields[canonical(_clean(name))] = [_clean(value)]
        self._views.clear()

    def prepend(self, name: str, value: str) -> None:
        """Put a value in front of the others. Raises HeaderInjection."""
        self._fields.setdefault(canonical(_clean(name)), []).insert(0, _clean(value))
        self._views.clear()

    def remove(self, name: str) -> None:
        """Drop all values."""
        self._fields.pop(canonical(name), None)
        self._views.clear()

    # ---- typed views -----------------------------------------------------------------------------------

    @property
    def via(self) -> Via:
        """The top Via. Raises SipParseError."""
        found = self._views.get("via")
        if not isinstance(found, Via):
            found = self._views["via"] = parse_via(split_list(self._need("via"))[0])
        return found

    @property
    def vias(self) -> list[Via]:
        """All Via values, top first."""
        return [parse_via(value) for value in self.get_all("via")]

    @property
    def from_(self) -> NameAddr:
        """From. Raises SipParseError."""
        return self._address("from")

    @property
    def to(self) -> NameAddr:
        """To. Raises SipParseError."""
        return self._address("to")

    @property
    def call_id(self) -> str:
        """Call-ID. Raises SipParseError."""
        return self._need("call-id")

    @property
    def cseq(self) -> CSeq:
        """CSeq. Raises SipParseError."""
        found = self._views.get("cseq")
        if not isinstance(found, CSeq):
            found = self._views["cseq"] = parse_cseq(self._need("cseq"))
        return found

    @property
    def contacts(self) -> list[NameAddr]:
        """Contact addresses; empty for none and for `*`."""
        return [] if self.get("contact") == "*" else parse_addresses(self.get_all("contact"))

    @property
    def routes(self) -> list[NameAddr]:
        """Route values in order."""
        return parse_addresses(self.get_all("route"))

    @property
    def record_routes(self) -> list[NameAddr]:
        """Record-Route values in order."""
        return parse_addresses(self.get_all("record-route"))

    @property
    def max_forwards(self) -> int | None:
        """Max-Forwards, None without one. Raises SipParseError."""
        return self._number("max-forwards", 255)

    @property
    def expires(self) -> int | None:
        """Expires in seconds; malformed counts as absent (RFC 3261 20.19)."""
        try:
            return self._number("expires", 2**32 - 1)
        except SipParseError:
            return None

    @property
    def content_type(self) -> str | None:
        """Content-Type without parameters, lower-case."""
        value = self.get("content-type")
        return value.partition(";")[0].strip().lower() if value else None

    @property
    def supported(self) -> frozenset[str]:
        """Option tags of Supported, lower-case."""
        return frozenset(tag.lower() for tag in self.get_all("supported"))

    @property
    def require(self) -> frozenset[str]:
        """Option tags of Require, lower-case."""
        return frozenset(tag.lower() for tag in self.get_all("require"))

    @property
    def privacy(self) -> frozenset[str]:
        """Privacy tokens, lower-case (RFC 3323 4.2)."""
        return frozenset(token.strip().lower() for value in self.lines("privacy") for token in value.replace(",", ";").split(";") if token.strip())

    @property
    def asserted(self) -> list[NameAddr]:
        """P-Asserted-Identity values (RFC 3325 9.1); whether to believe them is the caller's business."""
        return parse_addresses(self.get_all("p-asserted-identity"))

    @property
    def reasons(self) -> list[Reason]:
        """Reason values that have a cause (RFC 3326)."""
        return [reason for value in self.get_all("reason") if (reason := parse_reason(value))]

    # ---- out -------------------------------------------------------------------------------------------

    def head(self) -> str:
        """The start line."""
        raise NotImplementedError

    def to_bytes(self) -> bytes:
        """The message on the wire, with a Content-Length that is right."""
        parts = [self.head()]
        for key, values in self._fields.items():
            if key != "content-length":
                name = _DISPLAY.get(key, key)
                parts += [f"{name}: {value}" for value in values]
        parts.append(f"Content-Length: {len(self.body)}\r\n\r\n")
        return "\r\n".join(parts).encode("utf-8", "surrogateescape") + self.body

    def _need(self, key: str) -> str:
        values = self._fields.get(key)
        if not values or not values[0]:
            raise SipParseError(f"missing {key}")
        return values[0]

    def _address(self, key: str) -> NameAddr:
        found = self._views.get(key)
        if not isinstance(found, NameAddr):
            found = self._views[key] = parse_name_addr(self._need(key))
        return found

    def _number(self, key: str, most: int) -> int | None:
        value = self.get(key)
        if value is None:
            return None
        value = value.strip()
        if not (value.isascii() and value.isdigit() and len(value) <= 10 and int(value) <= most):
            raise SipParseError(f"bad {key}")
        return int(value)


class Request(Message):
    """A request. `uri` is the Request-URI as written."""

    __slots__ = ("method", "uri")

    def __init__(self, method: str, uri: str, fields: dict[str, list[str]] | None = None, body: bytes = b"") -> None:
        super().__init__(fields, body)
        self.method = _clean(method)
        self.uri = _clean(uri)

    @property
    def request_uri(self) -> Uri:
        """The Request-URI, parsed. Raises SipParseError."""
        return parse_uri(self.uri)

    def head(self) -> str:
        return f"{self.method} {self.uri} SIP/2.0"


class Response(Message):
    """A response."""

    __slots__ = ("reason", "status")

    def __init__(self, status: int, reason: str = "", fields: dict[str, list[str]] | None = None, body: bytes = b"") -> None:
        super().__init__(fields, body)
        self.status = status
        self.reason = _clean(reason)

    def head(self) -> str:
        return f"SIP/2.0 {self.status} {self.reason}"


def canonical(name: str) -> str:
    """The long, lower-case form of a header name."""
    known = _SPELLED.get(name)
    if known is not None:
        return known
    lower = name.strip().lower()
    return COMPACT.get(lower, lower)


def parse_message(data: bytes) -> Request | Response:
    """Read one datagram. Bytes behind Content-Length are dropped; a body that is too short is refused (RFC 3261 18.3). Raises SipParseError."""
    if len(data) > MAX_MESSAGE_BYTES:
        raise SipParseError("message too large")
    head, separator, body = data.partition(b"\r\n\r\n")
    if not separator:
        raise SipParseError("no end of headers")
    message = _parse_head(head)
    length = _content_length(message)
    if length is not None and length != len(body):
        if length > len(body):
            raise SipParseError("body shorter than Content-Length", _answerable(message))
        body = body[:length]
    message.body = body
    return message


def _parse_head(head: bytes) -> Request | Response:
    if len(head) > MAX_HEAD_BYTES:
        raise SipParseError("headers too large")
    text = head.decode("utf-8", "surrogateescape")
    if "\r\n " in text or "\r\n\t" in text:
        text = _FOLD.sub(" ", text)
    lines = text.split("\r\n")
    if len(lines) > MAX_HEADERS:
        raise SipParseError("too many headers")
    message = _start_line(lines[0])
    fields = message._fields
    fault = ""
    for i in range(1, len(lines)):
        name, colon, value = lines[i].partition(":")
        key = _SPELLED.get(name)
        if key is None:
            key = canonical(name)
            if not colon or not _TOKEN.match(key):
                fault = fault or "bad header line"
                continue
        values = fields.get(key)
        if values is None:
            fields[key] = [value.strip(" \t")]
        else:
            if key in SINGLE and values[0] != value.strip(" \t"):
                fault = fault or f"repeated {key}"
            values.append(value.strip(" \t"))
    if "\n" in text.replace("\r\n", "") or "\0" in text:
        fault = fault or "stray control character"
    fault = fault or next((f"missing {key}" for key in MANDATORY if key not in fields), "")
    if fault:
        raise SipParseError(fault, _answerable(message))
    return message


def _start_line(line: str) -> Request | Response:
    if line.startswith("SIP/2.0 "):
        status, _, reason = line[8:].partition(" ")
        if not (len(status) == 3 and status.isascii() and status.isdigit() and status >= "100"):
            raise SipParseError("bad status line")
        response = Response.__new__(Response)
        Message.__init__(response)
        response.status, response.reason = int(status), reason
        return response
    parts = line.split(" ")
    if len(parts) != 3 or parts[2].upper() != "SIP/2.0" or not parts[1] or not _TOKEN.match(parts[0]):
        raise SipParseError("bad request line")
    request = Request.__new__(Request)
    Message.__init__(request)
    request.method, request.uri = parts[0], parts[1]
    return request


def _content_length(message: Request | Response) -> int | None:
    value = message._fields.get("content-length")
    if value is None:
        return None
    text = value[0]
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise SipParseError("bad Content-Length", _answerable(message))
    return int(text)


def _answerable(message: Request | Response) -> Request | None:
    """The request, if enough of it was read that a response finds its way and is matched."""
    if not isinstance(message, Request) or message.method == "ACK":
        return None
    try:
        usable = bool(message.via and message.from_ and message.to and message.call_id and message._need("cseq"))
    except SipParseError:
        return None
    return message if usable else None


class StreamParser:
    """Messages out of a TCP, TLS or WebSocket stream, framed by Content-Length alone (RFC 3261 18.3)."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._broken = False

    def feed(self, data: bytes) -> list[Request | Response]:
        """Take bytes, give the messages that are complete. Raises FramingError; nothing more can be read from the stream then."""
        if self._broken:
            raise FramingError("stream already broken")
        self._buffer += data
        messages: list[Request | Response] = []
        try:
            while (message := self._next()) is not None:
                messages.append(message)
        except SipParseError as error:
            self._broken = True
            if messages:
                return messages
            raise FramingError(error.reason, error.request) from error
        return messages

    def _next(self) -> Request | Response | None:
        while self._buffer.startswith(b"\r\n"):  # keep-alives (RFC 5626 3.5.1)
            del self._buffer[:2]
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(self._buffer) > MAX_HEAD_BYTES:
                raise FramingError("headers too large")
            return None
        message = _parse_head(bytes(self._buffer[:end]))
        length = _content_length(message)
        if length is None:
            raise FramingError("no Content-Length on a stream", _answerable(message))
        if length > MAX_MESSAGE_BYTES:
            raise FramingError("body too large", _answerable(message))
        if len(self._buffer) < end + 4 + length:
            return None
        message.body = bytes(self._buffer[end + 4 : end + 4 + length])
        del self._buffer[: end + 4 + length]
        return message


def response_to(
    request: Request,
    status: int,
    reason: str = "",
    *,
    to_tag: str | None = None,
    headers: Iterable[tuple[str, str]] = (),
    body: bytes = b"",
) -> Response:
    """The response to a request: Via, From, To, Call-ID, CSeq copied, Record-Route where a dialog may form (RFC 3261 8.2.6, 12.1.1)."""
    source = request._fields
    to = source["to"][0]
    if to_tag and ";tag=" not in to.lower().rpartition(">")[2]:
        to = f"{to};tag={to_tag}"
    fields = {"via": source["via"], "from": source["from"], "to": [to], "call-id": source["call-id"], "cseq": source["cseq"]}
    if "record-route" in source and 100 < status < 300:
        fields["record-route"] = source["record-route"]
    response = Response(status, reason or REASONS.get(status, "Unknown"), dict(fields), body)
    for name, value in headers:
        key = canonical(_clean(name))
        response._fields[key] = [*response._fields.get(key, ()), _clean(value)]
    return response


def _clean(value: str) -> str:
    if _BREAKS.search(value):
        raise HeaderInjection
    return value
