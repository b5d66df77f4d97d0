"""Alembic's environment: the connection is handed in by `adapters.store.database`."""

from alembic import context

from auricle.adapters.store.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()
