"""Calls from phones, and who a caller is believed to be."""

import pytest

from auricle.calls.records import CallRecord, Direction, Disposition, Protection
from fakes.loop import on_virtual_time
from fakes.office import (
    BORIS,
    CARRIER,
    DIRECT,
    OUR_NUMBER,
    PATIENT,
    PHONE,
    REALM,
    Office,
    a_practice,
    seconds,
    with_911,
    without_trunk,
)
from fakes.telephony import sdp

MOMENT = 0.01
ASSERTED = ("P-Asserted-Identity", '"Pat" <sip:+12025550177@carrier.example>')


def everything_in(record: CallRecord) -> str:
    """All private values of a record as one text."""
    legs = [value for leg in record.legs for value in (leg.party, leg.display_name)]
    return " ".join(value.reveal("test") for value in (record.caller, record.caller_name, record.called, *legs))


# ---- colleagues


@on_virtual_time
async def test_a_colleague_answers() -> None:
    """An internal call, encrypted on both sides."""
    office = Office()
    boris = office.phone_dials("7002", "101")
    await seconds(MOMENT)
    (anna,) = office.sip.placed
    anna.rings()
    await seconds(3)
    anna.answers()
    await seconds(20)
    anna.hangs_up()
    record = await office.over(Disposition.ANSWERED)
    assert boris.log == ["180", "200", "BYE"]
    assert record.direction is Direction.INTERNAL
    assert record.protection is Protection.TO_GATEWAY


@on_virtual_time
async def test_a_busy_colleague() -> None:
    """486 is passed on."""
    office = Office()
    boris = office.phone_dials("7002", "101")
    await seconds(MOMENT)
    office.sip.placed[0].refuses(486)
    await office.over(Disposition.BUSY)
    assert boris.log == ["486"]


@on_virtual_time
async def test_a_colleague_who_does_not_answer() -> None:
    """480 after 30 s, and the phone stops."""
    office = Office()
    boris = office.phone_dials("7002", "101")
    record = await office.over(Disposition.NO_ANSWER)
    assert boris.log == ["480"]
    assert office.sip.placed[0].log == ["CANCEL"]
    assert (record.ended_at - record.started_at).total_seconds() == pytest.approx(30)


@on_virtual_time
async def test_a_colleague_without_a_phone() -> None:
    """480 at once."""
    office = Office(online=("7002",))
    boris = office.phone_dials("7002", "101")
    await office.over(Disposition.NO_ANSWER)
    assert boris.log == ["480"]


@on_virtual_time
async def test_the_phone_gives_up() -> None:
    """CANCEL on one side, CANCEL on the other."""
    office = Office()
    boris = office.phone_dials("7002", "101")
    await seconds(2)
    boris.hangs_up()
    await office.over(Disposition.ABANDONED)
    assert office.sip.placed[0].log == ["CANCEL"]


@on_virtual_time
async def test_a_phone_without_srtp_is_refused() -> None:
    """Case SRTP-16c1, from the inside."""
    office = Office()
    boris = office.phone_dials("7002", "101", offer=sdp("RTP/AVP"))
    await office.over(Disposition.REFUSED)
    assert boris.log == ["488"]
    assert "Warning" in dict(boris.headers)
    assert office.sip.placed == []


@on_virtual_time
async def test_an_unusable_answer_does_not_mark_the_conversation_as_unprotected() -> None:
    """Two phones of one person; the one that gave up encryption was hung up and nobody spoke on it."""
    office = Office(DIRECT)
    patient = office.patient_calls()
    await seconds(MOMENT)
    anna, boris = office.sip.placed
    anna.answers(sdp("RTP/AVP"))
    await seconds(MOMENT)
    boris.answers()
    await seconds(10)
    patient.hangs_up()
    record = await office.over(Disposition.ANSWERED)
    assert record.protection is Protection.PUBLIC_NETWORK


# ---- outside and emergency


@on_virtual_time
async def test_an_outside_number_goes_to_the_carrier() -> None:
    """Dialled as people here dial, sent as E.164."""
    office = Office()
    boris = office.phone_dials("7002", "2025550142", ("Max-Forwards", "20"))
    await seconds(MOMENT)
    (carrier,) = office.sip.placed
    assert carrier.target is not None
    assert carrier.target.uri == f"sip:{PATIENT}@gw.carrier.example;transport=tls"
    assert carrier.max_forwards == 19
    carrier.answers()
    await seconds(5)
    boris.hangs_up()
    assert (await office.over(Disposition.ANSWERED)).direction is Direction.OUTBOUND


@pytest.mark.parametrize(("dialled", "sent"), [("911", "911"), ("9911", "911"), ("933", "933")])
@on_virtual_time
async def test_emergency_calls_go_to_the_carrier(dialled: str, sent: str) -> None:
    """Case 911-5caa: even where somebody has the extension 911."""
    office = Office(practice=with_911(a_practice()), online=("7001", "7002", "7911"))
    boris = office.phone_dials("7002", dialled)
    await seconds(MOMENT)
    (carrier,) = office.sip.placed
    assert carrier.target is not None
    assert carrier.target.uri == f"sip:{sent}@gw.carrier.example;transport=tls"
    carrier.answers()
    await seconds(60)
    boris.hangs_up()
    await office.over(Disposition.ANSWERED)


@on_virtual_time
async def test_an_emergency_call_without_a_trunk() -> None:
    """Case 911-5caa: 503, so that the phone tries another line; never the extension."""
    office = Office(practice=without_trunk(with_911(a_practice())), online=("7911",))
    assert office.phone_dials("7002", "911").log == ["503"]
    assert office.sip.placed == []
    assert office.phone_dials("7002", "2025550142").log == ["503"]


