"""One audit entry: who did what to what, when, from where, why, and whether it was allowed. The leaf is its canonical JSON.

Nothing private stands in an entry: `ref` is an identifier. `sealed` commits to a ciphertext, so shredding the key never breaks a proof.
"""

import json
from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime

LEAF_VERSION = 1


@dataclass(frozen=True, slots=True)
class Entry:
    """One act."""

    at: datetime
    actor_kind: str
    actor: str
    session: str
    address: str
    action: str
    kind: str
    ref: str
    outcome: str
    purpose: str
    sealed: bytes = b""

    def leaf(self) -> bytes:
        """The bytes the tree commits to (docs/specs/audit-log.md)."""
        fields = {
            "v": LEAF_VERSION,
            "at": self.at.isoformat(timespec="microseconds"),
            "actor_kind": self.actor_kind,
            "actor": self.actor,
            "session": self.session,
            "address": self.address,
            "action": self.action,
            "kind": self.kind,
            "ref": self.ref,
            "outcome": self.outcome,
            "purpose": self.purpose,
        }
        if self.sealed:
            fields["sealed"] = b64encode(self.sealed).decode()
        return json.dumps(fields, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
