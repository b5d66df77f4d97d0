"""Ringing several phones: one gets the caller, and nobody else's phone goes on ringing."""

from dataclasses import replace
from types import MappingProxyType

import pytest

from auricle.calls.ports import ANSWERED_ELSEWHERE, MediaProfile
from auricle.calls.records import Disposition, Protection
from auricle.sip.events import Reason
from fakes.loop import on_virtual_time
from fakes.office import ANNA, BORIS, DIRECT, Office, a_practice, allowing_plain, seconds
from fakes.telephony import FakeSession, sdp

MOMENT = 0.01


async def ringing(office: Office) -> tuple[FakeSession, FakeSession, FakeSession]:
    """A patient for whom both nurses' phones ring."""
    patient = office.patient_calls()
    await seconds(MOMENT)
    anna, boris = office.sip.placed
    anna.rings()
    boris.rings()
    await seconds(4)
    return patient, anna, boris


@on_virtual_time
async def test_the_caller_hears_ringing_before_anybody_answers() -> None:
    """180, then 200 with the winner's media behind it; the phones are rung where they registered."""
    office = Office(DIRECT)
    patient, anna, boris = await ringing(office)
    assert patient.log == ["180"]
    assert [session.target.uri for session in (anna, boris) if session.target] == ["sip:7001@192.0.2.20:5061", "sip:7002@192.0.2.20:5061"]
    boris.answers()
    await seconds(MOMENT)
    caller, _, b = office.media.legs
    assert patient.log == ["180", "200"]
    assert caller.hears == b.pbx_port
    assert b.hears == caller.pbx_port
    patient.hangs_up()
    assert (await office.over(Disposition.ANSWERED)).answered_by == BORIS


@on_virtual_time
async def test_the_loser_is_told_that_the_call_was_answered_elsewhere() -> None:
    """Case PBX-3e69: the other phone shows no missed call."""
    office = Office(DIRECT)
    patient, anna, boris = await ringing(office)
    anna.answers()
    await seconds(MOMENT)
    assert boris.log == ["CANCEL"]
    assert boris.reasons == ANSWERED_ELSEWHERE == (Reason("SIP", 200, "Call completed elsewhere"), Reason("Q.850", 26, ""))
    patient.hangs_up()
    record = await office.over(Disposition.ANSWERED)
    assert [(leg.person, leg.end_status, leg.answered_elsewhere) for leg in record.legs] == [
        (None, 200, False),
        (ANNA, 200, False),
        (BORIS, 487, True),
    ]


@on_virtual_time
async def test_both_answer_in_the_same_moment() -> None:
    """Case QUEU-ad24: the first in the inbox gets the caller, the other is hung up, and neither is left in a dead call."""
    office = Office(DIRECT)
    patient, anna, boris = await ringing(office)
    boris.answers()
    anna.answers()
    await seconds(MOMENT)
    assert anna.log == ["BYE"]
    assert anna.reasons == ANSWERED_ELSEWHERE
    assert boris.log == []
    caller, a, b = office.media.legs
    assert a.deleted
    assert caller.hears == b.pbx_port
    await seconds(30)
    patient.hangs_up()
    record = await office.over(Disposition.ANSWERED)
    assert record.answered_by == BORIS
    assert [bool(leg.answered_at) for leg in record.legs] == [True, False, True]


@on_virtual_time
async def test_an_answer_and_the_callers_hang_up_cross() -> None:
    """Whoever comes first in the inbox, both ends are over."""
    office = Office(DIRECT)
    patient, anna, boris = await ringing(office)
    anna.answers()
    patient.hangs_up()
    await office.over(Disposition.ANSWERED)
    assert (anna.log, boris.log) == (["BYE"], ["CANCEL"])

    office = Office(DIRECT)
    patient, anna, boris = await ringing(office)
    patient.hangs_up()
    anna.answers()
    record = await office.over(Disposition.ABANDONED)
    assert (anna.log, boris.log) == (["BYE"], ["CANCEL"])
    assert record.answered_by is None


@on_virtual_time
async def test_the_caller_gives_up_while_phones_ring() -> None:
    """Both phones stop, as a missed call: no Reason says otherwise."""
    office = Office(DIRECT)
    patient, anna, boris = await ringing(office)
    patient.hangs_up()
    record = await office.over(Disposition.ABANDONED)
    assert [(session.log, session.reasons) for session in (anna, boris)] == [(["CANCEL"], ()), (["CANCEL"], ())]
    assert patient.log == ["180"]
    assert not any(leg.answered_elsewhere for leg in record.legs)


@on_virtual_time
async def test_one_is_busy_and_the_caller_gives_up_on_the_other() -> None:
    """It was the caller who ended it: abandoned, not busy."""
    office = Office(DIRECT)
    patient, anna, _ = await ringing(office)
    anna.refuses(486)
    await seconds(2)
    patient.hangs_up()
    await office.over(Disposition.ABANDONED)


@on_virtual_time
async def test_one_is_busy_and_the_other_answers() -> None:
    """A refusal of one phone ends nothing for the others."""
    office = Office(DIRECT)
    patient, anna, boris = await ringing(office)
    anna.refuses(486)
    await seconds(2)
    boris.answers()
    await seconds(10)
    patient.hangs_up()
    record = await office.over(Disposition.ANSWERED)
    assert [leg.end_status for leg in record.legs] == [200, 486, 200]


