"""What can go wrong with media.

MediaError       has the SIP status, reason and headers that answer it
├── MediaRefused the party offered or answered something its rule does not allow
└── MediaFailed  rtpengine refused, did not answer, or lost the leg
"""

from collections.abc import Sequence
from typing import ClassVar

from auricle.kernel.errors import AuricleError, OurError, PeerError

WARNING_AGENT = "auricle"


class MediaError(AuricleError):
    """Base; caught where a leg is set up or changed."""

    sip_status: ClassVar[int] = 500
    reason: str = ""
    headers: Sequence[tuple[str, str]] = ()


class MediaRefused(MediaError, PeerError):
    """488 with a Warning that says why (RFC 3261 20.43)."""

    code: ClassVar[str] = "media.refused"
    sip_status: ClassVar[int] = 488

    def __init__(self, warn_code: int, text: str) -> None:
        super().__init__(text)
        self.reason = "Not Acceptable Here"
        self.headers = [("Warning", f'{warn_code} {WARNING_AGENT} "{text}"')]


class MediaFailed(MediaError, OurError):
    """The media plane does not serve this leg now."""

    code: ClassVar[str] = "media.failed"
    sip_status: ClassVar[int] = 503
    retryable: ClassVar[bool] = True
    reason = "Media not available"
