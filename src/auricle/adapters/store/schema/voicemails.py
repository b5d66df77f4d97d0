"""Voicemail messages."""

from sqlalchemy import Boolean, Float, Index, Integer, String, Table

from auricle.adapters.store.schema.columns import COUNT, IDENTIFIER, SETTING, STATE, TIME, Indexed, blind, clear, metadata, sealed

voicemails = Table(
    "voicemail",
    metadata,
    clear("id", String, why=IDENTIFIER, primary_key=True),
    clear("mailbox", String, why=SETTING, nullable=False),
    clear("call", String, why=IDENTIFIER, nullable=False),
    clear("received_at", Float, why=TIME, nullable=False),
    clear("duration_s", Float, why=COUNT, nullable=False),
    clear("complete", Boolean, why=STATE, nullable=False),
    clear("kept", Boolean, why=STATE, nullable=False),
    clear("listened_at", Float, why=TIME),
    clear("transcript_state", String, why=STATE, nullable=False),
    clear("attempts", Integer, why=COUNT, nullable=False),
    clear("leased_until", Float, why=TIME),
    blind("caller_index", of=Indexed(("voicemail.caller",), "caller")),
    sealed("sealed", nullable=False),
    sealed("transcript"),
    Index("voicemail_by_time", "received_at"),
    Index("voicemail_by_caller", "caller_index"),
)
