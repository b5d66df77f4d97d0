"""Finished calls."""

from sqlalchemy import Float, Index, String, Table

from auricle.adapters.store.schema.columns import IDENTIFIER, STATE, TIME, Indexed, blind, clear, metadata, sealed

calls = Table(
    "call",
    metadata,
    clear("id", String, why=IDENTIFIER, primary_key=True),
    clear("direction", String, why=STATE, nullable=False),
    clear("started_at", Float, why=TIME, nullable=False),
    clear("ended_at", Float, why=TIME, nullable=False),
    clear("disposition", String, why=STATE, nullable=False),
    clear("protection", String, why=STATE, nullable=False),
    blind("caller_index", of=Indexed(("call.caller",), "caller"), nullable=False),
    blind("called_index", of=Indexed(("call.called",), "called"), nullable=False),
    sealed("sealed", nullable=False),
    Index("call_by_time", "started_at", "id"),
    Index("call_by_caller", "caller_index"),
    Index("call_by_called", "called_index"),
)
