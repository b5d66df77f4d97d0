"""SIP requests and responses (RFC 3261 7), read from datagrams and streams; a message is split once and folds are joined before that."""

import re
from collections.abc import Iterable

from auricle.sip.errors import FramingError, HeaderInjection, MessageTooLarge, SipParseError, UnsupportedVersion
from auricle.sip.fields import Fields, Message
from auricle.sip.grammar import (
    MAX_HEAD_BYTES,
    MAX_HEADERS,
    MAX_MESSAGE_BYTES,
    SINGLE,
    SPELLED,
    TOKEN,
    canonical,
    clean,
    clean_name,
    parse_number,
)
from auricle.sip.reasons import REASONS
from auricle.sip.uri import Uri, parse_uri

MANDATORY = ("via", "from", "to", "call-id", "cseq")
_SPACES = " \t"
_BLANKS = frozenset(_SPACES)
_BREAKS = frozenset("\r\n\0")
_COPIED = (*MANDATORY, "record-route", "timestamp")
_REQUEST_URI = re.compile(r"[^\x00-\x20\x7f<>\"]+")
_STATUS_LINE = re.compile(r"[sS][iI][pP]/2\.0 ([1-6][0-9][0-9])(?: (.*))?", re.DOTALL)
_OTHER_VERSION = re.compile(r"[sS][iI][pP]/[0-9]+\.[0-9]+")
_UNFRAMED = frozenset(
    {"stray control character", "repeated content-length", "bad request line", "unsupported version", "bad Content-Length"}
)
"""Faults after which the end of a message on a stream is a guess, and a guess is how a body becomes somebody's request."""


class Request(Message):
    """A request. `uri` is the Request-URI as written."""

    __slots__ = ("method", "uri")

    def __init__(self, method: str, uri: str, headers: Iterable[tuple[str, str]] = (), body: bytes = b"") -> None:
        if not TOKEN.fullmatch(method) or not _REQUEST_URI.fullmatch(uri):
            raise HeaderInjection
        self.method = method
        self.uri = clean(uri)
        super().__init__(headers, body)

    @property
    def request_uri(self) -> Uri:
        """The Request-URI, parsed. Raises SipParseError."""
        return self._view("request-uri", lambda: parse_uri(self.uri))

    def head(self) -> str:
        """The request line."""
        return f"{self.method} {self.uri} SIP/2.0"


class Response(Message):
    """A response. `reason` is the phrase, which means nothing to machines."""

    __slots__ = ("reason", "status")

    def __init__(self, status: int, reason: str = "", headers: Iterable[tuple[str, str]] = (), body: bytes = b"") -> None:
        self.status = status
        self.reason = clean(reason)
        super().__init__(headers, body)

    def head(self) -> str:
        """The status line."""
        return f"SIP/2.0 {self.status} {self.reason}"


def parse_message(data: bytes) -> Request | Response:
    """Read one datagram. Bytes behind Content-Length are dropped, a short body is refused (RFC 3261 18.3). Raises SipParseError."""
    if len(data) > MAX_MESSAGE_BYTES:
        raise MessageTooLarge("message too large")
    if data[:2] == b"\r\n":  # RFC 3261 7.5
        data = data.lstrip(b"\r\n")
    head, separator, body = data.partition(b"\r\n\r\n")
    if not separator:
        raise SipParseError("no end of headers")
    message, fault = _read_head(head)
    length = len(body)
    stated = message._fields.get("content-length")
    if stated is not None:
        number = parse_number(stated[0], 2**31)
        if number is None:
            fault = fault or "bad Content-Length"
        elif number > length:
            fault = fault or "body shorter than Content-Length"
        elif number < length:
            body = body[:number]
    message.body = body
    if fault:
        raise _error(fault, message)
    return message


def _read_head(head: bytes) -> tuple[Request | Response, str]:
    """Start line and headers, and the first fault in them, empty without one. Raises SipParseError when it is no SIP at all."""
    if len(head) > MAX_HEAD_BYTES:
        raise MessageTooLarge("headers too large")
    text = head.decode("utf-8", "surrogateescape")
    lines = text.split("\r\n")
    ends = len(lines) - 1
    if ends > MAX_HEADERS:
        raise MessageTooLarge("too many headers")
    message, fault = _read_start(lines.pop(0))
    message._views = {}
    fields = message._fields = {}
    if text.count("\n") != ends or text.count("\r") != ends or "\0" in text:
        fault = "stray control character"
    return message, _read_fields(lines, fields, fault)


def _read_fields(lines: list[str], fields: Fields, fault: str) -> str:
    """Fill in `fields`; returns the first fault of the message, `fault` before any other."""
    known = SPELLED
    for line in lines:
        name, colon, value = line.partition(":")
        key = known.get(name)
        if key is None or not colon:
            if line[:1] in _BLANKS:
                fields.clear()
                return _read_fields(_unfold(lines), fields, fault)
            key = canonical(name)
            if not colon or not TOKEN.fullmatch(key):
                fault = fault or "bad header line"
                continue
        value = value.strip(" \t")
        values = fields.get(key)
        if values is None:
            fields[key] = [value]
        elif key not in SINGLE:
            values.append(value)
        elif values[0] != value:
            fault = fault or f"repeated {key}"
    if not ("via" in fields and "from" in fields and "to" in fields and "call-id" in fields and "cseq" in fields):
        fault = fault or "missing " + next(key for key in MANDATORY if key not in fields)
    return fault


def _unfold(lines: list[str]) -> list[str]:
    """Lines that begin with a blank go on the line before, behind one space (RFC 3261 7.3.1)."""
    whole: list[str] = []
    for line in lines:
        if line[:1] not in _BLANKS:
            whole.append(line)
        elif whole:
            whole[-1] = f"{whole[-1].rstrip(_SPACES)} {line.lstrip(_SPACES)}"
        else:
            whole.append(line.lstrip(_SPACES))
    return whole


