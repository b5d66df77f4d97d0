"""Leaving a message: how it ends, what is kept, and what happens when there is no room."""

import pytest

from auricle.calls.records import Disposition
from auricle.calls.voicemail_record import TranscriptState
from fakes.loop import on_virtual_time
from fakes.office import PATIENT, VOICEMAIL, Office, seconds
from fakes.telephony import QUIET, SECOND, FakeSession

THANKS = "Thank you. Your message has been saved."
NO_ROOM = "We are sorry, messages cannot be taken right now. Please call again."


RING_THEN_BOX = {
    "id": "main",
    "start": "hello",
    "steps": {
        "hello": {"do": "say", "text": "Hello.", "next": "nurses"},
        "nurses": {"do": "ring", "people": ["101"], "otherwise": "box", "timeout_s": 20},
        "box": {"do": "voicemail", "mailbox": "front", "next": "bye"},
        "bye": {"do": "hang_up"},
    },
}
BOX_THEN_MENU = {
    "id": "main",
    "start": "box",
    "steps": {
        "box": {"do": "voicemail", "mailbox": "front", "next": "again"},
        "again": {"do": "menu", "prompt": "Again?", "keys": {"5": "box"}, "otherwise": "bye"},
        "bye": {"do": "hang_up"},
    },
}


async def at_the_tone(office: Office) -> FakeSession:
    """A patient who has heard greeting (3 s) and beep (0.5 s)."""
    patient = office.patient_calls()
    await seconds(3.6)
    assert office.caller_media.sink is not None
    return patient


async def speaks(office: Office, count: int, sound: bytes | None = None) -> None:
    """The caller says something, or sends line noise, for this many seconds."""
    for _ in range(count):
        await seconds(1)
        if sound is None:
            office.caller_media.speaks(1)
        else:
            office.caller_media.speaks(1, sound)


@on_virtual_time
async def test_hash_ends_the_message() -> None:
    """It is kept, thanked for, and the flow goes on."""
    office = Office(VOICEMAIL)
    patient = await at_the_tone(office)
    await speaks(office, 7)
    office.press("#")
    record = await office.over(Disposition.VOICEMAIL)
    assert office.caller_media.played == ["Leave a message.", "sound:beep", THANKS, "Goodbye."]
    assert patient.log == ["200", "BYE"]
    (message,) = office.store.messages
    assert message.duration_s == 7.0
    assert message.complete
    assert message.call == record.id
    assert message.caller.reveal("test") == PATIENT
    assert message.transcript_state is TranscriptState.WAITING


@on_virtual_time
async def test_hang_up_ends_the_message_and_it_is_kept() -> None:
    """Most callers never press `#`."""
    office = Office(VOICEMAIL)
    patient = await at_the_tone(office)
    await speaks(office, 4)
    patient.hangs_up()
    await office.over(Disposition.VOICEMAIL)
    assert [message.duration_s for message in office.store.messages] == [4.0]
    assert patient.log == ["200"]


@on_virtual_time
async def test_it_is_announced_before_its_first_second() -> None:
    """A crash while it is recorded loses neither the audio nor who called."""
    office = Office(VOICEMAIL)
    patient = await at_the_tone(office)
    (begun,) = office.store.begun
    assert (begun.duration_s, begun.complete) == (0.0, False)
    assert begun.caller.reveal("test") == PATIENT
    patient.hangs_up()
    await office.over(Disposition.ABANDONED)
    assert office.store.discarded == [begun.id]


@pytest.mark.parametrize("said_s", [0.0, 0.9])
@on_virtual_time
async def test_under_a_second_is_no_message(said_s: float) -> None:
    """The click of a handset is discarded, and the call was abandoned."""
    office = Office(VOICEMAIL)
    patient = await at_the_tone(office)
    office.caller_media.speaks(said_s)
    patient.hangs_up()
    await office.over(Disposition.ABANDONED)
    (recording,) = office.recordings.opened.values()
    assert recording.abandoned
    assert office.store.messages == []
    assert len(office.store.discarded) == 1


@pytest.mark.parametrize("at", [1.0, 3.2], ids=["greeting", "beep"])
@on_virtual_time
async def test_hang_up_before_the_tone_is_over_leaves_nothing(at: float) -> None:
    """No message, and no blob that nobody closed."""
    office = Office(VOICEMAIL)
    patient = office.patient_calls()
    await seconds(at)
    patient.hangs_up()
    await office.over(Disposition.ABANDONED)
    assert all(recording.abandoned for recording in office.recordings.opened.values())
    assert office.store.messages == []
    assert len(office.store.discarded) == len(office.store.begun)


@pytest.mark.parametrize("sound", [QUIET, b""], ids=["line noise", "no packets"])
@on_virtual_time
async def test_twelve_seconds_of_silence_end_it(sound: bytes) -> None:
    """What was said before is kept."""
    office = Office(VOICEMAIL)
    await at_the_tone(office)
    await speaks(office, 5)
    began = office.clock.monotonic()
    while office.caller_media.sink is not None:
        await speaks(office, 1, sound)
    assert office.clock.monotonic() - began == pytest.approx(12, abs=1.1)
    record = await office.over(Disposition.VOICEMAIL)
    assert office.store.messages[0].duration_s == pytest.approx(17 if sound else 5, abs=1.1)
    assert record.steps == ("box", "bye")


@on_virtual_time
async def test_speech_after_a_pause_starts_the_silence_anew() -> None:
    """Looking something up for ten seconds does not end the message."""
    office = Office(VOICEMAIL)
    patient = await at_the_tone(office)
    await speaks(office, 2)
    await speaks(office, 10, QUIET)
    await speaks(office, 2)
    await speaks(office, 10, QUIET)
    assert office.caller_media.sink is not None
    patient.hangs_up()
    await office.over(Disposition.VOICEMAIL)
    assert office.store.messages[0].duration_s == 24.0


