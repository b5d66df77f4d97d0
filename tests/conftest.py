"""For every test: `fakes` can be imported (`importlib` adds no directory to the path), and logs are as no other test left them."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

HERE = str(Path(__file__).parent)
if HERE not in sys.path:
    sys.path.insert(0, HERE)


@pytest.fixture(autouse=True)
def _logs_as_they_were() -> Iterator[None]:
    """Commands set up the logs of their process; the next test must not find them quiet."""
    yield
    structlog.reset_defaults()
