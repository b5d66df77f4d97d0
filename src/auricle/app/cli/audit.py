"""`auricle audit …`: the audit log."""

from pathlib import Path
from typing import Annotated

import typer

from auricle.app.cli.running import SettingsOption, group, guard, passphrase, run

commands = group("The audit log.")


@commands.command("export")
def audit_export(settings: SettingsOption) -> None:
    """Write the whole audit log, with its signed checkpoint, to standard output."""
    from auricle.app.instance import export_audit

    for line in run(export_audit(settings, passphrase(ask=False))):
        typer.echo(line)


@commands.command("verify")
def audit_verify(
    file: Annotated[Path, typer.Argument(help="An export.")],
    key: Annotated[str, typer.Option(help="The public key you trust; without it the export's own is used and named.")] = "",
) -> None:
    """Check an export with nothing but a public key: neither the database nor any secret is needed."""
    from auricle.audit.verify import verify_export

    report = guard(lambda: verify_export(file.read_text("utf-8", errors="replace").splitlines(), key or None))
    typer.echo(report.text())
    raise typer.Exit(0 if report.ok else 1)
