"""What can go wrong with media.

MediaError               has the SIP status, reason and headers that answer it
├── MediaRefused         the party offered or answered something we do not take: 488 with a Warning that says why
│   ├── SrtpRequired     media without encryption, or keys in the open, where the rule forbids it
│   ├── UnusableKeys     encrypted, but by no key or certificate we may take
│   ├── NoCommonCodec    no conversation possible
│   └── AnswerDowngraded the answer gives up what we offered: alarm
└── MediaFailed          rtpengine refused, did not answer, or lost the leg
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
    """488 with a Warning (RFC 3261 20.43); `text` is one of our constants and goes to the party."""

    code: ClassVar[str] = "media.refused"
    sip_status: ClassVar[int] = 488
    warn_code: ClassVar[int] = 399

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.reason = "Not Acceptable Here"
        self.headers = [("Warning", f'{self.warn_code} {WARNING_AGENT} "{text}"')]


class SrtpRequired(MediaRefused):
    """Media or its keys would go in clear, and this party's rule does not allow that (45 CFR 164.312(e)(1))."""

    code: ClassVar[str] = "media.srtp_required"


class UnusableKeys(MediaRefused):
    """No acceptable a=crypto line (RFC 4568 5.1.2), or no certificate fingerprint (RFC 5763 5)."""

    code: ClassVar[str] = "media.unusable_keys"


class NoCommonCodec(MediaRefused):
    """No audio, or none of the codecs we have; telephone-event and comfort noise are no conversation."""

    code: ClassVar[str] = "media.no_common_codec"
    warn_code: ClassVar[int] = 305


class AnswerDowngraded(MediaRefused):
    """The answer's profile or keys are not what our offer asked for (RFC 3264 6, RFC 4568 5.1.3): never go on in clear."""

    code: ClassVar[str] = "media.answer_downgraded"
    warn_code: ClassVar[int] = 302


class MediaFailed(MediaError, OurError):
    """The media plane does not serve this leg now."""

    code: ClassVar[str] = "media.failed"
    sip_status: ClassVar[int] = 503
    retryable: ClassVar[bool] = True
    reason = "Media not available"
