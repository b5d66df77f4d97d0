"""Retention, legal holds that the database itself keeps to, agreements; voicemail is found by its caller."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

HELD = """\
SELECT 1 FROM legal_hold h WHERE h.released_at IS NULL AND h.kind IN ('any', '{kind}')
AND (h.record_id IS NULL OR h.record_id = OLD.id) AND ({mailbox})
AND (h.starts_at IS NULL OR OLD.{time} >= h.starts_at) AND (h.ends_at IS NULL OR OLD.{time} < h.ends_at)
AND (NOT h.by_number OR {unknown}EXISTS (SELECT 1 FROM legal_hold_number n WHERE n.hold_id = h.id AND n.number_index IN ({numbers})))"""
VOICEMAIL_HELD = HELD.format(
    kind="voicemail",
    time="received_at",
    mailbox="h.mailbox IS NULL OR h.mailbox = OLD.mailbox",
    unknown="OLD.caller_index IS NULL OR ",  # a message of before this schema, until it is indexed: better kept than lost
    numbers="OLD.caller_index",
)
CALL_HELD = HELD.format(
    kind="call", time="started_at", mailbox="h.mailbox IS NULL", unknown="", numbers="OLD.caller_index, OLD.called_index"
)
REFUSAL = "a legal hold keeps this record"


def upgrade() -> None:
    """Make the tables and the triggers; nothing that is there changes."""
    op.add_column("voicemail", sa.Column("caller_index", sa.LargeBinary))
    op.create_index("voicemail_by_caller", "voicemail", ["caller_index"])
    _make_retention()
    _make_holds()
    _make_agreements()
    if op.get_bind().dialect.name == "postgresql":
        _guard_postgresql()
    else:
        _guard_sqlite()


def _make_retention() -> None:
    op.create_table(
        "retention_rule",
        sa.Column("kind", sa.String, primary_key=True),
        sa.Column("days", sa.Integer, nullable=False),
        sa.Column("changed_at", sa.Float, nullable=False),
        sa.Column("changed_by", sa.String, nullable=False),
    )
    op.create_table(
        "retention_state",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("seen_at", sa.Float),
        sa.Column("ran_at", sa.Float),
        sa.Column("shredded", sa.Integer, nullable=False),
        sa.Column("held", sa.Integer, nullable=False),
        sa.Column("failed", sa.Integer, nullable=False),
        sa.Column("stopped", sa.String, nullable=False),
    )
    op.execute("INSERT INTO retention_state (id, shredded, held, failed, stopped) VALUES (1, 0, 0, 0, '')")
    op.create_table(
        "shredding",
        sa.Column("kind", sa.String, primary_key=True),
        sa.Column("record_id", sa.String, primary_key=True),
        sa.Column("rule", sa.String, nullable=False),
        sa.Column("actor", sa.String, nullable=False),
        sa.Column("at", sa.Float, nullable=False),
    )


def _make_holds() -> None:
    op.create_table(
        "legal_hold",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("record_id", sa.String),
        sa.Column("mailbox", sa.String),
        sa.Column("starts_at", sa.Float),
        sa.Column("ends_at", sa.Float),
        sa.Column("by_number", sa.Boolean, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("placed_by", sa.String, nullable=False),
        sa.Column("placed_at", sa.Float, nullable=False),
        sa.Column("released_by", sa.String),
        sa.Column("released_at", sa.Float),
    )
    op.create_table(
        "legal_hold_number",
        sa.Column("hold_id", sa.String, primary_key=True),
        sa.Column("number_index", sa.LargeBinary, primary_key=True),
    )


def _make_agreements() -> None:
    op.create_table(
        "agreement",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("party", sa.String, nullable=False),
        sa.Column("reference", sa.String, nullable=False),
        sa.Column("signed_on", sa.String, nullable=False),
        sa.Column("starts_on", sa.String, nullable=False),
        sa.Column("expires_on", sa.String),
        sa.Column("noted_at", sa.Float, nullable=False),
        sa.Column("noted_by", sa.String, nullable=False),
        sa.Column("ended_on", sa.String),
        sa.Column("ended_by", sa.String),
    )
    op.create_index("agreement_by_party", "agreement", ["party"])
    op.create_table(
        "agreement_alarm",
        sa.Column("agreement_id", sa.String, primary_key=True),
        sa.Column("days", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("raised_at", sa.Float, nullable=False),
    )


def _guard_sqlite() -> None:
    """What a hold keeps cannot be deleted, whoever tries; holds themselves are never deleted."""
    refuse = f"SELECT RAISE(ABORT, '{REFUSAL}')"
    op.execute(
        f"CREATE TRIGGER voicemail_under_hold BEFORE DELETE ON voicemail WHEN OLD.kept AND EXISTS ({VOICEMAIL_HELD}) BEGIN {refuse}; END"
    )
    op.execute(f"CREATE TRIGGER call_under_hold BEFORE DELETE ON call WHEN EXISTS ({CALL_HELD}) BEGIN {refuse}; END")
    op.execute("CREATE TRIGGER legal_hold_stays BEFORE DELETE ON legal_hold BEGIN SELECT RAISE(ABORT, 'a legal hold is released'); END")


def _guard_postgresql() -> None:
    for table, condition in (("voicemail", f"OLD.kept AND EXISTS ({VOICEMAIL_HELD})"), ("call", f"EXISTS ({CALL_HELD})")):
        _trigger(
            f"{table}_under_hold", table, f"IF {condition} THEN RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'restrict_violation'; END IF;"
        )
    _trigger("legal_hold_stays", "legal_hold", "RAISE EXCEPTION 'a legal hold is released' USING ERRCODE = 'restrict_violation';")


def _trigger(name: str, table: str, body: str) -> None:
    op.execute(f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} RETURN OLD; END $$")
    op.execute(f"CREATE TRIGGER {name} BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()")
