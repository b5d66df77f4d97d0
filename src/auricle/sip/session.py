"""One INVITE session (RFC 3261 13-15)."""

from auricle.sip.events import (
    Accepted,
    Cause,
    Confirmed,
    Info,
    Offered,
    Progress,
    Reason,
    Redirected,
    Rejected,
    SessionEvent,
    Terminated,
    Trying,
)

__all__ = [
    "Accepted",
    "Cause",
    "Confirmed",
    "Info",
    "Offered",
    "Progress",
    "Reason",
    "Redirected",
    "Rejected",
    "SessionEvent",
    "Terminated",
    "Trying",
]
