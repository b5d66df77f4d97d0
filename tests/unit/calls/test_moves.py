"""The table of a leg's life: every pair of state and word either has its move or raises."""

import itertools
from typing import get_args

import pytest

from auricle.calls.moves import MOVES, IllegalMove, LegState, move
from auricle.calls.words import Answered, Digit, Ended, Failed, Redirected, Reoffered, Word

SAMPLES = (Answered(b""), Failed(486), Ended(200), Redirected(()), Reoffered(b""), Digit("1"))
EXAMPLES = {type(word): word for word in SAMPLES}
WORDS = [EXAMPLES.get(kind) or kind() for kind in get_args(Word)]


@pytest.mark.parametrize(("state", "word"), list(itertools.product(LegState, WORDS)), ids=str)
def test_every_pair_is_decided(state: LegState, word: Word) -> None:
    if (state, type(word)) in MOVES:
        assert move(state, word) is MOVES[state, type(word)]
    else:
        with pytest.raises(IllegalMove, match=type(word).__name__):
            move(state, word)


@pytest.mark.parametrize("state", LegState)
def test_a_party_may_hang_up_in_any_state(state: LegState) -> None:
    assert move(state, Ended(200)) is LegState.ENDED


def test_nothing_leaves_the_end() -> None:
    assert {after for (before, _), after in MOVES.items() if before is LegState.ENDED} == {LegState.ENDED}


def test_an_incoming_leg_is_answered_by_us_only() -> None:
    with pytest.raises(IllegalMove):
        move(LegState.ARRIVED, Answered(b""))
