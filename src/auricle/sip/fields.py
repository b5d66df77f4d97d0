"""What SIP requests and responses share (RFC 3261 7.3): header values in order, each parsed only when it is asked for.

Text is UTF-8 with surrogate escapes, so any bytes a peer sent come out again unchanged. No value of ours with CR, LF or NUL gets in,
and none gets out.
"""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from auricle.sip.errors import HeaderInjection, SipParseError
from auricle.sip.events import Reason
from auricle.sip.grammar import DISPLAY, LISTS, canonical, clean, clean_name, parse_number, split_list, tokens
from auricle.sip.headers import (
    CSeq,
    NameAddr,
    Via,
    parse_addresses,
    parse_cseq,
    parse_name_addr,
    parse_privacy,
    parse_reason,
    parse_via,
    readable_addresses,
)

T = TypeVar("T")
Fields = dict[str, list[str]]
"""Values as their lines had them, by canonical name."""


class Message:
    """A request or a response. Views that are lists or sets are kept and shared: do not change them."""

    __slots__ = ("_fields", "_views", "body")

    def __init__(self, headers: Iterable[tuple[str, str]] = (), body: bytes = b"") -> None:
        self._fields: Fields = {}
        self._views: dict[str, Any] = {}
        self.body = body
        for name, value in headers:
            self.add(name, value)

    def __eq__(self, other: object) -> bool:
        """Same start line, same values under each name, same body; Content-Length follows from the body."""
        if not isinstance(other, Message):
            return NotImplemented
        ours, theirs = ({key: values for key, values in m._fields.items() if key != "content-length"} for m in (self, other))
        return self.head() == other.head() and ours == theirs and self.body == other.body

    __hash__ = None  # type: ignore[assignment]  # it can be changed

    # ---- raw values ----------------------------------------------------------------------------------

    @property
    def headers(self) -> list[tuple[str, str]]:
        """All (name, value) pairs, values of one name together."""
        return [(DISPLAY.get(key) or key.title(), value) for key, values in self._fields.items() for value in values]

    def get(self, name: str) -> str | None:
        """The first value as its line had it, None without one. The long name in lower case is the fastest."""
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
        if len(values) == 1:
            return split_list(values[0])
        return [part for value in values for part in split_list(value)]

    def lines(self, name: str) -> list[str]:
        """Every value as its line had it, commas and all."""
        return list(self._fields.get(canonical(name), ()))

    def add(self, name: str, value: str) -> None:
        """Append a value. Raises HeaderInjection."""
        key, value = clean_name(name), clean(value)
        self._fields.setdefault(key, []).append(value)
        self._views.clear()

    def set(self, name: str, value: str) -> None:
        """Replace all values by this one. Raises HeaderInjection."""
        self._fields[clean_name(name)] = [clean(value)]
        self._views.clear()

    def prepend(self, name: str, value: str) -> None:
        """Put a value in front of the others of its name. Raises HeaderInjection."""
        key, value = clean_name(name), clean(value)
        self._fields.setdefault(key, []).insert(0, value)
        self._views.clear()

    def remove(self, name: str) -> None:
        """Drop all values."""
        self._fields.pop(canonical(name), None)
        self._views.clear()

    # ---- typed views -----------------------------------------------------------------------------------

    @property
    def via(self) -> Via:
        """The top Via. Raises SipParseError."""
        found: Via | None = self._views.get("via")
        if found is None:
            value = self.need("via")
            if "," in value:
                value = next(iter(split_list(value)), "")
            found = self._views["via"] = parse_via(value)
        return found

    @property
    def vias(self) -> list[Via]:
        """All Via values, top first. Raises SipParseError."""
        return self._view("vias", lambda: [parse_via(value) for value in self.get_all("via")])

    @property
    def from_(self) -> NameAddr:
        """From. Raises SipParseError."""
        found: NameAddr | None = self._views.get("from")
        if found is None:
            found = self._views["from"] = parse_name_addr(self.need("from"))
        return found

    @property
    def to(self) -> NameAddr:
        """To. Raises SipParseError."""
        found: NameAddr | None = self._views.get("to")
        if found is None:
            found = self._views["to"] = parse_name_addr(self.need("to"))
        return found

    @property
    def call_id(self) -> str:
        """Call-ID. Raises SipParseError."""
        return self.need("call-id")

    @property
    def cseq(self) -> CSeq:
        """CSeq. Raises SipParseError."""
        found: CSeq | None = self._views.get("cseq")
        if found is None:
            found = self._views["cseq"] = parse_cseq(self.need("cseq"))
        return found

    @property
    def contacts(self) -> list[NameAddr]:
        """Contact addresses; empty for none and for `*`. Raises SipParseError."""
        return self._view("contacts", lambda: [] if self.get("contact") == "*" else parse_addresses(self.get_all("contact")))

    @property
    def routes(self) -> list[NameAddr]:
        """Route values in order. Raises SipParseError."""
        return self._view("routes", lambda: parse_addresses(self.get_all("route")))

    @property
    def record_routes(self) -> list[NameAddr]:
        """Record-Route values in order. Raises SipParseError."""
        return self._view("record-routes", lambda: parse_addresses(self.get_all("record-route")))

    @property
    def max_forwards(self) -> int | None:
        """Max-Forwards, None without one. Raises SipParseError."""
        value = self.get("max-forwards")
        if value is None:
            return None
        number = parse_number(value, 255)
        if number is None:
            raise SipParseError("bad max-forwards")
        return number

    @property
    def expires(self) -> int | None:
        """Expires in seconds; a malformed one counts as absent (RFC 3261 20.19)."""
        value = self.get("expires")
        return None if value is None else parse_number(value, 2**32 - 1)

    @property
    def content_type(self) -> str | None:
        """Content-Type without parameters, lower-case."""
        value = self.get("content-type")
        return value.partition(";")[0].strip(" \t").lower() if value else None

    @property
    def supported(self) -> frozenset[str]:
        """Option tags of Supported, lower-case."""
        return self._view("supported", lambda: tokens(self.get_all("supported")))

    @property
    def require(self) -> frozenset[str]:
        """Option tags of Require, lower-case."""
        return self._view("require", lambda: tokens(self.get_all("require")))

    @property
    def privacy(self) -> frozenset[str]:
        """Privacy tokens, lower-case (RFC 3323 4.2)."""
        return self._view("privacy", lambda: parse_privacy(self._fields.get("privacy", [])))

    @property
    def asserted(self) -> list[NameAddr]:
        """The readable values of P-Asserted-Identity (RFC 3325 9.1); whether to believe them is the caller's business."""
        return self._view("asserted", lambda: readable_addresses(self.get_all("p-asserted-identity")))

    @property
    def reasons(self) -> list[Reason]:
        """Reason values that have a cause (RFC 3326)."""
        return self._view("reasons", lambda: [reason for value in self.get_all("reason") if (reason := parse_reason(value))])

    def need(self, key: str) -> str:
        """The first value of a header that must be there, by its canonical name. Raises SipParseError."""
        values = self._fields.get(key)
        if not values or not values[0]:
            raise SipParseError(f"missing {key}")
        return values[0]

    def _view(self, key: str, read: Callable[[], T]) -> T:
        found: T | None = self._views.get(key)
        if found is None:
            found = self._views[key] = read()
        return found

    # ---- out -------------------------------------------------------------------------------------------

    def head(self) -> str:
        """The start line."""
        raise NotImplementedError

    def to_bytes(self) -> bytes:
        """The message on the wire, with a Content-Length that is right. Raises HeaderInjection."""
        lines = [self.head()]
        for key, values in self._fields.items():
            if key != "content-length":
                name = DISPLAY.get(key) or key.title()
                if len(values) == 1:
                    lines.append(f"{name}: {values[0]}")
                else:
                    lines += [f"{name}: {value}" for value in values]
        lines.append(f"Content-Length: {len(self.body)}\r\n\r\n")
        text = "\r\n".join(lines)
        ends = len(lines) + 1
        if text.count("\n") != ends or text.count("\r") != ends or "\0" in text:
            raise HeaderInjection
        return text.encode("utf-8", "surrogateescape") + self.body
