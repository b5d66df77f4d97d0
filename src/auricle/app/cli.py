"""The command line: `auricle …`. Each command reads, calls one thing, prints; errors are one line that says what to do."""

import asyncio
import getpass
import json
import os
import secrets
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated, TypeVar

import typer
import yaml

from auricle.app.logs import set_up_logs
from auricle.app.settings import load_flows, load_settings, practice_of
from auricle.calls.errors import FlowFault
from auricle.calls.flow.check import problems
from auricle.calls.flow.document import flow_schema, read_flow
from auricle.kernel.errors import AuricleError
from auricle.speech.prompts import recording_name

T = TypeVar("T")

app = typer.Typer(no_args_is_help=True, add_completion=False, help="A phone system for a medical practice.", pretty_exceptions_enable=False)
keys = typer.Typer(no_args_is_help=True, help="The practice's keys.")
user = typer.Typer(no_args_is_help=True, help="Console accounts.")
audit = typer.Typer(no_args_is_help=True, help="The audit log.")
flow = typer.Typer(no_args_is_help=True, help="Call flows.")
app.add_typer(keys, name="keys")
app.add_typer(user, name="user")
app.add_typer(audit, name="audit")
app.add_typer(flow, name="flow")

SettingsOption = Annotated[Path, typer.Option("--settings", "-s", help="The practice's settings file.")]


@app.command()
def demo(
    directory: Annotated[Path, typer.Option(help="Where the demo practice lives; it is made anew each time.")] = Path("var/demo"),
    once: Annotated[bool, typer.Option("--once", help="Stop afterwards; exit 0 only if everything claimed was checked.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the outcome as one JSON object (implies --once).")] = False,
    console_port: Annotated[int, typer.Option(help="Port of the console; 0 picks a free one.")] = 8443,
) -> None:
    """Make a demo practice, play two patients' calls through the real path, and show what protected them."""
    from auricle.app.demo.run import run_demo

    set_up_logs(os.environ.get("AURICLE_LOG", "CRITICAL"))
    sys.exit(_run(run_demo(directory, once=once or as_json, as_json=as_json, console_port=console_port)))


@app.command()
def serve(
    settings: Annotated[Path, typer.Argument(help="The practice's settings file.")],
    parts: Annotated[Path | None, typer.Option(help="Write the process ids of the parts to this file once all is up.")] = None,
    log_level: str = "INFO",
) -> None:
    """Run a practice until it is told to stop (SIGINT or SIGTERM)."""
    from auricle.app.serve import serve_until_stopped

    set_up_logs(log_level)
    _run(serve_until_stopped(settings, _passphrase(ask=False), parts))


@app.command("phone-secret")
def phone_secret(username: str, realm: str) -> None:
    """Make a secret for a phone and the two digests for the settings file. The secret is shown once."""
    from auricle.app.demo.practice import ha1

    secret = secrets.token_urlsafe(24)
    md5, sha256 = ha1(username, realm, secret)
    typer.echo(f'secret for the phone: {secret}\nha1_md5 = "{md5}"\nha1_sha256 = "{sha256}"')


@app.command("recording-name")
def recording_name_command(text: str) -> None:
    """Print the file name under which a recorded voice stands in for a spoken text, in DATA/recorded-prompts."""
    typer.echo(recording_name(text))


@app.command()
def doctor() -> None:
    """Say which system parts are here, and which command installs what is missing."""
    from auricle.app.doctor import findings

    found = findings()
    for finding in found:
        typer.echo(f"{'ok     ' if finding.ok else 'MISSING'} {finding.text}")
    raise typer.Exit(0 if all(finding.ok for finding in found) else 1)


@keys.command("create")
def keys_create(settings: SettingsOption) -> None:
    """Make the practice's keys under a passphrase; an empty passphrase makes a development key."""
    from auricle.app.instance import create_keys

    vkey = _guard(lambda: create_keys(settings, _passphrase(ask=True)))
    typer.echo(f"keys made. The audit log's public key, to be kept by whoever verifies it:\n{vkey}")


@user.command("add")
def user_add(
    username: str, settings: SettingsOption, person: Annotated[str, typer.Option(help="The person's id in the settings.")]
) -> None:
    """Make a console account for a person; the password is asked for."""
    from auricle.app.instance import add_user

    password = os.environ.get("AURICLE_NEW_PASSWORD") or getpass.getpass("Password (at least 12 characters): ")
    _run(add_user(settings, _passphrase(ask=False), username, person, password))
    typer.echo(f"account {username} made")


@audit.command("export")
def audit_export(settings: SettingsOption) -> None:
    """Write the whole audit log, with its signed checkpoint, to standard output."""
    from auricle.app.instance import export_audit

    for line in _run(export_audit(settings, _passphrase(ask=False))):
        typer.echo(line)


@audit.command("verify")
def audit_verify(
    file: Annotated[Path, typer.Argument(help="An export.")],
    key: Annotated[str, typer.Option(help="The public key you trust; without it the export's own is used and named.")] = "",
) -> None:
    """Check an export with nothing but a public key: neither the database nor any secret is needed."""
    from auricle.audit.verify import verify_export

    report = _guard(lambda: verify_export(file.read_text("utf-8", errors="replace").splitlines(), key or None))
    typer.echo(report.text())
    raise typer.Exit(0 if report.ok else 1)


@flow.command("check")
def flow_check(file: Path, settings: SettingsOption) -> None:
    """Find what is wrong with a flow before a caller does."""

    def check() -> list[str]:
        practice = practice_of(load_settings(settings))
        try:
            return problems(read_flow(yaml.safe_load(file.read_text("utf-8"))), practice)
        except (yaml.YAMLError, OSError) as error:
            raise FlowFault(f"{file} cannot be read: {type(error).__name__}") from error

    found = _guard(check)
    for problem in found:
        typer.echo(problem)
    typer.echo("no problems" if not found else f"{len(found)} problem(s)")
    raise typer.Exit(1 if found else 0)


@flow.command("schema")
def flow_schema_command() -> None:
    """Print the JSON Schema of flow documents."""
    typer.echo(json.dumps(flow_schema(), indent=1))


@app.command("check")
def settings_check(settings: Annotated[Path, typer.Argument(help="The practice's settings file.")]) -> None:
    """Read the settings and all flows, and say what is wrong with them."""

    def check() -> None:
        read = load_settings(settings)
        load_flows(read, settings.parent, practice_of(read))

    _guard(check)
    typer.echo("the settings can be used")


def _passphrase(*, ask: bool) -> str | None:
    given = os.environ.get("AURICLE_PASSPHRASE")
    if given is not None or not ask:
        return given or None
    first = getpass.getpass("Passphrase (empty for a development key): ")
    if first and getpass.getpass("Again: ") != first:
        typer.echo("The two passphrases differ; nothing was made.", err=True)
        raise typer.Exit(1)
    return first or None


def _run(work: Coroutine[object, object, T]) -> T:
    import uvloop

    def call() -> T:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(work)

    return _guard(call)


def _guard(call: Callable[[], T]) -> T:
    """Do something of ours; an error becomes one line on standard error and exit 1."""
    try:
        return call()
    except AuricleError as error:
        typer.echo(str(error) or type(error).__name__, err=True)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
