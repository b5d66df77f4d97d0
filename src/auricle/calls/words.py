"""The small vocabulary legs speak to call logic. SDP and headers stay inside the leg; nothing here is SIP."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Trying:
    """The party's side has the request."""


@dataclass(frozen=True, slots=True)
class Ringing:
    """The party is being alerted."""


@dataclass(frozen=True, slots=True)
class Answered:
    """The party answered and its media is known."""

    answer: bytes


@dataclass(frozen=True, slots=True)
class Failed:
    """An outgoing leg was refused or could not be placed. `status` is the SIP status."""

    status: int


@dataclass(frozen=True, slots=True)
class Redirected:
    """The party asks to be tried elsewhere (3xx)."""

    uris: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ended:
    """The leg is over. `status` is the SIP status that says why (200 hang-up, 487 cancelled, 408 lost)."""

    status: int


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The party's side acknowledged our answer."""


@dataclass(frozen=True, slots=True)
class Reoffered:
    """The party wants its media changed (hold, resume, another address)."""

    offer: bytes


@dataclass(frozen=True, slots=True)
class Digit:
    """A key the party pressed: one of `0-9*#A-D`."""

    key: str


Word = Trying | Ringing | Answered | Failed | Redirected | Ended | Confirmed | Reoffered | Digit
