"""`auricle database …`: a PostgreSQL database is brought to a new schema by its owner; the practice runs as a lesser user."""

from pathlib import Path
from typing import Annotated

import typer

from auricle.app.cli.running import SettingsOption, group, guard, passphrase, run

commands = group("The practice's PostgreSQL database.")


@commands.command("migrate")
def database_migrate(
    settings: SettingsOption,
    owner: Annotated[str, typer.Option(help="The database user who owns the tables.")],
    password_file: Annotated[
        Path | None, typer.Option(help="Holds the owner's password, readable by you alone; else AURICLE_DATABASE_PASSWORD is taken.")
    ] = None,
    grant: Annotated[str, typer.Option(help="The database user the practice runs as: may write, but only append to the audit log.")] = "",
) -> None:
    """Bring the database to this version's schema, as its owner. Stop the practice first; the act is an entry of the audit log."""
    from auricle.app.database import migrate_as_owner
    from auricle.app.database_commands import record_migration

    guard(lambda: migrate_as_owner(settings, owner, password_file, grant))
    run(record_migration(settings, passphrase(ask=False), grant))
    typer.echo("the database has this version's schema" + (f"; {grant} may append to the audit log and not change it" if grant else ""))


@commands.command("check")
def database_check(settings: SettingsOption) -> None:
    """Look whether rows that say who may do what were changed outside this program; ends with 1 where they were."""
    from auricle.app.database_commands import check_authority

    found = run(check_authority(settings, passphrase(ask=False)))
    for difference in found:
        typer.echo(f"{difference.table}: {difference.why}")
    if found:
        raise typer.Exit(1)
    typer.echo("every table is as it was left")


@commands.command("accept")
def database_accept(settings: SettingsOption, table: Annotated[str, typer.Argument(help="As `auricle database check` names it.")]) -> None:
    """Take a table as it is now, after you have looked at it; the act is an entry of the audit log."""
    from auricle.app.database_commands import accept_authority

    run(accept_authority(settings, passphrase(ask=False), table))
    typer.echo(f"{table} counts as it is now")


@commands.command("restored")
def database_restored(settings: SettingsOption) -> None:
    """After the database came back from a backup of before a rotation of keys: let its rows count again; the act is an entry."""
    from auricle.app.database_commands import take_back_epochs

    count = run(take_back_epochs(settings, passphrase(ask=False)))
    typer.echo(f"{count} retired keys count again, until the practice has vouched for all rows anew" if count else "nothing was retired")
