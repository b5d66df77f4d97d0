"""`auricle user …`: console accounts, and ending or giving back a person's access while the practice runs."""

import getpass
import os
from typing import Annotated

import typer

from auricle.app.cli.running import SettingsOption, group, passphrase, run

commands = group("Console accounts and people's access.")
Reason = Annotated[str, typer.Option(help="Why; kept sealed in the audit log.")]


@commands.command("list")
def user_list(settings: SettingsOption) -> None:
    """Everybody, their accounts, second factors and standing."""
    from auricle.app.user_commands import with_users

    for line in run(with_users(settings, passphrase(ask=False), lambda users: users.lines())):
        state = f"terminated {line.terminated_at:%Y-%m-%d %H:%M} UTC" if line.terminated_at else "active"
        typer.echo(f"{line.username or '-':<24} {line.person:<24} {line.second_factor:<14} {state:<30} {line.name}")


@commands.command("add")
def user_add(
    username: str, settings: SettingsOption, person: Annotated[str, typer.Option(help="The person's id in the settings.")]
) -> None:
    """Make a console account for a person; the password is asked for."""
    from auricle.app.user_commands import with_users

    password = _new_password()
    run(with_users(settings, passphrase(ask=False), lambda users: users.add(username, person, password)))
    typer.echo(f"account {username} made")


@commands.command("password")
def user_password(username: str, settings: SettingsOption) -> None:
    """Give an account a new password; all its sessions end."""
    from auricle.app.user_commands import with_users

    password = _new_password()
    run(with_users(settings, passphrase(ask=False), lambda users: users.password(username, password)))
    typer.echo(f"{username} has a new password; all sessions ended")


@commands.command("reset-second-factor")
def user_reset_second_factor(username: str, settings: SettingsOption) -> None:
    """Forget the authenticator, recovery codes and passkeys of somebody who lost them; they set up new ones at the next sign-in."""
    from auricle.app.user_commands import with_users

    run(with_users(settings, passphrase(ask=False), lambda users: users.reset_second_factor(username)))
    typer.echo(f"{username} has no second factor now; all sessions ended")


@commands.command("terminate")
def user_terminate(person: str, settings: SettingsOption, reason: Reason = "command line") -> None:
    """End all access of a person: sessions, keys, grants, phones, and running calls but emergency calls."""
    from auricle.app.user_commands import with_users

    run(with_users(settings, passphrase(ask=False), lambda users: users.terminate(person, reason)))
    typer.echo(f"the access of {person} ended")


@commands.command("restore")
def user_restore(person: str, settings: SettingsOption, reason: Reason = "command line") -> None:
    """Let a person in again, with the old password and second factor; sessions, keys and grants stay ended."""
    from auricle.app.user_commands import with_users

    run(with_users(settings, passphrase(ask=False), lambda users: users.restore(person, reason)))
    typer.echo(f"{person} has access again")


def _new_password() -> str:
    return os.environ.get("AURICLE_NEW_PASSWORD") or getpass.getpass("Password (a few words; at least 12 or 15 characters): ")
