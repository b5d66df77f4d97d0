"""Session timers (RFC 4028): what the two ends agree on, and when to refresh or to give up. No clock in here."""

from dataclasses import dataclass
from typing import ClassVar

from auricle.kernel.errors import PeerError
from auricle.sip.message import Request, Response

MIN_SE_S = 90
"""The smallest interval RFC 4028 4 allows; smaller offers get 422."""
MAX_MARGIN_S = 32.0
"""The end without a refresh comes this long before the expiry, or a third of the interval (10)."""


class IntervalTooSmall(PeerError):
    """A Session-Expires below our Min-SE."""

    code: ClassVar[str] = "sip.session_interval_too_small"
    sip_status: ClassVar[int] = 422


class BadInterval(PeerError):
    """A Session-Expires or Min-SE that is no number of seconds."""

    code: ClassVar[str] = "sip.session_interval"
    sip_status: ClassVar[int] = 400


@dataclass(frozen=True, slots=True)
class Terms:
    """An agreed session timer; `ours` says that we refresh."""

    interval_s: int
    ours: bool

    @property
    def refresh_after_s(self) -> float:
        """When the refresher refreshes: at half of the interval (10)."""
        return self.interval_s / 2

    @property
    def give_up_after_s(self) -> float:
        """When the session ends for want of a refresh."""
        return self.interval_s - min(MAX_MARGIN_S, self.interval_s / 3)


def terms_as_server(request: Request, wanted_s: int) -> tuple[Terms, str]:
    """What a 2xx to this INVITE or UPDATE agrees on, and its header lines (9). Raises IntervalTooSmall, BadInterval."""
    supports = "timer" in request.supported
    asked, refresher = _interval(request.get("session-expires"))
    if asked is not None and asked < MIN_SE_S:
        raise IntervalTooSmall
    least, _ = _interval(request.get("min-se"))
    interval = max(min(wanted_s, asked or wanted_s), least or MIN_SE_S)
    theirs = supports and refresher != "uas"
    if theirs:
        return Terms(interval, ours=False), f"Session-Expires: {interval};refresher=uac\r\nRequire: timer\r\n"
    return Terms(interval, ours=True), f"Session-Expires: {interval};refresher=uas\r\n"


def terms_as_client(response: Response) -> Terms | None:
    """What a 2xx to our INVITE or UPDATE agreed on, None for no timer (7.2). A senseless value counts as none."""
    try:
        interval, refresher = _interval(response.get("session-expires"))
    except BadInterval:
        return None
    if interval is None:
        return None
    return Terms(max(interval, MIN_SE_S), ours=refresher != "uas")


def least_of(response: Response) -> int:
    """The interval a 422 asks for at least."""
    try:
        least, _ = _interval(response.get("min-se"))
    except BadInterval:
        least = None
    return max(least or MIN_SE_S, MIN_SE_S)


def _interval(value: str | None) -> tuple[int | None, str]:
    if value is None:
        return None, ""
    number, _, params = value.partition(";")
    number = number.strip()
    if not (number.isascii() and number.isdigit() and len(number) <= 9):
        raise BadInterval
    for param in params.split(";"):
        name, _, word = param.partition("=")
        if name.strip().lower() == "refresher":
            return int(number), word.strip().lower()
    return int(number), ""
