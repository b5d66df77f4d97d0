"""Messages, the queue of those that wait for a transcript, and what a crash leaves."""

import asyncio
from typing import Any

import pytest

from auricle.adapters.store import Store
from auricle.adapters.store.record_facts import ListScope
from auricle.adapters.store.voicemails import LEASE_S, MAX_ATTEMPTS
from auricle.calls.voicemail_record import TranscriptState
from auricle.kernel.ids import MailboxId, VoicemailId

V1, V2, V3 = VoicemailId("v0001"), VoicemailId("v0002"), VoicemailId("v0003")


async def test_a_message_comes_back_as_it_was(store: Store, make: Any, look: Any) -> None:
    message = make.message(1)
    await store.begin_voicemail(make.message(1, duration_s=0.0, complete=False))
    assert await look("voicemail", "*", store.voicemails) == []
    assert await look("voicemail", V1, store.voicemail, V1) is None
    await store.add_voicemail(message)
    assert await look("voicemail", V1, store.voicemail, V1) == message
    assert await look("voicemail", "*", store.voicemails) == [message]


async def test_boxes_are_listed_apart_newest_first(store: Store, make: Any, look: Any) -> None:
    for number, box in enumerate(("nurses", "front", "nurses")):
        await store.add_voicemail(make.message(number, mailbox=MailboxId(box)))
    nurses = await look("voicemail", "*", store.voicemails, ListScope(mailboxes=("nurses",)))
    assert [message.id for message in nurses] == ["v0002", "v0000"]
    assert len(await look("voicemail", "*", store.voicemails)) == 3
    assert await look("voicemail", "*", store.voicemails, ListScope()) == []


async def test_the_counts_of_a_box(store: Store, make: Any, look: Any, practice: Any) -> None:
    for number in range(3):
        await store.add_voicemail(make.message(number))
    await store.begin_voicemail(make.message(7))
    await store.add_voicemail(make.message(8, mailbox=MailboxId("front")))
    assert await store.mailbox_counts(MailboxId("nurses")) == (3, 0)
    await store.mark_listened(V1)
    heard = practice.clock.at
    practice.clock.pass_s(60)
    await store.mark_listened(V1)
    assert await store.mailbox_counts(MailboxId("nurses")) == (2, 1)
    assert await store.mailbox_counts(MailboxId("none")) == (0, 0)
    assert (await look("voicemail", V1, store.voicemail, V1)).listened_at == heard  # the first time counts


async def test_a_message_that_held_nothing_is_forgotten_but_a_kept_one_never(store: Store, make: Any, practice: Any) -> None:
    await store.begin_voicemail(make.message(1))
    await store.discard_voicemail(V1)
    await store.add_voicemail(make.message(2))
    await store.discard_voicemail(V2)
    assert practice.raw("SELECT id FROM voicemail") == [("v0002",)]


async def test_each_act_has_its_entry(store: Store, make: Any, newest: Any) -> None:
    await store.begin_voicemail(make.message(1))
    await store.discard_voicemail(V1)
    await store.add_voicemail(make.message(2))
    await store.set_transcript(V2, TranscriptState.DONE, "{}")
    leaves = b"".join(await newest(50))
    for action in (b"voicemail.begin", b"voicemail.discard", b"voicemail.record", b"voicemail.transcribe"):
        assert leaves.count(b'"%b"' % action) == 1


# ---- transcripts ---------------------------------------------------------------------------------------


async def test_a_transcript_comes_back(store: Store, make: Any, look: Any) -> None:
    await store.add_voicemail(make.message(1))
    assert await look("voicemail", V1, store.transcript, V1) is None
    await store.set_transcript(V1, TranscriptState.DONE, '{"words": "häufig"}')
    assert await look("voicemail", V1, store.transcript, V1) == '{"words": "häufig"}'
    assert (await look("voicemail", V1, store.voicemail, V1)).transcript_state is TranscriptState.DONE
    assert await look("voicemail", "v9", store.transcript, VoicemailId("v9")) is None


async def test_a_second_write_of_a_message_leaves_its_transcript_alone(store: Store, make: Any, look: Any) -> None:
    await store.add_voicemail(make.message(1))
    await store.set_transcript(V1, TranscriptState.DONE, "{}")
    await store.add_voicemail(make.message(1, transcript_state=TranscriptState.DONE))
    assert await look("voicemail", V1, store.transcript, V1) == "{}"


