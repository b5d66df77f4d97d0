"""Reading and searching the audit log, and writing entries that come without a record of their own."""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, func, or_, select

from auricle.adapters.store.part import SWITCHBOARD, Part, hold
from auricle.adapters.store.schema import audit_index, audit_leaves, audit_touched, checkpoints, cosignatures
from auricle.audit.export import export_lines
from auricle.audit.search import AuditQuery
from auricle.audit.tree import Subtrees
from auricle.kernel.actor import Actor, ActorKind
from auricle.kernel.ids import CallId
from auricle.vault.gate import Grant, Outcome, Ref
from auricle.vault.keyring import Purpose
from auricle.vault.place import Place

STREAMED_ROWS = 1000
MAX_RECORDS = 500  # in one statement: SQLite takes 999 parameters in its oldest builds
_LEAVES = select(audit_leaves.c.number, audit_leaves.c.leaf)
_NOTES = select(checkpoints.c.size, checkpoints.c.note)


class AuditLog(Part):
    """Fits `vault.gate.AuditPort` and `calls.ports.PhoneAudit`."""

    verifier: str
    """The key that checks the log's checkpoints, as text."""
    _trees: Subtrees | None = None

    async def record(
        self,
        actor: Actor,
        action: str,
        ref: Ref,
        outcome: Outcome,
        purpose: str,
        *,
        why: str = "",
        private: str = "",
        touched: Sequence[str] = (),
    ) -> int:
        """Append an audit entry; its number, once durable."""
        entry = self._entry(actor, action, ref, outcome, purpose, why=why, private=private, touched=touched)
        return await self._writer.commit((), (entry,))

    async def phone_refused(self, address: str, why: str = "wrong credentials", phone: str = "*") -> None:
        """Wrong credentials of a phone, or the right ones of a person whose access ended."""
        actor = Actor(ActorKind.ANONYMOUS, "anonymous", address=address)
        await self.record(actor, "phone.authenticate", Ref("phone", phone), Outcome.REFUSED, why)

    async def call_ended(self, call: CallId, why: str) -> None:
        """A running call was ended by us."""
        await self.record(SWITCHBOARD, "call.end", Ref("call", call), Outcome.DONE, why)

    async def checkpoint(self) -> None:
        """Sign the log as it is now."""
        await self._writer.commit((), (), sign=True)

    async def latest_checkpoint(self) -> str | None:
        """The newest signed note, for keeping it elsewhere."""
        newest = await self.checkpoints_from(limit=1)
        return newest[0][1] if newest else None

    async def checkpoints_from(self, *, covering: int = 0, limit: int = 1, oldest: bool = False) -> list[tuple[int, str]]:
        """Sizes and notes, their cosignatures included, of checkpoints over at least `covering` entries; newest first unless `oldest`."""
        order = checkpoints.c.size if oldest else checkpoints.c.size.desc()
        rows = await self._rows(_NOTES.where(checkpoints.c.size >= covering).order_by(order).limit(limit))
        sizes = [row.size for row in rows]
        lines = await self._rows(select(cosignatures.c.size, cosignatures.c.line).where(cosignatures.c.size.in_(sizes)))
        return [(row.size, row.note + "".join(line.line for line in lines if line.size == row.size)) for row in rows]

    async def audit_size(self) -> int:
        """How many entries the log has."""
        (row,) = await self._rows(select(func.coalesce(func.max(audit_leaves.c.number) + 1, 0).label("size")))
        return int(row.size)

    async def audit_page(self, grant: Grant, query: AuditQuery) -> list[tuple[int, bytes]]:
        """Leaves that fit, with their numbers, newest first."""
        hold(grant, "audit")
        return [(row.number, row.leaf) for row in await self._rows(_search(query))]

    async def audit_leaf(self, grant: Grant, number: int) -> bytes | None:
        """One leaf."""
        hold(grant, "audit", str(number))
        rows = await self._rows(_LEAVES.where(audit_leaves.c.number == number))
        return rows[0].leaf if rows else None

    def audit_private(self, grant: Grant, number: int, sealed: bytes, place: str) -> str:
        """The private detail of an entry. The grant must be for this very entry. Raises VaultError where it was changed or moved."""
        hold(grant, "audit", str(number), exactly=True)
        return self._fields.open(Purpose.AUDIT_DETAIL, sealed, Place("audit", "sealed", place), grant).decode()

    async def audit_touching(self, grant: Grant, records: Sequence[str]) -> list[tuple[int, bytes]]:
        """Entries that handed out one of these records (`call:ID`) or acted on it directly, oldest first."""
        hold(grant, "audit")
        found: dict[int, bytes] = {}
        for at in range(0, len(records), MAX_RECORDS):
            part = records[at : at + MAX_RECORDS]
            direct = [and_(audit_index.c.kind == kind, audit_index.c.ref.in_(ids)) for kind, ids in _by_kind(part).items()]
            numbers = select(audit_index.c.number).where(or_(*direct)).union(
                select(audit_touched.c.number).where(audit_touched.c.record.in_(part))
            )  # fmt: skip
            rows = await self._rows(_LEAVES.where(audit_leaves.c.number.in_(numbers)))
            found |= {row.number: row.leaf for row in rows}
        return sorted(found.items())

    async def audit_after(self, number: int, limit: int) -> list[tuple[int, bytes]]:
        """Entries from a number on, for the programs that watch the log; entries name records and hold nothing private in the clear."""
        rows = await self._rows(_LEAVES.where(audit_leaves.c.number >= number).order_by(audit_leaves.c.number).limit(limit))
        return [(row.number, row.leaf) for row in rows]

    async def audit_between(self, since: datetime, before: int) -> list[tuple[int, bytes]]:
        """Entries from a time on whose number is below another, in order; for the watchers too."""
        joined = _LEAVES.join(audit_index, audit_index.c.number == audit_leaves.c.number)
        query = joined.where(audit_index.c.at >= since.timestamp(), audit_leaves.c.number < before).order_by(audit_leaves.c.number)
        return [(row.number, row.leaf) for row in await self._rows(query)]

    def subtrees(self) -> Subtrees:
        """Roots over ranges of the log, for proofs; reads the database, so call it in a thread."""
        if self._trees is None:
            self._trees = Subtrees(self._hashes)
        return self._trees

    async def path(self, make: Any) -> list[bytes]:
        """`make(root)` in a thread, `root` being what `audit.tree`'s paths ask for."""
        path: list[bytes] = await asyncio.to_thread(make, self.subtrees().root)
        return path

    def audit_export(self) -> Iterator[str]:
        """The lines of an export up to the newest checkpoint, earlier ones in their places; for a thread of its own."""
        with self._engine.connect() as connection:
            cosigned: dict[int, str] = {}
            for row in connection.execute(select(cosignatures.c.size, cosignatures.c.line).order_by(cosignatures.c.size)):
                cosigned[row.size] = cosigned.get(row.size, "") + row.line
            query = _NOTES.order_by(checkpoints.c.size)
            notes = [(row.size, row.note + cosigned.get(row.size, "")) for row in connection.execute(query)]
            size, note = notes.pop() if notes else (0, "")
            rows = connection.execution_options(yield_per=STREAMED_ROWS).execute(_exported(size))
            yield from export_lines(((row.number, row.hash, row.leaf) for row in rows), note, self.verifier, notes)

    def audit_rows(self) -> Iterator[tuple[int, bytes]]:
        """Numbers and leaves of the whole log in order; for a thread of its own."""
        with self._engine.connect() as connection:
            rows = connection.execution_options(yield_per=STREAMED_ROWS).execute(_LEAVES.order_by(audit_leaves.c.number))
            for row in rows:
                yield row.number, row.leaf

    def _hashes(self, low: int, high: int) -> Sequence[bytes]:
        query = select(audit_index.c.hash).where(audit_index.c.number >= low, audit_index.c.number < high)
        return [bytes(row.hash) for row in self._read(query.order_by(audit_index.c.number))]


