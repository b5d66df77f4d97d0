"""Where a sealed field lives. The place is bound into the seal, so a ciphertext cannot be moved to another row or column."""

from typing import NamedTuple


class Place(NamedTuple):
    """A column of a row; `row` is an identifier, so a place may stand in an error."""

    table: str
    column: str
    row: str

    def encode(self) -> bytes:
        """A canonical encoding: each part in UTF-8 with its length (2 bytes) in front, so no two places share it."""
        table, column, row = self.table.encode(), self.column.encode(), self.row.encode()
        lengths = len(table).to_bytes(2, "big"), len(column).to_bytes(2, "big"), len(row).to_bytes(2, "big")
        return b"".join((lengths[0], table, lengths[1], column, lengths[2], row))

    def __str__(self) -> str:
        return f"{self.table}.{self.column} of {self.row}"
