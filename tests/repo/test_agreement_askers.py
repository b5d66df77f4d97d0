"""Every feature that hands patient data over asks the one gate, and nobody asks it about anything else."""

import ast
from collections.abc import Iterator
from pathlib import Path

from auricle.compliance.features import FEATURES, Feature

SOURCE = Path(__file__).parents[2] / "src" / "auricle"
QUESTIONS = frozenset({"allows", "require", "reason"})
AGREEMENT_FREE = ("calls/switchboard.py", "calls/leg.py", "calls/caller.py", "calls/registrar.py", "calls/phones.py", "calls/directory.py")
"""What every call, and every call for help, goes through: no word of agreements may stand there."""


def asked(tree: ast.AST) -> Iterator[str]:
    """The features named in questions to the gate: `….allows(Feature.X, …)`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in QUESTIONS:
            first = node.args[0] if node.args else None
            if isinstance(first, ast.Attribute) and isinstance(first.value, ast.Name) and first.value.id == "Feature":
                yield first.attr


def askers() -> dict[str, set[str]]:
    """By feature, the modules that ask for it."""
    found: dict[str, set[str]] = {}
    for path in sorted(SOURCE.rglob("*.py")):
        if path.is_relative_to(SOURCE / "compliance"):
            continue
        for name in asked(ast.parse(path.read_text())):
            found.setdefault(name, set()).add(path.relative_to(SOURCE).as_posix())
    return found


def test_every_feature_there_is_asks() -> None:
    built = {feature.name for feature in Feature if FEATURES[feature].built}
    assert sorted(built - set(askers())) == [], "built, and nobody asks the gate about it"


def test_nobody_asks_about_a_feature_that_is_unknown_or_said_not_to_exist() -> None:
    built = {feature.name for feature in Feature if FEATURES[feature].built}
    assert {name: modules for name, modules in askers().items() if name not in built} == {}


def test_the_path_of_a_call_knows_nothing_of_agreements() -> None:
    """Cases 911-5caa, 911-4ba0."""
    for name in AGREEMENT_FREE:
        text = (SOURCE / name).read_text()
        assert "compliance" not in text, name
        assert "agreements" not in text, name


def test_the_question_is_found_where_it_is_asked() -> None:
    """This test can fail: it sees a question, and one about a feature that does not exist."""
    assert list(asked(ast.parse("x.y.allows(Feature.VOICEMAIL)\ngate.require(Feature.FAX, party)\nother(Feature.SMS)"))) == [
        "VOICEMAIL",
        "FAX",
    ]
