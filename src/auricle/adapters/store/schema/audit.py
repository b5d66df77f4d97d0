"""The audit log; append-only by triggers."""

from sqlalchemy import Integer, LargeBinary, String, Table

from auricle.adapters.store.schema.columns import COUNT, clear, metadata

ENTRY = "identifiers only; what may be private in an entry is sealed inside it (docs/specs/audit-log.md)"

audit_leaves = Table(
    "audit_leaf",
    metadata,
    clear("number", Integer, why=COUNT, primary_key=True, autoincrement=False),
    clear("leaf", LargeBinary, why=ENTRY, nullable=False),
)
checkpoints = Table(
    "audit_checkpoint",
    metadata,
    clear("size", Integer, why=COUNT, primary_key=True, autoincrement=False),
    clear("note", String, why="a signed hash", nullable=False),
)
