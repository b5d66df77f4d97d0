"""The two roots of every error we raise.

AuricleError
├── PeerError   somebody outside did wrong: answer them, count it, go on
└── OurError    we did wrong, or a part of ours failed: alarm, end that call only

Texts carry identifiers, never patient values and never an upstream body.
"""

from typing import ClassVar


class AuricleError(Exception):
    """Base of all errors of ours; never raised itself."""

    code: ClassVar[str] = "auricle.error"
    """A stable name for logs, metrics and API answers."""
    retryable: ClassVar[bool] = False
    """Whether the same act may succeed later, unchanged."""


class PeerError(AuricleError):
    """Input from outside that we refuse."""

    sip_status: ClassVar[int] = 400
    """The SIP status that answers it, where the input was SIP."""


class OurError(AuricleError):
    """A failure on our side."""
