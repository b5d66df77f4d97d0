"""A running call as the console sees it."""

from dataclasses import dataclass
from datetime import datetime

from auricle.calls.records import Direction, Protection
from auricle.kernel.ids import CallId, PersonId
from auricle.kernel.phi import Phi


@dataclass(frozen=True, slots=True)
class LiveCall:
    """One call now. `step` names the flow step or `talking`; `with_people` are those on the line or being rung."""

    id: CallId
    direction: Direction
    caller: Phi[str]
    caller_name: Phi[str]
    called: Phi[str]
    started_at: datetime
    answered_at: datetime | None
    step: str
    with_people: tuple[PersonId, ...]
    protection: Protection
    over: bool = False
