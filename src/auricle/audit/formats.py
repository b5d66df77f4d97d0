"""The forms an export of the audit log comes in."""

from enum import StrEnum


class Format(StrEnum):
    """How an export is written. Only `jsonl` can be verified; the others are for other programs to read."""

    JSONL = "jsonl"
    FHIR = "fhir"
    CSV = "csv"
    CEF = "cef"


MEDIA_TYPES = {
    Format.JSONL: "application/jsonl",
    Format.FHIR: "application/fhir+ndjson",
    Format.CSV: "text/csv; charset=utf-8",
    Format.CEF: "text/plain; charset=utf-8",
}
