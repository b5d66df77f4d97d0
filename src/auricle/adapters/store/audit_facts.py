"""What the watchers of the log and a patient's report ask about records: whose they are, by blind indexes alone."""

from collections.abc import Iterable, Iterator, Sequence

from sqlalchemy import or_, select

from auricle.adapters.store.call_names import CONTEXT
from auricle.adapters.store.part import Part, hold
from auricle.adapters.store.schema import call_names, calls, voicemails
from auricle.kernel.normal import name_tokens
from auricle.vault.blind import blind_indexes
from auricle.vault.gate import Grant

PART = 400  # ids in one statement


class AuditFacts(Part):
    """Nothing is opened here; numbers and names come in as arguments and leave as indexes."""

    async def records_of_number(self, grant: Grant, number: str) -> list[str]:
        """The records (`call:ID`, `voicemail:ID`) of calls with this number, E.164, on either end."""
        hold(grant, "audit")
        contexts = ("call.caller", "call.called", "voicemail.caller")
        caller, called, left = (blind_indexes(self._keyring, context, number) for context in contexts)
        rows = await self._rows(select(calls.c.id).where(or_(calls.c.caller_index.in_(caller), calls.c.called_index.in_(called))))
        ids = [row.id for row in rows]
        records = [f"call:{ident}" for ident in ids]
        theirs = {row.id for row in await self._rows(select(voicemails.c.id).where(voicemails.c.caller_index.in_(left)))}
        for part in parts(ids):
            theirs |= {row.id for row in await self._rows(select(voicemails.c.id).where(voicemails.c.call.in_(part)))}
        return records + [f"voicemail:{ident}" for ident in sorted(theirs)]

    async def calls_behind(self, records: Iterable[str]) -> dict[str, str]:
        """The call that each of these records belongs to; what is neither a call nor a voicemail is left out."""
        split = [record.partition(":") for record in records]
        behind = {f"call:{ident}": ident for kind, _, ident in split if kind == "call"}
        for part in parts([ident for kind, _, ident in split if kind == "voicemail"]):
            rows = await self._rows(select(voicemails.c.id, voicemails.c.call).where(voicemails.c.id.in_(part)))
            behind |= {f"voicemail:{row.id}": row.call for row in rows}
        return behind

    async def of_surname(self, surname: str, records: frozenset[str]) -> frozenset[str]:
        """Those records whose caller's name has a word of this surname."""
        indexes = [index for word in name_tokens(surname) for index in blind_indexes(self._keyring, CONTEXT, word)]
        behind = await self.calls_behind(records)
        theirs: set[str] = set()
        for part in parts(sorted(set(behind.values()))):
            query = select(call_names.c.call).where(call_names.c.call.in_(part), call_names.c.word_index.in_(indexes))
            theirs |= {row.call for row in await self._rows(query)}
        return frozenset(record for record, call in behind.items() if call in theirs)


def parts(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    """In pieces that fit into a statement."""
    return (ids[at : at + PART] for at in range(0, len(ids), PART))
