"""The topics of the live stream and the action each one asks for; a topic that is not here is not sent."""

from types import MappingProxyType

from auricle.access.model import Action

TOPICS = MappingProxyType(
    {
        "live": Action.CALLS_LIVE,
        "call": Action.CALLS_LIVE,
        "voicemail": Action.VOICEMAIL_LIST,
        "system": Action.SYSTEM_READ,
        "service": Action.SYSTEM_READ,
        "signed-out": Action.EVENTS_WATCH,
        "access": Action.SESSION_READ,
        "alert": Action.ALERTS_READ,
        "break-glass": Action.BREAK_GLASS_REVIEW,
        "keys": Action.KEYS_READ,
    }
)
