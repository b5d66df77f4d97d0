"""Finished calls."""

from sqlalchemy import Float, ForeignKey, Index, Integer, String, Table

from auricle.adapters.store.schema.columns import COUNT, IDENTIFIER, STATE, TIME, Indexed, blind, clear, metadata, sealed

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
    clear("names", Integer, why=COUNT, nullable=False, server_default="0"),
    Index("call_by_time", "started_at", "id"),
    Index("call_by_caller", "caller_index"),
    Index("call_by_called", "called_index"),
)
call_names = Table(
    "call_name",
    metadata,
    clear("call", String, why=IDENTIFIER, primary_key=True, references=ForeignKey("call.id", ondelete="CASCADE")),
    blind("word_index", of=Indexed(("call.name",), "caller_name", "call", "call", words=True), primary_key=True),
    Index("call_name_by_word", "word_index"),
    sqlite_with_rowid=False,  # two trees to write instead of three
)
"""Words of callers' names; `call.names` says by which version of the normaliser a call was indexed, 0 for not yet."""
