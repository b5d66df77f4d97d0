"""Voicemail as the console shows it."""

from datetime import datetime

from pydantic import BaseModel

from auricle.calls.voicemail_record import TranscriptState, VoicemailMessage
from auricle.practice.model import Practice
from auricle.speech.transcript import LOW_CONFIDENCE
from auricle.web.names import Party, masked_party, party
from auricle.web.ports import Seen, TranscriptOf


class MailboxRef(BaseModel):
    """A voicemail box."""

    id: str
    name: str


class VoicemailView(BaseModel):
    """One message. `complete` is false where a crash or a full disk cut the recording short; `masked` is without who left it."""

    id: str
    mailbox: MailboxRef
    call: str
    caller: Party
    received_at: datetime
    duration_s: float
    complete: bool
    listened_at: datetime | None
    transcript_state: TranscriptState
    masked: bool


class Voicemails(BaseModel):
    """Messages, newest first."""

    messages: list[VoicemailView]


class WordView(BaseModel):
    """One word, its place in the sound in seconds, and whether the recogniser was unsure of it."""

    text: str
    start_s: float
    end_s: float
    unsure: bool


class TranscriptView(BaseModel):
    """The text of a message; no words unless the state is `done`."""

    state: TranscriptState
    language: str
    words: list[WordView]


def voicemail_view(practice: Practice, seen: Seen[VoicemailMessage]) -> VoicemailView:
    """One message for a screen."""
    message = seen.what
    box = practice.mailboxes.get(message.mailbox)
    return VoicemailView(
        id=message.id,
        mailbox=MailboxRef(id=message.mailbox, name=box.name if box else message.mailbox),
        call=message.call,
        caller=masked_party() if seen.masked else party(practice, message.caller, message.caller_name),
        received_at=message.received_at,
        duration_s=message.duration_s,
        complete=message.complete,
        listened_at=message.listened_at,
        transcript_state=message.transcript_state,
        masked=seen.masked,
    )


def transcript_view(found: TranscriptOf) -> TranscriptView:
    """A transcript for a screen."""
    words = found.transcript.words if found.transcript else ()
    return TranscriptView(
        state=found.state,
        language=found.transcript.language if found.transcript else "",
        words=[WordView(text=word.text, start_s=word.start_s, end_s=word.end_s, unsure=word.confidence < LOW_CONFIDENCE) for word in words],
    )
