"""Calls found by words of the caller's name: a blind index of each word, in a table beside the call (docs/decisions/0213).

Calls of before are indexed by `index_names`, a step at a time; each step is one transaction, so the work may stop anywhere.
"""

import asyncio
from collections.abc import Sequence

from sqlalchemy import Select, and_, bindparam, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from auricle.adapters.store import sealing
from auricle.adapters.store.part import AnyRow, Part, hold
from auricle.adapters.store.schema import call_names, calls
from auricle.adapters.store.statements import Op, compiled
from auricle.calls.records import CallRecord
from auricle.kernel.normal import NAMES_VERSION, name_tokens
from auricle.vault.blind import blind_index, blind_indexes
from auricle.vault.errors import VaultError
from auricle.vault.gate import Grant
from auricle.vault.keyring import Keyring, Purpose
from auricle.vault.place import Place

CONTEXT = "call.name"
STEP_ROWS = 200
WHY = "blind index of a name"
_ADD = compiled(upsert(call_names).on_conflict_do_nothing(index_elements=["call", "word_index"]))
_DONE = compiled(update(calls).values(names=NAMES_VERSION).where(calls.c.id == bindparam("call")))


def name_ops(keyring: Keyring, record: CallRecord) -> list[Op]:
    """The indexes of a caller's name; part of the write that keeps the call."""
    words = name_tokens(record.caller_name.reveal(WHY))
    return [(_ADD, {"call": record.id, "word_index": blind_index(keyring, CONTEXT, word)}) for word in words]


def calls_named(keyring: Keyring, name: str) -> Select[tuple[str]] | None:
    """The ids of calls whose caller's name has every word of `name`; None where that has no word."""
    words = name_tokens(name)
    if not words:
        return None
    of_word = (select(call_names.c.call).where(call_names.c.word_index.in_(blind_indexes(keyring, CONTEXT, word))) for word in words)
    return select(calls.c.id).where(and_(*(calls.c.id.in_(ids) for ids in of_word)))


class CallNames(Part):
    """The index of names and its filling."""

    async def names_to_index(self) -> bool:
        """Whether there are calls without an index of their caller's name."""
        return bool(await self._rows(select(calls.c.id).where(calls.c.names < NAMES_VERSION).limit(1)))

    async def index_names(self, grant: Grant, after: str = "") -> tuple[str | None, int]:
        """Index the next calls that have no index yet, in order of their ids: the id to go on after (None: all are done), how many were.

        Raises StoreFailed. A call that does not open is left as it is: it shows in listings as damaged, and is tried again another time.
        """
        hold(grant, "keys", "names", exactly=True)
        query = select(calls.c.id, calls.c.sealed).where(calls.c.id > after, calls.c.names < NAMES_VERSION)
        rows = await self._rows(query.order_by(calls.c.id).limit(STEP_ROWS))
        if not rows:
            return None, 0
        ops = await asyncio.to_thread(self._index_ops, grant, rows)
        if ops:
            await self._writer.commit(ops)
        return rows[-1].id, sum(statement is _DONE for statement, _ in ops)

    def _index_ops(self, grant: Grant, rows: Sequence[AnyRow]) -> list[Op]:
        ops: list[Op] = []
        for row in rows:
            try:
                text = self._fields.open(Purpose.CALL_RECORD, row.sealed, Place("call", "sealed", row.id), grant)
            except VaultError:
                continue
            words = name_tokens(sealing.caller_name_of(text).reveal(WHY))
            ops += [(_ADD, {"call": row.id, "word_index": blind_index(self._keyring, CONTEXT, word)}) for word in words]
            ops.append((_DONE, {"call": row.id}))
        return ops
