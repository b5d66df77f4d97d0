"""`auricle access …`: which rules decide and why, the whole table, and time-boxed grants."""

import json
from typing import Annotated

import typer

from auricle.access.matrix import Answer, Cell, Explanation
from auricle.access.model import Action, Role
from auricle.app.cli.running import SettingsOption, group, passphrase, run
from auricle.web.access.ports import WhatIf

commands = group("Who may do what, why, and grants for a while.")
MARKS = {Answer.YES: "yes", Answer.NO: "-", Answer.DEPENDS: "depends"}
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@commands.command("explain")
def access_explain(
    user: Annotated[str, typer.Argument(help="A person's id or an account's user name.")],
    action: Annotated[Action, typer.Argument(help="What it is about, such as voicemail.play.")],
    resource: Annotated[str, typer.Argument(help="KIND or KIND:ID, such as voicemail:v1; without an id it is about all.")],
    settings: SettingsOption,
    mailbox: Annotated[str, typer.Option(help="As if it were in this mailbox.")] = "",
    stepped_up: Annotated[bool, typer.Option("--stepped-up", help="As if the person had just proved again who they are.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Say which rules decide, why, and what else would do; exit 0 where it is allowed, 1 where it is refused."""
    from auricle.app.access_commands import explain

    kind, _, ident = resource.partition(":")
    question = WhatIf(action.value, kind, id=ident or "*", mailbox=mailbox, stepped_up=stepped_up)
    found = run(explain(settings, passphrase(ask=False), user, question))
    typer.echo(_as_json(found) if as_json else _as_text(user, action, resource, found))
    raise typer.Exit(0 if found.allowed else 1)


@commands.command("matrix")
def access_matrix(settings: SettingsOption, as_json: JsonOption = False) -> None:
    """Print every role and action: yes, -, or on what it depends."""
    from auricle.app.access_commands import matrix

    cells = run(matrix(settings, passphrase(ask=False)))
    if as_json:
        rows = [{"role": cell.role, "action": cell.action, "answer": cell.answer, "rules": list(cell.rules)} for cell in cells]
        typer.echo(json.dumps({"cells": rows}, indent=1))
        return
    typer.echo(_table(cells))


@commands.command("grant")
def access_grant(
    user: Annotated[str, typer.Argument(help="A person's id or an account's user name.")],
    action: Annotated[Action, typer.Argument(help="One action on calls, voicemail, or what only reads.")],
    settings: SettingsOption,
    reason: Annotated[str, typer.Option(help="Why; kept sealed. At least 10 characters.")],
    hours: Annotated[float, typer.Option(min=0.02, max=744, help="For how long.")] = 8,
    record: Annotated[str, typer.Option(help="Only this record: call:ID or voicemail:ID.")] = "",
    mailbox: Annotated[str, typer.Option(help="Only this mailbox.")] = "",
) -> None:
    """Give somebody one action for a while; it counts from their next request on."""
    from auricle.app.access_commands import grant

    made = run(grant(settings, passphrase(ask=False), user, (action.value, record, mailbox), hours, reason))
    typer.echo(f"grant {made.id}: {made.person} may {made.action} until {made.until:%Y-%m-%d %H:%M} UTC")


@commands.command("revoke")
def access_revoke(grant_id: Annotated[str, typer.Argument(metavar="GRANT")], settings: SettingsOption) -> None:
    """End a grant at once."""
    from auricle.app.access_commands import revoke

    run(revoke(settings, passphrase(ask=False), grant_id))
    typer.echo(f"grant {grant_id} revoked")


@commands.command("grants")
def access_grants(settings: SettingsOption) -> None:
    """List grants, newest first; reasons stay sealed."""
    from datetime import UTC, datetime

    from auricle.app.access_commands import grants

    now = datetime.now(UTC)
    for grant in run(grants(settings, passphrase(ask=False))):
        state = "in force" if grant.in_force(now) else "revoked" if grant.revoked_at else "over"
        place = grant.record or (f"mailbox {grant.mailbox}" if grant.mailbox else "all")
        typer.echo(f"{grant.id:<24} {state:<9} {grant.person:<20} {grant.action:<18} {place:<28} until {grant.until:%Y-%m-%d %H:%M} UTC")


def _as_json(found: Explanation) -> str:
    return json.dumps({"allowed": found.allowed, "rules": list(found.rules), "needs": list(found.needs)})


def _as_text(user: str, action: Action, resource: str, found: Explanation) -> str:
    head = f"{user} {'may' if found.allowed else 'may not'} {action.value} {resource}"
    lines = [head, *(f"  because: {rule}" for rule in found.rules)]
    if found.needs:
        lines += ["any one of these would do:", *(f"  {need}" for need in found.needs)]
    return "\n".join(lines)


def _table(cells: list[Cell]) -> str:
    answers = {(cell.role, cell.action): MARKS[cell.answer] for cell in cells}
    width = max(len(action.value) for action in Action) + 1
    widths = {role: max(len(role.value), 7) + 1 for role in Role}
    head = "".ljust(width) + "".join(role.value.ljust(widths[role]) for role in Role)
    rows = [action.value.ljust(width) + "".join(answers[role, action].ljust(widths[role]) for role in Role) for action in Action]
    return "\n".join([head, *rows])
