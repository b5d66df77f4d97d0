"""What somebody looks for in the audit log: each field narrows the search, an empty one does not."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class AuditQuery:
    """A search, newest entries first. `before` is an entry number; `since` is included, `until` is not.

    `actor`, `action`, `kind`, `ref` and `outcome` are compared whole. With `kind` and `ref` together an entry also fits that handed the
    record out in a listing.
    """

    before: int | None = None
    limit: int = 100
    actor: str = ""
    action: str = ""
    kind: str = ""
    ref: str = ""
    outcome: str = ""
    since: datetime | None = None
    until: datetime | None = None

    @property
    def record(self) -> str:
        """The record asked for as entries name it (`call:ID`); empty unless kind and a single ref are given."""
        return f"{self.kind}:{self.ref}" if self.kind and self.ref and self.ref != "*" else ""
