"""No PHI in logs: every log call has a constant message and keys that are known to be safe; `reveal` has few callers, all listed."""

import ast
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src" / "auricle"

SAFE_KEYS = frozenset({
    "action", "actor", "audio_s", "blob", "bytes", "checkpoint", "code", "complaint_kind", "count", "damaged", "detail", "dropped",
    "duration_ms", "entries", "errno", "error", "event", "exit_code", "field", "file", "index", "jobs", "kept", "kind", "kinds", "leg",
    "level", "line", "lines", "method", "ms", "name", "number", "numbers", "outcome", "part", "path_template", "people", "pid", "place",
    "process", "program", "reason", "reload", "request", "request_id", "route", "second", "seconds", "segment", "service", "services",
    "session", "signal", "size", "source", "state", "status", "stopped", "suppressed", "task", "text_bytes", "transport", "trunk",
    "voicemail", "wait_s", "waited_s", "where",
})  # fmt: skip
"""Identifiers, counts, states, our own constants. `source` is a network address, never a number."""

CONSTANT_AT_THE_CALLERS = {
    "adapters/blobs/writer.py": "the event is one of two constants of its callers",
    "adapters/process/complaints.py": "facts are typed counts and kinds, tested beside it",
}

REVEALING = {
    "adapters/store/sealing.py": "writing a record, sealed at once",
    "adapters/store/call_names.py": "blind indexes of names",
    "adapters/store/calls.py": "blind indexes",
    "calls/call.py": "From of an outgoing leg",
    "adapters/store/voicemails.py": "blind indexes",
    "adapters/store/retention.py": "blind indexes of messages of before there were any",
    "adapters/store/holds.py": "sealing a legal hold, blind indexes of its number",
    "app/web_compliance.py": "normalising the number of a legal hold",
    "app/cli/compliance.py": "the names of legal holds, on the terminal of whoever holds machine and passphrase",
    "web/compliance/schemas.py": "legal holds at the console's border, behind the gate",
    "access/grants.py": "the length of a reason",
    "access/break_glass.py": "the length of a reason",
    "adapters/store/grants.py": "sealing reasons and notes",
    "adapters/store/patients.py": "sealing a patient's number, and its blind indexes",
    "app/web_access.py": "normalising a patient's number",
    "app/web_audit.py": "the number a patient report is about: blind indexes, and a sealed detail",
    "web/names.py": "the console's border, behind the gate",
}


def modules() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(SOURCE.rglob("*.py")):
        yield path.relative_to(SOURCE).as_posix(), ast.parse(path.read_text())


def calls_of(tree: ast.Module) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute))


def test_log_messages_are_constants_and_keys_are_safe() -> None:
    wrong = []
    for name, tree in modules():
        for call in calls_of(tree):
            owner = call.func.value
            if isinstance(owner, ast.Name) and owner.id == "log" and call.func.attr in {"debug", "info", "warning", "error", "critical"}:
                constant = bool(call.args) and isinstance(call.args[0], ast.Constant)
                keys = {keyword.arg for keyword in call.keywords}
                if name in CONSTANT_AT_THE_CALLERS:
                    continue
                if not constant or len(call.args) > 1 or not keys <= SAFE_KEYS:
                    wrong.append(f"{name}:{call.lineno} {sorted(str(key) for key in keys - SAFE_KEYS)}")
    assert wrong == []


def test_only_the_listed_modules_reveal() -> None:
    callers = {name for name, tree in modules() for call in calls_of(tree) if call.func.attr == "reveal"}
    assert callers == set(REVEALING)


def test_nothing_prints_but_the_command_line() -> None:
    printing = {
        name
        for name, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    }
    assert {name for name in printing if not name.startswith("app/")} == set()