@on_virtual_time
async def test_a_message_has_a_longest_length() -> None:
    """30 s here; the caller is thanked."""
    office = Office(VOICEMAIL)
    await at_the_tone(office)
    while office.caller_media.sink is not None:
        await speaks(office, 1)
    await office.over(Disposition.VOICEMAIL)
    assert office.store.messages[0].duration_s == pytest.approx(30, abs=1)
    assert THANKS in office.caller_media.played


@on_virtual_time
async def test_other_keys_do_not_end_it() -> None:
    """A cheek on the keypad is no `#`."""
    office = Office(VOICEMAIL)
    patient = await at_the_tone(office)
    await speaks(office, 2)
    office.press("5", "*")
    await speaks(office, 2)
    patient.hangs_up()
    await office.over(Disposition.VOICEMAIL)
    assert office.store.messages[0].duration_s == 4.0


@on_virtual_time
async def test_a_key_skips_the_greeting() -> None:
    """Barge-in, and the key is not the end of the message that follows."""
    office = Office(VOICEMAIL)
    patient = office.patient_calls()
    await seconds(1)
    office.press("#")
    await seconds(0.6)
    assert office.caller_media.sink is not None
    await speaks(office, 3)
    patient.hangs_up()
    await office.over(Disposition.VOICEMAIL)


@on_virtual_time
async def test_no_room_for_a_recording_is_said_and_the_call_goes_on() -> None:
    """Nothing is begun that could not be kept; existing messages are not touched."""
    office = Office(VOICEMAIL)
    office.recordings.full = True
    patient = office.patient_calls()
    record = await office.over(Disposition.COMPLETED)
    assert office.caller_media.played == ["Leave a message.", NO_ROOM, "Goodbye."]
    assert patient.log == ["200", "BYE"]
    assert record.steps == ("box", "recording_refused", "bye")
    assert office.store.begun == office.store.messages == []


@on_virtual_time
async def test_the_disk_fills_while_it_is_recorded() -> None:
    """What was sealed is kept and marked as incomplete."""
    office = Office(VOICEMAIL)
    office.recordings.full_after = 3 * SECOND
    await at_the_tone(office)
    await speaks(office, 5)
    assert office.caller_media.sink is None  # nobody is left talking to a recorder that keeps nothing
    await office.over(Disposition.VOICEMAIL)
    (message,) = office.store.messages
    assert (message.duration_s, message.complete) == (3.0, False)


@on_virtual_time
async def test_a_withheld_number_is_not_in_the_message() -> None:
    """Case CALL-fecd: neither in the announcement nor in the finished message."""
    office = Office(VOICEMAIL)
    patient = office.patient_calls(("Privacy", "id"), ("P-Asserted-Identity", f"<sip:{PATIENT}@carrier.example>"))
    await seconds(4)
    office.caller_media.speaks(3)
    patient.hangs_up()
    await office.over(Disposition.VOICEMAIL)
    for message in (*office.store.begun, *office.store.messages):
        assert (message.caller.reveal("test"), message.caller_name.reveal("test")) == ("anonymous", "")


@on_virtual_time
async def test_media_fails_when_the_recording_ends() -> None:
    """rtpengine is gone: what was recorded is kept all the same."""
    office = Office(VOICEMAIL)
    await at_the_tone(office)
    await speaks(office, 4)
    office.media.broken |= {"stop_recording", "play"}
    office.press("#")
    await office.loop.finished()
    assert [message.duration_s for message in office.store.messages] == [4.0]
    assert office.caller_media.deleted
    assert len(office.store.records) == 1


# ---- what is not right yet


@on_virtual_time
async def test_the_store_fails_before_the_message_begins() -> None:
    """The call ends, and the blob that was opened for it is not left open."""
    office = Office(VOICEMAIL)

    async def fail(message: object) -> None:
        raise OSError

    office.store.begin_voicemail = fail  # type: ignore[method-assign]
    office.patient_calls()
    await office.loop.finished()
    assert office.caller_media.deleted
    (recording,) = office.recordings.opened.values()
    assert recording.abandoned


@on_virtual_time
async def test_a_key_while_phones_ring_does_not_skip_the_voicemail_greeting() -> None:
    """Nothing asked for a key there, so it answers nothing later."""
    office = Office(RING_THEN_BOX)
    patient = office.patient_calls()
    await seconds(5)
    office.press("5")
    await seconds(19)
    assert office.caller_media.playing == "Leave a message."
    patient.hangs_up()
    await office.loop.finished()


@on_virtual_time
async def test_a_key_in_the_message_does_not_answer_the_menu_behind_it() -> None:
    """The message ends by silence, and the key pressed in it sends the caller back to the tone unasked."""
    office = Office(BOX_THEN_MENU)
    patient = office.patient_calls()
    await seconds(4)
    office.caller_media.speaks(2)
    office.press("5")
    await seconds(18)  # 12 of silence, 3 of thanks
    assert "Again?" in office.caller_media.played
    patient.hangs_up()
    await office.loop.finished()


@on_virtual_time
async def test_hash_in_the_beep_ends_the_message() -> None:
    """A caller who is quick does not wait for 12 s of silence."""
    office = Office(VOICEMAIL)
    patient = office.patient_calls()
    await seconds(3.2)
    office.press("#")
    await seconds(1)
    ended = office.caller_media.sink is None
    patient.hangs_up()
    await office.loop.finished()
    assert ended
