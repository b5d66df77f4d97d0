"""What follows the audit log of a practice: alerts, anchors, and the work of `auricle audit …`, all of it through the gate."""

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path

from auricle.access.subject import COMMAND_LINE
from auricle.adapters.store import Store
from auricle.adapters.store.audit_check import Finding
from auricle.app.audit_anchors import AnchorWatch, anchor_of
from auricle.app.audit_proofs import consistency, inclusion
from auricle.app.audit_watch import AlertWatch, StoreFacts
from auricle.app.board import Board
from auricle.app.settings import Settings, thresholds_of
from auricle.app.web_audit import exported, patient_report
from auricle.audit.formats import Format
from auricle.audit.proof_file import proof_file, tlog_proof
from auricle.audit.verify import Report, verify_export
from auricle.kernel.e164 import E164
from auricle.kernel.errors import PeerError
from auricle.kernel.phi import Phi
from auricle.kernel.time import Clock
from auricle.practice.model import Practice
from auricle.vault.gate import Gate, Grant, Ref
from auricle.web.audit.ports import AnchorState, LookAt

WHY = "command line"
WHOLE = Ref("audit", "*")


class NoSuchEntry(PeerError):
    """The log has no entry of this number."""

    code = "audit.no_such_entry"


class AuditParts:
    """Made once for each practice."""

    def __init__(self, *, settings: Settings, base: Path, practice: Practice, store: Store, gate: Gate, board: Board, clock: Clock) -> None:
        self.thresholds = thresholds_of(settings, practice.zone)
        self.alerts = AlertWatch(store, StoreFacts(store), practice, board, self.thresholds)
        every_s, alarm_s = float(settings.audit.anchor_every_s), float(settings.audit.anchor_alarm_s)
        anchors = [anchor_of(one, base, clock) for one in settings.audit.anchors]
        self.anchors = AnchorWatch(store, anchors, board, clock, every_s=every_s, alarm_s=alarm_s)
        self._store = store
        self._gate = gate
        self._practice = practice

    @property
    def key(self) -> str:
        """The log's public key."""
        return self._store.verifier

    async def verify(self) -> Report:
        """Export the log and verify the export alone."""
        await self._store.checkpoint()
        return await asyncio.to_thread(verify_export, self._store.audit_export(), self._store.verifier)

    async def export(self, form: Format) -> Iterator[bytes]:
        """The whole log, line by line; the export itself is an entry in it."""
        await self._gate.check(COMMAND_LINE, "audit.export", WHOLE, WHY)
        await self._store.checkpoint()
        return exported(self._store, form, f"{self._practice.realm}/audit")

    async def prove(self, number: int) -> str:
        """The proof file of an entry. Raises NoSuchEntry, LogDamaged."""

        async def read(grant: Grant) -> str:
            leaf = await self._store.audit_leaf(grant, number)
            if leaf is None:
                raise NoSuchEntry(f"the log has no entry {number}: it has {await self._store.audit_size()}, counted from 0")
            found = await inclusion(self._store, number, leaf, oldest=True)
            proof = tlog_proof(number, found.path, found.note)
            newer = await consistency(self._store, found.note)
            if newer.size == found.size:
                return proof_file(self._store.verifier, leaf.decode("ascii"), proof)
            return proof_file(self._store.verifier, leaf.decode("ascii"), proof, newer.path, newer.note)

        return await self._gate.open(COMMAND_LINE, "audit.read", Ref("audit", str(number)), WHY, read)

    async def check(self) -> Sequence[Finding]:
        """Whether what is kept beside the leaves agrees with them, and whether every sealed detail opens."""

        async def read(grant: Grant) -> Sequence[Finding]:
            return await asyncio.to_thread(lambda: list(self._store.audit_check(grant)))

        return await self._gate.open(COMMAND_LINE, "audit.read", WHOLE, f"{WHY}: fsck", read)

    async def report(self, number: str) -> Sequence[LookAt]:
        """Who looked at the records of a telephone number. Raises NotANumber."""
        written = Phi(E164.parse(number, self._practice.region).text)
        return await patient_report(self._store, self._gate, COMMAND_LINE, written, WHY)

    async def anchor_states(self) -> Sequence[tuple[AnchorState, int]]:
        """Every anchor as it was kept last, and how many entries it lacks."""
        await self._gate.check(COMMAND_LINE, "audit.read", Ref("anchor", "*"), WHY)
        size = await self._store.audit_size()
        return [(state, max(0, size - state.size)) for state in await self.anchors.states()]
