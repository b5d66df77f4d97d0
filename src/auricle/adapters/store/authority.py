"""Whether tables of authority are as they were left, what holds while one is not, and vouching anew after a rotation of the keys."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import LargeBinary, Table, func, literal, or_, select, tuple_, type_coerce
from sqlalchemy.sql.elements import ColumnElement

from auricle.adapters.store.acts import Kind
from auricle.adapters.store.clerk import Register, register_of
from auricle.adapters.store.part import Part, hold
from auricle.adapters.store.people import DISMISS
from auricle.adapters.store.rekeying import Step
from auricle.adapters.store.schema import audit_leaves, authority, standings
from auricle.adapters.store.schema.authority import COUNTED, vouched_tables
from auricle.adapters.store.schema.columns import metadata
from auricle.adapters.store.statements import Op, anew, of_table
from auricle.audit import leaf as leaves
from auricle.kernel.actor import Actor
from auricle.vault.gate import Grant, Outcome, Ref
from auricle.vault.keyring import Purpose

TRIES = 5  # a table that changes while it is looked at is looked at again
REGISTER = "its register is gone, or not one that was written here"
BACK = "its register is an older one than the audit log knows"
ROWS = "rows of it were deleted, or put back as they were before"
HELD = frozenset({"legal_hold", "legal_hold_number"})
_STANDING = (b'"action":"people.terminate"', b'"action":"people.restore"')
_TOTP = (b'"action":"totp.confirm"', b'"action":"totp.remove"')
_PASSKEY = (b'"action":"passkey.add"', b'"action":"passkey.remove"')
_ANEW = {table.name: anew(table) for table in vouched_tables() if table is not authority}
_SUM_UP = {name: of_table(Kind.SUM_UP, metadata.tables[name]) for name in COUNTED}
_REKEY = {name: of_table(Kind.REKEY, metadata.tables[name]) for name in COUNTED}


@dataclass(frozen=True, slots=True)
class Difference:
    """A counted table that is not as it was left, and in what."""

    table: str
    why: str


class AuthorityCheck(Part):
    """The check that runs at start and on a timer; what it finds holds until the table is right again or somebody takes it as it is."""

    _differing: frozenset[str] = frozenset()

    async def check_authority(self) -> list[Difference]:
        """Compare every counted table with its register, and that with the log. Each new difference is an entry, and so an alert."""
        found = [difference for name in sorted(COUNTED) if (difference := await self._compared(name)) is not None]
        names = frozenset(difference.table for difference in found)
        if "standing" in names or self._gone:
            self._gone = await asyncio.to_thread(self._said_by_log, *_STANDING) if "standing" in names else frozenset()
        if "totp" in names or self._with_totp:
            self._with_totp = await asyncio.to_thread(self._said_by_log, *_TOTP) if "totp" in names else frozenset()
        if "passkey" in names or self._with_passkey:
            self._with_passkey = await asyncio.to_thread(self._said_by_log, *_PASSKEY, owners=True) if "passkey" in names else frozenset()
        for difference in found:
            if difference.table not in self._differing:
                await self._tell("authority", difference.table, f"{difference.table}: {difference.why}")
        self._differing = names
        return found

    async def holds_fault(self) -> str:
        """Why nothing may be deleted, if legal holds are not as they were left; empty where they are."""
        for name in sorted(HELD):
            if await self._compared(name) is not None or not await self._all_fit(metadata.tables[name]):
                return "Legal holds were changed outside this program: nothing is deleted until somebody has looked at them."
        return ""

    async def accept_authority(self, actor: Actor, name: str) -> None:
        """Take a table as it is now: its rows that fit count. Who was dismissed by the log is dismissed again first."""
        known = self._writer.registers.get(name)
        ops: list[Op] = []
        if name == standings.name:
            now = self._clock.now().timestamp()
            gone = await asyncio.to_thread(self._said_by_log, *_STANDING)
            ops += [(DISMISS, {"person": one, "terminated_at": now, "deleted": False, "changed_at": now}) for one in sorted(gone)]
        ops.append((_SUM_UP[name], {"serial": known.serial + 1 if known else 1}))
        await self._writer.commit(ops, (self._entry(actor, "authority.accept", Ref("authority", name)),))
        await self.check_authority()

    async def _compared(self, name: str) -> Difference | None:
        for _ in range(TRIES):
            before = await self._register(name)
            rows = await self._checked(select(metadata.tables[name]), metadata.tables[name])
            known = self._writer.registers.get(name)
            if before == await self._register(name):
                return self._difference(name, before, known, [row for row, fits in rows if fits])
        return None  # it is in use, and looked at again soon

    def _difference(self, name: str, register: Register | None, known: Register | None, rows: Sequence[Any]) -> Difference | None:
        if register is None:
            return Difference(name, REGISTER)
        if known is not None and (register.serial < known.serial or (register.serial == known.serial and register != known)):
            return Difference(name, BACK)
        vouching = self._checker.vouching
        epoch, total = vouching.total(name, register.digest)
        found = (self._checker.row(name, row) for row in rows)
        members = [vouching.member(epoch, name, row) for row in found if row is not None]
        same = len(members) == register.rows and (sum(members) - total) % vouching.modulus == 0
        return None if same else Difference(name, ROWS)

    async def _register(self, name: str) -> Register | None:
        rows = await self._checked(select(authority).where(authority.c.name == name), authority)
        return register_of(self._checker, rows[0][0]) if rows else None

    async def _all_fit(self, table: Table) -> bool:
        return all(fits for _, fits in await self._checked(select(table), table))

    def _said_by_log(self, begins: bytes, ends: bytes, *, owners: bool = False) -> frozenset[str]:
        """What the log names last with the first action, done, and not with the second, or with `owners` who did that.

        Reads all of it, but only while a table is not as it was left.
        """
        found: dict[str, str] = {}
        query = select(audit_leaves.c.leaf).order_by(audit_leaves.c.number)
        with self._engine.connect() as connection:
            for row in connection.execution_options(yield_per=1000).execute(query):
                if begins not in row.leaf and ends not in row.leaf:
                    continue
                entry = leaves.entry_of(row.leaf)
                if entry.outcome != Outcome.DONE.value:
                    continue
                if begins in row.leaf:
                    found[entry.ref] = entry.actor
                else:
                    found.pop(entry.ref, None)
        return frozenset(found.values() if owners else found)

    # ---- after a rotation of the keys ----------------------------------------------------------------

    async def vouchers_behind(self) -> dict[str, int]:
        """By table, how many rows are vouched for under an older epoch that still counts, registers' sums included."""
        found = {}
        for table in vouched_tables():
            (row,) = await self._bare(select(func.count().label("late")).select_from(table).where(self._late(table)))
            if row.late:
                found[table.name] = int(row.late)
        return found

    async def vouch_anew(self, grant: Grant, name: str, after: Any, limit: int) -> Step:
        """Vouch for the next rows under the newest epoch; those that do not fit are left."""
        hold(grant, "keys", Purpose.AUTH.value)
        table = metadata.tables[name]
        keys = list(table.primary_key)
        query = select(table).where(self._late(table)).order_by(*keys).limit(limit)
        if after is not None:
            comparable = [type_coerce(key, LargeBinary) if key.info.get("auricle") != "clear" else key for key in keys]
            query = query.where(tuple_(*comparable) > tuple_(*after))
        rows = await self._checked(query, table)
        if not rows:
            return Step(None)
        good = [row for row, fits in rows if fits]
        if table is authority:
            ops: list[Op] = [(_REKEY[row.name], {}) for row in good]
        else:
            ops = [(_ANEW[name], {f"was_{key.name}": getattr(row, key.name) for key in keys}) for row in good]
        if ops:
            await self._writer.commit(ops)
        return Step(tuple(getattr(rows[-1][0], key.name) for key in keys), len(good), len(rows) - len(good))

    def _late(self, table: Table) -> ColumnElement[bool]:
        vouching = self._checker.vouching
        older = [literal(epoch.to_bytes(2, "big"), LargeBinary) for epoch in vouching.epochs() if epoch != vouching.epoch]
        columns = [table.c.vouched, *([table.c.digest] if table is authority else [])]
        return or_(*(func.substr(type_coerce(one, LargeBinary), 1, 2, type_=LargeBinary).in_(older) for one in columns))
