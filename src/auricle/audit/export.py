"""The export: JSON lines that verify by themselves (docs/specs/audit-log.md). First a head, then every leaf in order, last the checkpoint."""

import json
from collections.abc import Iterable, Iterator

FORMAT = "auricle-audit-export/1"


def export_lines(leaves: Iterable[bytes], checkpoint_note: str, verifier: str) -> Iterator[str]:
    """The lines of an export."""
    yield json.dumps({"format": FORMAT, "key": verifier}, sort_keys=True)
    for index, leaf in enumerate(leaves):
        yield json.dumps({"index": index, "leaf": leaf.decode()}, ensure_ascii=False, sort_keys=True)
    yield json.dumps({"checkpoint": checkpoint_note}, ensure_ascii=False, sort_keys=True)
