"""The committed description is what the routes say."""

import json

from auricle.web.openapi import FILE, document, main


def test_openapi_json_is_current() -> None:
    assert FILE.read_text("utf-8") == document(), "run: .venv/bin/python -m auricle.web.openapi"
    assert main(["--check"]) == 0


def test_every_operation_has_a_name_a_tag_and_a_way_to_fail() -> None:
    described = json.loads(document())
    operations = [operation for path in described["paths"].values() for operation in path.values()]
    assert len({operation["operationId"] for operation in operations}) == len(operations)
    for operation in operations:
        assert operation["tags"]
        assert operation["description"]
        assert "application/problem+json" in operation["responses"]["default"]["content"]
        assert "422" not in operation["responses"]
