"""What of a record is private, as one sealed JSON text bound to its row."""

from datetime import UTC, datetime
from typing import Any

from msgspec import json

from auricle.calls.records import CallRecord, Direction, Disposition, LegRecord, Protection
from auricle.calls.voicemail_record import TranscriptState, VoicemailMessage
from auricle.kernel.ids import CallId, LegId, MailboxId, PersonId, VoicemailId
from auricle.kernel.phi import Phi
from auricle.sip.registration import Binding

WHY = "sealing the record"


def _json(data: Any) -> bytes:
    """As JSON. Names come from outside and may be no valid Unicode: a record must be kept all the same, its odd characters as `?`."""
    try:
        return json.encode(data)
    except UnicodeEncodeError:
        return json.encode(_mended(data))


def _mended(data: Any) -> Any:
    match data:
        case str():
            return data.encode(errors="replace").decode()
        case list() | tuple():
            return [_mended(part) for part in data]
        case dict():
            return {key: _mended(value) for key, value in data.items()}
        case _:
            return data


def when(timestamp: float) -> datetime:
    """A stored time."""
    return datetime.fromtimestamp(timestamp, UTC)


def call_text(record: CallRecord) -> bytes:
    """The private part of a call."""
    return _json(
        {
            "caller": record.caller.reveal(WHY),
            "caller_name": record.caller_name.reveal(WHY),
            "called": record.called.reveal(WHY),
            "answered_at": record.answered_at.timestamp() if record.answered_at else None,
            "answered_by": record.answered_by,
            "steps": record.steps,
            "legs": [_leg(leg) for leg in record.legs],
        }
    )


def call_of(row: Any, text: bytes) -> CallRecord:
    """The record of a row and its opened text."""
    data = json.decode(text)
    return CallRecord(
        id=CallId(row.id),
        direction=Direction(row.direction),
        caller=Phi(data["caller"]),
        caller_name=Phi(data["caller_name"]),
        called=Phi(data["called"]),
        started_at=when(row.started_at),
        answered_at=when(data["answered_at"]) if data["answered_at"] else None,
        ended_at=when(row.ended_at),
        disposition=Disposition(row.disposition),
        answered_by=PersonId(data["answered_by"]) if data["answered_by"] else None,
        steps=tuple(data["steps"]),
        protection=Protection(row.protection),
        legs=tuple(_leg_of(leg) for leg in data["legs"]),
    )


def caller_name_of(text: bytes) -> Phi[str]:
    """The caller's name out of a call's opened text."""
    return Phi(json.decode(text)["caller_name"])


def _leg(leg: LegRecord) -> list[Any]:
    answered = leg.answered_at.timestamp() if leg.answered_at else None
    return [
        leg.id, leg.outgoing, leg.party.reveal(WHY), leg.display_name.reveal(WHY), leg.person, leg.started_at.timestamp(), answered,
        leg.ended_at.timestamp(), leg.signalling, leg.media, leg.protection.value, leg.end_status, leg.answered_elsewhere,
    ]  # fmt: skip


def _leg_of(data: list[Any]) -> LegRecord:
    leg_id, outgoing, party, name, person, started, answered, ended, signalling, media, protection, status, elsewhere = data
    return LegRecord(
        id=LegId(leg_id),
        outgoing=outgoing,
        party=Phi(party),
        display_name=Phi(name),
        person=PersonId(person) if person else None,
        started_at=when(started),
        answered_at=when(answered) if answered else None,
        ended_at=when(ended),
        signalling=signalling,
        media=media,
        protection=Protection(protection),
        end_status=status,
        answered_elsewhere=elsewhere,
    )


def voicemail_text(message: VoicemailMessage) -> bytes:
    """The private part of a voicemail."""
    return _json({"caller": message.caller.reveal(WHY), "caller_name": message.caller_name.reveal(WHY)})


def voicemail_of(row: Any, text: bytes) -> VoicemailMessage:
    """The message of a row and its opened text."""
    data = json.decode(text)
    return VoicemailMessage(
        id=VoicemailId(row.id),
        mailbox=MailboxId(row.mailbox),
        call=CallId(row.call),
        caller=Phi(data["caller"]),
        caller_name=Phi(data["caller_name"]),
        received_at=when(row.received_at),
        duration_s=row.duration_s,
        complete=row.complete,
        listened_at=when(row.listened_at) if row.listened_at else None,
        transcript_state=TranscriptState(row.transcript_state),
    )


def bindings_text(bindings: list[Binding], ahead_s: float) -> bytes:
    """Bindings of one address-of-record; `ahead_s` turns their monotonic times into wall-clock ones."""
    return _json(
        [
            [b.aor, b.contact_uri, list(b.path), b.transport, b.expires_at + ahead_s, b.call_id, b.cseq, b.user_agent, b.instance_id]
            for b in bindings
        ]
    )


def bindings_of(text: bytes, ahead_s: float) -> list[Binding]:
    """The bindings of an opened text, on today's monotonic clock."""
    return [
        Binding(aor, uri, tuple(path), transport, expires - ahead_s, call_id, cseq, agent, instance)
        for aor, uri, path, transport, expires, call_id, cseq, agent, instance in json.decode(text)
    ]
