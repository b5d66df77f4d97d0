"""The export: JSON lines that verify by themselves: a head, every leaf in order, checkpoints in their places (docs/specs/audit-log.md)."""

import hashlib
import json
from collections.abc import Iterable, Iterator

FORMAT = "auricle-audit-export/1"
_encode = json.JSONEncoder(ensure_ascii=True, separators=(",", ":")).encode
Row = tuple[int, bytes | None, bytes]
"""Number, the hash the leaf had when it was written (None where that was lost), and the leaf."""


def export_lines(rows: Iterable[Row], checkpoint_note: str, verifier: str, earlier: Iterable[tuple[int, str]] = ()) -> Iterator[str]:
    """The lines of an export of the entries that `checkpoint_note` covers, numbers and hashes as they were kept.

    `earlier` are older checkpoints (size, note) in order: each narrows down where a log was tampered with.
    """
    size = checkpoint_note.split("\n")[1:2]
    yield _encode({"format": FORMAT, "key": verifier, "entries": int(size[0]) if size else 0})
    older = iter(earlier)
    coming = next(older, None)
    for number, hashed, leaf in rows:
        while coming is not None and coming[0] <= number:
            yield _encode({"checkpoint": coming[1]})
            coming = next(older, None)
        digest = hashed or hashlib.sha256(b"\x00" + leaf).digest()
        yield f'{{"index":{number},"hash":"{digest.hex()}","leaf":{_encode(leaf.decode("utf-8", "backslashreplace"))}}}'
    yield _encode({"checkpoint": checkpoint_note})
