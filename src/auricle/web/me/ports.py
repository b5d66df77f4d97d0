"""What people do about their own sign-in. Every method is audited inside, refusals too."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from auricle.web.signed_in import SignedIn


@dataclass(frozen=True, slots=True)
class SessionInfo:
    """A live session, as its owner and those who may end it see it."""

    id: str
    username: str
    address: str
    started_at: datetime
    last_seen_at: datetime
    second_factor: str
    current: bool = False
    """Whether it is the one that asks."""


@dataclass(frozen=True, slots=True)
class Strength:
    """A hint for choosing: `score` 0 to 4; `refused` says why it would not be taken, empty when it would."""

    score: int
    warning: str
    suggestions: tuple[str, ...]
    refused: str


@dataclass(frozen=True, slots=True)
class Factors:
    """The second factors of an account. `totp_since` is None where there is none."""

    required: bool
    totp_since: datetime | None
    recovery_codes_left: int
    passkeys: int


@dataclass(frozen=True, slots=True)
class NewTotp:
    """A secret that waits for its confirming code; shown once."""

    secret: str = field(repr=False)
    uri: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Enrolled:
    """The second factor counts from now; the codes are shown once, and the session has a new token."""

    session: SignedIn
    recovery_codes: tuple[str, ...] = field(repr=False)


class Me(Protocol):
    """One's own security."""

    async def sessions(self, me: SignedIn) -> Sequence[SessionInfo]:
        """All one's live sessions, the newest first."""
        ...

    async def end_session(self, me: SignedIn, session: str) -> None:
        """End one of one's own. Raises NotFound."""
        ...

    async def end_other_sessions(self, me: SignedIn) -> int:
        """End all but this one; how many."""
        ...

    async def change_password(self, me: SignedIn, old: str, new: str) -> SignedIn:
        """Take a new password; all other sessions end, this one gets a new token. Raises WrongPassword, BadPassword, Throttled."""
        ...

    async def strength(self, me: SignedIn, password: str) -> Strength:
        """How good a password would be; nothing of it is kept."""
        ...

    async def factors(self, me: SignedIn) -> Factors:
        """The second factors of one's account."""
        ...

    async def begin_totp(self, me: SignedIn) -> NewTotp:
        """A new secret. Raises StepUpNeeded where a second factor exists already."""
        ...

    async def confirm_totp(self, me: SignedIn, code: str) -> Enrolled:
        """The authenticator shows the right code: it counts from now. Raises BadCode, Throttled, NotFound when nothing was begun."""
        ...

    async def remove_totp(self, me: SignedIn) -> None:
        """Remove it and its recovery codes. Raises StepUpNeeded, NotFound, or LastFactor where the practice asks for one."""
        ...

    async def new_recovery_codes(self, me: SignedIn) -> tuple[str, ...]:
        """Replace all recovery codes; shown once. Raises StepUpNeeded, NotFound where there is no TOTP."""
        ...

    async def know_addresses(self, me: SignedIn) -> None:
        """The new addresses of the notice are one's own."""
        ...
