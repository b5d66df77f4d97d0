"""The store: what calls leave behind, what people may read of it with a grant, and the audit log.

Writes return once they are durable, their audit entries in the same transaction. Reads of sealed data ask for a Grant of the gate.
"""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Row, Select, and_, func, insert, select, tuple_
from sqlalchemy.dialects.sqlite import insert as upsert

from auricle.access.session import Session
from auricle.adapters.store import sealing
from auricle.adapters.store.database import open_engine
from auricle.adapters.store.schema import accounts, audit_leaves, bindings, calls, checkpoints, sessions, voicemails
from auricle.adapters.store.writer import Op, Writer, compiled
from auricle.audit.checkpoint import vkey
from auricle.audit.entry import Entry
from auricle.audit.export import export_lines
from auricle.calls.records import CallRecord
from auricle.calls.voicemail_record import TranscriptState, VoicemailMessage
from auricle.kernel.actor import Actor, ActorKind
from auricle.kernel.ids import MailboxId, PersonId, VoicemailId
from auricle.kernel.time import Clock
from auricle.sip.registration import Binding
from auricle.vault.blind import blind_index
from auricle.vault.fields import Fields
from auricle.vault.gate import Grant, Outcome, Ref
from auricle.vault.keyring import Keyring, Purpose
from auricle.vault.place import Place

SWITCHBOARD = Actor(ActorKind.SERVICE, "switchboard")
TRANSCRIBER = Actor(ActorKind.SERVICE, "transcriber", frozenset({"transcriber"}))
MAX_ATTEMPTS = 3

_ADD_CALL = compiled(insert(calls))
_PUT_VOICEMAIL = compiled(
    (put := upsert(voicemails)).on_conflict_do_update(
        index_elements=["id"],
        set_={name: put.excluded[name] for name in ("received_at", "duration_s", "complete", "kept", "transcript_state")},
    )
)
_DROP_VOICEMAIL = "DELETE FROM voicemail WHERE id = :id"
_RECOVER_VOICEMAIL = "UPDATE voicemail SET kept = 1, complete = 0, duration_s = :duration_s WHERE id = :id"
_SET_TRANSCRIPT = "UPDATE voicemail SET transcript_state = :state, transcript = :transcript WHERE id = :id"
_CLAIM = "UPDATE voicemail SET attempts = attempts + 1 WHERE id = :id"
_LISTENED = "UPDATE voicemail SET listened_at = coalesce(listened_at, :at) WHERE id = :id"
_PUT_BINDINGS = compiled((bound := upsert(bindings)).on_conflict_do_update(index_elements=["aor"], set_={"sealed": bound.excluded.sealed}))
_PUT_ACCOUNT = compiled(
    (made := upsert(accounts)).on_conflict_do_update(
        index_elements=["username"], set_={"person": made.excluded.person, "password_hash": made.excluded.password_hash}
    )
)
_ADD_SESSION = compiled(insert(sessions))
_TOUCH_SESSION = "UPDATE session SET last_seen_at = :at WHERE token_hash = :token_hash"
_END_SESSION = "DELETE FROM session WHERE token_hash = :token_hash"


