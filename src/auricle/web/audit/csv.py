"""A patient's report as a table to hand out."""

from collections.abc import Iterator, Sequence

from auricle.audit.table import csv_lines
from auricle.kernel.ids import PersonId
from auricle.practice.model import Practice
from auricle.web.audit.ports import LookAt
from auricle.web.names import person_ref

HEAD = ("number", "at", "actor", "name", "action", "record", "outcome", "why")


def report_csv(practice: Practice, looks: Sequence[LookAt]) -> Iterator[str]:
    """The lines, with CR LF."""
    rows = (
        (
            look.number, look.at.isoformat(), look.actor, person_ref(practice, PersonId(look.actor)).name, look.action, look.record,
            look.outcome, look.why,
        )
        for look in looks
    )  # fmt: skip
    return csv_lines(HEAD, rows)
