"""`auricle flow …`: call flows."""

import json
from pathlib import Path

import typer
import yaml

from auricle.app.cli.running import SettingsOption, group, guard
from auricle.app.settings import load_settings, practice_of
from auricle.calls.errors import FlowFault
from auricle.calls.flow.check import problems
from auricle.calls.flow.document import flow_schema, read_flow

commands = group("Call flows.")


@commands.command("check")
def flow_check(file: Path, settings: SettingsOption) -> None:
    """Find what is wrong with a flow before a caller does."""

    def check() -> list[str]:
        practice = practice_of(load_settings(settings))
        try:
            return problems(read_flow(yaml.safe_load(file.read_text("utf-8"))), practice)
        except (yaml.YAMLError, OSError) as error:
            raise FlowFault(f"{file} cannot be read: {type(error).__name__}") from error

    found = guard(check)
    for problem in found:
        typer.echo(problem)
    typer.echo("no problems" if not found else f"{len(found)} problem(s)")
    raise typer.Exit(1 if found else 0)


@commands.command("schema")
def flow_schema_command() -> None:
    """Print the JSON Schema of flow documents."""
    typer.echo(json.dumps(flow_schema(), indent=1))
