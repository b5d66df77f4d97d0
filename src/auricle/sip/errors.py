"""Errors of the SIP grammar.

SipParseError             a message we cannot read; `request` is set when it can still be answered, with `sip_status`
├── FramingError          a stream whose message boundaries are lost: close the connection (RFC 3261 18.3)
├── UnsupportedVersion    a request of another SIP
├── UnsupportedScheme     a URI that is neither sip, sips nor tel
└── MessageTooLarge       more bytes or lines than we take
SdpError                  a session description that is malformed
└── SdpNotAcceptable      one that is well formed and that we cannot use
HeaderInjection           a value of ours that would end its header line: a bug or an attack through our API
"""

from typing import TYPE_CHECKING, ClassVar

from auricle.kernel.errors import OurError, PeerError

if TYPE_CHECKING:
    from auricle.sip.message import Request, Response


class SipParseError(PeerError):
    """A message that is not SIP as RFC 3261 25 has it. `reason` is one of our constants, never the peer's text."""

    code: ClassVar[str] = "sip.malformed"
    sip_status: ClassVar[int] = 400

    def __init__(self, reason: str, request: "Request | None" = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.request = request


class FramingError(SipParseError):
    """The stream has no message boundary to go on from. `messages` are those that were whole before it broke: still to be handled."""

    code: ClassVar[str] = "sip.framing"

    def __init__(self, reason: str, request: "Request | None" = None, messages: "tuple[Request | Response, ...]" = ()) -> None:
        super().__init__(reason, request)
        self.messages = messages


class UnsupportedVersion(SipParseError):
    """A request line that ends in another version than SIP/2.0 (RFC 3261 21.5.6)."""

    code: ClassVar[str] = "sip.version"
    sip_status: ClassVar[int] = 505


class UnsupportedScheme(SipParseError):
    """A URI of a scheme we do not route (RFC 3261 21.4.14)."""

    code: ClassVar[str] = "sip.uri_scheme"
    sip_status: ClassVar[int] = 416


class MessageTooLarge(SipParseError):
    """More than a limit of `sip.grammar` (RFC 3261 21.5.7)."""

    code: ClassVar[str] = "sip.too_large"
    sip_status: ClassVar[int] = 513


class SdpError(PeerError):
    """A session description that is malformed (RFC 8866). `reason` is one of our constants."""

    code: ClassVar[str] = "sip.sdp_malformed"
    sip_status: ClassVar[int] = 400

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class SdpNotAcceptable(SdpError):
    """A description we understand and cannot take (RFC 3261 21.4.26)."""

    code: ClassVar[str] = "sip.sdp_not_acceptable"
    sip_status: ClassVar[int] = 488


class HeaderInjection(OurError):
    """A header value with CR, LF or NUL in it; it is refused, never cleaned."""

    code: ClassVar[str] = "sip.header_injection"
