"""What a legal hold keeps, in SQL: the rule of `compliance.holds.Scope.covers` and of migration 0009's triggers; a test compares them."""

from sqlalchemy import ColumnElement, ScalarSelect, and_, exists, false, func, or_, select

from auricle.adapters.store.schema import calls, held_numbers, legal_holds, voicemails
from auricle.adapters.store.schema.columns import NUMBER_CONTEXTS as NUMBER_CONTEXTS
from auricle.compliance.holds import HeldKind


def voicemail_held() -> ColumnElement[bool]:
    """Whether a voicemail row is kept by a hold in force."""
    return _held(HeldKind.VOICEMAIL, voicemail_covered())


def call_held() -> ColumnElement[bool]:
    """Whether a call's row is kept by a hold in force."""
    return _held(HeldKind.CALL, call_covered())


def voicemail_covered() -> ColumnElement[bool]:
    """Whether a row of `legal_hold` covers a row of `voicemail`; a message that has no index yet is better kept than lost."""
    row, holds = voicemails.c, legal_holds.c
    return and_(
        or_(holds.record_id.is_(None), holds.record_id == row.id),
        or_(holds.mailbox.is_(None), holds.mailbox == row.mailbox),
        or_(holds.starts_at.is_(None), row.received_at >= holds.starts_at),
        or_(holds.ends_at.is_(None), row.received_at < holds.ends_at),
        or_(~holds.by_number, row.caller_index.is_(None), _number_of(row.caller_index)),
    )


def call_covered() -> ColumnElement[bool]:
    """Whether a row of `legal_hold` covers a row of `call`."""
    row, holds = calls.c, legal_holds.c
    return and_(
        or_(holds.record_id.is_(None), holds.record_id == row.id),
        holds.mailbox.is_(None),
        or_(holds.starts_at.is_(None), row.started_at >= holds.starts_at),
        or_(holds.ends_at.is_(None), row.started_at < holds.ends_at),
        or_(~holds.by_number, _number_of(row.caller_index, row.called_index)),
    )


def messages_kept() -> ScalarSelect[int]:
    """How many messages a row of `legal_hold` keeps now."""
    counted = select(func.count()).select_from(voicemails).where(_in_force(HeldKind.VOICEMAIL), voicemail_covered(), voicemails.c.kept)
    return counted.correlate(legal_holds).scalar_subquery()


def calls_kept() -> ScalarSelect[int]:
    """How many calls a row of `legal_hold` keeps now."""
    counted = select(func.count()).select_from(calls).where(_in_force(HeldKind.CALL), call_covered())
    return counted.correlate(legal_holds).scalar_subquery()


def _in_force(kind: HeldKind) -> ColumnElement[bool]:
    return and_(legal_holds.c.released_at.is_(None), legal_holds.c.kind.in_([HeldKind.ANY.value, kind.value]))


def _held(kind: HeldKind, covered: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists(select(legal_holds.c.id).where(_in_force(kind), covered).correlate(calls, voicemails))


def _number_of(*indexes: ColumnElement[bytes]) -> ColumnElement[bool]:
    same = or_(false(), *(held_numbers.c.number_index == index for index in indexes))
    query = select(held_numbers.c.hold_id).where(held_numbers.c.hold_id == legal_holds.c.id, same)
    return exists(query.correlate(legal_holds, calls, voicemails))
