"""Exports for other programs: FHIR that validates, CSV no spreadsheet runs, CEF that parses back; whatever text stands in an entry."""

import csv
import io
import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from fhir.resources.R4B.auditevent import AuditEvent
from hypothesis import given
from hypothesis import strategies as st

from auricle.audit.cef import cef_line, cef_lines
from auricle.audit.entry import Entry
from auricle.audit.fhir import resource
from auricle.audit.formats import MEDIA_TYPES, Format
from auricle.audit.render import HEAD, rendered
from auricle.audit.table import csv_line, csv_lines

SITE = "harborstreet.example/audit"
AT = datetime(2026, 11, 25, 8, 0, 0, 123456, tzinfo=UTC)
ENTRY = Entry(
    AT, "person", "noor-haddad", "s1", "192.0.2.9", "voicemail.play", "voicemail", "v1", "allowed", "console",
    detail={"why": "Nurses hear their team's boxes."}, touched=("voicemail:v1", "call:c1"),
)  # fmt: skip
REFUSED = replace(ENTRY, outcome="refused", actor_kind="anonymous", actor="anonymous", address="2001:db8::7", touched=(), detail=None)
SEALED = replace(ENTRY, action="access.mark-patient", kind="patient", ref="p1", outcome="done", sealed=b"\x00\x01secret", place="e1")
ANY = st.text(st.characters(), max_size=20)
ENTRIES = st.builds(
    lambda *texts: replace(
        ENTRY,
        actor=texts[0], session=texts[1], address=texts[2], action=texts[3], kind=texts[4], ref=texts[5], purpose=texts[6],
        detail={texts[7]: texts[8]}, touched=(texts[9],),
    ),
    *[ANY] * 10,
)  # fmt: skip


def leaves(*entries: Entry) -> list[tuple[int, bytes]]:
    return [(number, entry.leaf()) for number, entry in enumerate(entries)]


# ---- FHIR ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("entry", [ENTRY, REFUSED, SEALED])
def test_resources_are_valid_r4(entry: Entry) -> None:
    event = AuditEvent.model_validate(resource(7, entry, SITE))
    assert event.recorded.isoformat() == "2026-11-25T08:00:00.123000+00:00"
    assert event.agent[0].who.identifier.value == entry.actor
    assert event.source.site == SITE


@given(ENTRIES)
def test_whatever_stands_in_an_entry_the_resource_is_valid(entry: Entry) -> None:
    AuditEvent.model_validate_json(json.dumps(resource(0, entry, SITE)))


@pytest.mark.parametrize(
    ("action", "outcome", "kind", "subtype", "act", "code"),
    [
        ("voicemail.play", "allowed", "rest", "read", "R", "0"),
        ("voicemail.play", "refused", "rest", "read", "R", "4"),
        ("voicemail.play", "failed", "rest", "read", "R", "8"),
        ("voicemail.discard", "done", "rest", "delete", "D", "0"),
        ("call.record", "done", "rest", "create", "C", "0"),
        ("session.start", "done", "110114", "110122", "E", "0"),
        ("session.end", "done", "110114", "110123", "U", "0"),
        ("phone.authenticate", "refused", "110114", "operation", "E", "4"),
        ("audit.export", "allowed", "110106", "read", "R", "0"),
        ("audit.read", "allowed", "110101", "read", "R", "0"),
        ("break-glass.use", "done", "110113", "110127", "U", "0"),
        ("people.terminate", "done", "110113", "110137", "U", "0"),
        ("keys.rotate", "done", "110113", "update", "U", "0"),
    ],
)
def test_the_mapping(action: str, outcome: str, kind: str, subtype: str, act: str, code: str) -> None:
    event = resource(0, replace(ENTRY, action=action, outcome=outcome), SITE)
    assert (event["type"]["code"], event["subtype"][0]["code"], event["action"], event["outcome"]) == (kind, subtype, act, code)
    assert event["subtype"][-1] == {"system": "urn:auricle:action", "code": action}


def test_the_records_and_the_place_in_the_log_are_entities() -> None:
    names = [entity["what"]["identifier"]["value"] for entity in resource(7, ENTRY, SITE)["entity"]]
    assert names == ["voicemail:v1", "voicemail:v1", "call:c1", f"{SITE}#7"]


def test_a_sealed_detail_stays_sealed() -> None:
    detail = resource(7, SEALED, SITE)["entity"][0]["detail"]
    assert {"type": "sealed", "valueBase64Binary": "AAFzZWNyZXQ="} in detail


def test_ndjson_has_a_resource_a_line() -> None:
    data = b"".join(rendered(Format.FHIR, leaves(ENTRY, REFUSED), SITE))
    assert [json.loads(line)["id"] for line in data.splitlines()] == ["entry-0", "entry-1"]


