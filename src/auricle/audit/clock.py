"""A clock that was set back, seen in the log: an entry far before its predecessor is itself preceded by an entry that says so."""

from datetime import datetime, timedelta

from auricle.audit.entry import Entry

TOLERANCE = timedelta(seconds=2)  # entries of one moment are written in the order they came, not in that of their times
SET_BACK = "clock.set-back"


def set_back(before: datetime | None, coming: datetime) -> Entry | None:
    """The entry to write between one of `before` and one of `coming`; None where time went on as it should."""
    if before is None or before - coming <= TOLERANCE:
        return None
    seconds = (before - coming).total_seconds()
    return Entry(
        at=coming,
        actor_kind="service",
        actor="ledger",
        session="",
        address="",
        action=SET_BACK,
        kind="clock",
        ref="*",
        outcome="done",
        purpose="",
        detail={"before": before.isoformat(timespec="microseconds"), "seconds": f"{seconds:.6f}"},
    )
