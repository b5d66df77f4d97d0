"""Bringing a database to a schema: Alembic on a connection that is handed in, in the transaction it is in."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection

from auricle.adapters.store.errors import StoreUnusable

MIGRATIONS = Path(__file__).parent / "migrations"


def upgrade(connection: Connection, revision: str, name: str) -> None:
    """Run what lacks up to `revision`; `name` is the database's, for the error. Raises StoreUnusable for one that is newer than we are."""
    config = _config()
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, revision)
    except CommandError as error:
        raise StoreUnusable(f"{name} was written by a newer Auricle: install that version or a later one") from error


def up_to_date(connection: Connection) -> bool:
    """Whether there is nothing to run."""
    return MigrationContext.configure(connection).get_current_revision() == ScriptDirectory.from_config(_config()).get_current_head()


def revisions() -> list[str]:
    """All of them, oldest first."""
    return [script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()][::-1]


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config
