"""The threat model names tests; each must exist."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


def test_every_row_names_a_test_that_exists() -> None:
    text = (ROOT / "docs/security/threat-model.md").read_text()
    rows = [line for line in text.partition("## Attackers")[2].partition("## What we")[0].splitlines() if line.startswith("| ")][1:]
    assert len(rows) >= 10
    for row in rows:
        named = NAMED.findall(row)
        assert named or "not shown: we say so" in row, row
        for file, test in named:
            tree = ast.parse((ROOT / file).read_text())
            names = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
            assert test in names, f"{file}::{test}"
