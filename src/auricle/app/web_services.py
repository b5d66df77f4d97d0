"""What the console shows, behind `web.ports`: each look passes the gate before anything is opened."""

import asyncio
import json
from collections.abc import Callable, Sequence
from datetime import datetime

from auricle.adapters.blobs import BlobMissing, FileBlobs, SealedBlobReader
from auricle.adapters.store import Store
from auricle.app import board as shown
from auricle.app.board import Board
from auricle.audit.entry import Entry
from auricle.calls.live import LiveCall
from auricle.calls.records import CallRecord
from auricle.calls.voicemail_record import TranscriptState, VoicemailMessage
from auricle.kernel.actor import Actor
from auricle.kernel.ids import VoicemailId
from auricle.speech.transcript import Transcript
from auricle.vault.gate import Gate, Grant, Ref
from auricle.web.ports import AuditLine, Happening, NotFound, ServiceState, TranscriptOf, VoicemailChanged

CONSOLE = "console"


class WebCalls:
    """Fits `web.ports.Calls`."""

    def __init__(self, store: Store, gate: Gate, board: Board) -> None:
        self._store = store
        self._gate = gate
        self._board = board

    async def page(self, actor: Actor, before: tuple[datetime, str] | None, limit: int) -> Sequence[CallRecord]:
        """Finished calls."""

        async def read(grant: Grant) -> list[CallRecord]:
            return await self._store.calls_page(grant, before=before, limit=limit)

        return await self._gate.open(actor, "calls.list", Ref("call", "*"), CONSOLE, read)

    async def live(self, actor: Actor) -> Sequence[LiveCall]:
        """Running calls."""
        await self._gate.check(actor, "calls.live", Ref("call", "*"), CONSOLE)
        return self._board.calls()


class BlobAudio:
    """Fits `web.ports.AudioReader`: the disk is read in a thread."""

    def __init__(self, reader: SealedBlobReader) -> None:
        self._reader = reader

    @property
    def size(self) -> int:
        """Bytes of audio."""
        return self._reader.size

    async def read(self, offset: int, count: int) -> bytes:
        """A stretch of audio."""
        return await asyncio.to_thread(self._reader.read, offset, count)


class WebVoicemails:
    """Fits `web.ports.Voicemails`."""

    def __init__(self, store: Store, blobs: FileBlobs, gate: Gate, board: Board) -> None:
        self._store = store
        self._blobs = blobs
        self._gate = gate
        self._board = board

    async def messages(self, actor: Actor) -> Sequence[VoicemailMessage]:
        """All messages."""
        return await self._gate.open(actor, "voicemail.list", Ref("voicemail", "*"), CONSOLE, self._store.voicemails)

    async def transcript(self, actor: Actor, message: VoicemailId) -> TranscriptOf:
        """Text and state of one."""

        async def read(grant: Grant) -> TranscriptOf:
            state = (await self._known(grant, message)).transcript_state
            text = await self._store.transcript(grant, message) if state is TranscriptState.DONE else None
            return TranscriptOf(state, Transcript.from_json(text) if text else None)

        return await self._gate.open(actor, "voicemail.read", Ref("voicemail", message), CONSOLE, read)

    async def audio(self, actor: Actor, message: VoicemailId) -> BlobAudio:
        """Sound of one."""

        async def read(grant: Grant) -> BlobAudio:
            await self._known(grant, message)
            try:
                return BlobAudio(await self._blobs.reader(message, grant))
            except BlobMissing as error:
                raise NotFound(message) from error

        return await self._gate.open(actor, "voicemail.play", Ref("voicemail", message), CONSOLE, read)

    async def mark_listened(self, actor: Actor, message: VoicemailId) -> None:
        """It was heard."""

        async def mark(grant: Grant) -> None:
            await self._known(grant, message)
            await self._store.mark_listened(message)

        await self._gate.open(actor, "voicemail.mark", Ref("voicemail", message), CONSOLE, mark)
        self._board.publish(shown.VoicemailChanged(message))

    async def _known(self, grant: Grant, message: VoicemailId) -> VoicemailMessage:
        found = await self._store.voicemail(grant, message)
        if found is None:
            raise NotFound(message)
        return found


class WebAudit:
    """Fits `web.ports.Audit`."""

    def __init__(self, store: Store, gate: Gate) -> None:
        self._store = store
        self._gate = gate

    async def page(self, actor: Actor, before: int | None, limit: int) -> Sequence[AuditLine]:
        """Entries, newest first."""

        async def read(grant: Grant) -> list[AuditLine]:
            return [AuditLine(number, _entry(leaf)) for number, leaf in await self._store.audit_page(grant, before, limit)]

        return await self._gate.open(actor, "audit.read", Ref("audit", "*"), CONSOLE, read)


class WebSystem:
    """Fits `web.ports.System`."""

    def __init__(self, board: Board, *, development_keys: bool) -> None:
        self._board = board
        self._development_keys = development_keys

    async def services(self, actor: Actor) -> Sequence[ServiceState]:
        """Every part; keys that lie unprotected are a part that is not as it should be."""
        del actor  # every signed-in person may see this, and the route has checked that
        parts = [ServiceState(name, state) for name, state in self._board.services().items()]
        return [*parts, ServiceState("keys", "development")] if self._development_keys else parts

    def healthy(self) -> bool:
        """Whether all parts are up."""
        states = self._board.services().values()
        return bool(states) and all(state == "up" for state in states)


def watching(board: Board) -> Callable[[Callable[[Happening], None]], Callable[[], None]]:
    """`web.ports.Watch` over the board."""

    def watch(watcher: Callable[[Happening], None]) -> Callable[[], None]:
        def translated(event: shown.Event) -> None:
            match event:
                case LiveCall():
                    watcher(event)
                case shown.ServiceChanged(name, state):
                    watcher(ServiceState(name, state))
                case shown.VoicemailChanged(message):
                    watcher(VoicemailChanged(message))

        return board.watch(translated)

    return watch


def _entry(leaf: bytes) -> Entry:
    data = json.loads(leaf)
    names = ("actor_kind", "actor", "session", "address", "action", "kind", "ref", "outcome", "purpose")
    return Entry(at=datetime.fromisoformat(data["at"]), **{name: data[name] for name in names})
