"""One audit entry: who did what to what, when, from where, why, and whether it was allowed. The leaf is its canonical JSON.

Nothing private stands in an entry: `ref` is an identifier. `sealed` commits to a ciphertext, so shredding the key never breaks a proof.
"""

import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

LEAF_VERSION = 1
# ASCII with escapes: every text has an encoding, also one with lone surrogates from outside; an entry must never fail to be written
_encode = json.JSONEncoder(ensure_ascii=True, separators=(",", ":"), sort_keys=True).encode


@dataclass(frozen=True, slots=True)
class Entry:
    """One act. `at` is UTC; `detail` holds settings and identifiers, never anything private.

    `sealed` is a sealed field and `place` the row it is bound to; `touched` names the records that were handed out (`call:ID`).
    """

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
    detail: Mapping[str, str] | None = None
    place: str = ""
    touched: Sequence[str] = ()

    def leaf(self) -> bytes:
        """The bytes the tree commits to (docs/specs/audit-log.md)."""
        fields: dict[str, object] = {
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
        if self.place:
            fields["place"] = self.place
        if self.detail:
            fields["detail"] = dict(self.detail)
        if self.touched:
            fields["touched"] = list(self.touched)
        return _encode(fields).encode()
