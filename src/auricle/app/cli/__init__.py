"""The command line: `auricle …`, a module a group. A command reads, calls one thing, prints; an error is one line that says what to do."""

import typer

from auricle.adapters.process.hardening import keep_memory_private
from auricle.app.cli import audit, flow, keys, practice, user

app = typer.Typer(no_args_is_help=True, add_completion=False, help="A phone system for a medical practice.", pretty_exceptions_enable=False)
app.add_typer(practice.commands)
for name, module in (("keys", keys), ("user", user), ("audit", audit), ("flow", flow)):
    app.add_typer(module.commands, name=name)


@app.callback()
def _before_any_command() -> None:
    keep_memory_private()
