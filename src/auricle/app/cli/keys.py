"""`auricle keys …`: the practice's keys."""

import getpass
import json
import os
from typing import Annotated, Any

import typer

from auricle.app.cli.running import SettingsOption, group, guard, passphrase, run

commands = group("The practice's keys.")
PurposeArgument = Annotated[str | None, typer.Argument(help="call-record, voicemail, …; none for all.")]


@commands.command("create")
def keys_create(settings: SettingsOption) -> None:
    """Make the practice's keys, held by whom the settings name; an empty passphrase makes a development key."""
    from auricle.app.instance import create_keys
    from auricle.app.key_commands import provider_kind

    ask = guard(lambda: provider_kind(settings)) == "passphrase"
    vkey = guard(lambda: create_keys(settings, passphrase(ask=ask)))
    typer.echo(f"keys made. The audit log's public key, to be kept by whoever verifies it:\n{vkey}")


@commands.command("status")
def keys_status(settings: SettingsOption, as_json: Annotated[bool, typer.Option("--json", help="As one JSON object.")] = False) -> None:
    """Who holds the keys, their epochs, what is still sealed with older ones; exit 1 where the provider or the file refuses."""
    from auricle.app.key_commands import status

    found = run(status(settings, passphrase(ask=False)))
    typer.echo(json.dumps(found, indent=1, default=str) if as_json else _status_text(found))
    raise typer.Exit(1 if found["locked"] or found["state"]["state"] != "up" else 0)


@commands.command("rotate")
def keys_rotate(settings: SettingsOption, purpose: PurposeArgument = None) -> None:
    """Start new epochs. A running practice uses them within a second, and seals everything anew in the background."""
    from auricle.app.key_commands import rotate

    run(rotate(settings, passphrase(ask=False), purpose))
    typer.echo("rotated. Older epochs open until everything is sealed anew:  auricle keys status")


@commands.command("passphrase")
def keys_passphrase(settings: SettingsOption) -> None:
    """Set a new passphrase (or AURICLE_NEW_PASSPHRASE) in the place of the old one or of a development key."""
    from auricle.app.key_commands import change_passphrase

    run(change_passphrase(settings, passphrase(ask=False), _new_passphrase()))
    typer.echo("the new passphrase is set. Copies of the key file from before still open with the old one: replace them")


@commands.command("rewrap")
def keys_rewrap(
    settings: SettingsOption,
    only: Annotated[bool, typer.Option("--only", help="Drop every other holder but the recovery key.")] = False,
    new_root: Annotated[bool, typer.Option("--new-root", help="Make a new root key; all other holders go, the recovery key too.")] = False,
    accept_older: Annotated[bool, typer.Option("--accept-older", help="Use an older copy of the key file, the newest being lost.")] = False,
) -> None:
    """Give the root key to the holder that the settings name, such as a token in the place of a passphrase."""
    from auricle.app.key_commands import rewrap

    run(rewrap(settings, passphrase(ask=False), only=only, fresh_root=new_root, accept_older=accept_older))
    typer.echo("the root key is wrapped anew" + (". Export a new recovery key, and restart the practice" if new_root else ""))


@commands.command("export-recovery")
def keys_export_recovery(
    settings: SettingsOption,
    shares: Annotated[int, typer.Option(help="How many shares to make, 16 at most.")] = 3,
    needed: Annotated[int, typer.Option(help="How many of them are enough.")] = 2,
) -> None:
    """Make a recovery key and print its shares, once. Give each to another person; an earlier export ends."""
    from auricle.app.key_commands import export_recovery

    words = run(export_recovery(settings, passphrase(ask=False), shares, needed))
    typer.echo(f"Any {needed} of these {shares} shares open the keys. They are shown now and never again.")
    for number, share in enumerate(words, 1):
        typer.echo(f"\nshare {number} of {shares}\n{share}")


@commands.command("recover")
def keys_recover(
    settings: SettingsOption,
    share_file: Annotated[list[typer.FileText] | None, typer.Option("--share", help="A file with one share; again for each.")] = None,
) -> None:
    """Open the keys with recovery shares and set a new passphrase (or AURICLE_NEW_PASSPHRASE); shares are asked for if no file is given."""
    from auricle.app.key_commands import recover

    shares = [file.read() for file in share_file or ()] or _typed_shares()
    run(recover(settings, shares, _new_passphrase()))
    typer.echo("the keys are open and under the new passphrase")


def _new_passphrase() -> str:
    given = os.environ.get("AURICLE_NEW_PASSPHRASE")
    if given is not None:
        return given
    first = getpass.getpass("New passphrase (at least 12 characters): ")
    if getpass.getpass("Again: ") != first:
        typer.echo("The two passphrases differ; nothing was changed.", err=True)
        raise typer.Exit(1)
    return first


def _typed_shares() -> list[str]:
    shares: list[str] = []
    while share := getpass.getpass(f"Share {len(shares) + 1} (empty: no more): ").strip():
        shares.append(share)
    return shares


def _status_text(found: dict[str, Any]) -> str:
    lines = [f"key file   {found['file']}", f"provider   {found['provider']}"]
    lines += [f"holder     {holder['kind']}, since {holder['made_at']}" for holder in found["holders"]]
    if found["locked"]:
        return "\n".join([*lines, f"locked     {found['locked']}"])
    state, job, recovery = found["state"], found["job"], found["recovery"]
    lines.append(f"state      {state['text'] or state['state']}")
    if found["development"]:
        lines.append("           a development key: whoever reads the disk reads everything")
    lines.append(f"recovery   {'none: auricle keys export-recovery' if recovery is None else _recovery_text(recovery)}")
    for one in found["purposes"]:
        made = one["created_at"].isoformat() if one["created_at"] else "before times were kept"
        lines.append(f"{one['purpose']:<14} epoch {one['epoch']:>3} of {one['epochs']}, made {made}, {one['records_behind']} behind")
    if job is not None:
        lines.append(f"sealing anew: {job['state']}, {job['done']} of {job['total']}, {job['damaged']} damaged")
    return "\n".join(lines)


def _recovery_text(recovery: dict[str, Any]) -> str:
    return f"{recovery['needed']} of {recovery['shares']} shares, made {recovery['made_at'].isoformat()}"
