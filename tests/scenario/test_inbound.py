"""A patient calls the practice: what they hear, which keys lead where, and what is left when they hang up."""

import pytest

from auricle.calls.records import Direction, Disposition, Protection
from fakes.loop import on_virtual_time
from fakes.office import ANNA, OUR_NUMBER, PATIENT, Office, seconds
from fakes.telephony import sdp

MOMENT = 0.01


@on_virtual_time
async def test_greeting_two_menus_a_nurse_answers_and_the_patient_hangs_up() -> None:
    """The everyday call, from the first ring to the record."""
    office = Office()
    patient = office.patient_calls()
    await seconds(3.5)  # the greeting took 3
    office.press("1")
    await seconds(MOMENT)
    office.press("3")
    await seconds(MOMENT)
    anna, boris = office.sip.placed
    anna.rings()
    await seconds(5)
    anna.answers()
    await seconds(MOMENT)
    assert boris.log == ["CANCEL"]
    _, a, b = office.media.legs
    assert office.caller_media.hears == a.pbx_port
    assert a.hears == office.caller_media.pbx_port
    assert b.deleted
    await seconds(60)
    patient.hangs_up()
    record = await office.over(Disposition.ANSWERED)
    assert anna.log == ["BYE"]
    assert patient.log == ["200"]
    assert record.direction is Direction.INBOUND
    assert record.steps == ("welcome", "choices", "deeper", "nurses", "talking")
    assert record.answered_by == ANNA
    assert record.talk_s == pytest.approx(60, abs=0.1)
    assert record.caller.reveal("test") == PATIENT
    assert record.called.reveal("test") == OUR_NUMBER
    assert record.protection is Protection.PUBLIC_NETWORK


@on_virtual_time
async def test_the_nurse_hangs_up_first() -> None:
    """The caller's leg is ended with BYE."""
    office = Office()
    patient = office.patient_calls()
    await seconds(1)
    office.press("1", "3")
    await seconds(MOMENT)
    office.sip.placed[1].answers()
    await seconds(10)
    office.sip.placed[1].hangs_up()
    await office.over(Disposition.ANSWERED)
    assert patient.log == ["200", "BYE"]
    assert office.sip.placed[0].log == ["CANCEL"]


@on_virtual_time
async def test_a_key_stops_the_prompt() -> None:
    """Barge-in: the greeting ends with the key, and the key is the choice of the menu behind it."""
    office = Office()
    patient = office.patient_calls()
    await seconds(1)
    assert office.caller_media.playing == "Welcome."
    office.press("2")
    await seconds(MOMENT)
    assert office.caller_media.played == ["Welcome.", "Leave a message."]
    patient.hangs_up()
    await office.over(Disposition.ABANDONED)


@on_virtual_time
async def test_keys_ahead_of_the_greeting_lead_through_both_menus() -> None:
    """A caller who knows the way is not kept by a prompt of a menu they have answered."""
    office = Office()
    patient = office.patient_calls()
    await seconds(MOMENT)
    office.press("1", "3")
    await seconds(MOMENT)
    assert office.caller_media.playing == "sound:ringback"
    assert len(office.sip.placed) == 2
    patient.hangs_up()
    await office.over(Disposition.ABANDONED)


@on_virtual_time
async def test_wrong_keys_are_told_and_then_otherwise_is_taken() -> None:
    """Two retries, then the last words."""
    office = Office()
    patient = office.patient_calls()
    await seconds(3.5)
    for _ in range(3):
        office.press("9")
        await seconds(3 + 0.5)  # they hear that it was wrong, and the prompt begins again
    await office.over(Disposition.COMPLETED)
    wrong = "Sorry, that is not one of the choices."
    assert office.caller_media.played == ["Welcome.", *["One or two.", wrong] * 3, "Sorry."]
    assert patient.log == ["200", "BYE"]
    assert office.record.steps == ("welcome", "choices", "sorry")


@on_virtual_time
async def test_silence_in_a_menu_repeats_it_and_then_takes_otherwise() -> None:
    """Three prompts of 3 s with 5 s behind each, then the last words."""
    office = Office()
    patient = office.patient_calls()
    record = await office.over(Disposition.COMPLETED)
    assert office.caller_media.played == ["Welcome.", *["One or two."] * 3, "Sorry."]
    assert patient.last == "BYE"
    assert (record.ended_at - record.started_at).total_seconds() == pytest.approx(3 + 3 * (3 + 5) + 3)


