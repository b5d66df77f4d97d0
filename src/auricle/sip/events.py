"""The words a SIP session says to the call logic: frozen values, SDP stays bytes. Also `Reason` (RFC 3326)."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Reason:
    """One value of a Reason header (RFC 3326 2)."""

    protocol: str
    """`SIP`, `Q.850` or another protocol's name, as received."""
    cause: int
    text: str = ""

    def __str__(self) -> str:
        if not self.text:
            return f"{self.protocol};cause={self.cause}"
        quoted = self.text.replace("\\", "\\\\").replace('"', '\\"')
        return f'{self.protocol};cause={self.cause};text="{quoted}"'


Cause = Literal["local", "peer-bye", "cancelled", "timeout", "no-ack", "error"]
"""Why a session is over: our own hang_up, the peer's BYE or CANCEL, no answer to a request, no ACK, or a broken dialog."""


@dataclass(frozen=True, slots=True)
class Trying:
    """A 100 came: the next hop has the INVITE (outgoing)."""


@dataclass(frozen=True, slots=True)
class Progress:
    """A provisional other than 100 (outgoing); `sdp` is early media, if any."""

    status: int
    sdp: bytes | None


@dataclass(frozen=True, slots=True)
class Accepted:
    """The first 2xx came and was acknowledged (outgoing)."""

    sdp: bytes


@dataclass(frozen=True, slots=True)
class Rejected:
    """A final 4xx-6xx, or 408/503 made by ourselves (outgoing). The session is over; no Terminated follows."""

    status: int
    reason: str
    retry_after_s: int | None


@dataclass(frozen=True, slots=True)
class Redirected:
    """A 3xx with these Contact URIs in order of preference (outgoing). The session is over; no Terminated follows."""

    uris: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The ACK for our 2xx came (incoming)."""


@dataclass(frozen=True, slots=True)
class Offered:
    """The peer's re-INVITE or UPDATE carries an offer; answer_offer or refuse_offer must follow."""

    sdp: bytes


@dataclass(frozen=True, slots=True)
class Info:
    """The peer's INFO, already answered 200. `content_type` is lower case without parameters."""

    content_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Terminated:
    """The session is over; nothing follows. `status` is the SIP status that fits the cause."""

    cause: Cause
    reasons: tuple[Reason, ...]
    status: int


SessionEvent = Trying | Progress | Accepted | Rejected | Redirected | Confirmed | Offered | Info | Terminated
