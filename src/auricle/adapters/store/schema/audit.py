"""The audit log; append-only by triggers."""

from sqlalchemy import Float, Index, Integer, LargeBinary, String, Table

from auricle.adapters.store.schema.columns import COUNT, IDENTIFIER, NUMBER, SETTING, STATE, TIME, clear, metadata, sealed

ENTRY = "identifiers only; what may be private in an entry is sealed inside it (docs/specs/audit-log.md)"

audit_leaves = Table(
    "audit_leaf",
    metadata,
    clear("number", NUMBER, why=COUNT, primary_key=True, autoincrement=False),
    clear("leaf", LargeBinary, why=ENTRY, nullable=False),
)
checkpoints = Table(
    "audit_checkpoint",
    metadata,
    clear("size", NUMBER, why=COUNT, primary_key=True, autoincrement=False),
    clear("note", String, why="a signed hash", nullable=False),
)
audit_index = Table(
    "audit_index",
    metadata,
    clear("number", NUMBER, why=COUNT, primary_key=True, autoincrement=False),
    clear("hash", LargeBinary, why="the leaf's hash when it was written: a leaf changed later is found by its number", nullable=False),
    clear("at", Float, why=TIME, nullable=False),
    clear("actor", String, why=SETTING, nullable=False),
    clear("action", String, why=STATE, nullable=False),
    clear("kind", String, why=STATE, nullable=False),
    clear("ref", String, why=IDENTIFIER, nullable=False),
    clear("outcome", String, why=STATE, nullable=False),
    Index("audit_index_by_time", "at", "number"),
    Index("audit_index_by_actor", "actor", "number"),
    Index("audit_index_by_action", "action", "number"),
    Index("audit_index_by_ref", "ref", "kind", "number"),
)
audit_touched = Table(
    "audit_touched",
    metadata,
    clear("record", String, why=IDENTIFIER, primary_key=True),
    clear("number", NUMBER, why=COUNT, primary_key=True, autoincrement=False),
    Index("audit_touched_by_number", "number"),
)
cosignatures = Table(
    "audit_cosignature",
    metadata,
    clear("size", NUMBER, why=COUNT, primary_key=True, autoincrement=False),
    clear("witness", String, why=SETTING, primary_key=True),
    clear("line", String, why="a signature", nullable=False),
)
anchors = Table(
    "audit_anchor",
    metadata,
    clear("name", String, why=SETTING, primary_key=True),
    clear("size", NUMBER, why=COUNT, nullable=False),
    clear("anchored_at", Float, why=TIME),
    clear("tries", Integer, why=COUNT, nullable=False),
    clear("tried_at", Float, why=TIME),
    clear("error", String, why=STATE, nullable=False),
)
audit_readers = Table(
    "audit_reader",
    metadata,
    clear("name", String, why=STATE, primary_key=True),
    clear("number", NUMBER, why=COUNT, nullable=False),
)
alerts = Table(
    "alert",
    metadata,
    clear("id", String, why="a rule and an entry number", primary_key=True),
    clear("entry", NUMBER, why=COUNT, nullable=False),
    clear("rule", String, why=STATE, nullable=False),
    clear("at", Float, why=TIME, nullable=False),
    clear("actor", String, why=SETTING, nullable=False),
    clear("subject", String, why="an id of staff, or a network address", nullable=False),
    clear("count", Integer, why=COUNT, nullable=False),
    clear("acknowledged_at", Float, why=TIME),
    clear("acknowledged_by", String, why=SETTING),
    sealed("note"),
    Index("alert_by_entry", "entry"),
)
networks = Table(
    "alert_network",
    metadata,
    clear("actor", String, why=SETTING, primary_key=True),
    clear("network", String, why="a network address of staff", primary_key=True),
    clear("entry", NUMBER, why=COUNT, nullable=False),
)