@on_virtual_time
async def test_keys_by_info_count_only_where_no_telephone_events_were_agreed() -> None:
    """A key that comes both ways is one key."""
    office = Office()
    patient = office.patient_calls()
    await seconds(1)
    patient.sends_info("2")
    await seconds(MOMENT)
    assert office.caller_media.playing == "Welcome."
    patient.hangs_up()
    await office.over(Disposition.ABANDONED)

    office = Office()
    without_events = sdp().replace(b"a=rtpmap:101 telephone-event/8000\r\n", b"")
    patient = office.patient_calls(offer=without_events)
    await seconds(1)
    patient.sends_info("2")
    await seconds(MOMENT)
    assert office.caller_media.playing == "Leave a message."
    patient.hangs_up()
    await office.over(Disposition.ABANDONED)


STEPS = {
    "before the media is set up": 0.0,
    "greeting": 1.0,
    "first menu's prompt": 4.0,
    "first menu, waiting": 7.0,
    "second menu": 8.5,
    "ringing": 9.5,
    "voicemail greeting": 29.7,
    "beep": 32.7,
}


@pytest.mark.parametrize("at", [pytest.param(at, id=name) for name, at in STEPS.items()])
@on_virtual_time
async def test_the_caller_hangs_up_at_any_step(at: float) -> None:
    """Nothing rings on, no media is left, one record: abandoned."""
    office = Office()
    patient = office.patient_calls()
    passed = 0.0
    for when, key in ((8.0, "1"), (9.0, "3")):
        if when < at:
            await seconds(when - passed)
            passed = when
            office.press(key)
    await seconds(at - passed)
    for session in office.sip.placed:
        assert not session.over or at > 29
    patient.hangs_up()
    await office.over(Disposition.ABANDONED)
    assert all(session.log == ["CANCEL"] for session in office.sip.placed)
    assert all(not session.reasons for session in office.sip.placed)
    assert office.store.messages == []


@on_virtual_time
async def test_a_call_cancelled_at_once_was_never_answered() -> None:
    """No 200 was sent, so the record has no answer of the caller's leg."""
    office = Office()
    patient = office.patient_calls()
    patient.hangs_up()
    record = await office.over(Disposition.ABANDONED)
    assert patient.log == []
    assert record.legs[0].answered_at is None


@on_virtual_time
async def test_an_unknown_number_is_not_found() -> None:
    """404, and no trace of a call."""
    office = Office()
    assert office.patient_calls(number="+12025550199").log == ["404"]
    assert office.patient_calls(number="nobody").log == ["404"]
    assert office.store.records == []
    assert office.media.legs == []


@on_virtual_time
async def test_an_offer_without_srtp_is_refused_with_a_warning() -> None:
    """Case SRTP-16c1: 488 says why, and rtpengine never hears of the call."""
    office = Office()
    patient = office.patient_calls(offer=sdp("RTP/AVP"))
    await office.over(Disposition.REFUSED)
    assert patient.log == ["488"]
    warning = dict(patient.headers)["Warning"]
    assert "SRTP required" in warning
    assert not office.caller_media.allocated


@on_virtual_time
async def test_an_invite_without_an_offer_is_refused() -> None:
    """488: we would have to offer, and what a carrier leaves open it must say first."""
    office = Office()
    assert office.patient_calls(offer=b"") is office.incoming[0]
    await office.over(Disposition.REFUSED)
    assert office.incoming[0].log == ["488"]


@on_virtual_time
async def test_without_rtpengine_the_call_is_refused_for_now() -> None:
    """503, which carriers take as a reason to try another way."""
    office = Office()
    office.media.broken.add("take_offer")
    patient = office.patient_calls()
    await office.over(Disposition.FAILED)
    assert patient.log == ["503"]


@pytest.mark.parametrize(
    "hops",
    ["1", "0"],
)
@on_virtual_time
async def test_too_many_hops(hops: str) -> None:
    """Case SIP-4250: a call that cannot be passed on is not begun."""
    office = Office()
    patient = office.patient_calls(("Max-Forwards", hops))
    await seconds(MOMENT)
    assert patient.log == ["483"]
    assert office.store.records == []


@pytest.mark.parametrize(("hops", "at_most"), [("70", 69), ("12", 11), ("2", 1), ("255", 69)])
@on_virtual_time
async def test_outgoing_legs_have_fewer_hops_left(hops: str, at_most: int) -> None:
    """Case SIP-4250: a loop through us runs out."""
    office = Office()
    patient = office.patient_calls(("Max-Forwards", hops))
    await seconds(1)
    office.press("1", "3")
    await seconds(MOMENT)
    assert [session.max_forwards for session in office.sip.placed] == [at_most, at_most]
    patient.hangs_up()
    await office.over(Disposition.ABANDONED)
