"""The life of a leg as data: which word in which state leads where. A missing pair is a bug and raises.

Words wait in the call's inbox, so one may still arrive after we ended the leg ourselves: those pairs are listed and lead nowhere.
The diagram in docs/design/legs.md is generated from this table.
"""

from enum import StrEnum

from auricle.calls.words import Answered, Confirmed, Digit, Ended, Failed, Redirected, Reoffered, Ringing, Trying, Word
from auricle.kernel.errors import OurError


class LegState(StrEnum):
    """Where a leg stands."""

    ARRIVED = "arrived"
    """Incoming, not answered by us."""
    CALLING = "calling"
    """Outgoing, nobody alerted yet."""
    RINGING = "ringing"
    ANSWERED = "answered"
    ENDED = "ended"


class IllegalMove(OurError):
    """A word came that its state has no rule for."""

    code = "calls.illegal_move"


S = LegState
MOVES: dict[tuple[LegState, type[Word]], LegState] = {
    (S.ARRIVED, Digit): S.ARRIVED,
    (S.ARRIVED, Reoffered): S.ARRIVED,
    (S.ARRIVED, Ended): S.ENDED,
    (S.CALLING, Trying): S.CALLING,
    (S.CALLING, Ringing): S.RINGING,
    (S.CALLING, Answered): S.ANSWERED,
    (S.CALLING, Failed): S.ENDED,
    (S.CALLING, Redirected): S.ENDED,
    (S.CALLING, Digit): S.CALLING,
    (S.CALLING, Ended): S.ENDED,
    (S.RINGING, Trying): S.RINGING,
    (S.RINGING, Ringing): S.RINGING,
    (S.RINGING, Answered): S.ANSWERED,
    (S.RINGING, Failed): S.ENDED,
    (S.RINGING, Redirected): S.ENDED,
    (S.RINGING, Digit): S.RINGING,
    (S.RINGING, Reoffered): S.RINGING,
    (S.RINGING, Ended): S.ENDED,
    (S.ANSWERED, Confirmed): S.ANSWERED,
    (S.ANSWERED, Reoffered): S.ANSWERED,
    (S.ANSWERED, Digit): S.ANSWERED,
    (S.ANSWERED, Ended): S.ENDED,
} | {(S.ENDED, late): S.ENDED for late in (Trying, Ringing, Answered, Failed, Redirected, Ended, Confirmed, Reoffered, Digit)}


def move(state: LegState, word: Word) -> LegState:
    """The state after `word`. Raises IllegalMove for a pair the table does not have."""
    try:
        return MOVES[state, type(word)]
    except KeyError:
        raise IllegalMove(f"{type(word).__name__} while {state}") from None
