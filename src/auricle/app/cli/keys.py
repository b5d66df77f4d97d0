"""`auricle keys …`: the practice's keys."""

import typer

from auricle.app.cli.running import SettingsOption, group, guard, passphrase

commands = group("The practice's keys.")


@commands.command("create")
def keys_create(settings: SettingsOption) -> None:
    """Make the practice's keys under a passphrase; an empty passphrase makes a development key."""
    from auricle.app.instance import create_keys

    vkey = guard(lambda: create_keys(settings, passphrase(ask=True)))
    typer.echo(f"keys made. The audit log's public key, to be kept by whoever verifies it:\n{vkey}")
