"""Deny by default, everywhere: every way in is written down with what guards it, and nothing is written down that is not there."""

import ast
import typing
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer.main
from tests.fakes.web_ports import busy_world

from auricle.access.model import Action
from auricle.app.cli import app as command_line
from auricle.app.doors import COMMANDS, JOBS, SIP_METHODS, Door, Guard
from auricle.sip.agent import ALLOWED, KNOWN_BUT_NOT_TAKEN
from auricle.web.app import create_app
from auricle.web.events import stream
from auricle.web.events.topics import TOPICS
from auricle.web.guard import access_of

SOURCE = Path(__file__).parents[2] / "src" / "auricle"

PUBLIC = {
    "/api/v1/health": "a probe that learns well or not",
    "/{path:path}": "the console's own files, which hold nothing of a practice",
}
"""Routes anybody may call, beside those of signing in; each with its reason."""
SIGN_IN = ("/api/v1/session", "/api/v1/sso")


def commands(group: object, before: tuple[str, ...] = ()) -> Iterator[str]:
    for name, command in getattr(group, "commands", {}).items():
        if getattr(command, "commands", None):
            yield from commands(command, (*before, name))
        else:
            yield " ".join((*before, name))


def spawned() -> Iterator[str]:
    """The names of tasks, identifiers in them as `*`."""
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "spawn"):
                continue
            match node.args[0]:
                case ast.Constant(value=str(name)):
                    yield name
                case ast.JoinedStr(values=parts):
                    yield "".join(part.value if isinstance(part, ast.Constant) else "*" for part in parts)


def named_jobs() -> Iterator[str]:
    """Those that come as pairs of a name and work."""
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef) and node.name == "jobs":
                pairs = (pair for pair in ast.walk(node) if isinstance(pair, ast.Tuple))
                yield from (pair.elts[0].value for pair in pairs if isinstance(pair.elts[0], ast.Constant))


def test_every_command_is_written_down() -> None:
    assert set(commands(typer.main.get_command(command_line))) == set(COMMANDS)


def test_every_background_job_is_written_down() -> None:
    assert {*spawned(), *named_jobs()} == set(JOBS)


def test_every_sip_method_is_written_down() -> None:
    assert {*ALLOWED, *KNOWN_BUT_NOT_TAKEN} == set(SIP_METHODS)
    assert {name for name, door in SIP_METHODS.items() if door.guard is Guard.REFUSED} == set(KNOWN_BUT_NOT_TAKEN)


@pytest.mark.parametrize("door", [*COMMANDS.values(), *JOBS.values(), *SIP_METHODS.values()])
def test_every_door_leaves_an_entry_or_says_why_not(door: Door) -> None:
    assert door.entry or door.why or door.guard in (Guard.DIALOG, Guard.REFUSED)


def test_every_topic_has_an_action() -> None:
    """What is framed for the stream, anywhere in it, is in the table; what is in the table is framed."""
    tree = ast.parse(Path(stream.__file__).read_text())
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "frame"]
    framed = {call.args[0].value for call in calls if isinstance(call.args[0], ast.Constant)}
    returned = {
        node.value.elts[0].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple) and isinstance(node.value.elts[0], ast.Constant)
    }
    assert framed | returned == set(TOPICS)
    assert set(TOPICS.values()) <= set(Action)


def test_every_happening_is_handled() -> None:
    from auricle.web.ports import Happening

    text = Path(stream.__file__).read_text()
    assert [kind.__name__ for kind in typing.get_args(Happening) if kind.__name__ not in text] == []


def test_every_route_asks_for_an_action_and_the_open_ones_are_known(tmp_path: Path) -> None:
    routes = access_of(create_app(busy_world(calls=1).ports(), tmp_path))
    assert len(routes) > 60
    for route, action in routes.items():
        path = route.partition(" ")[2]
        if action == "public":
            assert path in PUBLIC or path.startswith(SIGN_IN), route
        else:
            assert action in set(Action), route
