"""Who does something: the subject of every policy decision and audit entry (45 CFR 164.312(a)(2)(i), unique user identification)."""

from dataclasses import dataclass
from enum import StrEnum


class ActorKind(StrEnum):
    """A person signed in, a phone acting for its person, a program acting for a person, or a named part of the system."""

    PERSON = "person"
    DEVICE = "device"
    API_CLIENT = "api-client"
    SERVICE = "service"
    ANONYMOUS = "anonymous"


@dataclass(frozen=True, slots=True)
class Actor:
    """One subject, made anew for each request. `roles` are role names of `access`; `address` is the network address it came from."""

    kind: ActorKind
    id: str
    roles: frozenset[str] = frozenset()
    session_id: str = ""
    address: str = ""
    teams: frozenset[str] = frozenset()
    mailboxes: frozenset[str] = frozenset()
    """The actor's own voicemail boxes."""
    allowed: frozenset[str] = frozenset()
    """Actions given beyond the roles, by the practice's settings or by a grant in force now."""
    scopes: frozenset[str] | None = None
    """The only actions an API client may use; None for anybody else."""
    stepped_up: bool = False
    """Proved again, within the last minutes, who they are."""


ANONYMOUS = Actor(ActorKind.ANONYMOUS, "anonymous")
