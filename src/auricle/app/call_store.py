"""The store as calls see it: what they keep is also announced to the console and to the transcription queue."""

from auricle.adapters.store import Store
from auricle.app.board import Board, VoicemailChanged
from auricle.app.transcription import TranscriptionQueue
from auricle.calls.records import CallRecord
from auricle.calls.voicemail_record import VoicemailMessage
from auricle.kernel.ids import MailboxId, VoicemailId


class AnnouncingStore:
    """Fits `calls.ports.CallStore`; announces after the commit, never before."""

    def __init__(self, store: Store, board: Board, queue: TranscriptionQueue) -> None:
        self._store = store
        self._board = board
        self._queue = queue

    async def add_call(self, record: CallRecord) -> None:
        """Keep a call."""
        await self._store.add_call(record)

    async def begin_voicemail(self, message: VoicemailMessage) -> None:
        """Note a message."""
        await self._store.begin_voicemail(message)

    async def add_voicemail(self, message: VoicemailMessage) -> None:
        """Keep a message, then wake the queue."""
        await self._store.add_voicemail(message)
        self._board.publish(VoicemailChanged(message.id))
        self._queue.wake()

    async def refuse_voicemail(self, mailbox: MailboxId, why: str) -> None:
        """Note that no message was taken."""
        await self._store.refuse_voicemail(mailbox, why)

    async def discard_voicemail(self, message: VoicemailId) -> None:
        """Forget a message."""
        await self._store.discard_voicemail(message)

    async def mailbox_counts(self, mailbox: MailboxId) -> tuple[int, int]:
        """New and old."""
        return await self._store.mailbox_counts(mailbox)
