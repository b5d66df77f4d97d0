"""Second factors, people's standing, where people sign in from, keys of programs; sessions that step up and change their token."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what is new; sessions of before stay signed in, without a second factor."""
    _sessions()
    op.create_table(
        "sign_in_address",
        sa.Column("username", sa.String, primary_key=True),
        sa.Column("address", sa.String, primary_key=True),
        sa.Column("first_at", sa.Float, nullable=False),
        sa.Column("last_at", sa.Float, nullable=False),
        sa.Column("known", sa.Boolean, nullable=False),
    )
    op.create_table(
        "totp",
        sa.Column("username", sa.String, primary_key=True),
        sa.Column("secret", sa.LargeBinary),
        sa.Column("pending", sa.LargeBinary),
        sa.Column("since", sa.Float),
        sa.Column("last_step", sa.Integer, nullable=False),
        sa.Column("wrong", sa.Integer, nullable=False, server_default="0"),
    )
    op.create_table(
        "recovery_code",
        sa.Column("username", sa.String, primary_key=True),
        sa.Column("code_hash", sa.String, primary_key=True),
    )
    op.create_table(
        "standing",
        sa.Column("person", sa.String, primary_key=True),
        sa.Column("terminated_at", sa.Float),
        sa.Column("deleted", sa.Boolean, nullable=False),
        sa.Column("changed_at", sa.Float, nullable=False),
    )
    op.create_table(
        "identity_change",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("count", sa.Integer, nullable=False),
    )
    op.execute("INSERT INTO identity_change (id, count) VALUES (1, 0)")
    op.create_table(
        "api_key",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("secret_hash", sa.String, nullable=False),
        sa.Column("name", sa.LargeBinary, nullable=False),
        sa.Column("owner", sa.String, nullable=False),
        sa.Column("scopes", sa.String, nullable=False),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("expires_at", sa.Float, nullable=False),
        sa.Column("last_used_at", sa.Float),
    )
    op.create_index("api_key_by_owner", "api_key", ["owner"])


def _sessions() -> None:
    op.add_column("session", sa.Column("address", sa.String, nullable=False, server_default=""))
    op.add_column("session", sa.Column("method", sa.String, nullable=False, server_default="password"))
    op.add_column("session", sa.Column("second_factor", sa.String, nullable=False, server_default="none"))
    op.add_column("session", sa.Column("stepped_up_until", sa.Float))
    op.add_column("session", sa.Column("previous_hash", sa.String))
    op.add_column("session", sa.Column("previous_until", sa.Float))
    op.create_index("session_by_person", "session", ["person"])
    op.create_index("session_by_previous", "session", ["previous_hash"])
