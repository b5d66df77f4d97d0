"""What a verification finds, for a person and for programs."""

from dataclasses import dataclass
from enum import StrEnum


class Fault(StrEnum):
    """What is wrong with an export or a proof."""

    NOT_AN_EXPORT = "not-an-export"
    NOT_A_PROOF = "not-a-proof"
    BAD_LINE = "bad-line"
    CHANGED = "entry-changed"
    MISSING = "entry-missing"
    REORDERED = "entries-reordered"
    SWAPPED = "sealed-details-swapped"
    BAD_ENTRY = "bad-entry"
    CUT = "cut"
    TAMPERED = "tampered"
    FORKED = "forked"
    BAD_KEY = "bad-key"
    NOT_SIGNED = "not-signed-by-this-key"
    BAD_SIGNATURE = "bad-signature"
    BAD_CHECKPOINT = "bad-checkpoint"


@dataclass(frozen=True, slots=True)
class Report:
    """What was found. `fault` is for a person, `kind` for programs and tests."""

    ok: bool
    entries: int
    key: str
    trusted: bool
    """True when the verifier gave the key; False when the export's own was used."""
    fault: str = ""
    kind: Fault | None = None
    notes: tuple[str, ...] = ()
    """What is no tampering and yet worth knowing: a clock that was set back."""

    def text(self) -> str:
        """For a person."""
        notes = "".join(f"\nnote: {note}" for note in self.notes)
        if not self.ok:
            return f"NOT VERIFIED: {self.fault}{notes}"
        source = "the key you gave" if self.trusted else "the key in the export (compare it with the one you were given)"
        return f"verified: {self.entries} entries, complete and unchanged under a checkpoint signed by {source}\n{self.key}{notes}"


class Wrong(Exception):
    """One fault; it ends a verification and never leaves this package."""

    def __init__(self, kind: Fault, text: str) -> None:
        super().__init__(text)
        self.kind = kind
