"""The transcription queue: takes waiting messages one after the other, opens their audio through the gate, keeps the text sealed."""

import asyncio

import structlog

from auricle.adapters.blobs import FileBlobs
from auricle.adapters.speech import Transcriber
from auricle.adapters.store import Store
from auricle.adapters.store.store import TRANSCRIBER
from auricle.app.board import Board, VoicemailChanged
from auricle.calls.voicemail_record import TranscriptState
from auricle.compliance.baa import AgreementGate
from auricle.compliance.features import Feature
from auricle.kernel.errors import AuricleError
from auricle.kernel.ids import VoicemailId
from auricle.speech.transcript import Hearing
from auricle.vault.gate import Gate, Grant, Ref

log = structlog.get_logger(__name__)
IDLE_S = 5.0
RETRY_S = 2.0


class TranscriptionQueue:
    """Runs until cancelled. Nothing is lost by stopping it: what waits is in the store."""

    def __init__(
        self, store: Store, blobs: FileBlobs, gate: Gate, transcriber: Transcriber, board: Board, agreements: AgreementGate
    ) -> None:
        self._store = store
        self._blobs = blobs
        self._gate = gate
        self._transcriber = transcriber
        self._board = board
        self._agreements = agreements
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """There may be work."""
        self._wake.set()

    async def run(self) -> None:
        """Work off the queue, again and again."""
        while True:
            allowed = self._agreements.allows(Feature.TRANSCRIPTION)  # else messages wait, and are taken up once there is an agreement
            message = await self._store.next_transcription() if allowed else None
            if message is None:
                self._wake.clear()
                try:
                    await asyncio.wait_for(self._wake.wait(), IDLE_S)
                except TimeoutError:
                    continue
                continue
            try:
                await self._transcribe(message)
            except AuricleError as error:
                log.warning("transcription_failed", voicemail=message, error=type(error).__name__)
                if not await self._store.tries_left(message):
                    await self._store.set_transcript(message, TranscriptState.FAILED, None)
                await asyncio.sleep(RETRY_S)
            self._board.publish(VoicemailChanged(message))

    async def _transcribe(self, message: VoicemailId) -> None:
        async def open_audio(grant: Grant) -> bytes:
            reader = await self._blobs.reader(message, grant)
            return await asyncio.to_thread(reader.read, 0, reader.size)

        ref = Ref("voicemail", message)
        audio = await self._gate.open(TRANSCRIBER, "voicemail.transcribe", ref, "transcription", open_audio)
        transcript = await self._transcriber.transcribe(audio)
        state = TranscriptState.DONE if transcript.hearing is Hearing.SPEECH else TranscriptState.NO_SPEECH
        await self._store.set_transcript(message, state, transcript.to_json())
