"""Where a sealed field lives. The place is bound into the seal, so a ciphertext cannot be moved to another row or column."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """A column of a row."""

    table: str
    column: str
    row: str

    def encode(self) -> bytes:
        """A canonical encoding: each part with its length in front, so no two places share it."""
        parts = [part.encode() for part in (self.table, self.column, self.row)]
        return b"".join(len(part).to_bytes(2, "big") + part for part in parts)
