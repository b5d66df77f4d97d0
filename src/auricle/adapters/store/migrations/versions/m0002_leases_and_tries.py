"""Transcription is leased to one worker, wrong sign-ins are counted across restarts, calls are found by the number called."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what is new; nothing that is there changes."""
    op.add_column("voicemail", sa.Column("leased_until", sa.Float))
    op.create_index("call_by_called", "call", ["called_index"])
    op.create_table(
        "sign_in_try",
        sa.Column("account", sa.String, primary_key=True),
        sa.Column("address", sa.String, primary_key=True),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("at", sa.Float, nullable=False),
    )
