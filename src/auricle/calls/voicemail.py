"""Taking a message: greeting, tone, recording into a sealed blob, and the entry that announces it."""

from dataclasses import replace

from auricle.calls.call import Call
from auricle.calls.leg import Leg
from auricle.calls.ports import AudioSink, RecordingRefused, SealedRecording
from auricle.calls.records import Disposition
from auricle.calls.voicemail_record import TranscriptState, VoicemailMessage
from auricle.compliance.features import Feature
from auricle.kernel.ids import VoicemailId
from auricle.kernel.time import Clock
from auricle.practice.model import Mailbox

MIN_MESSAGE_S = 1.0  # a caller who hangs up in the beep leaves less than this
SILENCE_END_S = 12.0  # long enough to look something up, short enough not to record an empty line
POLL_S = 1.0
END_KEY = "#"
NOT_AGREED = "We are sorry. This office cannot take recorded messages right now."
NO_ROOM = "We are sorry, messages cannot be taken right now. Please call again."
THANKS = "Thank you. Your message has been saved."

QUIET = bytes(value for value in range(256) if (value & 0x7F) >= 0x50)
"""The G.711 mu-law codes below about -42 dBFS, either sign: line noise, not speech."""


class SilenceWatch:
    """Passes audio on to a sink and remembers when something was last said; a phone that sends nothing at all is silent too."""

    __slots__ = ("_clock", "_last_speech", "_sink")

    def __init__(self, sink: AudioSink, clock: Clock) -> None:
        self._sink = sink
        self._clock = clock
        self._last_speech = clock.monotonic()

    def write(self, pcmu: bytes) -> None:
        """Take the next audio."""
        self._sink.write(pcmu)
        if len(pcmu.translate(None, QUIET)) * 20 > len(pcmu):
            self._last_speech = self._clock.monotonic()

    @property
    def quiet_s(self) -> float:
        """Seconds since the last speech."""
        return self._clock.monotonic() - self._last_speech


async def take_message(call: Call, caller: Leg, box: Mailbox) -> None:
    """Greet the caller, record until `#`, hang-up, silence or the limit, and keep the message durably.

    Without the agreement that recording needs the caller hears so, and the flow goes on (45 CFR 164.308(b)(1)).
    Raises LegEnded when the caller hung up, after everything worth keeping has been kept.
    """
    why = call.ports.agreements.reason(Feature.VOICEMAIL)
    if why:
        call.enter("voicemail_not_agreed")
        await call.ports.store.refuse_voicemail(box.id, why)
        await caller.play(await call.ports.prompts.file_for(NOT_AGREED))
        return
    caller.digits.clear()  # keys pressed while phones rang are no wish to skip the greeting
    await caller.play(await call.ports.prompts.file_for(box.greeting), until_key=True)
    caller.digits.clear()
    message = VoicemailId(call.ports.entropy.name("v"))
    try:
        recording = await call.ports.recordings.open(message)
    except RecordingRefused:
        call.enter("recording_refused")
        await caller.play(await call.ports.prompts.file_for(NO_ROOM))
        return
    try:
        await call.ports.store.begin_voicemail(_announcement(message, call, box))
    except BaseException:
        await recording.abandon()
        raise
    await _record_into(recording, message, call, caller, box)
    await caller.play(await call.ports.prompts.file_for(THANKS))


async def _record_into(recording: SealedRecording, message: VoicemailId, call: Call, caller: Leg, box: Mailbox) -> None:
    try:
        await caller.play(call.ports.prompts.sound("beep"))
        watch = SilenceWatch(recording, call.ports.clock)
        await caller.record(watch)
        try:
            await _until_over(watch, recording, call, caller, box)
        finally:
            await caller.stop_record()
    finally:
        await _keep(recording, message, call, box)


async def _until_over(watch: SilenceWatch, recording: SealedRecording, call: Call, caller: Leg, box: Mailbox) -> None:
    clock = call.ports.clock
    end = clock.monotonic() + box.max_message_s
    try:
        while END_KEY not in caller.digits and (left := end - clock.monotonic()) > 0:
            if watch.quiet_s >= SILENCE_END_S or recording.failed:
                return
            await caller.listen(min(POLL_S, left))
    finally:
        caller.digits.clear()  # what was pressed here answers no later menu


async def _keep(recording: SealedRecording, message: VoicemailId, call: Call, box: Mailbox) -> None:
    seconds = await recording.close()
    if seconds < MIN_MESSAGE_S:
        await recording.abandon()
        await call.ports.store.discard_voicemail(message)
        return
    if call.disposition is not Disposition.ANSWERED:
        call.disposition = Disposition.VOICEMAIL
    announced = _announcement(message, call, box)
    await call.ports.store.add_voicemail(replace(announced, duration_s=seconds, complete=not recording.failed))


def _announcement(message: VoicemailId, call: Call, box: Mailbox) -> VoicemailMessage:
    """The message before anything was said."""
    return VoicemailMessage(
        id=message,
        mailbox=box.id,
        call=call.id,
        caller=call.caller.address,
        caller_name=call.caller.name,
        received_at=call.ports.clock.now(),
        duration_s=0.0,
        complete=False,
        listened_at=None,
        transcript_state=TranscriptState.WAITING,
    )
