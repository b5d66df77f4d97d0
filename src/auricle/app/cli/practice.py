"""Commands about the practice as a whole: run it, show it, check it."""

import os
import secrets
import sys
from pathlib import Path
from typing import Annotated

import typer

from auricle.app.cli.running import guard, passphrase, run
from auricle.app.logs import set_up_logs
from auricle.app.settings import load_flows, load_settings, practice_of
from auricle.speech.prompts import recording_name

commands = typer.Typer()


@commands.command()
def demo(
    directory: Annotated[Path, typer.Option(help="Where the demo practice lives; it is made anew each time.")] = Path("var/demo"),
    once: Annotated[bool, typer.Option("--once", help="Stop afterwards; exit 0 only if everything claimed was checked.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the outcome as one JSON object (implies --once).")] = False,
    console_port: Annotated[int, typer.Option(help="Port of the console; 0 picks a free one.")] = 8443,
) -> None:
    """Make a demo practice, play two patients' calls through the real path, and show what protected them."""
    from auricle.app.demo.run import run_demo

    set_up_logs(os.environ.get("AURICLE_LOG", "CRITICAL"))
    sys.exit(run(run_demo(directory, once=once or as_json, as_json=as_json, console_port=console_port)))


@commands.command()
def sweep(
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as one JSON object.")] = False,
) -> None:
    """Put made-up private things through a practice's day, then look for them in every byte it left; exit 0 only if none is found."""
    from auricle.app.sweep.run import run_sweep

    set_up_logs(os.environ.get("AURICLE_LOG", "CRITICAL"))
    sys.exit(run(run_sweep(as_json=as_json)))


@commands.command()
def serve(
    settings: Annotated[Path, typer.Argument(help="The practice's settings file.")],
    parts: Annotated[Path | None, typer.Option(help="Write the process ids of the parts to this file once all is up.")] = None,
    log_level: str = "INFO",
) -> None:
    """Run a practice until it is told to stop (SIGINT or SIGTERM)."""
    from auricle.app.serve import serve_until_stopped

    set_up_logs(log_level)
    run(serve_until_stopped(settings, passphrase(ask=False), parts))


@commands.command("phone-secret")
def phone_secret(username: str, realm: str) -> None:
    """Make a secret for a phone and the two digests for the settings file. The secret is shown once."""
    from auricle.app.demo.practice import ha1

    secret = secrets.token_urlsafe(24)
    md5, sha256 = ha1(username, realm, secret)
    typer.echo(f'secret for the phone: {secret}\nha1_md5 = "{md5}"\nha1_sha256 = "{sha256}"')


@commands.command("recording-name")
def recording_name_command(text: str) -> None:
    """Print the file name under which a recorded voice stands in for a spoken text, in DATA/recorded-prompts."""
    typer.echo(recording_name(text))


@commands.command()
def doctor() -> None:
    """Say which system parts are here, and which command installs what is missing."""
    from auricle.app.doctor import findings

    found = findings()
    for finding in found:
        typer.echo(f"{'ok     ' if finding.ok else 'MISSING'} {finding.text}")
    raise typer.Exit(0 if all(finding.ok for finding in found) else 1)


@commands.command("check")
def settings_check(settings: Annotated[Path, typer.Argument(help="The practice's settings file.")]) -> None:
    """Read the settings and all flows, and say what is wrong with them."""

    def check() -> None:
        read = load_settings(settings)
        load_flows(read, settings.parent, practice_of(read))

    guard(check)
    typer.echo("the settings can be used")
