"""Tables as CSV (RFC 4180) that a spreadsheet opens as text: cells that it would run as formulas are disarmed."""

from collections.abc import Iterable, Iterator

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")  # OWASP CSV injection, full-width forms included


def csv_line(cells: Iterable[object]) -> str:
    """One line, every cell quoted, with CR LF at its end."""
    return ",".join(f'"{_cell(str(cell))}"' for cell in cells) + "\r\n"


def csv_lines(head: Iterable[str], rows: Iterable[Iterable[object]]) -> Iterator[str]:
    """A head and rows."""
    yield csv_line(head)
    for row in rows:
        yield csv_line(row)


def _cell(text: str) -> str:
    """An apostrophe before what begins like a formula; quotes doubled."""
    guarded = f"'{text}" if text.startswith(_FORMULA) else text
    return guarded.replace('"', '""')
