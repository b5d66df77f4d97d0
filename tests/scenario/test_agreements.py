"""Calls of a practice without agreements: every call works, no message is taken, and no carrier learns a patient's name."""

import pytest

from auricle.calls.records import Direction, Disposition
from auricle.compliance.features import Feature
from auricle.compliance.parties import OPERATOR, trunk
from fakes.agreements import an_agreement
from fakes.loop import on_virtual_time
from fakes.office import MAIN, PATIENT, VOICEMAIL, Office, seconds

NOT_AGREED = "We are sorry. This office cannot take recorded messages right now."
HOSTED = "Harbor Hosting"
PASSED_ON = {
    "id": "main",
    "start": "out",
    "steps": {"out": {"do": "ring", "numbers": ["+12025550177"], "otherwise": "bye", "timeout_s": 20}, "bye": {"do": "hang_up"}},
}


@on_virtual_time
async def test_without_an_agreement_no_message_is_taken_and_the_flow_goes_on() -> None:
    """RECO: the caller hears a clear sentence, not a tone that records nothing."""
    office = Office(VOICEMAIL, operated_by=HOSTED)
    patient = office.patient_calls()
    record = await office.over(Disposition.COMPLETED)
    assert office.caller_media.played == [NOT_AGREED, "Goodbye."]
    assert patient.log == ["200", "BYE"]
    assert office.recordings.opened == {}
    assert office.store.begun == []
    assert record.steps == ("box", "voicemail_not_agreed", "bye")
    ((mailbox, why),) = office.store.not_taken
    assert mailbox == "front"
    assert "operator" in why


@on_virtual_time
async def test_an_agreement_noted_meanwhile_counts_for_the_next_caller() -> None:
    office = Office(VOICEMAIL, operated_by=HOSTED)
    office.agreements.book.noted.append(an_agreement(OPERATOR, office.clock))
    patient = office.patient_calls()
    await seconds(3.6)
    assert office.caller_media.sink is not None
    patient.hangs_up()
    await office.over(Disposition.ABANDONED)


@on_virtual_time
async def test_menus_and_people_work_without_any_agreement() -> None:
    office = Office(MAIN, operated_by="")
    patient = office.patient_calls()
    await seconds(3.5)
    office.press("1", "3")
    await seconds(8)
    phone = office.sip.placed[0]
    phone.answers()
    await seconds(1)
    patient.hangs_up()
    await office.over(Disposition.ANSWERED)
    assert office.agreements.asked == [], "a plain call asks no agreement"


@pytest.mark.parametrize("dialled", ["911", "9911", "933", "102", "+12025550177"])
@on_virtual_time
async def test_calls_of_our_phones_and_for_help_ask_nobody(dialled: str) -> None:
    """Cases 911-5caa, 911-4ba0: no rule of ours stands before a call for help; without one agreement it works as ever."""
    office = Office(operated_by="")
    phone = office.phone_dials("7001", dialled)
    await seconds(1)
    assert office.sip.placed, "it was placed at once"
    office.sip.placed[0].answers()
    await seconds(1)
    phone.hangs_up()
    await office.over(Disposition.ANSWERED)
    assert office.agreements.asked == []
    if len(dialled) in (3, 4) and dialled != "102":
        assert office.sip.placed[0].target.uri.startswith(f"sip:{dialled[-3:]}@")
        assert office.sip.placed[0].caller.display_name == "Anna"


@on_virtual_time
async def test_the_carrier_of_a_call_passed_on_gets_the_number_and_no_name() -> None:
    office = Office(PASSED_ON)
    await placed_and_ended(office)
    (identity,) = [session.caller for session in office.sip.placed]
    assert (identity.user, identity.display_name) == (PATIENT, "")
    assert office.agreements.asked == [Feature.CALLER_NAMES]


@on_virtual_time
async def test_under_an_agreement_it_gets_the_name() -> None:
    office = Office(PASSED_ON)
    office.agreements.book.noted.append(an_agreement(trunk("carrier"), office.clock))
    await placed_and_ended(office)
    assert [session.caller.display_name for session in office.sip.placed] == ["Pat"]


@on_virtual_time
async def test_an_agreement_with_another_carrier_does_not_count() -> None:
    office = Office(PASSED_ON)
    office.agreements.book.noted.append(an_agreement(trunk("other"), office.clock))
    await placed_and_ended(office)
    assert [session.caller.display_name for session in office.sip.placed] == [""]


@on_virtual_time
async def test_our_own_phones_always_see_the_name() -> None:
    office = Office({**PASSED_ON, "steps": {**PASSED_ON["steps"], "out": {"do": "ring", "people": ["101"], "otherwise": "bye"}}})  # type: ignore[dict-item]
    await placed_and_ended(office)
    assert [session.caller.display_name for session in office.sip.placed] == ["Pat"]
    assert office.agreements.asked == []


async def placed_and_ended(office: Office) -> None:
    """A patient calls, is passed on, somebody answers, the patient hangs up."""
    patient = office.patient_calls()
    await seconds(1)
    office.sip.placed[0].answers()
    await seconds(1)
    patient.hangs_up()
    record = await office.over(Disposition.ANSWERED)
    assert record.direction is Direction.INBOUND
