"""The page on the database shows the schema that is there."""

import importlib.util
from pathlib import Path

SCRIPT = Path(__file__).with_name("database_page.py")


def test_the_page_shows_the_schema() -> None:
    spec = importlib.util.spec_from_file_location("database_page", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    current = module.PAGE.read_text("utf-8")
    assert current == module.page(current), "run: .venv/bin/python tests/repo/database_page.py"
