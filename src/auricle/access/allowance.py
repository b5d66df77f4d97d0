"""What somebody may do beyond the roles: by the practice's settings, by a time-boxed grant, or by breaking the glass.

An actor carries them as short texts in `kernel.actor.Actor.allowed`, because the kernel knows no policies.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from auricle.kernel.errors import OurError
from auricle.vault.gate import Ref

EVERYWHERE = "*"
WHOLE_KINDS = frozenset({"any", "route"})
"""Kinds of a Ref that asks whether an action is open to somebody at all, on some record."""


class BadAllowance(OurError):
    """A text in `Actor.allowed` that no allowance made."""

    code = "access.bad_allowance"


class Source(StrEnum):
    """Where an allowance comes from; policies weigh the three differently."""

    SETTINGS = "settings"
    GRANT = "grant"
    BREAK_GLASS = "break-glass"


@dataclass(frozen=True, slots=True)
class Allowance:
    """One action, on everything, on one mailbox, or on one record (`voicemail:v1`). `id` names the grant for the audit log."""

    action: str
    source: Source
    mailbox: str = ""
    record: str = ""
    id: str = ""

    def encode(self) -> str:
        """As a text without spaces in its parts."""
        return " ".join((self.action, self.source.value, self.mailbox or EVERYWHERE, self.record or EVERYWHERE, self.id or EVERYWHERE))

    @classmethod
    def decode(cls, text: str) -> "Allowance":
        """What encode was given. Raises BadAllowance."""
        parts = text.split(" ")
        if len(parts) != 5 or parts[1] not in _SOURCES:
            raise BadAllowance("an actor was given something that is no allowance")
        action, source, mailbox, record, ident = ("" if part == EVERYWHERE else part for part in parts)
        return cls(action, Source(source), mailbox, record, ident)

    def covers(self, action: str, ref: Ref) -> bool:
        """Whether it is about this. A question about no record in particular is covered by any part of it."""
        if action != self.action:
            return False
        if ref.kind in WHOLE_KINDS or (ref.id == EVERYWHERE and action.endswith((".list", ".live", ".parties"))):
            return True
        if self.record and self.record != f"{ref.kind}:{ref.id}":
            return False
        return not self.mailbox or self.mailbox == ref.mailbox


_SOURCES = frozenset(source.value for source in Source)


def covering(allowed: Iterable[str], action: str, ref: Ref) -> list[Allowance]:
    """Those of an actor's allowances that are about this act, in a fixed order."""
    prefix = f"{action} "
    found = (Allowance.decode(text) for text in sorted(allowed) if text.startswith(prefix))
    return [allowance for allowance in found if allowance.covers(action, ref)]
