"""The audit log and its alerts over a list of entries, with the real tree, proofs and formats."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from auricle.access.model import Action
from auricle.audit.checkpoint import Checkpoint, sign, vkey
from auricle.audit.entry import Entry
from auricle.audit.export import export_lines
from auricle.audit.formats import Format
from auricle.audit.render import rendered
from auricle.audit.rule_words import ABOUT, threshold
from auricle.audit.rules import Rule, Thresholds
from auricle.audit.search import AuditQuery
from auricle.audit.tree import inclusion_proof, leaf_hash, root_of
from auricle.kernel.actor import Actor
from auricle.kernel.e164 import E164
from auricle.web.alerts.ports import AlertFound, RuleFound
from auricle.web.audit.ports import AnchorState, AuditFound, AuditLine, AuditProof, CheckpointsFound, LookAt, SignedSize
from auricle.web.ports import NotFound

ORIGIN = "harborstreet.example/audit"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
GateCall = Callable[[Actor, Action, str, str], None]


class FakeAudit:
    """Entries in a list; `looks` is what a patient's report gives."""

    def __init__(self, entries: list[Entry], gate: GateCall) -> None:
        self._entries = entries
        self._gate = gate
        self.looks: list[LookAt] = []

    async def page(self, actor: Actor, query: AuditQuery) -> Sequence[AuditLine]:
        """Newest first."""
        self._gate(actor, Action.AUDIT_READ, "audit", "*")
        return [AuditLine(n, e) for n, e in reversed(list(enumerate(self._entries))) if _fits(n, e, query)][: query.limit]

    async def entry(self, actor: Actor, number: int, *, private: bool) -> AuditFound:
        """One entry; its private detail is a made-up text."""
        self._gate(actor, Action.AUDIT_READ, "audit", str(number))
        if number >= len(self._entries):
            raise NotFound(str(number))
        if private:
            self._gate(actor, Action.AUDIT_PRIVATE, "audit", str(number))
        leaves = [entry.leaf() for entry in self._entries]
        hashes = [leaf_hash(leaf) for leaf in leaves]
        note = sign(Checkpoint(ORIGIN, len(hashes), root_of(hashes)), KEY)
        verifier = vkey(ORIGIN, KEY.public_key())
        proof = AuditProof(leaves[number].decode(), number, len(hashes), inclusion_proof(hashes, number), note, verifier)
        text = "searched for +1 202-555-0142" if private and self._entries[number].sealed else None
        return AuditFound(AuditLine(number, self._entries[number]), proof, text)

    async def export(self, actor: Actor, form: Format) -> AsyncIterator[bytes]:
        """All of it."""
        self._gate(actor, Action.AUDIT_EXPORT, "audit", "*")
        return self._pieces(form)

    async def _pieces(self, form: Format) -> AsyncIterator[bytes]:
        leaves = [entry.leaf() for entry in self._entries]
        if form is Format.JSONL:
            note = sign(Checkpoint(ORIGIN, len(leaves), root_of([leaf_hash(leaf) for leaf in leaves])), KEY)
            rows = ((number, None, leaf) for number, leaf in enumerate(leaves))
            for line in export_lines(rows, note, vkey(ORIGIN, KEY.public_key())):
                yield f"{line}\n".encode()
            return
        for piece in rendered(form, enumerate(leaves), ORIGIN):
            yield piece

    async def patient_report(self, actor: Actor, number: str) -> Sequence[LookAt]:
        """The same for every number that is one."""
        E164.parse(number, "US")
        self._gate(actor, Action.AUDIT_REPORT, "audit", "*")
        return self.looks

    async def checkpoints(self, actor: Actor) -> CheckpointsFound:
        """One, and an anchor that lags."""
        self._gate(actor, Action.AUDIT_READ, "audit", "*")
        hashes = [leaf_hash(entry.leaf()) for entry in self._entries]
        note = sign(Checkpoint(ORIGIN, len(hashes), root_of(hashes)), KEY)
        at = self._entries[-1].at
        anchors = [
            AnchorState("usb", "file", "up", len(hashes), at, 0, ""),
            AnchorState("offsite", "s3", "lagging", 1, None, 4, "unreachable"),
        ]
        return CheckpointsFound(vkey(ORIGIN, KEY.public_key()), len(hashes), [SignedSize(len(hashes), at, note, [])], anchors)


class FakeAlerts:
    """Alerts in a list."""

    def __init__(self, gate: GateCall) -> None:
        self._gate = gate
        self.found: list[AlertFound] = []

    async def alerts(self, actor: Actor, before: int | None, limit: int, *, unseen: bool) -> Sequence[AlertFound]:
        """Newest first."""
        self._gate(actor, Action.ALERTS_READ, "alert", "*")
        found = sorted(self.found, key=lambda alert: alert.entry, reverse=True)
        wanted = [a for a in found if (before is None or a.entry < before) and not (unseen and a.acknowledged_at)]
        return wanted[:limit]

    async def acknowledge(self, actor: Actor, alert: str, note: str) -> None:
        """The first one counts."""
        self._gate(actor, Action.ALERTS_ACKNOWLEDGE, "alert", alert)
        if all(one.id != alert for one in self.found):
            raise NotFound(alert)
        seen = {"acknowledged_at": datetime.now(UTC), "acknowledged_by": actor.id, "note": note}
        self.found = [replace(one, **seen) if one.id == alert and one.acknowledged_at is None else one for one in self.found]

    def rules(self) -> Sequence[RuleFound]:
        """As they come."""
        found = Thresholds(ZoneInfo("America/New_York"))
        return [RuleFound(rule.value, ABOUT[rule], threshold(rule, found), True) for rule in Rule]


def _fits(number: int, entry: Entry, query: AuditQuery) -> bool:
    same = all(not getattr(query, name) or getattr(entry, name) == getattr(query, name) for name in ("actor", "action", "outcome"))
    direct = (not query.kind or entry.kind == query.kind) and (not query.ref or entry.ref == query.ref)
    inside = (query.since is None or entry.at >= query.since) and (query.until is None or entry.at < query.until)
    return same and inside and (direct or query.record in entry.touched) and (query.before is None or number < query.before)
