"""`auricle hold …` and `auricle agreements …`: legal holds, and agreements with business associates."""

import os
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from auricle.access.subject import COMMAND_LINE
from auricle.app.cli.running import SettingsOption, group, passphrase, run
from auricle.compliance.agreements import PartyState
from auricle.compliance.features import Feature
from auricle.compliance.holds import HeldKind
from auricle.compliance.parties import Party
from auricle.kernel.actor import Actor
from auricle.kernel.phi import Phi
from auricle.web.compliance.ports import AgreementRequest, HeldNow, HoldRequest

if TYPE_CHECKING:
    from auricle.app.compliance import ComplianceParts

T = TypeVar("T")
WHY = "the command line of whoever holds the machine and the passphrase"
DAY = ["%Y-%m-%d"]
holds = group("Legal holds: what may not be deleted.")
agreements = group("Business associate agreements.")


def with_practice(settings: Path, work: Callable[["ComplianceParts", Actor], Awaitable[T]]) -> T:
    """Do something with a practice's store, which may be in use by the running practice."""
    from auricle.app.instance import Instance
    from auricle.app.logs import set_up_logs

    set_up_logs(os.environ.get("AURICLE_LOG", "CRITICAL"))

    async def done() -> T:
        instance = Instance(settings, passphrase(ask=False))
        try:
            await instance.compliance.book.load()
            return await work(instance.compliance, COMMAND_LINE)
        finally:
            await instance.stop()

    return run(done())


# ---- holds -----------------------------------------------------------------------------------------


@holds.command("add")
def hold_add(  # noqa: PLR0913, PLR0917 - the options of a command
    settings: SettingsOption,
    name: Annotated[str, typer.Option(help="A name for it, such as the case.")],
    reason: Annotated[str, typer.Option(help="Why; kept sealed.")],
    kind: Annotated[HeldKind, typer.Option(help="What it keeps.")] = HeldKind.ANY,
    record: Annotated[str, typer.Option(help="The id of one record.")] = "",
    number: Annotated[str, typer.Option(help="A telephone number; all records from or to it.")] = "",
    mailbox: Annotated[str, typer.Option(help="Messages of one mailbox.")] = "",
    since: Annotated[datetime | None, typer.Option(help="Records from this day on, at the practice.", formats=DAY)] = None,
    until: Annotated[datetime | None, typer.Option(help="Records before this day, at the practice.", formats=DAY)] = None,
) -> None:
    """Keep records from being deleted, by schedule or by hand, until the hold is released."""

    async def add(parts: "ComplianceParts", actor: Actor) -> HeldNow:
        zone = parts.zone
        asked = HoldRequest(
            name=Phi(name),
            reason=Phi(reason),
            kind=kind,
            record=record,
            number=Phi(number) if number else None,
            mailbox=mailbox,
            since=since.replace(tzinfo=zone) if since else None,
            until=until.replace(tzinfo=zone) if until else None,
        )
        return await parts.service("command line").place(actor, asked)

    placed = with_practice(settings, add)
    typer.echo(f"hold {placed.id} placed; it keeps {placed.keeps} record(s) now")


@holds.command("list")
def hold_list(settings: SettingsOption) -> None:
    """List legal holds, those in force first. The look is in the audit log."""

    async def read(parts: "ComplianceParts", actor: Actor) -> Sequence[HeldNow]:
        return await parts.service("command line").holds(actor)

    for hold in with_practice(settings, read):
        state = f"released {hold.released_at:%Y-%m-%d}" if hold.released_at else f"keeps {hold.keeps}"
        typer.echo(f"{hold.id}  {hold.placed_at:%Y-%m-%d}  {hold.asked.kind:9}  {state:20}  {hold.asked.name.reveal(WHY)}")


@holds.command("release")
def hold_release(settings: SettingsOption, hold: str) -> None:
    """Release a hold; what is due goes at the next run."""

    async def release(parts: "ComplianceParts", actor: Actor) -> None:
        await parts.service("command line").release(actor, hold)

    with_practice(settings, release)
    typer.echo(f"hold {hold} released")


# ---- agreements ------------------------------------------------------------------------------------


@agreements.command("list")
def agreements_list(settings: SettingsOption) -> None:
    """Show every party, where the practice stands with it, and what is refused because of it."""

    async def read(parts: "ComplianceParts", actor: Actor) -> Sequence[tuple[PartyState, Sequence[Feature]]]:
        return await parts.service("command line").agreements(actor)

    for state, blocks in with_practice(settings, read):
        refused = f"  refused: {', '.join(blocks)}" if blocks else ""
        typer.echo(f"{state.party.id:20} {state.state:11} {state.why} {state.what_to_do}{refused}")


@agreements.command("set")
def agreements_set(
    settings: SettingsOption,
    party: Annotated[str, typer.Argument(help="operator, trunk:NAME, sms, cloud-storage, …")],
    reference: Annotated[str, typer.Option(help="Where the signed paper is.")],
    signed_on: Annotated[datetime, typer.Option(formats=DAY)],
    in_force_from: Annotated[datetime | None, typer.Option(help="Left out: from the day it was signed.", formats=DAY)] = None,
    expires_on: Annotated[datetime | None, typer.Option(help="Its last day. Left out: until it is ended.", formats=DAY)] = None,
) -> None:
    """Note a signed agreement, or correct one: what was noted last counts. A running practice knows within ten seconds."""

    async def note(parts: "ComplianceParts", actor: Actor) -> None:
        asked = AgreementRequest(
            reference,
            signed_on.date(),
            in_force_from.date() if in_force_from else None,
            expires_on.date() if expires_on else None,
        )
        await parts.service("command line").agree(actor, Party.parse(party), asked)

    with_practice(settings, note)
    typer.echo(f"agreement with {party} noted")


@agreements.command("end")
def agreements_end(settings: SettingsOption, party: str) -> None:
    """End the agreement with a party at once; it stays on record for six years."""

    async def end(parts: "ComplianceParts", actor: Actor) -> None:
        await parts.service("command line").end_agreement(actor, Party.parse(party))

    with_practice(settings, end)
    typer.echo(f"agreement with {party} ended")
