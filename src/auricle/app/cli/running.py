"""How every command runs: the passphrase, the event loop, and errors as one line on standard error."""

import asyncio
import getpass
import os
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from auricle.kernel.errors import AuricleError

T = TypeVar("T")
SettingsOption = Annotated[Path, typer.Option("--settings", "-s", help="The practice's settings file.")]


def group(help_text: str) -> typer.Typer:
    """A group of commands."""
    return typer.Typer(no_args_is_help=True, help=help_text)


def passphrase(*, ask: bool) -> str | None:
    """From the file AURICLE_PASSPHRASE_FILE names, from AURICLE_PASSPHRASE, else typed twice where `ask`; None is a development key.

    A file is better than the variable: a process's environment can be read by whoever may read its memory, and is inherited.
    """
    file = os.environ.get("AURICLE_PASSPHRASE_FILE")
    given = _first_line(Path(file)) if file else os.environ.get("AURICLE_PASSPHRASE")
    if given is not None or not ask:
        return given or None
    first = getpass.getpass("Passphrase (empty for a development key): ")
    if first and getpass.getpass("Again: ") != first:
        typer.echo("The two passphrases differ; nothing was made.", err=True)
        raise typer.Exit(1)
    return first or None


def _first_line(file: Path) -> str:
    try:
        return file.read_text("utf-8").partition("\n")[0]
    except (OSError, UnicodeDecodeError):
        typer.echo(f"{file} (AURICLE_PASSPHRASE_FILE) cannot be read: give the program the right to read it.", err=True)
        raise typer.Exit(1) from None


def run(work: Coroutine[object, object, T]) -> T:
    """Run something asynchronous on the loop that the practice uses."""
    import uvloop

    def call() -> T:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(work)

    return guard(call)


def guard(call: Callable[[], T]) -> T:
    """Do something of ours; an error becomes one line on standard error and exit 1."""
    try:
        return call()
    except AuricleError as error:
        typer.echo(str(error) or type(error).__name__, err=True)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
