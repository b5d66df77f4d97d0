"""Voicemail messages and their transcripts, and the durable queue of those that wait for one."""

from collections.abc import Sequence

from sqlalchemy import and_, bindparam, func, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from auricle.adapters.store import sealing
from auricle.adapters.store.part import SWITCHBOARD, TRANSCRIBER, AnyRow, Part, hold, readable
from auricle.adapters.store.record_facts import ListScope, voicemails_within
from auricle.adapters.store.schema import voicemails
from auricle.adapters.store.statements import Op, compiled
from auricle.calls.voicemail_record import TranscriptState, VoicemailMessage
from auricle.kernel.ids import MailboxId, VoicemailId
from auricle.vault.blind import blind_index
from auricle.vault.gate import Grant, Outcome, Ref
from auricle.vault.keyring import Purpose
from auricle.vault.place import Place

MAX_ATTEMPTS = 3
LEASE_S = 900.0  # the longest job: three minutes of audio at the transcriber's limit of four seconds a second, and its start
MAX_LISTED = 500

_put = upsert(voicemails)
_PUT = compiled(
    _put.on_conflict_do_update(
        index_elements=["id"],
        set_={name: _put.excluded[name] for name in ("received_at", "duration_s", "complete", "kept", "transcript_state")},
    )
)
_DROP = "DELETE FROM voicemail WHERE id = :id AND NOT kept"
_RECOVER = "UPDATE voicemail SET kept = true, complete = false, duration_s = :duration_s WHERE id = :id AND NOT kept"
_FREE_LEASES = "UPDATE voicemail SET leased_until = NULL WHERE leased_until IS NOT NULL"
_GIVE_UP = "UPDATE voicemail SET transcript_state = 'failed' WHERE kept AND transcript_state = 'waiting' AND attempts >= :max"
_GIVE_BACK = "UPDATE voicemail SET leased_until = NULL WHERE id = :id"
_CLAIM = """\
UPDATE voicemail SET attempts = attempts + 1, leased_until = :now + :lease WHERE id = (
    SELECT id FROM voicemail
    WHERE kept AND transcript_state = 'waiting' AND attempts < :max AND (leased_until IS NULL OR leased_until <= :now)
    ORDER BY attempts, received_at LIMIT 1
) RETURNING id"""
_SET_TRANSCRIPT = compiled(
    update(voicemails)
    .values(transcript_state=bindparam("state"), transcript=bindparam("transcript"), leased_until=None)
    .where(voicemails.c.id == bindparam("message"))
)
_LISTENED = "UPDATE voicemail SET listened_at = coalesce(listened_at, :at) WHERE id = :id"


