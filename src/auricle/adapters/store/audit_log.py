"""Reading the audit log, and writing entries that come without a record of their own."""

from collections.abc import Iterator, Sequence

from sqlalchemy import select

from auricle.adapters.store.part import Part, hold
from auricle.adapters.store.schema import audit_leaves, checkpoints
from auricle.audit.export import export_lines
from auricle.kernel.actor import Actor, ActorKind
from auricle.vault.gate import Grant, Outcome, Ref

STREAMED_ROWS = 1000


class AuditLog(Part):
    """Fits `vault.gate.AuditPort` and `calls.ports.PhoneAudit`."""

    verifier: str
    """The key that checks the log's checkpoints, as text."""

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

    async def phone_refused(self, address: str) -> None:
        """Wrong credentials of a phone."""
        actor = Actor(ActorKind.ANONYMOUS, "anonymous", address=address)
        await self.record(actor, "phone.authenticate", Ref("phone", "*"), Outcome.REFUSED, "wrong credentials")

    async def checkpoint(self) -> None:
        """Sign the log as it is now."""
        await self._writer.commit((), (), sign=True)

    async def latest_checkpoint(self) -> str | None:
        """The newest signed note, for keeping it elsewhere."""
        rows = await self._rows(select(checkpoints.c.note).order_by(checkpoints.c.size.desc()).limit(1))
        return rows[0].note if rows else None

    async def audit_page(self, grant: Grant, before: int | None, limit: int) -> list[tuple[int, bytes]]:
        """Leaves with their numbers, newest first."""
        hold(grant, "audit")
        query = select(audit_leaves.c.number, audit_leaves.c.leaf).order_by(audit_leaves.c.number.desc()).limit(limit)
        query = query if before is None else query.where(audit_leaves.c.number < before)
        return [(row.number, row.leaf) for row in await self._rows(query)]

    def audit_export(self) -> Iterator[str]:
        """The lines of an export up to the newest checkpoint, earlier ones in their places; for a thread of its own."""
        with self._engine.connect() as connection:
            notes = [(row.size, row.note) for row in connection.execute(select(checkpoints).order_by(checkpoints.c.size))]
            size, note = notes.pop() if notes else (0, "")
            query = select(audit_leaves.c.leaf).where(audit_leaves.c.number < size).order_by(audit_leaves.c.number)
            rows = connection.execution_options(yield_per=STREAMED_ROWS).execute(query)
            yield from export_lines((row.leaf for row in rows), note, self.verifier, notes)