def _read_start(line: str) -> tuple[Request | Response, str]:
    parts = line.split(" ")
    if len(parts) == 3 and parts[2] == "SIP/2.0" and TOKEN.fullmatch(parts[0]) and _REQUEST_URI.fullmatch(parts[1]):
        return _request(parts[0], parts[1]), ""
    status = _STATUS_LINE.fullmatch(line)
    if status is not None:
        response = Response.__new__(Response)
        response.status = int(status.group(1))
        response.reason = (status.group(2) or "").strip(" \t")
        return response, ""
    words = line.split()
    if len(words) < 2 or not TOKEN.fullmatch(words[0]) or not _OTHER_VERSION.fullmatch(words[-1]):
        raise SipParseError("no SIP message")
    exact = len(parts) == 3 and _REQUEST_URI.fullmatch(parts[1])
    fault = "bad request line" if not exact else "" if words[-1].upper() == "SIP/2.0" else "unsupported version"
    return _request(words[0], words[1]), fault


def _request(method: str, uri: str) -> Request:
    request = Request.__new__(Request)
    request.method = method
    request.uri = uri
    return request


def _error(fault: str, message: Request | Response) -> SipParseError:
    kind = UnsupportedVersion if fault == "unsupported version" else SipParseError
    return kind(fault, _answerable(message))


def _answerable(message: Request | Response) -> Request | None:
    """The request, if enough of it was read that a response finds its way and is matched."""
    if not isinstance(message, Request) or message.method == "ACK":
        return None
    try:
        usable = bool(message.via and message.from_ and message.to and message.call_id and message.need("cseq"))
    except SipParseError:
        return None
    copied = "".join(value for key in _COPIED for value in message.lines(key))
    return message if usable and _BREAKS.isdisjoint(copied) else None  # a bare LF must not come back as a header of ours


class StreamParser:
    """Messages out of a TCP or TLS stream, framed by Content-Length alone (RFC 3261 18.3).

    `refused` holds what the last `feed` read of messages that are malformed but whole: answer them where they can be answered, and go on.
    """

    def __init__(self) -> None:
        self.refused: list[SipParseError] = []
        self._buffer = bytearray()
        self._waiting: tuple[Request | Response, str, int] | None = None
        self._broken = False

    def feed(self, data: bytes) -> list[Request | Response]:
        """Take bytes, give the messages that are complete. Raises FramingError: close the connection, no later byte can be trusted."""
        if self._broken:
            raise FramingError("stream already broken")
        self._buffer += data
        self.refused = []
        messages: list[Request | Response] = []
        try:
            while (read := self._next()) is not None:
                message, fault = read
                if fault:
                    self.refused.append(_error(fault, message))
                else:
                    messages.append(message)
        except SipParseError as error:
            self._broken = True
            self._buffer.clear()
            raise FramingError(error.reason, error.request, tuple(messages)) from error
        return messages

    def _next(self) -> tuple[Request | Response, str] | None:
        if self._waiting is None:
            self._waiting = self._next_head()
            if self._waiting is None:
                return None
        message, fault, length = self._waiting
        if len(self._buffer) < length:
            return None
        message.body = bytes(self._buffer[:length])
        del self._buffer[:length]
        self._waiting = None
        return message, fault

    def _next_head(self) -> tuple[Request | Response, str, int] | None:
        buffer = self._buffer
        while buffer.startswith(b"\r\n"):  # keep-alives (RFC 5626 3.5.1)
            del buffer[:2]
        end = buffer.find(b"\r\n\r\n", 0, MAX_HEAD_BYTES + 4)
        if end < 0:
            if len(buffer) > MAX_HEAD_BYTES:
                raise MessageTooLarge("headers too large")
            return None
        message, fault = _read_head(bytes(buffer[:end]))
        message.body = b""
        stated = message._fields.get("content-length")
        if stated is None:
            raise _error("no Content-Length on a stream", message)
        length = parse_number(stated[0], MAX_MESSAGE_BYTES)
        if length is None:
            raise _error("bad Content-Length", message)
        if fault in _UNFRAMED:
            raise _error(fault, message)
        del buffer[: end + 4]
        return message, fault, length


def response_to(
    request: Request,
    status: int,
    reason: str = "",
    *,
    to_tag: str | None = None,
    headers: Iterable[tuple[str, str]] = (),
    body: bytes = b"",
) -> Response:
    """The response to a request: Via, From, To, Call-ID, CSeq copied, Record-Route where a dialog may form (RFC 3261 8.2.6, 12.1.1).

    `to_tag` is added unless To has a tag already. Raises HeaderInjection for headers, SipParseError for a To that cannot be read.
    """
    source = request._fields
    to = source["to"][0]
    if to_tag and ("tag" not in to.lower() or request.to.tag is None):
        to = f"{to};tag={clean(to_tag)}"
    response = Response.__new__(Response)
    response.status = status
    response.reason = clean(reason) if reason else REASONS.get(status, "Unknown")
    response.body = body
    response._views = {}
    fields = response._fields = {
        "via": source["via"][:],
        "from": source["from"],
        "to": [to],
        "call-id": source["call-id"],
        "cseq": source["cseq"],
    }
    if 100 < status < 300 and "record-route" in source:
        fields["record-route"] = source["record-route"][:]
    if status == 100 and "timestamp" in source:  # 8.2.6.1
        fields["timestamp"] = source["timestamp"][:]
    for name, value in headers:
        fields.setdefault(clean_name(name), []).append(clean(value))
    return response
