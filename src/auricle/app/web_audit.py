"""The audit log behind `web.audit.ports`: search, one entry with its proof, exports, a patient's report, checkpoints."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence

import structlog

from auricle.adapters.store import LogDamaged, Store
from auricle.app.audit_anchors import AnchorWatch
from auricle.app.audit_proofs import inclusion
from auricle.audit.entry import Entry
from auricle.audit.formats import Format
from auricle.audit.leaf import entry_of
from auricle.audit.render import rendered
from auricle.audit.search import AuditQuery
from auricle.kernel.actor import Actor
from auricle.kernel.e164 import E164
from auricle.kernel.phi import Phi
from auricle.practice.model import Practice
from auricle.vault.gate import Gate, Grant, Ref
from auricle.web.audit.ports import AuditFound, AuditLine, AuditProof, CheckpointsFound, LookAt, SignedSize
from auricle.web.ports import NotFound

log = structlog.get_logger(__name__)
CONSOLE = "console"
PIECE_BYTES = 1 << 16
SHOWN_CHECKPOINTS = 50


class WebAudit:
    """Fits `web.audit.ports.Audit`."""

    def __init__(self, store: Store, gate: Gate, practice: Practice, anchors: AnchorWatch) -> None:
        self._store = store
        self._gate = gate
        self._practice = practice
        self._anchors = anchors

    async def page(self, actor: Actor, query: AuditQuery) -> Sequence[AuditLine]:
        """Entries, newest first."""

        async def read(grant: Grant) -> list[AuditLine]:
            return list(_lines(await self._store.audit_page(grant, query)))

        return await self._gate.open(actor, "audit.read", Ref("audit", "*"), CONSOLE, read)

    async def entry(self, actor: Actor, number: int, *, private: bool) -> AuditFound:
        """One entry, its proof, and its private detail where it is asked for and may be seen."""

        async def read(grant: Grant) -> tuple[bytes, AuditProof]:
            leaf = await self._store.audit_leaf(grant, number)
            if leaf is None:
                raise NotFound(f"there is no entry {number}")
            if not list(_lines([(number, leaf)])):
                raise LogDamaged(f"entry {number} of the audit log is no entry: run auricle audit fsck")
            proof = await inclusion(self._store, number, leaf)
            return leaf, AuditProof(leaf.decode("ascii"), number, proof.size, proof.path, proof.note, self._store.verifier)

        ref = Ref("audit", str(number))
        leaf, proof = await self._gate.open(actor, "audit.read", ref, CONSOLE, read)
        entry = entry_of(leaf)
        text = await self._private(actor, ref, number, entry) if private and entry.sealed else None
        return AuditFound(AuditLine(number, entry), proof, text)

    async def export(self, actor: Actor, form: Format) -> AsyncIterator[bytes]:
        """The whole log in pieces; that it was exported stands in it."""
        await self._gate.check(actor, "audit.export", Ref("audit", "*"), CONSOLE)
        await self._store.checkpoint()
        return pieces(exported(self._store, form, f"{self._practice.realm}/audit"))

    async def patient_report(self, actor: Actor, number: str) -> Sequence[LookAt]:
        """Who looked at records of a number. The number itself stands in the log sealed."""
        written = E164.parse(number, self._practice.region).text
        return await patient_report(self._store, self._gate, actor, Phi(written), CONSOLE)

    async def checkpoints(self, actor: Actor) -> CheckpointsFound:
        """The newest checkpoints and where they are."""

        async def read(grant: Grant) -> CheckpointsFound:
            notes = await self._store.checkpoints_from(limit=SHOWN_CHECKPOINTS)
            del grant  # notes and times are clear
            signed = [SignedSize(size, await self._store.audit_time(size - 1), note, _witnesses(note)) for size, note in notes]
            return CheckpointsFound(self._store.verifier, await self._store.audit_size(), signed, await self._anchors.states())

        return await self._gate.open(actor, "audit.read", Ref("audit", "*"), CONSOLE, read)

    async def _private(self, actor: Actor, ref: Ref, number: int, entry: Entry) -> str:
        async def read(grant: Grant) -> str:
            return self._store.audit_private(grant, number, entry.sealed, entry.place)

        return await self._gate.open(actor, "audit.private", ref, CONSOLE, read)


async def patient_report(store: Store, gate: Gate, actor: Actor, number: Phi[str], purpose: str) -> list[LookAt]:
    """Every act that touched a record of this number (E.164), directly or in a listing, oldest first (cf. 45 CFR 164.528)."""
    text = number.reveal("report about this very number")

    async def read(grant: Grant) -> list[LookAt]:
        records = await store.records_of_number(grant, text)
        found = await store.audit_touching(grant, records)
        wanted = frozenset(records)
        return [look for number, leaf in found for look in _looks(number, entry_of(leaf), wanted)]

    return await gate.open(actor, "audit.report", Ref("audit", "*"), purpose, read, private=f"report about {text}")


def exported(store: Store, form: Format, site: str) -> Iterator[bytes]:
    """An export's bytes, line by line; blocks, so for a thread."""
    if form is Format.JSONL:
        return (f"{line}\n".encode() for line in store.audit_export())
    return rendered(form, store.audit_rows(), site)


async def pieces(lines: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Lines gathered in a thread into pieces worth sending."""

    def gathered() -> bytes:
        piece = bytearray()
        for line in lines:
            piece += line
            if len(piece) >= PIECE_BYTES:
                break
        return bytes(piece)

    while piece := await asyncio.to_thread(gathered):
        yield piece


def _lines(rows: Sequence[tuple[int, bytes]]) -> Iterator[AuditLine]:
    """Entries; what is none is left out of a page, told in the log, and named by `auricle audit fsck`."""
    for number, leaf in rows:
        try:
            yield AuditLine(number, entry_of(leaf))
        except ValueError:
            log.error("audit_leaf_unreadable", number=number)  # noqa: TRY400 - the number says it all


def _looks(number: int, entry: Entry, wanted: frozenset[str]) -> Iterator[LookAt]:
    direct = f"{entry.kind}:{entry.ref}"
    records = dict.fromkeys(record for record in (direct, *entry.touched) if record in wanted)
    why = (entry.detail or {}).get("why", "")
    for record in records:
        yield LookAt(number, entry.at, entry.actor_kind, entry.actor, entry.action, record, entry.outcome, why)


def _witnesses(note: str) -> list[str]:
    """The names on the signature lines after our own."""
    _, _, lines = note.rpartition("\n\n")
    return [parts[1] for line in lines.splitlines()[1:] if len(parts := line.split(" ")) == 3]
