"""Who is behind a request, and how signing in can fail."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from auricle.kernel.actor import Actor
from auricle.kernel.errors import PeerError
from auricle.kernel.ids import PersonId


class BadCredentials(PeerError):
    """The user name and password do not belong together; which one is wrong is not said."""

    code: ClassVar[str] = "session.bad_credentials"


class BadCode(PeerError):
    """The one-time code or recovery code is wrong, used before, or too old; which of them is not said."""

    code: ClassVar[str] = "session.bad_code"


class WrongPassword(PeerError):
    """The password of somebody who is signed in is wrong; their session stays."""

    code: ClassVar[str] = "me.wrong_password"


class TicketOver(PeerError):
    """The second step of a sign-in came too late, from elsewhere, or a second time: start with the password again."""

    code: ClassVar[str] = "session.ticket_over"


class StepUpNeeded(PeerError):
    """The act needs the password and second factor again, within the last five minutes."""

    code: ClassVar[str] = "access.step_up_needed"  # the same as when a policy asks for it


class EnrolmentNeeded(PeerError):
    """The practice asks for a second factor and this person has none: until then only that can be set up."""

    code: ClassVar[str] = "session.must_enrol"


class Throttled(PeerError):
    """Too many wrong tries; the same try is taken again after `retry_after_s`."""

    code: ClassVar[str] = "session.throttled"
    retryable: ClassVar[bool] = True

    def __init__(self, retry_after_s: float) -> None:
        super().__init__("throttled")
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, slots=True)
class AccessChanged:
    """Sessions ended, or what people may do changed: whoever shows something looks again whether it still may."""


@dataclass(frozen=True, slots=True)
class NewAddress:
    """A sign-in of this account from an address it was never used from before, not yet confirmed as one's own."""

    address: str
    at: datetime


@dataclass(frozen=True, slots=True)
class OpenGlass:
    """Break-glass access in force."""

    id: str
    until: datetime


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A live session, or the use of an API key. `token` is the cookie's value, empty for a key; logs know the actor's `session_id`."""

    token: str = field(repr=False)
    actor: Actor
    person: PersonId
    username: str
    expires_at: datetime
    """The end, however busy the session is."""
    idle_s: int
    """Seconds without use after which it ends sooner."""
    second_factor: str = "none"
    """What was proved besides the password at sign-in: `none`, `totp`, `recovery-code`, `passkey` or `sso`."""
    stepped_up_until: datetime | None = None
    must_enrol: bool = False
    break_glass: OpenGlass | None = None
    new_addresses: tuple[NewAddress, ...] = ()


@dataclass(frozen=True, slots=True)
class SecondFactorNeeded:
    """The password was right; a second step is due. `ticket` is good once, for five minutes, from the same address."""

    ticket: str = field(repr=False)
    methods: tuple[str, ...]
