"""The command line: `auricle …`, a module a group. A command reads, calls one thing, prints; an error is one line that says what to do."""

import typer

from auricle.adapters.process.hardening import keep_memory_private
from auricle.app.cli import access, audit, compliance, database, flow, keys, practice, retention, user

app = typer.Typer(no_args_is_help=True, add_completion=False, help="A phone system for a medical practice.", pretty_exceptions_enable=False)
app.add_typer(practice.commands)
for name, module in (("access", access), ("keys", keys), ("user", user), ("audit", audit), ("flow", flow), ("retention", retention)):
    app.add_typer(module.commands, name=name)
app.add_typer(database.commands, name="database")
app.add_typer(compliance.holds, name="hold")
app.add_typer(compliance.agreements, name="agreements")


@app.callback()
def _before_any_command(context: typer.Context) -> None:
    if context.invoked_subcommand != "sweep":  # which starts a practice as a careless system would, to see that it forbids dumps itself
        keep_memory_private()
