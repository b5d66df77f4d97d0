"""People as a directory that provisions elsewhere sees them: read, and deactivate. Every method passes the gate and is audited."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from auricle.kernel.actor import Actor
from auricle.kernel.ids import PersonId


@dataclass(frozen=True, slots=True)
class ScimPerson:
    """A person of the settings. `username` is the console account's, or the person's id where there is none."""

    id: PersonId
    username: str
    name: str
    active: bool
    changed_at: datetime | None


class ScimPeople(Protocol):
    """Methods about one person raise NotFound where there is none, or where it was deleted over SCIM."""

    async def people(self, actor: Actor) -> Sequence[ScimPerson]:
        """Everybody that was not deleted, by id."""
        ...

    async def person(self, actor: Actor, person: PersonId) -> ScimPerson:
        """One of them."""
        ...

    async def deactivate(self, actor: Actor, person: PersonId, *, delete: bool = False) -> ScimPerson:
        """End all access within a second; with `delete` the person is gone from SCIM until restored in the console."""
        ...