@on_virtual_time
async def test_nobody_answers_and_the_caller_reaches_voicemail() -> None:
    """After 20 s both phones stop and the caller hears the greeting."""
    office = Office(DIRECT)
    patient, anna, boris = await ringing(office)
    await seconds(16.5)
    assert (anna.log, boris.log) == (["CANCEL"], ["CANCEL"])
    assert office.caller_media.playing == "Leave a message."
    await seconds(4)
    office.caller_media.speaks(5)
    patient.hangs_up()
    record = await office.over(Disposition.VOICEMAIL)
    assert record.steps == ("nurses", "box")
    assert [message.duration_s for message in office.store.messages] == [5.0]


@pytest.mark.parametrize("how", ["busy", "redirected", "offline"])
@on_virtual_time
async def test_when_no_phone_can_answer_voicemail_does_not_wait(how: str) -> None:
    """Nobody waits 20 s for phones that have all said no."""
    office = Office(DIRECT, online=() if how == "offline" else ("7001", "7002"))
    patient = office.patient_calls()
    await seconds(MOMENT)
    for session in office.sip.placed:
        if how == "busy":
            session.refuses(486)
        else:
            session.redirects("sip:elsewhere@198.51.100.99")
    await seconds(MOMENT)
    assert office.caller_media.playing == "Leave a message."
    await seconds(4)
    office.caller_media.speaks(3)
    patient.hangs_up()
    await office.over(Disposition.VOICEMAIL)


@on_virtual_time
async def test_an_answer_that_gives_up_encryption_is_hung_up() -> None:
    """Case SRTP-16c1: that leg gets BYE and no media; the other phone rings on and wins."""
    office = Office(DIRECT)
    patient, anna, boris = await ringing(office)
    assert office.media.legs[1].profile is MediaProfile.SDES_SRTP
    anna.answers(sdp("RTP/AVP"))
    await seconds(MOMENT)
    assert anna.log == ["BYE"]
    assert boris.log == []
    assert patient.log == ["180"]
    boris.answers()
    await seconds(5)
    patient.hangs_up()
    assert (await office.over(Disposition.ANSWERED)).answered_by == BORIS


@on_virtual_time
async def test_all_answers_give_up_encryption() -> None:
    """Then nobody answered."""
    office = Office(DIRECT)
    patient, anna, boris = await ringing(office)
    anna.answers(sdp("RTP/AVP"))
    boris.answers(sdp("RTP/AVP"))
    await seconds(MOMENT)
    assert (anna.log, boris.log) == (["BYE"], ["BYE"])
    assert office.caller_media.playing == "Leave a message."
    await seconds(4)
    office.caller_media.speaks(3)
    patient.hangs_up()
    record = await office.over(Disposition.VOICEMAIL)
    assert record.answered_by is None


@on_virtual_time
async def test_a_phone_that_may_go_without_encryption_marks_the_call() -> None:
    """Offered RTP/AVP because its own rule says so; the record says unprotected."""
    office = Office(DIRECT, allowing_plain(a_practice(), "7001"), online=("7001",))
    patient = office.patient_calls()
    await seconds(MOMENT)
    (anna,) = office.sip.placed
    assert office.media.legs[1].profile is MediaProfile.PLAIN_RTP
    anna.answers(sdp("RTP/AVP"))
    await seconds(5)
    patient.hangs_up()
    assert (await office.over(Disposition.ANSWERED)).protection is Protection.UNPROTECTED


@on_virtual_time
async def test_media_fails_while_the_winner_is_joined() -> None:
    """rtpengine refuses the answer: 503 to the caller, BYE to the phone, nothing left."""
    office = Office(DIRECT)
    patient, anna, boris = await ringing(office)
    office.media.broken.add("make_answer")
    anna.answers()
    await office.over(Disposition.FAILED)
    assert patient.log == ["180", "503"]
    assert (anna.log, boris.log) == (["BYE"], ["CANCEL"])


@on_virtual_time
async def test_the_winner_holds_and_resumes() -> None:
    """A re-INVITE is answered; one without encryption is refused and the call goes on as it was."""
    office = Office(DIRECT)
    patient, anna, _ = await ringing(office)
    anna.answers()
    await seconds(1)
    anna.offers(sdp(direction="sendonly"))
    await seconds(1)
    anna.offers(sdp("RTP/AVP"))
    await seconds(1)
    assert anna.log == ["answer", "refuse 488"]
    patient.hangs_up()
    await office.over(Disposition.ANSWERED)


@on_virtual_time
async def test_a_person_with_two_phones_answers_one() -> None:
    """All phones of a person ring, and the other one stops."""
    practice = a_practice()
    both = MappingProxyType({name: replace(device, person=ANNA) for name, device in practice.devices.items()})
    office = Office(DIRECT, replace(practice, devices=both))
    patient, first, second = await ringing(office)
    second.answers()
    await seconds(MOMENT)
    assert (first.log, second.log) == (["CANCEL"], [])
    patient.hangs_up()
    await office.over(Disposition.ANSWERED)
