"""What the passkey routes need, and what starting a session needs to know of a sign-in by other means than a password."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from auricle.access.passkeys import Passkey
from auricle.kernel.actor import Actor
from auricle.kernel.ids import PersonId
from auricle.web.signed_in import SignedIn

Json = Mapping[str, Any]
"""A WebAuthn object in its JSON form (L3 5.1.8 and 5.1.9), as browsers parse and make it."""


class SessionStarter(Protocol):
    """Starts sessions for whoever has verified a person by its own means."""

    async def start(self, person: PersonId, username: str, address: str, method: str, second_factor: str) -> SignedIn:
        """A new session, with its audit entry. `second_factor` is `none` or what counted as one."""
        ...

    async def step_up(self, signed_in: SignedIn) -> SignedIn:
        """The person has just proved again who they are: the same session with a new token."""
        ...

    async def enrolled(self, signed_in: SignedIn, factor: str) -> SignedIn:
        """The session has its first second factor from now, under a new token; all others of the account end."""
        ...

    async def end(self, ids: list[str], actor: Actor, why: str) -> None:
        """End sessions at once, with an entry each, and tell their live streams."""
        ...


class Passkeys(Protocol):
    """Passkeys. Every ceremony is throttled and audited inside, refusals too.

    Ceremonies raise access.passkeys.PasskeysUnavailable, CeremonyOver or PasskeyRefused, and web.ports.Throttled.
    """

    def available(self) -> bool:
        """Whether browsers can give passkeys to the console's address at all."""
        ...

    async def mine(self, me: SignedIn) -> Sequence[Passkey]:
        """The passkeys of the person, oldest first."""
        ...

    async def registration_options(self, me: SignedIn) -> Json:
        """Begin a registration, bound to the session. Raises TooManyPasskeys, or StepUpNeeded where there is a second factor already."""
        ...

    async def register(self, me: SignedIn, name: str, credential: Json) -> tuple[Passkey, SignedIn | None]:
        """End it; the session with its new token, where this is its first second factor. Raises PasskeyKnown."""
        ...

    async def rename(self, me: SignedIn, passkey: str, name: str) -> Passkey:
        """Give it another name. Raises NotFound."""
        ...

    async def remove(self, me: SignedIn, passkey: str) -> None:
        """Forget it. Raises NotFound, StepUpNeeded, or LastFactor."""
        ...

    async def sign_in_options(self, address: str) -> tuple[str, Json]:
        """Begin a sign-in: the value of the cookie it is bound to, and the request."""
        ...

    async def sign_in(self, binding: str, credential: Json, address: str) -> SignedIn:
        """End it with a session that counts as two factors."""
        ...

    async def step_up_options(self, me: SignedIn) -> Json:
        """Begin a step-up, bound to the session."""
        ...

    async def step_up(self, me: SignedIn, credential: Json) -> SignedIn:
        """End it: the person has proved again who they are, and the session has a new token."""
        ...
