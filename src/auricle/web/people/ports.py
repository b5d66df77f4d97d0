"""The standing of people, for those who may see and change it. Every method passes the gate and is audited."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Protocol

from auricle.kernel.actor import Actor
from auricle.kernel.errors import PeerError
from auricle.kernel.ids import PersonId
from auricle.web.me.ports import SessionInfo


class OwnAccess(PeerError):
    """Nobody ends their own access: somebody must be there to give it back."""

    code: ClassVar[str] = "people.own_access"


@dataclass(frozen=True, slots=True)
class PersonStanding:
    """A person of the settings and how they stand. `terminated_at` is None for who works here."""

    id: PersonId
    name: str
    extension: str
    roles: tuple[str, ...]
    terminated_at: datetime | None
    sessions: int
    phones: int
    api_keys: int
    has_account: bool
    second_factor: str
    """`none`, `totp`, `passkey`, or `totp+passkey`."""


class People(Protocol):
    """Methods about one person raise NotFound where the settings have none."""

    async def people(self, actor: Actor) -> Sequence[PersonStanding]:
        """Everybody, by name."""
        ...

    async def terminate(self, actor: Actor, person: PersonId, reason: str) -> None:
        """End all access of a person within a second: sessions, streams, keys, grants, phones, running calls but emergency calls."""
        ...

    async def restore(self, actor: Actor, person: PersonId, reason: str) -> None:
        """Let the person in again, with the old password and second factor; keys and sessions stay ended."""
        ...

    async def sessions(self, actor: Actor, person: PersonId) -> Sequence[SessionInfo]:
        """The live sessions of a person."""
        ...

    async def end_session(self, actor: Actor, person: PersonId, session: str) -> None:
        """End one of them. Raises NotFound."""
        ...

    async def end_sessions(self, actor: Actor, person: PersonId) -> int:
        """End all of them; how many."""
        ...
