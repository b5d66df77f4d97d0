"""The export: JSON lines that verify by themselves: a head, every leaf in order, checkpoints in their places (docs/specs/audit-log.md)."""

import hashlib
import json
from collections.abc import Iterable, Iterator

FORMAT = "auricle-audit-export/1"
_encode = json.JSONEncoder(ensure_ascii=True, separators=(",", ":")).encode


def export_lines(leaves: Iterable[bytes], checkpoint_note: str, verifier: str, earlier: Iterable[tuple[int, str]] = ()) -> Iterator[str]:
    """The lines of an export of the `leaves` that `checkpoint_note` covers.

    `earlier` are older checkpoints (size, note) in order: each narrows down where a log was tampered with.
    """
    size = checkpoint_note.split("\n")[1:2]
    yield _encode({"format": FORMAT, "key": verifier, "entries": int(size[0]) if size else 0})
    older = iter(earlier)
    coming = next(older, None)
    for index, leaf in enumerate(leaves):
        while coming is not None and coming[0] <= index:
            if coming[0] == index:
                yield _encode({"checkpoint": coming[1]})
            coming = next(older, None)
        hashed = hashlib.sha256(b"\x00" + leaf).hexdigest()
        yield _encode({"index": index, "hash": hashed, "leaf": leaf.decode()})
    yield _encode({"checkpoint": checkpoint_note})
