"""The call record: who talked to whom, through which steps, with which protection (kept sealed, 45 CFR 164.312(b))."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from auricle.kernel.ids import CallId, LegId, PersonId
from auricle.kernel.phi import Phi


class Direction(StrEnum):
    """Seen from the practice."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"
    INTERNAL = "internal"


class Disposition(StrEnum):
    """How a call ended."""

    ANSWERED = "answered"
    VOICEMAIL = "voicemail"
    ABANDONED = "abandoned"
    """The caller hung up before anybody answered."""
    COMPLETED = "completed"
    """The flow ran to its end without a person or a mailbox."""
    NO_ANSWER = "no-answer"
    BUSY = "busy"
    REFUSED = "refused"
    FAILED = "failed"


class Protection(StrEnum):
    """What protected a leg or, at its weakest leg, a call."""

    END_TO_END = "end-to-end"
    TO_GATEWAY = "to-gateway"
    """Signalling TLS and media SRTP between the phone and us."""
    PUBLIC_NETWORK = "public-network"
    """Protected as far as our gateway, then the carrier's network beyond it."""
    UNPROTECTED = "unprotected"


@dataclass(frozen=True, slots=True)
class LegRecord:
    """One party of a call. `party` is a number, an address-of-record or a person's extension."""

    id: LegId
    outgoing: bool
    party: Phi[str]
    display_name: Phi[str]
    person: PersonId | None
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime
    signalling: str
    """`TLS`, `WSS`, `TCP` or `UDP`, as the edge saw it."""
    media: str
    """`SRTP`, `DTLS-SRTP`, `RTP` or `none`."""
    protection: Protection
    end_status: int
    """The SIP status that ended it; 200 for a hang-up after an answer, 487 for a cancelled one."""
    answered_elsewhere: bool = False


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One call. `steps` are the names of the flow steps in order, with the keys pressed left out."""

    id: CallId
    direction: Direction
    caller: Phi[str]
    """E.164 or extension; `anonymous` where privacy was asked for (RFC 3323) or none was given."""
    caller_name: Phi[str]
    called: Phi[str]
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime
    disposition: Disposition
    answered_by: PersonId | None
    steps: tuple[str, ...]
    protection: Protection
    legs: tuple[LegRecord, ...]

    @property
    def talk_s(self) -> float:
        """Seconds from answer to end; 0 where nobody answered."""
        return (self.ended_at - self.answered_at).total_seconds() if self.answered_at else 0.0
