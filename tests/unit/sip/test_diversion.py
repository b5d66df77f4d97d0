"""Called parties of forwarded calls (case CALL-7107)."""

import pytest

from auricle.sip.diversion import called_parties
from auricle.sip.message import Request

DIVERSION = (
    "<sip:+12025550111@carrier.example>;reason=no-answer;counter=1, "
    '"Dr, On Call" <sip:+12025550110@carrier.example>;reason=unconditional;privacy=off'
)
HISTORY = (
    "<sip:vm@pbx.example>;index=1.1.1, <sip:+12025550110@pbx.example>;index=1, "
    "<sip:+12025550111@pbx.example?Reason=SIP%3Bcause%3D408>;index=1.1;rc=1"
)


def invite(*headers: tuple[str, str]) -> Request:
    return Request("INVITE", "sip:vm@pbx.example", headers)


@pytest.mark.parametrize(
    "headers", [[("Diversion", DIVERSION)], [("History-Info", HISTORY)], [("Diversion", DIVERSION), ("History-Info", HISTORY)]]
)
def test_the_first_called_comes_first_by_either_header(headers: list[tuple[str, str]]) -> None:
    """CALL-7107: the same mailbox by either header alone or by both, and nobody counted twice."""
    parties = [party.uri.e164_candidate() for party in called_parties(invite(*headers))]
    assert [p for p in parties if p.startswith("+")] == ["+12025550110", "+12025550111"]
    assert len(parties) == len(set(parties))


def test_diversion_lines_and_values_are_one_list() -> None:
    one = invite(("Diversion", DIVERSION))
    two = invite(*(("Diversion", value) for value in one.get_all("diversion")))
    assert called_parties(two) == called_parties(one)
    assert called_parties(one)[0].display == "Dr, On Call"


def test_privacy_hides_a_party() -> None:
    assert [p.private for p in called_parties(invite(("Diversion", "<sip:b@h>;privacy=full, <sip:a@h>;privacy=OFF")))] == [False, True]
    history = "<sip:a@h?Privacy=history>;index=1, <sip:b@h>;index=1.1"
    assert [p.private for p in called_parties(invite(("History-Info", history)))] == [True, False]
    assert [p.private for p in called_parties(invite(("History-Info", history), ("Privacy", "Header;id")))] == [True, True]


def test_index_order_is_by_number_not_by_text() -> None:
    history = "<sip:c@h>;index=1.10, <sip:b@h>;index=1.9, <sip:a@h>;index=1, <tel:+12025550142>;index=2"
    assert [p.uri.user for p in called_parties(invite(("History-Info", history)))] == ["a", "b", "c", "+12025550142"]


def test_unreadable_values_are_left_out() -> None:
    headers = [("History-Info", "garbage, <sip:a@h>, <sip:b@h>;index=x"), ("Diversion", "garbage, <sip:d@h>")]
    assert [p.uri.user for p in called_parties(invite(*headers))] == ["d"]
    assert called_parties(invite()) == []