class Store:
    """Fits `calls.ports.CallStore`, `BindingStore` and `PhoneAudit`, and `vault.gate.AuditPort`."""

    def __init__(self, path: Path, keyring: Keyring, fields: Fields, signing: Ed25519PrivateKey, origin: str, clock: Clock) -> None:
        self._engine = open_engine(path)
        self._keyring = keyring
        self._fields = fields
        self._clock = clock
        self.verifier = vkey(origin, signing.public_key())
        self._writer = Writer(self._engine, signing, origin)

    def close(self) -> None:
        """Finish what waits, sign the last checkpoint, close the file."""
        self._writer.close()
        self._engine.dispose()

    # ---- audit ---------------------------------------------------------------------------------------

    async def record(self, actor: Actor, action: str, ref: Ref, outcome: Outcome, purpose: str) -> int:
        """Append an audit entry; its number, once durable."""
        return await self._writer.commit((), (self._entry(actor, action, ref, outcome, purpose),))

    async def checkpoint(self) -> None:
        """Sign the log as it is now."""
        await self._writer.checkpoint()

    async def phone_refused(self, address: str) -> None:
        """Wrong credentials of a phone."""
        actor = Actor(ActorKind.ANONYMOUS, "anonymous", address=address)
        await self.record(actor, "phone.authenticate", Ref("phone", "*"), Outcome.REFUSED, "wrong credentials")

    async def audit_page(self, grant: Grant, before: int | None, limit: int) -> list[tuple[int, bytes]]:
        """Leaves with their numbers, newest first."""
        del grant
        query = select(audit_leaves.c.number, audit_leaves.c.leaf).order_by(audit_leaves.c.number.desc()).limit(limit)
        query = query if before is None else query.where(audit_leaves.c.number < before)
        return [(row.number, row.leaf) for row in await self._rows(query)]

    def audit_export(self) -> Iterator[str]:
        """The lines of an export up to the newest checkpoint."""
        with self._engine.connect() as connection:
            newest = connection.execute(select(checkpoints).order_by(checkpoints.c.size.desc()).limit(1)).first()
            size, note = (newest.size, newest.note) if newest else (0, "")
            rows = connection.execute(select(audit_leaves.c.leaf).where(audit_leaves.c.number < size).order_by(audit_leaves.c.number))
            yield from export_lines((row.leaf for row in rows), note, self.verifier)

    def _entry(self, actor: Actor, action: str, ref: Ref, outcome: Outcome, purpose: str) -> Entry:
        return Entry(
            at=self._clock.now(),
            actor_kind=actor.kind.value,
            actor=actor.id,
            session=actor.session_id,
            address=actor.address,
            action=action,
            kind=ref.kind,
            ref=ref.id,
            outcome=outcome.value,
            purpose=purpose,
        )

    # ---- calls ---------------------------------------------------------------------------------------

    async def add_call(self, record: CallRecord) -> None:
        """Keep a finished call."""
        params = {
            "id": record.id,
            "direction": record.direction.value,
            "started_at": record.started_at.timestamp(),
            "ended_at": record.ended_at.timestamp(),
            "disposition": record.disposition.value,
            "protection": record.protection.value,
            "caller_index": blind_index(self._keyring, "call.caller", record.caller.reveal("blind index")),
            "called_index": blind_index(self._keyring, "call.called", record.called.reveal("blind index")),
            "sealed": self._fields.seal(Purpose.CALL_RECORD, sealing.call_text(record), Place("call", "sealed", record.id)),
        }
        entry = self._entry(SWITCHBOARD, "call.record", Ref("call", record.id), Outcome.DONE, record.disposition.value)
        await self._writer.commit(((_ADD_CALL, params),), (entry,))

    async def calls_page(self, grant: Grant, *, before: tuple[datetime, str] | None = None, limit: int = 50) -> list[CallRecord]:
        """Calls, newest first, those before a time and id."""
        query = select(calls).order_by(calls.c.started_at.desc(), calls.c.id.desc()).limit(limit)
        if before is not None:
            query = query.where(tuple_(calls.c.started_at, calls.c.id) < tuple_(before[0].timestamp(), before[1]))
        return [self._call(row, grant) for row in await self._rows(query)]

    async def calls_of_number(self, grant: Grant, number: str, limit: int = 50) -> list[CallRecord]:
        """Calls from one caller, newest first, found by blind index."""
        index = blind_index(self._keyring, "call.caller", number)
        query = select(calls).where(calls.c.caller_index == index).order_by(calls.c.started_at.desc()).limit(limit)
        return [self._call(row, grant) for row in await self._rows(query)]

    def _call(self, row: Row[Any], grant: Grant) -> CallRecord:
        return sealing.call_of(row, self._fields.open(Purpose.CALL_RECORD, row.sealed, Place("call", "sealed", row.id), grant))

    # ---- voicemail -----------------------------------------------------------------------------------

    async def begin_voicemail(self, message: VoicemailMessage) -> None:
        """Note that a message is being recorded, so that a crash in the middle loses neither audio nor caller."""
        await self._writer.commit((self._voicemail_op(message, kept=False),))

    async def add_voicemail(self, message: VoicemailMessage) -> None:
        """Keep a finished message and queue its transcription."""
        entry = self._entry(SWITCHBOARD, "voicemail.record", Ref("voicemail", message.id), Outcome.DONE, message.mailbox)
        await self._writer.commit((self._voicemail_op(message, kept=True),), (entry,))

    async def discard_voicemail(self, message: VoicemailId) -> None:
        """Forget a message that held nothing."""
        await self._writer.commit(((_DROP_VOICEMAIL, {"id": message}),))

    async def recover_voicemails(self, recovered: Sequence[tuple[VoicemailId, float]]) -> None:
        """Messages whose recording a crash ended: keep them as incomplete; drop the notes of those without audio."""
        ops: list[Op] = [(_RECOVER_VOICEMAIL, {"id": blob, "duration_s": seconds}) for blob, seconds in recovered]
        ops.append(("DELETE FROM voicemail WHERE kept = 0", {}))
        refs = [Ref("voicemail", blob) for blob, _ in recovered]
        entries = [self._entry(SWITCHBOARD, "voicemail.recover", ref, Outcome.DONE, "after a crash") for ref in refs]
        await self._writer.commit(ops, entries)

    async def mailbox_counts(self, mailbox: MailboxId) -> tuple[int, int]:
        """New and old messages of a box."""
        kept = and_(voicemails.c.mailbox == mailbox, voicemails.c.kept)
        new = func.count().filter(voicemails.c.listened_at.is_(None)).label("new")
        (row,) = await self._rows(select(new, func.count().label("all")).where(kept))
        return row.new, row.all - row.new

    async def voicemails(self, grant: Grant, mailboxes: Sequence[MailboxId] | None = None) -> list[VoicemailMessage]:
        """Messages, newest first, of some boxes or of all."""
        query = select(voicemails).where(voicemails.c.kept).order_by(voicemails.c.received_at.desc()).limit(500)
        query = query if mailboxes is None else query.where(voicemails.c.mailbox.in_(mailboxes))
        return [self._voicemail(row, grant) for row in await self._rows(query)]

    async def voicemail(self, grant: Grant, message: VoicemailId) -> VoicemailMessage | None:
        """One message."""
        rows = await self._rows(select(voicemails).where(voicemails.c.id == message, voicemails.c.kept))
        return self._voicemail(rows[0], grant) if rows else None

    async def mark_listened(self, message: VoicemailId) -> None:
        """A message was heard; the first time counts."""
        await self._writer.commit(((_LISTENED, {"id": message, "at": self._clock.now().timestamp()}),))

    def _voicemail(self, row: Row[Any], grant: Grant) -> VoicemailMessage:
        return sealing.voicemail_of(row, self._fields.open(Purpose.VOICEMAIL, row.sealed, Place("voicemail", "sealed", row.id), grant))

    def _voicemail_op(self, message: VoicemailMessage, *, kept: bool) -> Op:
        return _PUT_VOICEMAIL, {
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
            "sealed": self._fields.seal(Purpose.VOICEMAIL, sealing.voicemail_text(message), Place("voicemail", "sealed", message.id)),
            "transcript": None,
        }

    # ---- transcripts ---------------------------------------------------------------------------------

    async def next_transcription(self) -> VoicemailId | None:
        """The oldest message that waits and was not tried too often; claiming it counts as a try."""
        state = voicemails.c.transcript_state == TranscriptState.WAITING.value
        waiting = and_(voicemails.c.kept, state, voicemails.c.attempts < MAX_ATTEMPTS)
        rows = await self._rows(select(voicemails.c.id).where(waiting).order_by(voicemails.c.received_at).limit(1))
        if not rows:
            return None
        await self._writer.commit(((_CLAIM, {"id": rows[0].id}),))
        return VoicemailId(rows[0].id)

    async def tries_left(self, message: VoicemailId) -> bool:
        """Whether another try would be made."""
        rows = await self._rows(select(voicemails.c.attempts).where(voicemails.c.id == message))
        return bool(rows) and rows[0].attempts < MAX_ATTEMPTS

    async def set_transcript(self, message: VoicemailId, state: TranscriptState, text: str | None) -> None:
        """Keep a transcript (JSON) or the state of not having one."""
        sealed = None if text is None else self._fields.seal(Purpose.TRANSCRIPT, text, Place("voicemail", "transcript", message))
        entry = self._entry(TRANSCRIBER, "voicemail.transcribe", Ref("voicemail", message), Outcome.DONE, state.value)
        await self._writer.commit(((_SET_TRANSCRIPT, {"id": message, "state": state.value, "transcript": sealed}),), (entry,))

    async def transcript(self, grant: Grant, message: VoicemailId) -> str | None:
        """A transcript as JSON."""
        rows = await self._rows(select(voicemails.c.transcript).where(voicemails.c.id == message))
        if not rows or rows[0].transcript is None:
            return None
        return self._fields.open(Purpose.TRANSCRIPT, rows[0].transcript, Place("voicemail", "transcript", message), grant).decode()

    # ---- registrations -------------------------------------------------------------------------------

    async def save_bindings(self, aor: str, saved: Sequence[Binding]) -> None:
        """Replace the bindings of one address-of-record."""
        text = sealing.bindings_text(list(saved), self._ahead_s())
        sealed = self._fields.seal(Purpose.BINDING, text, Place("binding", "sealed", aor))
        await self._writer.commit(((_PUT_BINDINGS, {"aor": aor, "sealed": sealed}),))

    async def load_bindings(self, grant: Grant) -> list[Binding]:
        """All bindings, on today's monotonic clock."""
        rows = await self._rows(select(bindings))
        opened = [self._fields.open(Purpose.BINDING, row.sealed, Place("binding", "sealed", row.aor), grant) for row in rows]
        return [binding for text in opened for binding in sealing.bindings_of(text, self._ahead_s())]

    def _ahead_s(self) -> float:
        return self._clock.now().timestamp() - self._clock.monotonic()

    # ---- accounts and sessions -----------------------------------------------------------------------

    async def put_account(self, username: str, person: PersonId, password_hash: str) -> None:
        """Make or replace a console account."""
        params = {"username": username, "person": person, "password_hash": password_hash}
        entry = self._entry(Actor(ActorKind.SERVICE, "cli"), "account.put", Ref("account", username), Outcome.DONE, "")
        await self._writer.commit(((_PUT_ACCOUNT, params),), (entry,))

    async def account(self, username: str) -> tuple[PersonId, str] | None:
        """Person and password hash of an account."""
        rows = await self._rows(select(accounts).where(accounts.c.username == username))
        return (PersonId(rows[0].person), rows[0].password_hash) if rows else None

    async def add_session(self, token_hash: str, session: Session, actor: Actor) -> None:
        """Start a session."""
        params = {
            "token_hash": token_hash,
            "id": session.id,
            "username": session.username,
            "person": session.person,
            "started_at": session.started_at.timestamp(),
            "last_seen_at": session.last_seen_at.timestamp(),
        }
        entry = self._entry(actor, "session.start", Ref("session", session.id), Outcome.DONE, "")
        await self._writer.commit(((_ADD_SESSION, params),), (entry,))

    async def session(self, token_hash: str) -> Session | None:
        """The session of a token."""
        rows = await self._rows(select(sessions).where(sessions.c.token_hash == token_hash))
        if not rows:
            return None
        row = rows[0]
        return Session(row.id, row.username, PersonId(row.person), sealing.when(row.started_at), sealing.when(row.last_seen_at))

    async def touch_session(self, token_hash: str, at: datetime) -> None:
        """The session was used."""
        await self._writer.commit(((_TOUCH_SESSION, {"token_hash": token_hash, "at": at.timestamp()}),))

    async def end_session(self, token_hash: str, session_id: str, actor: Actor) -> None:
        """Sign out."""
        entry = self._entry(actor, "session.end", Ref("session", session_id), Outcome.DONE, "")
        await self._writer.commit(((_END_SESSION, {"token_hash": token_hash}),), (entry,))

    # ---- reading -------------------------------------------------------------------------------------

    async def _rows(self, query: Select[*tuple[Any, ...]]) -> Sequence[Row[Any]]:
        return await asyncio.to_thread(self._read, query)

    def _read(self, query: Select[*tuple[Any, ...]]) -> Sequence[Row[Any]]:
        with self._engine.connect() as connection:
            return connection.execute(query).all()
