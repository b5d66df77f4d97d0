"""A log in any of its forms, as pieces of a file, from what the store streams. Works line by line: a log may be larger than memory."""

from collections.abc import Iterable, Iterator

from auricle.audit.cef import cef_lines
from auricle.audit.entry import Entry
from auricle.audit.fhir import fhir_lines
from auricle.audit.formats import Format
from auricle.audit.leaf import entry_of
from auricle.audit.table import csv_line

HEAD = (
    "number", "at", "actor_kind", "actor", "session", "address", "action", "kind", "ref", "outcome", "purpose", "why", "detail", "touched",
    "sealed",
)  # fmt: skip


def rendered(form: Format, rows: Iterable[tuple[int, bytes]], site: str) -> Iterator[bytes]:
    """Pieces of a file for people and other programs; `Format.JSONL` is made by `export_lines` and not here."""
    entries = _entries(rows)
    match form:
        case Format.FHIR:
            return fhir_lines(entries, site)
        case Format.CEF:
            return cef_lines(entries, site)
        case Format.CSV:
            return _table(entries)
        case Format.JSONL:
            raise ValueError("an export that verifies is made of lines with hashes and checkpoints")


def _entries(rows: Iterable[tuple[int, bytes]]) -> Iterator[tuple[int, Entry]]:
    """Entries that can be read; what is no entry is the verifier's to name, and never stops an export."""
    for number, leaf in rows:
        try:
            yield number, entry_of(leaf)
        except ValueError:
            continue


def _table(entries: Iterable[tuple[int, Entry]]) -> Iterator[bytes]:
    yield csv_line(HEAD).encode()
    for number, entry in entries:
        detail = dict(entry.detail or {})
        why = detail.pop("why", "")
        cells = (
            number, entry.at.isoformat(timespec="microseconds"), entry.actor_kind, entry.actor, entry.session, entry.address, entry.action,
            entry.kind, entry.ref, entry.outcome, entry.purpose, why, "; ".join(f"{key}: {value}" for key, value in detail.items()),
            " ".join(entry.touched), "yes" if entry.sealed else "",
        )  # fmt: skip
        yield csv_line(cells).encode(errors="replace")
