"""Errors of the SIP grammar.

SipParseError    a message we cannot read; `request` is set when a 400 can still be routed
├── FramingError a stream whose message boundaries are lost: close the connection (RFC 3261 18.3)
SdpError         a session description we cannot read or use
HeaderInjection  a value of ours that would end its header line: a bug or an attack through our API
"""

from typing import TYPE_CHECKING, ClassVar

from auricle.kernel.errors import OurError, PeerError

if TYPE_CHECKING:
    from auricle.sip.message import Request


class SipParseError(PeerError):
    """A message that is not SIP as RFC 3261 25 has it. `reason` is one of our constants, never the peer's text."""

    code: ClassVar[str] = "sip.malformed"
    sip_status: ClassVar[int] = 400

    def __init__(self, reason: str, request: "Request | None" = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.request = request


class FramingError(SipParseError):
    """The stream has no message boundary to go on from."""

    code: ClassVar[str] = "sip.framing"


class SdpError(PeerError):
    """A session description that is malformed (RFC 8866)."""

    code: ClassVar[str] = "sip.sdp_malformed"
    sip_status: ClassVar[int] = 400


class HeaderInjection(OurError):
    """A header value with CR, LF or NUL in it; it is refused, never cleaned."""

    code: ClassVar[str] = "sip.header_injection"
