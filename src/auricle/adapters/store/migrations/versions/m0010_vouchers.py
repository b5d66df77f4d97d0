"""Vouchers for rows of authority, and how each of those tables stands. Rows that are there are vouched for when the store first opens."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

TABLES = (
    "account", "session", "totp", "recovery_code", "standing", "api_key", "passkey", "passkey_handle", "sso_session", "access_grant",
    "break_glass", "patient_mark", "patient_number", "patient_carer", "retention_rule", "legal_hold", "legal_hold_number", "agreement",
    "shredding",
)  # fmt: skip


def upgrade() -> None:
    """Add the columns; nothing that is there changes."""
    for table in TABLES:
        op.add_column(table, sa.Column("vouched", sa.LargeBinary))
    op.create_table(
        "authority",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("serial", sa.Integer, nullable=False),
        sa.Column("rows", sa.Integer, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("vouched", sa.LargeBinary),
    )
