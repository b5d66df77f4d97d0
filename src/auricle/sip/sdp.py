"""Session descriptions (RFC 8866) as offer/answer uses them (RFC 3264): sections are split once, attributes are read when asked for.

Left out: time zones, repeats and other announcements of broadcasts (kept as lines), and every judgement of policy.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from auricle.sip.errors import HeaderInjection, SdpError, SdpNotAcceptable
from auricle.sip.sdes import Crypto, parse_cryptos

MAX_SDP_BYTES = 32768  # a browser's offer with video has 8 kB; four times that
MAX_LINES = 1000
MAX_MEDIA = 32  # a conference offer of a browser has 10
MAX_PORT = 65535
Attribute = tuple[str, str | None]


class Direction(StrEnum):
    """Where media flows, seen from the side that wrote the description (RFC 8866 6.7)."""

    SENDRECV = "sendrecv"
    SENDONLY = "sendonly"
    RECVONLY = "recvonly"
    INACTIVE = "inactive"

    @property
    def held(self) -> bool:
        """The writer wants no media from us (RFC 3264 8.4)."""
        return self is Direction.SENDONLY or self is Direction.INACTIVE

    @property
    def mirrored(self) -> "Direction":
        """What an answer to it says at most (RFC 3264 6.1)."""
        return _MIRROR[self]


_MIRROR = {
    Direction.SENDRECV: Direction.SENDRECV,
    Direction.SENDONLY: Direction.RECVONLY,
    Direction.RECVONLY: Direction.SENDONLY,
    Direction.INACTIVE: Direction.INACTIVE,
}
_DIRECTIONS = {direction.value: direction for direction in Direction}


@dataclass(frozen=True, slots=True)
class Connection:
    """A c= line: family `IP4` or `IP6`, and the address as written."""

    family: str
    address: str

    @property
    def is_null(self) -> bool:
        """0.0.0.0 or :: (RFC 3264 8.4): send nothing there."""
        return not self.address.strip("0:." if self.family == "IP6" else "0.")

    def __str__(self) -> str:
        return f"IN {self.family} {self.address}"


@dataclass(frozen=True, slots=True)
class RtpMap:
    """One codec: its name in upper case, clock rate in Hz, channels."""

    name: str
    rate: int
    channels: int = 1


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """A certificate's hash (RFC 8122): algorithm in lower case, value in upper case, so that `==` is the comparison it asks for."""

    algorithm: str
    value: str


STATIC_TYPES = {
    "0": RtpMap("PCMU", 8000), "3": RtpMap("GSM", 8000), "4": RtpMap("G723", 8000), "8": RtpMap("PCMA", 8000), "9": RtpMap("G722", 8000),
    "13": RtpMap("CN", 8000), "15": RtpMap("G728", 8000), "18": RtpMap("G729", 8000),
}  # fmt: skip
"""Payload types that need no rtpmap (RFC 3551 6), audio only."""


