"""`python -m auricle.web.openapi` writes console/openapi.json, from which the console's client is generated; `--check` only compares."""

import json
import sys
from dataclasses import fields
from pathlib import Path
from types import MappingProxyType
from typing import Any, cast
from zoneinfo import ZoneInfo

from auricle.practice.model import Practice
from auricle.web.app import create_app
from auricle.web.ports import WebPorts

FILE = Path(__file__).resolve().parents[3] / "console" / "openapi.json"


def document() -> str:
    """The API's description (OpenAPI 3.1), as it is kept in the repository."""
    nobody: Any = cast(Any, None)  # building the description calls no port
    practice = Practice("", ZoneInfo("UTC"), "US", "", MappingProxyType({}))
    ports = WebPorts(**{field.name: nobody for field in fields(WebPorts)} | {"practice": practice})
    return json.dumps(create_app(ports, Path("/nonexistent")).openapi(), indent=1, sort_keys=True) + "\n"


def main(arguments: list[str]) -> int:
    """0 when the file is (now) what the routes say."""
    if "--check" in arguments:
        return 0 if FILE.is_file() and FILE.read_text("utf-8") == document() else 1
    FILE.write_text(document(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
