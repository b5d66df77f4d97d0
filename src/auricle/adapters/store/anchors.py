"""Which checkpoint each anchor has, and the cosignatures witnesses gave."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.sqlite import insert as upsert

from auricle.adapters.store import sealing
from auricle.adapters.store.part import Part
from auricle.adapters.store.schema import anchors, audit_index, cosignatures
from auricle.adapters.store.statements import Op, compiled

_anchor = upsert(anchors)
_PUT_ANCHOR = compiled(
    _anchor.on_conflict_do_update(
        index_elements=["name"],
        set_={name: _anchor.excluded[name] for name in ("size", "anchored_at", "tries", "tried_at", "error")},
    )
)
_ADD_COSIGNATURE = compiled(upsert(cosignatures).on_conflict_do_nothing(index_elements=["size", "witness"]))


@dataclass(frozen=True, slots=True)
class Anchored:
    """An anchor's place in the log: entries covered there, since when; tries that failed since, and the last one's reason in a word."""

    name: str
    size: int = 0
    at: datetime | None = None
    tries: int = 0
    tried_at: datetime | None = None
    error: str = ""


class AnchorRecords(Part):
    """The durable queue of the anchors: what is not covered by `size` is still to be kept."""

    async def anchored(self) -> Sequence[Anchored]:
        """Every anchor that was ever tried."""
        rows = await self._rows(select(anchors))
        return [Anchored(row.name, row.size, _when(row.anchored_at), row.tries, _when(row.tried_at), row.error) for row in rows]

    async def put_anchored(self, kept: Anchored, witness: str = "", line: str = "") -> None:
        """Keep an anchor's place and, where a witness signed, its signature line."""
        values = {
            "name": kept.name,
            "size": kept.size,
            "anchored_at": kept.at.timestamp() if kept.at else None,
            "tries": kept.tries,
            "tried_at": kept.tried_at.timestamp() if kept.tried_at else None,
            "error": kept.error,
        }
        ops: list[Op] = [(_PUT_ANCHOR, values)]
        if line:
            ops.append((_ADD_COSIGNATURE, {"size": kept.size, "witness": witness, "line": line}))
        await self._writer.commit(ops)

    async def audit_time(self, number: int) -> datetime | None:
        """When an entry was written."""
        rows = await self._rows(select(audit_index.c.at).where(audit_index.c.number == number))
        return sealing.when(rows[0].at) if rows else None


def _when(timestamp: float | None) -> datetime | None:
    return sealing.when(timestamp) if timestamp is not None else None