@dataclass(frozen=True, slots=True)
class MediaDescription:
    """One m= section. Attributes are (name, value) in order; `inherited` are those of the session."""

    kind: str
    port: int
    profile: str
    formats: list[str]
    connection: Connection | None = None
    attributes: list[Attribute] = field(default_factory=list, repr=False)
    port_count: int = 1
    extra: list[str] = field(default_factory=list)
    """Other lines between m= and a=, as written (i=, b=)."""
    inherited: list[Attribute] = field(default_factory=list, repr=False, compare=False)

    def attribute(self, name: str) -> str | None:
        """The value of the first attribute of this name at this level, empty for a bare flag; None without one."""
        return next((value or "" for key, value in self.attributes if key == name), None)

    def attributes_named(self, name: str) -> list[str]:
        """The values of all attributes of this name at this level."""
        return [value or "" for key, value in self.attributes if key == name]

    def direction(self, session: "SessionDescription") -> Direction:
        """The media level beats the session level, none is sendrecv; a null address takes away the right to send to it."""
        direction = _direction(self.attributes) or _direction(session.attributes) or Direction.SENDRECV
        connection = self.connection or session.connection
        if connection is not None and connection.is_null:
            return Direction.SENDONLY if direction in {Direction.SENDRECV, Direction.SENDONLY} else Direction.INACTIVE
        return direction

    @property
    def crypto_lines(self) -> list[Crypto]:
        """Every readable crypto line, those we may not take with their `fault`."""
        return parse_cryptos(self.attributes_named("crypto"))

    @property
    def cryptos(self) -> list[Crypto]:
        """The crypto lines we may take, in the offerer's order (RFC 4568 5.1.2)."""
        return [line for line in self.crypto_lines if not line.fault]

    @property
    def rtpmaps(self) -> dict[str, RtpMap]:
        """The codec of each format of this m= line that is known, static types included; unreadable rtpmap lines do not count."""
        said = dict(found for value in self.attributes_named("rtpmap") if (found := _rtpmap(value)))
        return {name: codec for name in self.formats if (codec := said.get(name) or STATIC_TYPES.get(name))}

    @property
    def fmtps(self) -> dict[str, str]:
        """Format parameters by format."""
        pairs = (value.partition(" ") for value in self.attributes_named("fmtp"))
        return {name: params.strip() for name, _, params in pairs}

    @property
    def fingerprint(self) -> Fingerprint | None:
        """The first certificate fingerprint, of the session when the media has none (RFC 8122 5)."""
        value = self._inheritable("fingerprint")
        parts = value.split() if value else []
        return Fingerprint(parts[0].lower(), parts[1].upper()) if len(parts) == 2 else None

    @property
    def setup(self) -> str | None:
        """The DTLS role: active, passive, actpass or holdconn (RFC 4145 4)."""
        value = self._inheritable("setup")
        return value.strip().lower() if value else None

    @property
    def ptime(self) -> float | None:
        """Wished packet time in ms (RFC 8866 6.4)."""
        return _positive(self.attribute("ptime"))

    @property
    def maxptime(self) -> float | None:
        """The longest packet in ms that may be sent (RFC 8866 6.5)."""
        return _positive(self.attribute("maxptime"))

    def _inheritable(self, name: str) -> str | None:
        value = self.attribute(name)
        return value if value is not None else next((value for key, value in self.inherited if key == name), None)

    def lines(self) -> list[str]:
        """The section as text lines."""
        port = str(self.port) if self.port_count == 1 else f"{self.port}/{self.port_count}"
        head = [f"m={self.kind} {port} {self.profile} {' '.join(self.formats)}", *(line for line in self.extra if line.startswith("i="))]
        if self.connection is not None:
            head.append(f"c={self.connection}")
        head += [line for line in self.extra if not line.startswith("i=")]
        return head + _attribute_lines(self.attributes)


@dataclass(frozen=True, slots=True)
class SessionDescription:
    """A whole description. `origin` is the o= value as written; its third word is the version (RFC 3264 8)."""

    origin: str
    name: str = "-"
    connection: Connection | None = None
    media: list[MediaDescription] = field(default_factory=list)
    attributes: list[Attribute] = field(default_factory=list, repr=False)
    extra: list[str] = field(default_factory=list)
    """Other session lines, as written, in order; t= among them."""

    @classmethod
    def parse(cls, data: bytes) -> "SessionDescription":
        """Read a description. Raises SdpError (400) when it is malformed, SdpNotAcceptable (488) when it is none of the Internet."""
        return _parse(data)

    @property
    def version(self) -> int:
        """The version of the origin. It grows with each change; the same number says nothing changed (RFC 3264 8)."""
        return int(self.origin.split(" ")[2])

    @property
    def audio(self) -> MediaDescription | None:
        """The first audio section that is not refused."""
        return next((media for media in self.media if media.kind == "audio" and media.port), None)

    def address_of(self, media: MediaDescription) -> Connection | None:
        """Where this media is to be sent."""
        return media.connection or self.connection

    def to_bytes(self) -> bytes:
        """The description with lines in the order of RFC 8866 5. Raises HeaderInjection for a value that would end its line."""
        early = [line for line in self.extra if line[0] in "iuep"]
        late = [line for line in self.extra if line[0] not in "iuep"]
        if not any(line.startswith("t=") for line in late):
            late.append("t=0 0")
        lines = ["v=0", f"o={self.origin}", f"s={self.name}", *early]
        if self.connection is not None:
            lines.append(f"c={self.connection}")
        lines += [*late, *_attribute_lines(self.attributes)]
        for media in self.media:
            lines += media.lines()
        text = "\r\n".join(lines) + "\r\n"
        if text.count("\n") != len(lines) or text.count("\r") != len(lines) or "\0" in text:
            raise HeaderInjection
        return text.encode("utf-8", "surrogateescape")


