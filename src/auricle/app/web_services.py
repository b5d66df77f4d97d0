"""What the console shows, behind `web.ports`: each look passes the gate before anything is opened."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import datetime

from auricle.adapters.blobs import BlobMissing, FileBlobs, SealedBlobReader
from auricle.adapters.store import Store
from auricle.app import board as shown
from auricle.app.board import Board
from auricle.app.keys import KeyKeeper
from auricle.app.sight import Sight
from auricle.calls.live import LiveCall
from auricle.calls.records import CallRecord
from auricle.calls.voicemail_record import TranscriptState, VoicemailMessage
from auricle.kernel.actor import Actor
from auricle.kernel.ids import VoicemailId
from auricle.speech.transcript import Transcript
from auricle.vault.gate import Gate, Grant, Outcome, Ref
from auricle.web.alerts.ports import AlertRaised
from auricle.web.break_glass.ports import GlassChanged
from auricle.web.keys.ports import KeysChanged
from auricle.web.ports import Happening, NotFound, Seen, ServiceState, TranscriptOf, VoicemailChanged
from auricle.web.signed_in import AccessChanged

CONSOLE = "console"
MAX_LOOKS = 20_000  # a hundred windows and two hundred calls; beyond that a look may be written twice
ANCHOR = "anchor "  # a place where checkpoints are kept may be away for days: seen and told, but calls go on


class WebCalls:
    """Fits `web.ports.Calls`."""

    def __init__(self, store: Store, gate: Gate, board: Board, sight: Sight) -> None:
        self._store = store
        self._gate = gate
        self._board = board
        self._sight = sight
        self._looks: OrderedDict[tuple[str, str], None] = OrderedDict()

    async def page(self, actor: Actor, before: tuple[datetime, str] | None, limit: int) -> Sequence[Seen[CallRecord]]:
        """Finished calls."""
        scope = await self._sight.facts.scope(actor, "calls.list")

        async def read(grant: Grant) -> list[Seen[CallRecord]]:
            return await self._sight.calls(actor, await self._store.calls_page(grant, before=before, limit=limit, scope=scope))

        return await self._gate.open(actor, "calls.list", Ref("call", "*"), CONSOLE, read)

    async def live(self, actor: Actor) -> Sequence[Seen[LiveCall]]:
        """Running calls."""

        async def read(grant: Grant) -> list[Seen[LiveCall]]:
            seen = [await self._sight.live(actor, call) for call in self._board.calls()]
            shown = [one for one in seen if one is not None]
            grant.touch(*(f"call:{one.what.id}" for one in shown if not one.masked))
            return shown

        return await self._gate.open(actor, "calls.live", Ref("call", "*"), CONSOLE, read)

    async def seen(self, actor: Actor, call: LiveCall) -> Seen[LiveCall] | None:
        """One change of a running call; the first that shows a session with whom it is, is an entry of that call."""
        seen = await self._sight.live(actor, call)
        if seen is not None and not seen.masked and self._is_new((actor.session_id, call.id)):
            record = f"call:{call.id}"
            await self._store.record(actor, "calls.live", Ref("call", call.id), Outcome.DONE, CONSOLE, touched=(record,))
        return seen

    def _is_new(self, look: tuple[str, str]) -> bool:
        new = look not in self._looks
        self._looks[look] = None
        self._looks.move_to_end(look)
        while len(self._looks) > MAX_LOOKS:
            self._looks.popitem(last=False)
        return new


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

    def __init__(self, store: Store, blobs: FileBlobs, gate: Gate, board: Board, sight: Sight) -> None:
        self._store = store
        self._blobs = blobs
        self._gate = gate
        self._board = board
        self._sight = sight

    async def messages(self, actor: Actor) -> Sequence[Seen[VoicemailMessage]]:
        """The messages the actor may know of."""
        scope = await self._sight.facts.scope(actor, "voicemail.list")

        async def read(grant: Grant) -> list[Seen[VoicemailMessage]]:
            return await self._sight.voicemails(actor, await self._store.voicemails(grant, scope))

        return await self._gate.open(actor, "voicemail.list", Ref("voicemail", "*"), CONSOLE, read)

    async def known_to(self, actor: Actor, message: VoicemailId) -> bool:
        """Whether the list of the actor has it."""
        ref = await self._sight.facts.one("voicemail", message)
        return self._sight.of(actor, ref, listed="voicemail.list", parties="voicemail.parties", what=message) is not None

    async def transcript(self, actor: Actor, message: VoicemailId) -> TranscriptOf:
        """Text and state of one."""

        async def read(grant: Grant) -> TranscriptOf:
            state = (await self._known(grant, message)).transcript_state
            text = await self._store.transcript(grant, message) if state is TranscriptState.DONE else None
            return TranscriptOf(state, Transcript.from_json(text) if text else None)

        return await self._gate.open(actor, "voicemail.read", await self._ref(actor, "voicemail.read", message), CONSOLE, read)

    async def audio(self, actor: Actor, message: VoicemailId) -> BlobAudio:
        """Sound of one."""

        async def read(grant: Grant) -> BlobAudio:
            await self._known(grant, message)
            try:
                return BlobAudio(await self._blobs.reader(message, grant))
            except BlobMissing as error:
                raise NotFound(message) from error

        return await self._gate.open(actor, "voicemail.play", await self._ref(actor, "voicemail.play", message), CONSOLE, read)

    async def mark_listened(self, actor: Actor, message: VoicemailId) -> None:
        """It was heard."""

        async def mark(grant: Grant) -> None:
            await self._known(grant, message)
            await self._store.mark_listened(message)

        await self._gate.open(actor, "voicemail.mark", await self._ref(actor, "voicemail.mark", message), CONSOLE, mark)
        self._board.publish(shown.VoicemailChanged(message))

    async def _ref(self, actor: Actor, action: str, message: VoicemailId) -> Ref:
        """The message with its facts. One that is not there is asked for without any, and that is in the log. Raises NotFound."""
        ref = await self._sight.facts.one("voicemail", message)
        if ref is None:
            await self._store.record(actor, action, Ref("voicemail", message), Outcome.FAILED, CONSOLE, why="There is no such message.")
            raise NotFound(message)
        return ref

    async def _known(self, grant: Grant, message: VoicemailId) -> VoicemailMessage:
        found = await self._store.voicemail(grant, message)
        if found is None:
            raise NotFound(message)
        return found


class WebSystem:
    """Fits `web.ports.System`."""

    def __init__(self, board: Board, keys: KeyKeeper) -> None:
        self._board = board
        self._keys = keys

    async def services(self, actor: Actor) -> Sequence[ServiceState]:
        """Every part; keys that lie unprotected are a part that is not as it should be."""
        del actor  # every signed-in person may see this, and the route has checked that
        states = self._board.services()
        if self._keys.development and states.get("keys", "up") == "up":
            states["keys"] = "development"
        return [ServiceState(name, state) for name, state in states.items()]

    def healthy(self) -> bool:
        """Whether all parts are up."""
        states = [state for name, state in self._board.services().items() if not name.startswith(ANCHOR)]
        return bool(states) and all(state == "up" for state in states)


def watching(board: Board, keys_changed: Callable[[], KeysChanged]) -> Callable[[Callable[[Happening], None]], Callable[[], None]]:
    """`web.ports.Watch` over the board."""

    def watch(watcher: Callable[[Happening], None]) -> Callable[[], None]:
        def translated(event: shown.Event) -> None:
            match event:
                case LiveCall():
                    watcher(event)
                case shown.AccessChanged():
                    watcher(AccessChanged())
                case shown.ServiceChanged(name, state):
                    watcher(ServiceState(name, state))
                case shown.VoicemailChanged(message):
                    watcher(VoicemailChanged(message))
                case shown.AlertRaised(ident):
                    watcher(AlertRaised(ident))
                case shown.GlassChanged(ident, person, state):
                    watcher(GlassChanged(ident, person, state))
                case shown.KeysMoved():
                    watcher(keys_changed())

        return board.watch(translated)

    return watch
