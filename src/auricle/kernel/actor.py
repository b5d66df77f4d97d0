"""Who does something: the subject of every policy decision and audit entry (45 CFR 164.312(a)(2)(i), unique user identification)."""

from dataclasses import dataclass
from enum import StrEnum


class ActorKind(StrEnum):
    """A person signed in, a phone acting for its person, or a named part of the system."""

    PERSON = "person"
    DEVICE = "device"
    SERVICE = "service"
    ANONYMOUS = "anonymous"


@dataclass(frozen=True, slots=True)
class Actor:
    """One subject. `roles` are role names of `access`; `address` is the network address the request came from."""

    kind: ActorKind
    id: str
    roles: frozenset[str] = frozenset()
    session_id: str = ""
    address: str = ""


ANONYMOUS = Actor(ActorKind.ANONYMOUS, "anonymous")