def _exported(size: int) -> Select[*tuple[Any, ...]]:
    """Leaves with the hashes they had when they were written."""
    rows = audit_leaves.outerjoin(audit_index, audit_index.c.number == audit_leaves.c.number)
    query = select(audit_leaves.c.number, audit_index.c.hash, audit_leaves.c.leaf).select_from(rows)
    return query.where(audit_leaves.c.number < size).order_by(audit_leaves.c.number)


def _search(query: AuditQuery) -> Select[*tuple[Any, ...]]:
    columns = audit_index.c
    wanted = _LEAVES.join(audit_index, columns.number == audit_leaves.c.number).order_by(audit_leaves.c.number.desc()).limit(query.limit)
    for name in ("actor", "action", "outcome"):
        if getattr(query, name):
            wanted = wanted.where(columns[name] == getattr(query, name))
    if query.record:
        touching = select(audit_touched.c.number).where(audit_touched.c.record == query.record)
        direct = and_(columns.kind == query.kind, columns.ref == query.ref)
        wanted = wanted.where(or_(direct, columns.number.in_(touching)))
    else:
        wanted = wanted.where(columns.kind == query.kind) if query.kind else wanted
        wanted = wanted.where(columns.ref == query.ref) if query.ref else wanted
    wanted = wanted.where(columns.number < query.before) if query.before is not None else wanted
    wanted = wanted.where(columns.at >= query.since.timestamp()) if query.since else wanted
    return wanted.where(columns.at < query.until.timestamp()) if query.until else wanted


def _by_kind(records: Sequence[str]) -> dict[str, list[str]]:
    kinds: dict[str, list[str]] = {}
    for record in records:
        kind, _, ident = record.partition(":")
        kinds.setdefault(kind, []).append(ident)
    return kinds