async def test_the_queue_takes_the_oldest_first_and_ends(store: Store, make: Any) -> None:
    for number in (3, 1, 2):
        await store.add_voicemail(make.message(number))
    await store.begin_voicemail(make.message(0))
    for wanted in (V1, V2, V3):
        assert await store.next_transcription() == wanted
        await store.set_transcript(wanted, TranscriptState.DONE, "{}")
    assert await store.next_transcription() is None


async def test_an_idle_queue_writes_nothing(store: Store) -> None:
    before = store._writer._committed_at
    assert await store.next_transcription() is None
    assert store._writer._committed_at == before


async def test_a_message_that_fails_does_not_hold_up_the_others_and_is_given_up(store: Store, make: Any) -> None:
    await store.add_voicemail(make.message(1))
    await store.add_voicemail(make.message(2))
    taken = [await store.next_transcription() for _ in range(2 * MAX_ATTEMPTS)]
    assert taken[:2] == [V1, V2]
    assert sorted(str(message) for message in taken) == ["v0001"] * MAX_ATTEMPTS + ["v0002"] * MAX_ATTEMPTS
    assert not await store.tries_left(V1)
    assert await store.next_transcription() is None
    assert not await store.tries_left(VoicemailId("v9"))


async def test_two_workers_never_have_the_same_message(practice: Any, make: Any) -> None:
    one, other = practice.open(), practice.open()
    for number in range(1, 5):
        await one.add_voicemail(make.message(number))
    assert await one.next_transcription() == V1
    assert await other.next_transcription() == V2
    taken = await asyncio.gather(one.next_transcription(), other.next_transcription())
    assert len(set(taken)) == 2
    assert None not in taken


async def test_a_lease_ends(practice: Any, make: Any) -> None:
    dead, alive = practice.open(), practice.open()
    await dead.add_voicemail(make.message(1))
    assert await dead.next_transcription() == V1
    assert await alive.next_transcription() is None
    practice.clock.pass_s(LEASE_S)
    assert await alive.next_transcription() == V1


async def test_a_restart_frees_what_a_dead_worker_held(practice: Any, make: Any) -> None:
    store = practice.open()
    await store.add_voicemail(make.message(1))
    assert await store.next_transcription() == V1
    store.close()
    again = practice.open()
    assert await again.next_transcription() is None
    await again.recover_voicemails([])
    assert await again.next_transcription() == V1


async def test_a_message_that_kills_the_process_each_time_is_given_up(practice: Any, make: Any, look: Any) -> None:
    for turn in range(MAX_ATTEMPTS):
        store = practice.open()
        await store.recover_voicemails([])
        if not turn:
            await store.add_voicemail(make.message(1))
        assert await store.next_transcription() == V1
        store.close()
    store = practice.open()
    await store.recover_voicemails([])
    assert await store.next_transcription() is None
    assert practice.raw("SELECT transcript_state FROM voicemail") == [("failed",)]


# ---- after a crash -------------------------------------------------------------------------------------


async def test_a_recording_that_a_crash_cut_off_is_kept_as_incomplete(store: Store, make: Any, look: Any) -> None:
    await store.begin_voicemail(make.message(1, duration_s=0.0, complete=False))
    await store.recover_voicemails([(V1, 7.0)])
    kept = await look("voicemail", V1, store.voicemail, V1)
    assert (kept.duration_s, kept.complete, kept.caller) == (7.0, False, make.message(1).caller)
    assert await store.next_transcription() == V1


async def test_recovery_changes_no_message_that_was_kept(store: Store, make: Any, look: Any) -> None:
    await store.add_voicemail(make.message(1))
    await store.recover_voicemails([(V1, 7.0)])
    assert await look("voicemail", V1, store.voicemail, V1) == make.message(1)


async def test_a_note_whose_audio_may_be_whole_is_not_thrown_away(store: Store, make: Any) -> None:
    """A crash between the closing of the recording and its entry: the audio is there and no longer in need of recovery."""
    await store.begin_voicemail(make.message(1))
    await store.begin_voicemail(make.message(2))
    await store.add_voicemail(make.message(3))
    await store.recover_voicemails([(V2, 3.0)])
    assert await store.unfinished_voicemails() == [V1]
    await store.discard_voicemail(V1)
    assert await store.unfinished_voicemails() == []


@pytest.mark.parametrize("name", ["Quentin\udcff", "", "x" * 5000])
async def test_any_caller_name_is_kept(name: str, store: Store, make: Any, look: Any) -> None:
    await store.add_voicemail(make.message(1, caller_name=type(make.message(1).caller)(name)))
    (kept,) = await look("voicemail", "*", store.voicemails)
    assert kept.caller_name.reveal("test") == name.replace("\udcff", "?")