# ---- CSV -----------------------------------------------------------------------------------------------


def test_a_table_reads_back() -> None:
    data = b"".join(rendered(Format.CSV, leaves(ENTRY, SEALED), SITE)).decode()
    rows = list(csv.DictReader(io.StringIO(data, newline="")))
    assert tuple(rows[0]) == HEAD
    assert (rows[0]["why"], rows[0]["touched"], rows[1]["sealed"]) == ("Nurses hear their team's boxes.", "voicemail:v1 call:c1", "yes")


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\uff1d1", "\uff0b1", "\uff0d1", "\uff201"])
def test_nothing_begins_like_a_formula(text: str) -> None:
    assert csv_line([text]) == "\"'" + text + '"\r\n'


@given(st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20), min_size=1, max_size=5))
def test_every_cell_reads_back_but_for_its_guard(cells: list[str]) -> None:
    (row,) = csv.reader(io.StringIO("".join(csv_lines(cells, [])), newline=""))
    assert [cell.removeprefix("'") for cell in row] == [cell.removeprefix("'") for cell in cells]
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) for cell in row)


@given(ENTRIES)
def test_whatever_stands_in_an_entry_a_table_is_made(entry: Entry) -> None:
    data = b"".join(rendered(Format.CSV, leaves(entry), SITE)).decode()
    assert data.count('"') % 2 == 0


# ---- CEF -----------------------------------------------------------------------------------------------


def parsed(line: str) -> tuple[list[str], dict[str, str]]:
    """By ArcSight's rules, written without looking at the encoder."""
    fields = re.split(r"(?<!\\)(?:\\\\)*\|", line, maxsplit=7)
    assert len(fields) == 8
    found: dict[str, str] = {}
    pieces = re.split(r"(?:^| )([A-Za-z0-9]+)(?<!\\)=", fields[7])
    for name, value in zip(pieces[1::2], pieces[2::2], strict=True):
        found[name] = re.sub(r"\\(.)", lambda match: {"n": "\n", "r": "\r"}.get(match[1], match[1]), value)
    return fields[:7], found


def test_an_event_reads_back() -> None:
    head, extension = parsed(cef_line(7, ENTRY, SITE))
    assert head == ["CEF:0", "Auricle", "Auricle", "1", "voicemail.play", "voicemail.play allowed", "2"]
    assert (extension["externalId"], extension["suid"], extension["src"]) == ("7", "noor-haddad", "192.0.2.9")
    assert (extension["outcome"], extension["reason"]) == ("success", "Nurses hear their team's boxes.")
    assert (extension["rt"], extension["cs5"]) == ("1795593600123", "voicemail:v1 call:c1")


def test_ipv6_has_a_field_of_its_own() -> None:
    _, extension = parsed(cef_line(7, REFUSED, SITE))
    assert (extension["c6a2"], extension["outcome"]) == ("2001:db8::7", "failure")
    assert "src" not in extension


@pytest.mark.parametrize(
    ("changes", "raw"),
    [
        ({"action": "a|b\\c"}, r"|a\|b\\c|"),
        ({"purpose": "a=b|c\\d"}, r"cs4=a\=b|c\\d"),
        ({"purpose": "two\nlines\r"}, r"cs4=two\nlines\r"),
        ({"actor": "x suid=admin"}, r"suid=x suid\=admin"),
        ({"purpose": "a\u2028b\x0bc"}, "cs4=a?b?c"),
    ],
)
def test_escapes(changes: dict[str, Any], raw: str) -> None:
    assert raw in cef_line(0, replace(ENTRY, **changes), SITE)


@given(ENTRIES)
def test_whatever_stands_in_an_entry_it_is_one_line(entry: Entry) -> None:
    (line,) = cef_lines([(0, entry)], SITE)
    assert len(line.decode().splitlines()) == 1


def test_severities() -> None:
    def severity(**changes: Any) -> str:
        return parsed(cef_line(0, replace(ENTRY, **changes), SITE))[0][6]

    assert (severity(), severity(outcome="refused"), severity(action="integrity.damaged", outcome="failed")) == ("2", "5", "9")


# ---- all of them ---------------------------------------------------------------------------------------


def test_what_is_no_entry_stops_no_export() -> None:
    rows = [(0, b"rubbish"), (1, ENTRY.leaf())]
    assert all(b"".join(rendered(form, rows, SITE)) for form in (Format.FHIR, Format.CSV, Format.CEF))


def test_the_verifiable_form_is_made_elsewhere() -> None:
    with pytest.raises(ValueError, match="verifies"):
        rendered(Format.JSONL, [], SITE)
    assert set(MEDIA_TYPES) == set(Format)
