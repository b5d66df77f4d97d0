"""`auricle retention …`: how long records are kept, and the run that deletes what is due."""

from typing import TYPE_CHECKING, Annotated

import typer

from auricle.app.cli.compliance import with_practice
from auricle.app.cli.running import SettingsOption, group
from auricle.compliance.retention import KINDS, RecordKind
from auricle.kernel.actor import Actor
from auricle.web.compliance.ports import Preview, RetentionState

if TYPE_CHECKING:
    from auricle.app.compliance import ComplianceParts

commands = group("How long records are kept.")


@commands.command("show")
def retention_show(settings: SettingsOption) -> None:
    """Show the schedule, where each term comes from, and how the last run went."""

    async def show(parts: "ComplianceParts", actor: Actor) -> RetentionState:
        return await parts.service("command line").retention(actor)

    state = with_practice(settings, show)
    for kind, facts in KINDS.items():
        days = state.schedule.get(kind)
        least = f"  (at least {facts.minimum})" if facts.minimum and facts.minimum > 1 else ""
        typer.echo(f"{kind:20} {f'{days} days' if days is not None else '-':>10}{least}  {facts.source}")
    if state.last_run is None:
        typer.echo("there was no run yet")
    else:
        run = state.last_run
        typer.echo(
            f"last run {run.at.isoformat(timespec='seconds')}: {run.shredded} deleted, {run.held} held, {run.failed} failed {run.stopped}"
        )
    typer.echo(f"next run {state.next_run.isoformat(timespec='minutes')}")
    if state.clock_fault:
        typer.echo(f"NOTHING IS DELETED: {state.clock_fault} If the clock is right now: auricle retention run --clock-is-right")


@commands.command("preview")
def retention_preview(
    settings: SettingsOption,
    days: Annotated[list[str], typer.Argument(help="Terms to try, such as voicemail=30 call=730.")],
) -> None:
    """Show what other terms would delete; changes nothing. Terms are changed in the console."""

    def read(text: str) -> tuple[RecordKind, int]:
        kind, _, count = text.partition("=")
        if kind not in set(RecordKind) or not count.isdigit():
            raise typer.BadParameter(f"write KIND=DAYS, with one of {', '.join(RecordKind)}")
        return RecordKind(kind), int(count)

    changes = dict(read(text) for text in days)

    async def preview(parts: "ComplianceParts", actor: Actor) -> Preview:
        return await parts.service("command line").preview(actor, changes)

    for kind in with_practice(settings, preview).kinds:
        oldest = f", oldest {kind.oldest.isoformat(timespec='minutes')}" if kind.oldest else ""
        counts = f"{kind.would_delete} now, {kind.within_30_days} within 30 days more, {kind.held} held"
        typer.echo(f"{kind.kind:20} {kind.days:>6} days: {counts}{oldest}")


@commands.command("run")
def retention_run(
    settings: SettingsOption,
    clock_is_right: Annotated[
        bool, typer.Option("--clock-is-right", help="After a long time off: believe the clock as it is now.")
    ] = False,
) -> None:
    """Delete what is due now, instead of at the quiet hour. Works beside a running practice."""

    async def run_now(parts: "ComplianceParts", actor: Actor) -> RetentionState:
        service = parts.service("command line")
        await parts.start()
        if clock_is_right:
            await service.believe_clock(actor)
        await parts.keeper.run_once()
        return await service.retention(actor)

    state = with_practice(settings, run_now)
    assert state.last_run is not None
    typer.echo(state.last_run.stopped or f"{state.last_run.shredded} deleted, {state.last_run.held} held, {state.last_run.failed} failed")
    raise typer.Exit(1 if state.last_run.stopped or state.last_run.failed else 0)
