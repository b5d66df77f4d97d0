"""`auricle user …`: console accounts."""

import getpass
import os
from typing import Annotated

import typer

from auricle.app.cli.running import SettingsOption, group, passphrase, run

commands = group("Console accounts.")


@commands.command("add")
def user_add(
    username: str, settings: SettingsOption, person: Annotated[str, typer.Option(help="The person's id in the settings.")]
) -> None:
    """Make a console account for a person; the password is asked for."""
    from auricle.app.instance import add_user

    password = os.environ.get("AURICLE_NEW_PASSWORD") or getpass.getpass("Password (at least 12 characters): ")
    run(add_user(settings, passphrase(ask=False), username, person, password))
    typer.echo(f"account {username} made")