class Voicemails(Part):
    """Fits part of `calls.ports.CallStore`."""

    _held: VoicemailId | None = None

    async def begin_voicemail(self, message: VoicemailMessage) -> None:
        """Note that a message is being recorded, so that a crash in the middle loses neither audio nor caller."""
        entry = self._entry(SWITCHBOARD, "voicemail.begin", Ref("voicemail", message.id), Outcome.DONE, message.mailbox)
        await self._writer.commit((self._put_op(message, kept=False),), (entry,))

    async def add_voicemail(self, message: VoicemailMessage) -> None:
        """Keep a finished message and queue its transcription."""
        entry = self._entry(SWITCHBOARD, "voicemail.record", Ref("voicemail", message.id), Outcome.DONE, message.mailbox)
        await self._writer.commit((self._put_op(message, kept=True),), (entry,))

    async def refuse_voicemail(self, mailbox: MailboxId, why: str) -> None:
        """Note that no message was taken into a box, and why."""
        entry = self._entry(SWITCHBOARD, "voicemail.begin", Ref("voicemail", "*"), Outcome.REFUSED, mailbox, why=why)
        await self._writer.commit((), (entry,))

    async def discard_voicemail(self, message: VoicemailId) -> None:
        """Forget the note of a message that held nothing; a kept message is not touched."""
        entry = self._entry(SWITCHBOARD, "voicemail.discard", Ref("voicemail", message), Outcome.DONE, "nothing was said")
        await self._writer.commit(((_DROP, {"id": message}),), (entry,))

    async def recover_voicemails(self, recovered: Sequence[tuple[VoicemailId, float]]) -> None:
        """At start: keep messages whose recording a crash ended as incomplete, and put back what a dead worker had begun to transcribe."""
        ops: list[Op] = [(_RECOVER, {"id": blob, "duration_s": seconds}) for blob, seconds in recovered]
        ops += [(_FREE_LEASES, {}), (_GIVE_UP, {"max": MAX_ATTEMPTS})]
        refs = [Ref("voicemail", blob) for blob, _ in recovered]
        entries = [self._entry(SWITCHBOARD, "voicemail.recover", ref, Outcome.DONE, "after a crash") for ref in refs]
        await self._writer.commit(ops, entries)

    async def unfinished_voicemails(self) -> list[VoicemailId]:
        """Notes without a message: being recorded now or, at start, left by a crash; their audio may be whole."""
        rows = await self._rows(select(voicemails.c.id).where(~voicemails.c.kept).order_by(voicemails.c.received_at))
        return [VoicemailId(row.id) for row in rows]

    async def mailbox_counts(self, mailbox: MailboxId) -> tuple[int, int]:
        """New and old messages of a box."""
        kept = and_(voicemails.c.mailbox == mailbox, voicemails.c.kept)
        new = func.count().filter(voicemails.c.listened_at.is_(None)).label("new")
        (row,) = await self._rows(select(new, func.count().label("all")).where(kept))
        return row.new, row.all - row.new

    async def voicemails(self, grant: Grant, scope: ListScope | None = None) -> list[VoicemailMessage]:
        """Messages, newest first, of a scope or all."""
        hold(grant, "voicemail")
        query = select(voicemails).where(voicemails.c.kept).order_by(voicemails.c.received_at.desc(), voicemails.c.id).limit(MAX_LISTED)
        query = query if scope is None else query.where(voicemails_within(scope))
        return readable(await self._rows(query), lambda row: self._message(row, grant))

    async def voicemail(self, grant: Grant, message: VoicemailId) -> VoicemailMessage | None:
        """One message. Raises Corrupt naming the row where it was changed."""
        hold(grant, "voicemail", message)
        rows = await self._rows(select(voicemails).where(voicemails.c.id == message, voicemails.c.kept))
        return self._message(rows[0], grant) if rows else None

    async def mark_listened(self, message: VoicemailId) -> None:
        """A message was heard; the first time counts."""
        await self._writer.commit(((_LISTENED, {"id": message, "at": self._clock.now().timestamp()}),))

    # ---- transcripts ---------------------------------------------------------------------------------

    async def next_transcription(self) -> VoicemailId | None:
        """Claim the message that waits longest, the least tried first; claiming counts as a try.

        One worker a store: asking for the next gives back what this worker had and did not finish. Another process gets
        a claimed message only when its lease has run out.
        """
        waiting = and_(voicemails.c.kept, voicemails.c.transcript_state == TranscriptState.WAITING.value)
        held, self._held = self._held, None
        if not await self._rows(select(voicemails.c.id).where(waiting).limit(1)):
            return None  # an idle queue writes nothing
        now = self._clock.now().timestamp()
        given_back: list[Op] = [(_GIVE_BACK, {"id": held})] if held else []
        rows = await self._writer.take((_CLAIM, {"now": now, "lease": LEASE_S, "max": MAX_ATTEMPTS}), given_back)
        self._held = VoicemailId(rows[0][0]) if rows else None
        return self._held

    async def tries_left(self, message: VoicemailId) -> bool:
        """Whether another try would be made."""
        rows = await self._rows(select(voicemails.c.attempts).where(voicemails.c.id == message))
        return bool(rows) and rows[0].attempts < MAX_ATTEMPTS

    async def set_transcript(self, message: VoicemailId, state: TranscriptState, text: str | None) -> None:
        """Keep a transcript (JSON) or the state of not having one."""
        sealed = None if text is None else self._fields.seal(Purpose.TRANSCRIPT, text, Place("voicemail", "transcript", message))
        entry = self._entry(TRANSCRIBER, "voicemail.transcribe", Ref("voicemail", message), Outcome.DONE, state.value)
        await self._writer.commit(((_SET_TRANSCRIPT, {"message": message, "state": state.value, "transcript": sealed}),), (entry,))

    async def transcript(self, grant: Grant, message: VoicemailId) -> str | None:
        """A transcript as JSON. The grant must be for this very message."""
        hold(grant, "voicemail", message, exactly=True)
        rows = await self._rows(select(voicemails.c.transcript).where(voicemails.c.id == message))
        if not rows or rows[0].transcript is None:
            return None
        text = self._fields.open(Purpose.TRANSCRIPT, rows[0].transcript, Place("voicemail", "transcript", message), grant).decode()
        grant.touch(f"voicemail:{message}")
        return text

    def _put_op(self, message: VoicemailMessage, *, kept: bool) -> Op:
        return _PUT, {
            "id": message.id,
            "mailbox": message.mailbox,
            "call": message.call,
            "received_at": message.received_at.timestamp(),
            "duration_s": message.duration_s,
            "complete": message.complete,
            "kept": kept,
            "listened_at": None,
            "transcript_state": message.transcript_state.value,
            "attempts": 0,
            "leased_until": None,
            "caller_index": blind_index(self._keyring, "voicemail.caller", message.caller.reveal("blind index")),
            "sealed": self._fields.seal(Purpose.VOICEMAIL, sealing.voicemail_text(message), Place("voicemail", "sealed", message.id)),
            "transcript": None,
        }

    def _message(self, row: AnyRow, grant: Grant) -> VoicemailMessage:
        message = sealing.voicemail_of(row, self._fields.open(Purpose.VOICEMAIL, row.sealed, Place("voicemail", "sealed", row.id), grant))
        grant.touch(f"voicemail:{row.id}")
        return message
