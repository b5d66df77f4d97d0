"""Writes the tables into docs/reference/database.md: `python tests/repo/database_page.py`. A test compares."""

from pathlib import Path

from sqlalchemy import Table

from auricle.adapters.store.schema import metadata
from auricle.adapters.store.schema.columns import MARK

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "database.md"
BEGIN, END = "<!-- tables: python tests/repo/database_page.py -->\n", "<!-- end of tables -->\n"


def row_of(table: Table) -> str:
    """One line: sealed, blind and clear columns; clear ones by their reason. A voucher holds nothing and is left out."""
    protected = {kind: [f"`{column.name}`" for column in table.columns if column.info[MARK] == kind] for kind in ("sealed", "blind")}
    reasons: dict[str, list[str]] = {}
    for column in table.columns:
        if column.info[MARK] == "clear":
            reasons.setdefault(column.info["why"], []).append(f"`{column.name}`")
    clear = "; ".join(f"{', '.join(names)}: {why}" for why, names in reasons.items())
    return f"| `{table.name}` | {', '.join(protected['sealed']) or '–'} | {', '.join(protected['blind']) or '–'} | {clear} |\n"


def tables() -> str:
    """The whole table in Markdown."""
    head = "| table | sealed | blind index | clear, and why it may be |\n|---|---|---|---|\n"
    return head + "".join(row_of(table) for table in sorted(metadata.tables.values(), key=lambda table: table.name))


def page(current: str) -> str:
    """The page with its tables as the schema has them now."""
    before, rest = current.split(BEGIN)
    return f"{before}{BEGIN}\n{tables()}\n{END}{rest.split(END)[1]}"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text("utf-8")), "utf-8")
