"""Which database the settings name, and bringing a PostgreSQL one to the newest schema as its owner (docs/reference/database.md)."""

import os
import stat
from pathlib import Path

from auricle.adapters.store import PostgresDatabase, database_at
from auricle.adapters.store.database import is_address
from auricle.adapters.store.link import Database
from auricle.app.settings import DataSettings, SettingsWrong, load_settings

PASSWORD_VARIABLE = "AURICLE_DATABASE_PASSWORD"  # noqa: S105 - the name of a variable
FILE_NAME = "auricle.db"


def database_of(settings: DataSettings, base: Path, data_directory: Path) -> Database:
    """The practice's database: a file in its data directory, or the server `database` names. Raises SettingsWrong, StoreUnusable.

    The password comes from `database_password_file` or the environment, so it is in no settings, no process list and no log.
    """
    if not settings.database:
        return database_at(data_directory / FILE_NAME)
    if not is_address(settings.database):
        raise SettingsWrong("[data] database: leave it out for a file in the data directory, or write postgresql://user@host/name")
    return database_at(settings.database, password_of(settings.database_password_file, base))


def password_of(file: str, base: Path) -> str:
    """The first line of a file that only we may read, else the environment's. Raises SettingsWrong."""
    if not file:
        return os.environ.get(PASSWORD_VARIABLE, "")
    path = base / file
    try:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise SettingsWrong(f"[data] database_password_file: others may read {path}: chmod 600 it")
        return path.read_text("utf-8").partition("\n")[0]
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsWrong(f"[data] database_password_file: {path} cannot be read ({type(error).__name__})") from error


def migrate_as_owner(settings_file: Path, owner: str, password_file: Path | None, role: str) -> None:
    """Bring the practice's PostgreSQL database to the newest schema as the user `owner`, and let `role` run the practice on it.

    Raises SettingsWrong, StoreUnusable.
    """
    settings = load_settings(settings_file).data
    if not is_address(settings.database):
        raise SettingsWrong("[data] database: this practice is kept in a file, which is brought up whenever it is opened")
    password = password_of(str(password_file) if password_file else "", Path())
    database = PostgresDatabase(settings.database, password, owner)
    database.migrate()
    if role:
        database.grant(role)
