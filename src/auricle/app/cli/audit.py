"""`auricle audit …`: the audit log. `verify` and `verify-proof` need neither database nor secret; the others are entries themselves."""

import json
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from auricle.app.cli.running import SettingsOption, group, guard, passphrase, run
from auricle.audit.formats import Format
from auricle.audit.table import csv_lines

if TYPE_CHECKING:
    from auricle.app.audit_parts import AuditParts
    from auricle.audit.verify import Report
    from auricle.web.audit.ports import LookAt

T = TypeVar("T")
MAX_LINE_BYTES = (1 << 20) + 1
commands = group("The audit log.")
KeyOption = Annotated[str, typer.Option(help="The public key you trust; without it the one in the file is used and named.")]
OutOption = Annotated[Path | None, typer.Option("--out", help="A file to make; without it standard output.")]


@commands.command("export")
def audit_export(
    settings: SettingsOption,
    form: Annotated[Format, typer.Option("--format", help="jsonl can be verified; the others are for other programs.")] = Format.JSONL,
    out: OutOption = None,
) -> None:
    """Write the whole audit log, with its signed checkpoints."""

    async def write(parts: "AuditParts") -> None:
        lines = await parts.export(form)
        _write(lines, out)

    _with_log(settings, write)


@commands.command("verify")
def audit_verify(
    file: Annotated[Path, typer.Argument(help="An export.", exists=True, dir_okay=False, readable=True)],
    key: KeyOption = "",
    checkpoint: Annotated[
        list[Path] | None, typer.Option(help="A checkpoint you kept (a file); may be given several times.", exists=True, dir_okay=False)
    ] = None,
) -> None:
    """Check an export with nothing but a public key: neither the database nor any secret is needed."""
    from auricle.audit.verify import verify_export

    def check() -> "Report":
        kept = [path.read_text("utf-8", errors="replace") for path in checkpoint or ()]
        with file.open("rb") as opened:
            return verify_export(iter(lambda: opened.readline(MAX_LINE_BYTES), b""), key or None, kept)

    report = guard(check)
    typer.echo(report.text())
    raise typer.Exit(0 if report.ok else 1)


@commands.command("prove")
def audit_prove(
    number: Annotated[int, typer.Argument(min=0, help="Its number, from 0.")],
    settings: SettingsOption,
    out: OutOption = None,
) -> None:
    """Write a file that proves, to anybody with the public key, that an entry is in the log."""

    async def write(parts: "AuditParts") -> None:
        _write(iter([(await parts.prove(number)).encode()]), out)

    _with_log(settings, write)


@commands.command("verify-proof")
def audit_verify_proof(
    file: Annotated[Path, typer.Argument(help="A proof made by `auricle audit prove`.", exists=True, dir_okay=False)], key: KeyOption = ""
) -> None:
    """Check the proof of one entry with nothing but a public key."""
    from auricle.audit.verify import verify_proof

    report = guard(lambda: verify_proof(file.read_text("utf-8", errors="replace"), key or None))
    typer.echo(report.text())
    raise typer.Exit(0 if report.ok else 1)


@commands.command("fsck")
def audit_fsck(settings: SettingsOption) -> None:
    """Check the log in the database: the signed tree, the columns beside it, and that every private detail opens."""

    async def check(parts: "AuditParts") -> bool:
        found = await parts.check()
        for finding in found:
            typer.echo(f"entry {finding.number} {finding.text}")
        report = await parts.verify()
        typer.echo(report.text())
        return report.ok and not found

    raise typer.Exit(0 if _with_log(settings, check) else 1)


@commands.command("report")
def audit_report(
    settings: SettingsOption,
    form: Annotated[str, typer.Option("--format", help="csv or json.")] = "csv",
    number: Annotated[str, typer.Option(help="The telephone number; asked for where it is left out, so that no history keeps it.")] = "",
    out: OutOption = None,
) -> None:
    """Who looked at the records of a patient, by telephone number."""
    asked = number or typer.prompt("Telephone number")

    async def write(parts: "AuditParts") -> None:
        looks = await parts.report(asked)
        _write(_report(looks, form), out)

    _with_log(settings, write)


@commands.command("anchor-status")
def audit_anchor_status(settings: SettingsOption) -> None:
    """Where checkpoints are kept outside the database, and what those places lack."""

    async def show(parts: "AuditParts") -> bool:
        states = await parts.anchor_states()
        for state, lacking in states:
            at = state.at.isoformat(timespec="seconds") if state.at else "never"
            problem = f"  failed {state.tries} times: {state.error}" if state.tries else ""
            typer.echo(f"{state.name:20} {state.kind:8} {state.size:>10} entries  {at}  {lacking} not there yet{problem}")
        if not states:
            typer.echo("no anchors: add [[audit.anchors]] to the settings, so that a rewritten log can be found out")
        return all(not state.tries for state, _ in states)

    raise typer.Exit(0 if _with_log(settings, show) else 1)


def _with_log(settings: Path, work: Callable[["AuditParts"], Awaitable[T]]) -> T:
    """Do something with the log of a practice that may be running."""
    from auricle.app.instance import Instance

    async def done() -> T:
        instance = Instance(settings, passphrase(ask=False))
        try:
            return await work(instance.audit)
        finally:
            await instance.stop()

    return run(done())


def _write(lines: Iterator[bytes], out: Path | None) -> None:
    if out is None:
        for line in lines:
            sys.stdout.buffer.write(line)
        sys.stdout.buffer.flush()
        return
    try:
        with out.open("xb") as file:
            file.writelines(lines)
    except OSError as error:
        typer.echo(f"{out} cannot be made ({type(error).__name__}): name a file that is not there yet", err=True)
        raise typer.Exit(1) from None


def _report(looks: Sequence["LookAt"], form: str) -> Iterator[bytes]:
    names = ("number", "at", "actor_kind", "actor", "action", "record", "outcome", "why")
    rows = [[getattr(look, name) if name != "at" else look.at.isoformat() for name in names] for look in looks]
    if form == "json":
        yield (json.dumps([dict(zip(names, row, strict=True)) for row in rows], indent=1) + "\n").encode()
        return
    yield from (line.encode() for line in csv_lines(names, rows))
