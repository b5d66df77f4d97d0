"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None
NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
AUDIT_TABLES = ("audit_leaf", "audit_checkpoint")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "call",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("direction", sa.String, nullable=False),
        sa.Column("started_at", sa.Float, nullable=False),
        sa.Column("ended_at", sa.Float, nullable=False),
        sa.Column("disposition", sa.String, nullable=False),
        sa.Column("protection", sa.String, nullable=False),
        sa.Column("caller_index", sa.LargeBinary, nullable=False),
        sa.Column("called_index", sa.LargeBinary, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
    )
    op.create_index("call_by_time", "call", ["started_at", "id"])
    op.create_index("call_by_caller", "call", ["caller_index"])
    op.create_table(
        "voicemail",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("mailbox", sa.String, nullable=False),
        sa.Column("call", sa.String, nullable=False),
        sa.Column("received_at", sa.Float, nullable=False),
        sa.Column("duration_s", sa.Float, nullable=False),
        sa.Column("complete", sa.Boolean, nullable=False),
        sa.Column("kept", sa.Boolean, nullable=False),
        sa.Column("listened_at", sa.Float),
        sa.Column("transcript_state", sa.String, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("transcript", sa.LargeBinary),
    )
    op.create_index("voicemail_by_time", "voicemail", ["received_at"])
    op.create_table(
        "audit_leaf",
        sa.Column("number", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("leaf", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "audit_checkpoint",
        sa.Column("size", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("note", sa.String, nullable=False),
    )
    _append_only()
    op.create_table(
        "account",
        sa.Column("username", sa.String, primary_key=True),
        sa.Column("person", sa.String, nullable=False),
        sa.Column("password_hash", sa.String, nullable=False),
    )
    op.create_table(
        "session",
        sa.Column("token_hash", sa.String, primary_key=True),
        sa.Column("id", sa.String, nullable=False),
        sa.Column("username", sa.String, nullable=False),
        sa.Column("person", sa.String, nullable=False),
        sa.Column("started_at", sa.Float, nullable=False),
        sa.Column("last_seen_at", sa.Float, nullable=False),
    )
    op.create_table(
        "binding",
        sa.Column("aor", sa.String, primary_key=True),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
    )


def _append_only() -> None:
    """No entry is ever changed or deleted through SQL; who may drop a trigger is told by the checkpoints."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$"
        )
        for table in AUDIT_TABLES:
            op.execute(
                f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only()"
            )
        return
    for table in AUDIT_TABLES:
        for act in ("UPDATE", "DELETE"):
            refusal = "SELECT RAISE(ABORT, 'the audit log is append-only')"
            op.execute(f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table} BEGIN {refusal}; END")
