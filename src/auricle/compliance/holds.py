"""Legal holds: what one covers. A hold outweighs every deletion, by schedule or by hand, until it is released (FRCP 37(e))."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from auricle.compliance.errors import HoldWrong


class HeldKind(StrEnum):
    """What a hold can keep."""

    ANY = "any"
    VOICEMAIL = "voicemail"
    CALL = "call"


@dataclass(frozen=True, slots=True)
class Record:
    """One record, as far as rules look at it. `numbers` are blind indexes of the numbers it is about, never numbers."""

    kind: str
    id: str
    at: datetime
    mailbox: str = ""
    numbers: frozenset[bytes] = frozenset()


@dataclass(frozen=True, slots=True)
class Scope:
    """What a hold covers: all that fits every part that is given. Times are from `since` on and before `until`."""

    kind: HeldKind = HeldKind.ANY
    record: str = ""
    numbers: frozenset[bytes] = frozenset()
    """Blind indexes of one number, one a context in which it is kept."""
    mailbox: str = ""
    since: datetime | None = None
    until: datetime | None = None

    def covers(self, record: Record) -> bool:
        """Whether a record falls under it."""
        return (
            self.kind in (HeldKind.ANY, record.kind)
            and self.record in ("", record.id)
            and (not self.numbers or bool(self.numbers & record.numbers))
            and self.mailbox in ("", record.mailbox)
            and (self.since is None or record.at >= self.since)
            and (self.until is None or record.at < self.until)
        )


@dataclass(frozen=True, slots=True)
class Hold:
    """One hold. It ends only by being released."""

    id: str
    scope: Scope
    placed_by: str
    placed_at: datetime
    released_by: str = ""
    released_at: datetime | None = None

    def keeps(self, record: Record) -> bool:
        """Whether it keeps a record from being deleted now."""
        return self.released_at is None and self.scope.covers(record)


def check(scope: Scope, *, by_number: bool) -> None:
    """Raise HoldWrong for a hold that contradicts itself."""
    if scope.record and scope.kind is HeldKind.ANY:
        raise HoldWrong("a hold on one record says in `kind` whether it is a voicemail or a call")
    if scope.record and (by_number or scope.mailbox or scope.since or scope.until):
        raise HoldWrong("a hold on one record needs nothing else: leave number, mailbox and times out")
    if scope.mailbox and scope.kind is HeldKind.CALL:
        raise HoldWrong("calls are in no mailbox: leave it out, or hold voicemail")
    if scope.since and scope.until and scope.since >= scope.until:
        raise HoldWrong("the hold would end before it begins: correct `since` or `until`")