@pytest.mark.parametrize("dialled", ["199", "nobody"])
@on_virtual_time
async def test_nobody_there(dialled: str) -> None:
    """404."""
    office = Office()
    assert office.phone_dials("7002", dialled).log == ["404"]


# ---- who calls


@pytest.mark.parametrize("algorithm", ["SHA-256", "MD5"])
@on_virtual_time
async def test_a_phone_is_who_it_authenticated_as(algorithm: str) -> None:
    """Case VOIC-0193: 7002 writes 7001 in From, and the called sees Boris."""
    office = Office()
    boris = office.phone_dials("7002", "101", sender=f'"Anna" <sip:7001@{REALM}>', algorithm=algorithm)
    await seconds(MOMENT)
    (anna,) = office.sip.placed
    assert anna.caller is not None
    assert (anna.caller.user, anna.caller.display_name) == ("102", "Boris")
    boris.hangs_up()
    record = await office.over(Disposition.ABANDONED)
    assert record.legs[0].person == BORIS
    assert record.caller.reveal("test") == "102"


@on_virtual_time
async def test_a_phones_asserted_identity_is_ignored() -> None:
    """Case CALL-fecd: only a carrier may assert."""
    office = Office()
    boris = office.phone_dials("7002", "101", ASSERTED)
    await seconds(MOMENT)
    boris.hangs_up()
    record = await office.over(Disposition.ABANDONED)
    assert record.caller.reveal("test") == "102"
    assert "+12025550177" not in everything_in(record)


@on_virtual_time
async def test_a_wrong_password() -> None:
    """Challenged again, audited, and no call; a first challenge alone is no event."""
    office = Office()
    assert office.phone_dials("7002", "101", password="wrong").log == ["401"]
    await seconds(0.1)
    assert office.store.refused == [PHONE.host]
    assert office.store.records == []


@pytest.mark.parametrize("uri", ["sip:@@:x", "sip:101@[::bad", "sip:101@pbx.example:99999"])
@on_virtual_time
async def test_an_address_that_cannot_be_read(uri: str) -> None:
    """The right SIP error, and nothing left of a call."""
    office = Office()
    assert office.invite(uri, f"<sip:{PATIENT}@carrier.example>", CARRIER).log == ["400"]
    assert office.store.records == []


@on_virtual_time
async def test_a_stranger_is_challenged() -> None:
    """From the internet, whatever it calls: our own number, an extension, 911."""
    office = Office()
    for dialled in (OUR_NUMBER, "101", "911"):
        assert office.invite(f"sip:{dialled}@{REALM}", "<sip:x@evil.example>", PHONE).log == ["401"]
    assert office.media.legs == []


@on_virtual_time
async def test_a_carriers_asserted_identity_counts() -> None:
    """Case CALL-fecd: before From."""
    office = Office(DIRECT)
    patient = office.patient_calls(ASSERTED)
    await seconds(MOMENT)
    assert [session.caller.user for session in office.sip.placed if session.caller] == ["+12025550177"] * 2
    patient.hangs_up()
    assert (await office.over(Disposition.ABANDONED)).caller.reveal("test") == "+12025550177"


@pytest.mark.parametrize("privacy", ["id", "user;id", "header", "ID"])
@on_virtual_time
async def test_a_withheld_number_is_nowhere(privacy: str) -> None:
    """Case CALL-fecd: not on the phone, not on the console, not in the record."""
    office = Office(DIRECT)
    patient = office.patient_calls(ASSERTED, ("Privacy", privacy))
    await seconds(MOMENT)
    for session in office.sip.placed:
        assert session.caller is not None
        assert session.caller.withheld
        assert (session.caller.user, session.caller.display_name) == ("anonymous", "")
    patient.hangs_up()
    record = await office.over(Disposition.ABANDONED)
    assert record.caller.reveal("test") == "anonymous"
    for secret in ("+12025550177", PATIENT, "Pat"):
        assert secret not in everything_in(record)
        assert all(secret not in live.caller.reveal("test") + live.caller_name.reveal("test") for live in office.observer.seen)


@on_virtual_time
async def test_an_extension_in_a_carriers_from_is_nobody() -> None:
    """A spoofed 101 is an anonymous outside caller, not Anna."""
    office = Office(DIRECT)
    patient = office.patient_calls(sender=f"<sip:101@{REALM}>")
    await seconds(MOMENT)
    patient.hangs_up()
    record = await office.over(Disposition.ABANDONED)
    assert record.direction is Direction.INBOUND
    assert record.legs[0].person is None
    assert record.caller.reveal("test") == "anonymous"


@pytest.mark.parametrize("dialled", ["101", "911", "2025550142", OUR_NUMBER])
@on_virtual_time
async def test_a_phones_name_in_a_carriers_from_is_no_phone(dialled: str) -> None:
    """It would have to prove it: 401."""
    office = Office(DIRECT)
    assert office.invite(f"sip:{dialled}@{REALM}", f"<sip:7001@{REALM}>", CARRIER).log == ["401"]
    assert office.sip.placed == []


@pytest.mark.parametrize("dialled", ["101", "911", "+12025550142"])
@on_virtual_time
async def test_a_carrier_cannot_call_through_us(dialled: str) -> None:
    """Only our own numbers can be reached from outside: no extension, no toll fraud."""
    office = Office(DIRECT)
    assert office.patient_calls(number=dialled).log == ["404"]
    assert office.sip.placed == []
