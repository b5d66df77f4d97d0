"""What the access pages need; every method passes the gate."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from auricle.access.grants import TimeGrant, Wanted
from auricle.access.matrix import Cell, Explanation
from auricle.access.patients import PatientMark
from auricle.kernel.actor import Actor
from auricle.kernel.ids import PersonId
from auricle.kernel.phi import Phi


@dataclass(frozen=True, slots=True)
class WhatIf:
    """A question about a person of the practice, or about somebody with these roles."""

    action: str
    kind: str
    person: PersonId | None = None
    roles: frozenset[str] = frozenset()
    id: str = "*"
    mailbox: str = ""
    stepped_up: bool = False


@dataclass(frozen=True, slots=True)
class Marking:
    """A patient's number and what is to be known about it."""

    number: Phi[str]
    label: Phi[str]
    restricted: bool
    people: frozenset[str]
    teams: frozenset[str]


class AccessAdmin(Protocol):
    """The policies to read, grants and marks to change."""

    async def matrix(self, actor: Actor) -> Sequence[Cell]:
        """Every role and action, by the policies and this practice's settings."""
        ...

    async def what_if(self, actor: Actor, question: WhatIf) -> Explanation:
        """One decision explained. Raises NotFound for a person the practice does not have."""
        ...

    async def grants(self, actor: Actor) -> Sequence[TimeGrant]:
        """All grants, newest first; reasons are opened only for those who may grant."""
        ...

    async def grant(self, actor: Actor, wanted: Wanted) -> TimeGrant:
        """Make one. Raises BadGrant, or NotFound for a person the practice does not have."""
        ...

    async def revoke(self, actor: Actor, grant: str) -> None:
        """End one at once. Raises NotFound."""
        ...

    async def patients(self, actor: Actor) -> Sequence[PatientMark]:
        """All marks, newest first."""
        ...

    async def mark(self, actor: Actor, marking: Marking) -> PatientMark:
        """Make or replace the mark of a number. Raises BadPatient."""
        ...

    async def unmark(self, actor: Actor, mark: str) -> None:
        """Forget one. Raises NotFound."""
        ...
