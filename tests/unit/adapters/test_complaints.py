"""Lines of children: what is kept, what is logged, how often."""

from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs

from auricle.adapters.process.complaints import Complaints


@pytest.fixture
def logged() -> Iterator[list[dict[str, object]]]:
    with capture_logs() as entries:
        yield entries  # type: ignore[misc]


def place(line: str) -> dict[str, str] | None:
    return {"place": line.split()[1]} if line.startswith("ERROR") else None


def test_a_place_is_logged_once_in_a_while_and_never_its_text(logged: list[dict[str, object]]) -> None:
    complaints = Complaints("edge", place)
    for now in (0.0, 1.0, 29.9):
        complaints.take("ERROR a.c secret body", now)
    complaints.take("ERROR b.c other", 2.0)
    assert [entry["place"] for entry in logged] == ["a.c", "b.c"]
    complaints.take("ERROR a.c secret body", 30.0)
    assert [entry["place"] for entry in logged] == ["a.c", "b.c", "a.c"]
    assert "secret" not in repr(logged)


def test_without_a_description_nothing_is_logged(logged: list[dict[str, object]]) -> None:
    Complaints("engine", None).take("ERROR a.c", 0.0)
    assert logged == []


def test_many_places_do_not_fill_the_memory(logged: list[dict[str, object]]) -> None:
    complaints = Complaints("edge", place)
    for number in range(1000):
        complaints.take(f"ERROR {number}.c", 0.0)
    assert len(complaints._logged_at) <= 200
    assert len(logged) == 1000


@pytest.mark.parametrize(
    ("lines", "worst"),
    [
        ([], "it printed nothing"),
        (["", ""], "it printed nothing"),
        (["starting", "bye"], "bye"),
        (["starting", "ERROR: port", "bye"], "ERROR: port"),
        (["ERROR: first", "CRITICAL: line 5", "ERROR: bad config file"], "CRITICAL: line 5"),
    ],
)
def test_the_line_that_explains_best_is_told(lines: list[str], worst: str) -> None:
    complaints = Complaints("edge", None)
    for line in lines:
        complaints.take(line, 0.0)
    assert complaints.worst == worst
    complaints.forget()
    assert complaints.worst == "it printed nothing"


def test_long_lines_are_cut() -> None:
    complaints = Complaints("edge", None)
    complaints.take("x" * 100_000, 0.0)
    assert len(complaints.worst) == 500
