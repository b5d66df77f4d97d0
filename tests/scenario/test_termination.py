"""Access ends while somebody is on the phone (case RBAC-29c5): their legs end, calls for help go on, their phone is refused."""

from auricle.calls.records import Disposition
from auricle.kernel.ids import PersonId
from fakes.loop import on_virtual_time
from fakes.office import ANNA, BORIS, DIRECT, Office, a_practice, seconds, with_911

MOMENT = 0.01


def end_access(office: Office, person: PersonId) -> None:
    office.terminated.add(person)
    office.switchboard.end_access(person, office.store)


@on_virtual_time
async def test_a_conversation_of_theirs_ends_for_both() -> None:
    """The colleague hears the line drop; the record says that they talked."""
    office = Office()
    boris = office.phone_dials("7002", "101")
    await seconds(MOMENT)
    (anna,) = office.sip.placed
    anna.answers()
    await seconds(5)
    end_access(office, BORIS)
    await seconds(MOMENT)
    record = await office.over(Disposition.ANSWERED)
    assert boris.log == ["200", "BYE"]
    assert anna.log[-1] == "BYE"
    assert office.store.ended_calls == [record.id]


@on_virtual_time
async def test_a_patient_talking_to_them_is_not_left_with_them() -> None:
    office = Office(DIRECT)
    patient = office.patient_calls()
    await seconds(MOMENT)
    anna, boris = office.sip.placed
    boris.answers()
    await seconds(30)
    end_access(office, BORIS)
    await seconds(MOMENT)
    await office.over(Disposition.ANSWERED)
    assert boris.log[-1] == "BYE"
    assert patient.log[-1] == "BYE"
    assert "CANCEL" in anna.log


@on_virtual_time
async def test_their_phone_stops_ringing_and_the_others_go_on() -> None:
    office = Office(DIRECT)
    patient = office.patient_calls()
    await seconds(MOMENT)
    anna, boris = office.sip.placed
    anna.rings()
    boris.rings()
    await seconds(1)
    end_access(office, BORIS)
    await seconds(MOMENT)
    assert boris.log[-1] == "CANCEL"
    anna.answers()
    await seconds(10)
    anna.hangs_up()
    record = await office.over(Disposition.ANSWERED)
    assert record.answered_by == ANNA
    assert patient.log[-1] == "BYE"


@on_virtual_time
async def test_a_call_that_is_still_ringing_out_ends() -> None:
    office = Office()
    boris = office.phone_dials("7002", "101")
    await seconds(MOMENT)
    end_access(office, BORIS)
    await seconds(MOMENT)
    await office.over(Disposition.ABANDONED)
    assert office.sip.placed[0].log == ["CANCEL"]
    assert len(boris.log) == 1


@on_virtual_time
async def test_a_call_for_help_goes_on() -> None:
    """47 CFR 9.16: nothing of ours ends it, whoever placed it."""
    office = Office(practice=with_911(a_practice()))
    caller = office.phone_dials("7002", "911")
    await seconds(MOMENT)
    (psap,) = office.sip.placed
    psap.answers()
    await seconds(5)
    end_access(office, BORIS)
    await seconds(60)
    assert caller.log == ["200"]
    assert office.store.ended_calls == []
    psap.hangs_up()
    await office.over(Disposition.ANSWERED)


@on_virtual_time
async def test_their_phone_calls_for_help_and_nothing_else() -> None:
    office = Office(practice=with_911(a_practice()))
    end_access(office, BORIS)
    assert office.phone_dials("7002", "101").log == ["403"]
    await seconds(MOMENT)
    assert office.store.refusals == [("the person's access was ended", "7002")]
    help_ = office.phone_dials("7002", "911")
    await seconds(MOMENT)
    (psap,) = office.sip.placed
    psap.answers()
    await seconds(1)
    assert help_.log == ["200"]
    psap.hangs_up()
    await office.over(Disposition.ANSWERED)


@on_virtual_time
async def test_a_wrong_secret_for_their_phone_is_told_no_more_than_any_other() -> None:
    office = Office()
    end_access(office, BORIS)
    assert office.phone_dials("7002", "101", password="wrong").log == ["401"]


@on_virtual_time
async def test_they_are_nowhere_to_be_rung() -> None:
    office = Office()
    end_access(office, BORIS)
    anna = office.phone_dials("7001", "102")
    await office.over(Disposition.NO_ANSWER)
    assert anna.log == ["480"]
    assert office.sip.placed == []


@on_virtual_time
async def test_registering_is_refused_also_when_it_crossed_the_end() -> None:
    """A REGISTER that was admitted before and stored after leaves nothing behind."""
    office = Office(online=())
    answers = office.registers("7002")
    end_access(office, BORIS)  # admitted, not yet stored
    await seconds(MOMENT)
    assert answers[-1] == 403
    assert office.store.bindings["7002"] == []
    again = office.registers("7002")
    await seconds(MOMENT)
    assert again[-1] == 403
    office.terminated.discard(BORIS)
    back = office.registers("7002")
    await seconds(MOMENT)
    assert back[-1] == 200
