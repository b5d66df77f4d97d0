"""A voicemail message as it is kept. Its audio is a sealed blob of the same id; its text is a sealed field."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from auricle.kernel.ids import CallId, MailboxId, VoicemailId
from auricle.kernel.phi import Phi


class TranscriptState(StrEnum):
    """Where the text of a message stands."""

    WAITING = "waiting"
    DONE = "done"
    NO_SPEECH = "no-speech"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class VoicemailMessage:
    """One message left by a caller. `complete` is False where the recorder was stopped by a crash or a full disk."""

    id: VoicemailId
    mailbox: MailboxId
    call: CallId
    caller: Phi[str]
    caller_name: Phi[str]
    received_at: datetime
    duration_s: float
    complete: bool
    listened_at: datetime | None
    transcript_state: TranscriptState
