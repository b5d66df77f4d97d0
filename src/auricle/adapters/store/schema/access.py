"""Grants, broken glass, who cares for whom, and who was on a call. Staff ids are clear; what may name a patient is not."""

from sqlalchemy import Boolean, Float, ForeignKey, Index, String, Table

from auricle.adapters.store.schema.columns import (
    IDENTIFIER,
    NUMBER_CONTEXTS,
    SETTING,
    STATE,
    TIME,
    Indexed,
    blind,
    clear,
    metadata,
    sealed,
    voucher,
)

access_grants = Table(
    "access_grant",
    metadata,
    clear("id", String, why=IDENTIFIER, primary_key=True),
    clear("person", String, why=SETTING, nullable=False),
    clear("action", String, why=STATE, nullable=False),
    clear("record", String, why=IDENTIFIER, nullable=False),
    clear("mailbox", String, why=SETTING, nullable=False),
    clear("granted_by", String, why=SETTING, nullable=False),
    clear("granted_at", Float, why=TIME, nullable=False),
    clear("ends_at", Float, why=TIME, nullable=False),
    clear("revoked_at", Float, why=TIME),
    clear("revoked_by", String, why=SETTING),
    clear("end_noted", Boolean, why=STATE, nullable=False),
    sealed("sealed", nullable=False),
    voucher("vouched"),
    Index("access_grant_by_person", "person", "ends_at"),
)
broken_glass = Table(
    "break_glass",
    metadata,
    clear("id", String, why=IDENTIFIER, primary_key=True),
    clear("person", String, why=SETTING, nullable=False),
    clear("record", String, why=IDENTIFIER, nullable=False),
    clear("started_at", Float, why=TIME, nullable=False),
    clear("ends_at", Float, why=TIME, nullable=False),
    clear("ended_at", Float, why=TIME),
    clear("end_noted", Boolean, why=STATE, nullable=False),
    clear("reviewed_at", Float, why=TIME),
    clear("reviewed_by", String, why=SETTING),
    clear("verdict", String, why=STATE),
    sealed("sealed", nullable=False),
    sealed("note"),
    voucher("vouched"),
    Index("break_glass_by_person", "person", "ends_at"),
)
patient_marks = Table(
    "patient_mark",
    metadata,
    clear("id", String, why=IDENTIFIER, primary_key=True),
    clear("restricted", Boolean, why=STATE, nullable=False),
    clear("marked_by", String, why=SETTING, nullable=False),
    clear("marked_at", Float, why=TIME, nullable=False),
    sealed("sealed", nullable=False),
    voucher("vouched"),
)
patient_numbers = Table(
    "patient_number",
    metadata,
    clear("mark", String, why=IDENTIFIER, primary_key=True),
    blind("number_index", of=Indexed(NUMBER_CONTEXTS, "number", "patient_mark", "mark"), primary_key=True),
    voucher("vouched"),
    Index("patient_number_by_index", "number_index"),
)
patient_carers = Table(
    "patient_carer",
    metadata,
    clear("mark", String, why=IDENTIFIER, primary_key=True),
    clear("kind", String, why=STATE, primary_key=True),
    clear("name", String, why=SETTING, primary_key=True),
    voucher("vouched"),
)
call_people = Table(
    "call_person",
    metadata,
    clear("call", String, why=IDENTIFIER, primary_key=True, references=ForeignKey("call.id", ondelete="CASCADE")),
    clear("person", String, why=SETTING, primary_key=True),
    clear("talked", Boolean, why=STATE, nullable=False),
    Index("call_person_by_person", "person"),
)
