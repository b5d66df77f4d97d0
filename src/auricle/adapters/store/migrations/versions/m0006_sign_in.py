"""Passkeys, the random handles of their owners, and the sessions that identity providers opened."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the three tables."""
    op.create_table(
        "passkey",
        sa.Column("credential_id", sa.String, primary_key=True),
        sa.Column("id", sa.String, nullable=False),
        sa.Column("person", sa.String, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("public_key", sa.LargeBinary, nullable=False),
        sa.Column("sign_count", sa.BigInteger, nullable=False),
        sa.Column("backup_eligible", sa.Boolean, nullable=False),
        sa.Column("backed_up", sa.Boolean, nullable=False),
        sa.Column("transports", sa.String, nullable=False),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("last_used_at", sa.Float),
        sa.Column("suspect", sa.Boolean, nullable=False),
    )
    op.create_index("passkey_by_id", "passkey", ["id"], unique=True)
    op.create_index("passkey_by_person", "passkey", ["person"])
    op.create_table(
        "passkey_handle",
        sa.Column("person", sa.String, primary_key=True),
        sa.Column("handle", sa.String, nullable=False),
    )
    op.create_table(
        "sso_session",
        sa.Column("session", sa.String, primary_key=True),
        sa.Column("provider", sa.String, nullable=False),
        sa.Column("subject_hash", sa.String, nullable=False),
        sa.Column("sid_hash", sa.String, nullable=False),
        sa.Column("started_at", sa.Float, nullable=False),
    )
    op.create_index("sso_session_by_subject", "sso_session", ["provider", "subject_hash"])
    op.create_index("sso_session_by_sid", "sso_session", ["provider", "sid_hash"])
