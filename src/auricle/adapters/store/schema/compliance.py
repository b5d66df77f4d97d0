"""Retention, legal holds, agreements with business associates."""

from sqlalchemy import Boolean, Float, Index, Integer, String, Table

from auricle.adapters.store.schema.columns import (
    COUNT,
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

STAFF = "the id of a member of staff or of a part of the system"
PAPER = "about a contract between the practice and a company; names no patient"

retention_rules = Table(
    "retention_rule",
    metadata,
    clear("kind", String, why=STATE, primary_key=True),
    clear("days", Integer, why=COUNT, nullable=False),
    clear("changed_at", Float, why=TIME, nullable=False),
    clear("changed_by", String, why=STAFF, nullable=False),
    voucher("vouched"),
)
retention_state = Table(
    "retention_state",
    metadata,
    clear("id", Integer, why=COUNT, primary_key=True, autoincrement=False),
    clear("seen_at", Float, why=TIME),
    clear("ran_at", Float, why=TIME),
    clear("shredded", Integer, why=COUNT, nullable=False),
    clear("held", Integer, why=COUNT, nullable=False),
    clear("failed", Integer, why=COUNT, nullable=False),
    clear("stopped", String, why=STATE, nullable=False),
)
shreddings = Table(
    "shredding",
    metadata,
    clear("kind", String, why=STATE, primary_key=True),
    clear("record_id", String, why=IDENTIFIER, primary_key=True),
    clear("rule", String, why=STATE, nullable=False),
    clear("actor", String, why=STAFF, nullable=False),
    clear("at", Float, why=TIME, nullable=False),
    voucher("vouched"),
)
legal_holds = Table(
    "legal_hold",
    metadata,
    clear("id", String, why=IDENTIFIER, primary_key=True),
    clear("kind", String, why=STATE, nullable=False),
    clear("record_id", String, why=IDENTIFIER),
    clear("mailbox", String, why=SETTING),
    clear("starts_at", Float, why=TIME),
    clear("ends_at", Float, why=TIME),
    clear("by_number", Boolean, why=STATE, nullable=False),
    sealed("sealed", nullable=False),
    clear("placed_by", String, why=STAFF, nullable=False),
    clear("placed_at", Float, why=TIME, nullable=False),
    clear("released_by", String, why=STAFF),
    clear("released_at", Float, why=TIME),
    voucher("vouched"),
)
held_numbers = Table(
    "legal_hold_number",
    metadata,
    clear("hold_id", String, why=IDENTIFIER, primary_key=True),
    blind("number_index", of=Indexed(NUMBER_CONTEXTS, "number", "legal_hold", "hold_id"), primary_key=True),
    voucher("vouched"),
)
agreements = Table(
    "agreement",
    metadata,
    clear("id", String, why=IDENTIFIER, primary_key=True),
    clear("party", String, why=PAPER, nullable=False),
    clear("reference", String, why=PAPER, nullable=False),
    clear("signed_on", String, why=PAPER, nullable=False),
    clear("starts_on", String, why=PAPER, nullable=False),
    clear("expires_on", String, why=PAPER),
    clear("noted_at", Float, why=TIME, nullable=False),
    clear("noted_by", String, why=STAFF, nullable=False),
    clear("ended_on", String, why=PAPER),
    clear("ended_by", String, why=STAFF),
    voucher("vouched"),
    Index("agreement_by_party", "party"),
)
agreement_alarms = Table(
    "agreement_alarm",
    metadata,
    clear("agreement_id", String, why=IDENTIFIER, primary_key=True),
    clear("days", Integer, why=COUNT, primary_key=True, autoincrement=False),
    clear("raised_at", Float, why=TIME, nullable=False),
)
