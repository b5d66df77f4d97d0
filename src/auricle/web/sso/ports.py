"""What the single sign-on routes need."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from auricle.web.signed_in import SignedIn


@dataclass(frozen=True, slots=True)
class ProviderName:
    """A provider as the sign-in page offers it."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Departure:
    """Where to send the browser, and the value of the cookie that its way back is bound to."""

    url: str = field(repr=False)
    binding: str = field(repr=False)


class SingleSignOn(Protocol):
    """Sign-in by OpenID Connect. Every ending is throttled and audited inside; all but `providers` raise access.sso.SsoRefused."""

    def providers(self) -> Sequence[ProviderName]:
        """Those the settings name, in their order."""
        ...

    async def depart(self, provider: str, address: str) -> Departure:
        """Begin a sign-on. Raises NotFound for a provider the settings do not name."""
        ...

    async def arrive(self, provider: str, answer: Mapping[str, str], binding: str, address: str) -> SignedIn:
        """End it: exchange the code, check the token, find the person, start the session."""
        ...

    async def logout(self, provider: str, token: str, address: str) -> None:
        """The provider says that somebody signed out there: their sessions of its making end."""
        ...