def _parse(data: bytes) -> SessionDescription:
    session, *sections = _sections(_split_lines(data))
    if len(sections) > MAX_MEDIA:
        raise SdpNotAcceptable("too many media")
    if session[0] != "v=0" or len(session) < 2 or not session[1].startswith("o="):
        raise SdpError("no v= and o= at the start")
    origin = session[1][2:]
    words = origin.split(" ")
    if len(words) != 6 or not all(word.isascii() and word.isdigit() and len(word) <= 20 for word in words[1:3]):
        raise SdpError("bad o=")
    name = next((line[2:] for line in session if line.startswith("s=")), "-")
    attributes = _attributes(session)
    extra = [line for line in session[2:] if line[0] not in "vosca"]
    connection = _connection(session)
    media = [_media(lines, attributes) for lines in sections]
    return SessionDescription(origin, name, connection, media, attributes, extra)


def _split_lines(data: bytes) -> list[str]:
    if len(data) > MAX_SDP_BYTES:
        raise SdpError("description too large")
    text = data.decode("utf-8", "surrogateescape").replace("\r\n", "\n")  # RFC 8866 5: also take lines that end with LF alone
    if "\r" in text or "\0" in text:
        raise SdpError("stray control character")
    lines = text.rstrip("\n").split("\n")
    if len(lines) > MAX_LINES:
        raise SdpError("too many lines")
    for line in lines:
        if line[1:2] != "=" or not "a" <= line[0] <= "z":
            raise SdpError("bad line")
    return lines


def _sections(lines: list[str]) -> list[list[str]]:
    starts = [i for i, line in enumerate(lines) if line[0] == "m"]
    bounds = [0, *starts, len(lines)]
    if bounds[1] == 0:
        raise SdpError("no v= and o= at the start")
    return [lines[bounds[i] : bounds[i + 1]] for i in range(len(bounds) - 1)]


def _media(lines: list[str], inherited: list[Attribute]) -> MediaDescription:
    words = lines[0][2:].split()
    if len(words) < 4:
        raise SdpError("bad m=")
    port, slash, count = words[1].partition("/")
    if not _is_number(port, MAX_PORT) or (slash and not (_is_number(count, MAX_PORT) and int(count))):
        raise SdpError("bad port")
    extra = [line for line in lines[1:] if line[0] not in "ca"]
    return MediaDescription(
        words[0].lower(), int(port), words[2], words[3:], _connection(lines), _attributes(lines), int(count or 1), extra, inherited
    )


def _connection(lines: list[str]) -> Connection | None:
    """The first c= of a section; more than one is layered multicast, which we never take part in."""
    value = next((line[2:] for line in lines if line[0] == "c"), None)
    if value is None:
        return None
    words = value.split()
    if len(words) != 3:
        raise SdpError("bad c=")
    if words[0].upper() != "IN" or words[1].upper() not in {"IP4", "IP6"}:
        raise SdpNotAcceptable("network type not supported")
    return Connection(words[1].upper(), words[2])


def _attributes(lines: list[str]) -> list[Attribute]:
    found: list[Attribute] = []
    for line in lines:
        if line[0] == "a":
            name, colon, value = line[2:].partition(":")
            found.append((name, value if colon else None))
    return found


def _attribute_lines(attributes: list[Attribute]) -> list[str]:
    return [f"a={name}" if value is None else f"a={name}:{value}" for name, value in attributes]


def _direction(attributes: list[Attribute]) -> Direction | None:
    return next((_DIRECTIONS[name] for name, value in attributes if value is None and name in _DIRECTIONS), None)


def _rtpmap(value: str) -> tuple[str, RtpMap] | None:
    payload_type, _, encoding = value.strip().partition(" ")
    name, _, rest = encoding.strip().partition("/")
    rate, slash, channels = rest.partition("/")
    if not (name and payload_type and _is_number(rate, 10**7)):
        return None
    return payload_type, RtpMap(name.upper(), int(rate), int(channels) if slash and _is_number(channels, 255) else 1)


def _positive(value: str | None) -> float | None:
    try:
        number = float(value) if value and len(value) <= 10 else 0.0
    except ValueError:
        return None
    return number if 0 < number < 10_000 else None


def _is_number(text: str, most: int) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 10 and int(text) <= most
