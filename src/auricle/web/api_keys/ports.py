"""Keys for programs: made, listed, revoked, and presented as `Authorization: Bearer`."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from auricle.kernel.ids import PersonId
from auricle.web.signed_in import SignedIn


@dataclass(frozen=True, slots=True)
class KeyInfo:
    """A key without its secret."""

    id: str
    name: str
    owner: PersonId
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class NewKey:
    """A fresh key; `key` is shown once."""

    info: KeyInfo
    key: str = field(repr=False)


class ApiKeys(Protocol):
    """All audited inside."""

    async def resume(self, key: str, address: str) -> SignedIn | None:
        """Who presents a key: an API client with its scopes, within what its owner may now. None for no key of ours. Raises Throttled."""
        ...

    async def keys(self, me: SignedIn) -> Sequence[KeyInfo]:
        """All keys that are neither revoked nor expired, the newest first."""
        ...

    async def scopes(self, me: SignedIn) -> Sequence[str]:
        """What keys of one's own may be good for: what one may do oneself, less what is for people alone."""
        ...

    async def make(self, me: SignedIn, name: str, scopes: Sequence[str], expires_at: datetime) -> NewKey:
        """A key of one's own. Raises BadKeyRequest."""
        ...

    async def revoke(self, me: SignedIn, key: str) -> None:
        """End a key at once. Raises NotFound."""
        ...
