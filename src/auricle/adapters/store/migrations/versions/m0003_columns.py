"""Calls are found by words of the caller's name; those that are there are indexed in the background (docs/decisions/0213)."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what is new; only the keys can say what the new index of an old call is, so none is made here."""
    op.add_column("call", sa.Column("names", sa.Integer, nullable=False, server_default="0"))
    op.create_table(
        "call_name",
        sa.Column("call", sa.String, sa.ForeignKey("call.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("word_index", sa.LargeBinary, primary_key=True),
        sqlite_with_rowid=False,
    )
    op.create_index("call_name_by_word", "call_name", ["word_index"])
