"""Exports: what is written is what the spec says, with earlier checkpoints in their places."""

import json
from types import ModuleType

from auricle.audit.export import export_lines
from auricle.audit.verify import verify_export


def rows(leaves: list[bytes]) -> list[tuple[int, bytes | None, bytes]]:
    return [(number, None, leaf) for number, leaf in enumerate(leaves)]


def test_the_lines_of_an_export(script: ModuleType) -> None:
    leaves = script.leaves(2)
    head, first, second, end = [json.loads(line) for line in export_lines(rows(leaves), script.note(leaves), script.VERIFIER)]
    assert head == {"format": "auricle-audit-export/1", "key": script.VERIFIER, "entries": 2}
    assert (first["index"], first["leaf"], first["hash"]) == (0, leaves[0].decode(), script.leaf_hash(leaves[0]).hex())
    assert second["index"] == 1
    assert end == {"checkpoint": script.note(leaves)}


def test_a_line_is_ascii_without_line_ends(script: ModuleType) -> None:
    assert all(line.isascii() and "\n" not in line for line in script.export(script.leaves()))


def test_earlier_checkpoints_stand_where_they_were_signed(script: ModuleType) -> None:
    lines = [json.loads(line) for line in script.export(script.leaves(9))]
    assert [at for at, line in enumerate(lines) if "checkpoint" in line] == [5, 10, 12]


def test_earlier_checkpoints_beyond_or_at_the_end_are_left_out(script: ModuleType) -> None:
    leaves = script.leaves(2)
    earlier = [(0, script.note([])), (2, script.note(leaves)), (4, "newer")]
    lines = list(export_lines(rows(leaves), script.note(leaves), script.VERIFIER, earlier))
    assert len(lines) == 5
    assert verify_export(lines).ok


def test_a_log_without_a_checkpoint_says_so(script: ModuleType) -> None:
    report = verify_export(export_lines([], "", script.VERIFIER))
    assert not report.ok
