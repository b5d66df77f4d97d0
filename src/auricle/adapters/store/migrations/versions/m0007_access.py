"""Time-boxed grants, broken glass, care teams and restricted patients, and which staff were on which call."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables. Calls of before stay without people: who was on them stands sealed in their records."""
    op.create_table(
        "access_grant",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("person", sa.String, nullable=False),
        sa.Column("action", sa.String, nullable=False),
        sa.Column("record", sa.String, nullable=False),
        sa.Column("mailbox", sa.String, nullable=False),
        sa.Column("granted_by", sa.String, nullable=False),
        sa.Column("granted_at", sa.Float, nullable=False),
        sa.Column("ends_at", sa.Float, nullable=False),
        sa.Column("revoked_at", sa.Float),
        sa.Column("revoked_by", sa.String),
        sa.Column("end_noted", sa.Boolean, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
    )
    op.create_index("access_grant_by_person", "access_grant", ["person", "ends_at"])
    op.create_table(
        "break_glass",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("person", sa.String, nullable=False),
        sa.Column("record", sa.String, nullable=False),
        sa.Column("started_at", sa.Float, nullable=False),
        sa.Column("ends_at", sa.Float, nullable=False),
        sa.Column("ended_at", sa.Float),
        sa.Column("end_noted", sa.Boolean, nullable=False),
        sa.Column("reviewed_at", sa.Float),
        sa.Column("reviewed_by", sa.String),
        sa.Column("verdict", sa.String),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("note", sa.LargeBinary),
    )
    op.create_index("break_glass_by_person", "break_glass", ["person", "ends_at"])
    op.create_table(
        "patient_mark",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("restricted", sa.Boolean, nullable=False),
        sa.Column("marked_by", sa.String, nullable=False),
        sa.Column("marked_at", sa.Float, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "patient_number",
        sa.Column("mark", sa.String, primary_key=True),
        sa.Column("number_index", sa.LargeBinary, primary_key=True),
    )
    op.create_index("patient_number_by_index", "patient_number", ["number_index"])
    op.create_table(
        "patient_carer",
        sa.Column("mark", sa.String, primary_key=True),
        sa.Column("kind", sa.String, primary_key=True),
        sa.Column("name", sa.String, primary_key=True),
    )
    op.create_table(
        "call_person",
        sa.Column("call", sa.String, sa.ForeignKey("call.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("person", sa.String, primary_key=True),
        sa.Column("talked", sa.Boolean, nullable=False),
    )
    op.create_index("call_person_by_person", "call_person", ["person"])
