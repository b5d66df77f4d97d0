"""Alembic migrations, run at open."""
