"""Leaves: one encoding for one entry, and no text from outside that has none."""

import json
from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from auricle.audit.entry import Entry

AT = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
ENTRY = Entry(AT, "person", "p-nurse", "s1", "192.0.2.9", "voicemail.play", "voicemail", "v1", "allowed", "care")


def test_a_known_leaf() -> None:
    assert ENTRY.leaf() == (
        b'{"action":"voicemail.play","actor":"p-nurse","actor_kind":"person","address":"192.0.2.9",'
        b'"at":"2026-11-25T08:00:00.000000+00:00","kind":"voicemail","outcome":"allowed","purpose":"care","ref":"v1","session":"s1","v":1}'
    )


def test_optional_fields_stand_only_where_there_is_something() -> None:
    leaf = json.loads(replace(ENTRY, sealed=b"\x00\xff", detail={"b": "2", "a": "1"}).leaf())
    assert (leaf["sealed"], leaf["detail"]) == ("AP8=", {"a": "1", "b": "2"})
    assert replace(ENTRY, detail={}).leaf() == ENTRY.leaf()


def test_the_order_of_details_does_not_matter() -> None:
    assert replace(ENTRY, detail={"b": "2", "a": "1"}).leaf() == replace(ENTRY, detail={"a": "1", "b": "2"}).leaf()


@given(st.text(st.characters(), max_size=30), st.text(st.characters(), max_size=30))
def test_every_text_has_one_encoding_in_ascii(purpose: str, ref: str) -> None:
    leaf = replace(ENTRY, purpose=purpose, ref=ref).leaf()
    assert leaf.isascii()
    assert b"\n" not in leaf
    read = json.loads(leaf)
    assert (read["purpose"], read["ref"]) == (purpose, ref)


def test_a_lone_surrogate_does_not_stop_the_log() -> None:
    assert b'"purpose":"\\ud800"' in replace(ENTRY, purpose="\ud800").leaf()


@given(st.text(max_size=10), st.text(max_size=10), st.text(max_size=10), st.text(max_size=10))
def test_two_entries_never_share_a_leaf(a: str, b: str, c: str, d: str) -> None:
    assert (replace(ENTRY, kind=a, ref=b).leaf() == replace(ENTRY, kind=c, ref=d).leaf()) == ((a, b) == (c, d))
