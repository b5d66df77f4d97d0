"""Does what is kept beside the leaves agree with them, and does every sealed detail open? Reads everything; for a thread of its own."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select

from auricle.adapters.store.audit_log import STREAMED_ROWS
from auricle.adapters.store.part import Part, hold
from auricle.adapters.store.schema import audit_index, audit_leaves, audit_touched
from auricle.audit import leaf as leaves
from auricle.audit.tree import leaf_hash
from auricle.vault.errors import VaultError
from auricle.vault.gate import Grant
from auricle.vault.keyring import Purpose
from auricle.vault.place import Place

COLUMNS = ("at", "actor", "action", "kind", "ref", "outcome")


@dataclass(frozen=True, slots=True)
class Finding:
    """What does not agree about an entry."""

    number: int
    text: str


class AuditCheck(Part):
    """Compares; changes nothing."""

    def audit_check(self, grant: Grant) -> Iterator[Finding]:
        """Every finding, in the order of the log. Leaves themselves are checked against the signed tree by verifying an export."""
        hold(grant, "audit")
        expected = 0
        joined = audit_leaves.outerjoin(audit_index, audit_index.c.number == audit_leaves.c.number)
        query = select(audit_leaves.c.leaf, audit_leaves.c.number.label("entry"), audit_index).select_from(joined)
        with self._engine.connect() as connection, self._engine.connect() as other:
            records_of = other.execution_options(yield_per=STREAMED_ROWS).execute(select(audit_touched).order_by(audit_touched.c.number))
            named = iter(records_of)
            coming = next(named, None)
            for row in connection.execution_options(yield_per=STREAMED_ROWS).execute(query.order_by(audit_leaves.c.number)):
                if row.entry != expected:
                    yield Finding(expected, "is missing")
                expected = row.entry + 1
                records: set[str] = set()
                while coming is not None and coming.number <= row.entry:
                    if coming.number < row.entry:
                        yield Finding(coming.number, "is missing, but records name it")
                    else:
                        records.add(coming.record)
                    coming = next(named, None)
                yield from (Finding(row.entry, text) for text in self._disagreements(row, records, grant))
            if coming is not None:
                yield Finding(coming.number, "is missing, but records name it")

    def _disagreements(self, row: object, records: set[str], grant: Grant) -> Iterator[str]:
        leaf, number, hashed = bytes(row.leaf), row.number, row.hash  # type: ignore[attr-defined]
        try:
            entry = leaves.entry_of(leaf)
        except ValueError:
            yield "is no entry"
            return
        if number is None:
            yield "has no columns for searching"
            return
        if bytes(hashed) != leaf_hash(leaf):
            yield "was changed: it does not fit the hash it was written with"
        wanted = leaves.columns(entry)
        for name in COLUMNS:
            there = getattr(row, name)
            same = abs(there - float(wanted[name])) < 1e-5 if name == "at" else there == wanted[name]
            if not same:
                yield f"has another {name} in its columns than in itself"
        if records != set(leaves.touched(entry)):
            yield "names other records than the table of touched records"
        if entry.sealed:
            yield from self._detail(entry.sealed, entry.place, grant)

    def _detail(self, sealed: bytes, place: str, grant: Grant) -> Iterator[str]:
        try:
            self._fields.open(Purpose.AUDIT_DETAIL, sealed, Place("audit", "sealed", place), grant)
        except VaultError as error:
            yield f"has a private detail that does not open ({type(error).__name__})"
