"""What is given beyond the roles, as an actor carries it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auricle.access.allowance import Allowance, BadAllowance, Source, covering
from auricle.vault.gate import Ref

WORDS = st.text("abcxyz-:0123456789", max_size=8)
PLAY = "voicemail.play"
V1 = Ref("voicemail", "v1", mailbox="nurses")


@given(st.builds(Allowance, WORDS.filter(bool), st.sampled_from(Source), WORDS, WORDS, WORDS))
def test_it_survives_being_carried(allowance: Allowance) -> None:
    assert Allowance.decode(allowance.encode()) == allowance


@pytest.mark.parametrize("text", ["", PLAY, f"{PLAY} grant * *", f"{PLAY} root * * *", f"{PLAY} grant * * * *"])
def test_what_no_allowance_made_is_refused(text: str) -> None:
    with pytest.raises(BadAllowance):
        Allowance.decode(text)


@pytest.mark.parametrize(
    ("allowance", "ref", "covered"),
    [
        (Allowance(PLAY, Source.GRANT), V1, True),
        (Allowance(PLAY, Source.GRANT, mailbox="nurses"), V1, True),
        (Allowance(PLAY, Source.GRANT, mailbox="front-desk"), V1, False),
        (Allowance(PLAY, Source.GRANT, record="voicemail:v1"), V1, True),
        (Allowance(PLAY, Source.GRANT, record="voicemail:v2"), V1, False),
        (Allowance(PLAY, Source.GRANT, record="call:v1"), V1, False),
        (Allowance(PLAY, Source.GRANT, mailbox="front-desk", record="voicemail:v1"), V1, False),
        (Allowance("voicemail.read", Source.GRANT), V1, False),
        (Allowance(PLAY, Source.GRANT, record="voicemail:v2"), Ref("route", "*"), True),
        (Allowance(PLAY, Source.GRANT, record="voicemail:v2"), Ref("voicemail", "*"), False),
    ],
)
def test_what_it_covers(allowance: Allowance, ref: Ref, covered: bool) -> None:
    assert allowance.covers(PLAY, ref) is covered


def test_a_list_is_covered_by_any_part_of_it() -> None:
    allowance = Allowance("voicemail.list", Source.GRANT, record="voicemail:v2")
    assert allowance.covers("voicemail.list", Ref("voicemail", "*"))
    assert not allowance.covers("voicemail.list", V1)


def test_only_those_about_the_act_are_found_and_always_in_the_same_order() -> None:
    given_ = [Allowance(PLAY, Source.GRANT, id="g2"), Allowance(PLAY, Source.GRANT, id="g1"), Allowance("voicemail.playing", Source.GRANT)]
    found = covering(frozenset(allowance.encode() for allowance in given_), PLAY, V1)
    assert [allowance.id for allowance in found] == ["g1", "g2"]
