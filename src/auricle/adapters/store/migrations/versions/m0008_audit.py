"""Searching the audit log: columns beside every leaf, the records each entry touched; anchors, cosignatures, alerts."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None
BATCH = 1000
NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables and fill the columns from the leaves that are there; the leaves themselves are not touched."""
    index = op.create_table(
        "audit_index",
        sa.Column("number", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("actor", sa.String, nullable=False),
        sa.Column("action", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("ref", sa.String, nullable=False),
        sa.Column("outcome", sa.String, nullable=False),
    )
    touched = op.create_table(
        "audit_touched",
        sa.Column("record", sa.String, primary_key=True),
        sa.Column("number", NUMBER, primary_key=True, autoincrement=False),
    )
    _fill(index, touched)
    op.create_index("audit_index_by_time", "audit_index", ["at", "number"])
    op.create_index("audit_index_by_actor", "audit_index", ["actor", "number"])
    op.create_index("audit_index_by_action", "audit_index", ["action", "number"])
    op.create_index("audit_index_by_ref", "audit_index", ["ref", "kind", "number"])
    op.create_index("audit_touched_by_number", "audit_touched", ["number"])
    _make_anchors()
    _make_alerts()


def _fill(index: sa.Table, touched: sa.Table) -> None:
    bind = op.get_bind()
    leaves = sa.table("audit_leaf", sa.column("number", sa.Integer), sa.column("leaf", sa.LargeBinary))
    after = -1
    while True:
        query = sa.select(leaves.c.number, leaves.c.leaf).where(leaves.c.number > after).order_by(leaves.c.number).limit(BATCH)
        rows = bind.execute(query).all()
        if not rows:
            return
        after = rows[-1].number
        read = [(row.number, row.leaf, _read(row.leaf)) for row in rows]
        bind.execute(sa.insert(index), [_columns(number, leaf, entry) for number, leaf, entry in read])
        records = [{"record": record, "number": number} for number, _, entry in read for record in dict.fromkeys(entry.get("touched", ()))]
        if records:
            bind.execute(sa.insert(touched), records)


def _read(leaf: bytes) -> Mapping[str, Any]:
    """A leaf that somebody spoilt gives empty columns; the ledger refuses it when the log is opened."""
    try:
        entry = json.loads(leaf)
    except ValueError:
        return {}
    return entry if isinstance(entry, dict) else {}


def _columns(number: int, leaf: bytes, entry: Mapping[str, Any]) -> dict[str, Any]:
    texts = {name: _storable(str(entry.get(name, ""))) for name in ("actor", "action", "kind", "ref", "outcome")}
    try:
        at = datetime.fromisoformat(str(entry.get("at", ""))).timestamp()
    except ValueError:
        at = 0.0
    return {"number": number, "hash": hashlib.sha256(b"\x00" + leaf).digest(), "at": at, **texts}


def _storable(text: str) -> str:
    return text.encode(errors="replace").decode().replace("\0", "?")


def _make_anchors() -> None:
    op.create_table(
        "audit_cosignature",
        sa.Column("size", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("witness", sa.String, primary_key=True),
        sa.Column("line", sa.String, nullable=False),
    )
    op.create_table(
        "audit_anchor",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("size", NUMBER, nullable=False),
        sa.Column("anchored_at", sa.Float),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("tried_at", sa.Float),
        sa.Column("error", sa.String, nullable=False),
    )


def _make_alerts() -> None:
    op.create_table(
        "audit_reader",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("number", NUMBER, nullable=False),
    )
    # what happened before there were rules raises no alerts
    op.execute("INSERT INTO audit_reader (name, number) SELECT 'alerts', count(*) FROM audit_leaf")
    op.create_table(
        "alert",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("entry", NUMBER, nullable=False),
        sa.Column("rule", sa.String, nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("actor", sa.String, nullable=False),
        sa.Column("subject", sa.String, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("acknowledged_at", sa.Float),
        sa.Column("acknowledged_by", sa.String),
        sa.Column("note", sa.LargeBinary),
    )
    op.create_index("alert_by_entry", "alert", ["entry"])
    op.create_table(
        "alert_network",
        sa.Column("actor", sa.String, primary_key=True),
        sa.Column("network", sa.String, primary_key=True),
        sa.Column("entry", NUMBER, nullable=False),
    )
