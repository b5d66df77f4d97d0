"""Flow documents: wrong ones are refused with the place that is wrong; `problems` finds what no caller should meet."""

from types import MappingProxyType
from zoneinfo import ZoneInfo

import pytest

from auricle.calls.errors import FlowFault
from auricle.calls.flow.check import problems
from auricle.calls.flow.document import Menu, flow_schema, read_flow
from auricle.kernel.ids import MailboxId, PersonId
from auricle.practice.model import Mailbox, Person, Practice

PRACTICE = Practice(
    name="Test",
    zone=ZoneInfo("America/New_York"),
    region="US",
    realm="pbx.example",
    people=MappingProxyType({PersonId("p1"): Person(PersonId("p1"), "P", "101", frozenset({"nurse"}))}),
    mailboxes=MappingProxyType({MailboxId("box"): Mailbox(MailboxId("box"), "Box")}),
)


def flow(**steps: object) -> object:
    return {"id": "main", "start": "a", "steps": steps}


GOOD = flow(
    a={"do": "menu", "prompt": "Press one.", "keys": {"1": "b"}, "otherwise": "c"},
    b={"do": "ring", "people": ["101"], "numbers": ["+12025550106"], "otherwise": "c"},
    c={"do": "voicemail", "mailbox": "box", "next": "d"},
    d={"do": "hang_up"},
)


def test_a_good_flow_has_no_problems() -> None:
    document = read_flow(GOOD)
    assert isinstance(document.steps["a"], Menu)
    assert problems(document, PRACTICE) == []


@pytest.mark.parametrize(
    ("data", "place"),
    [
        ([], "object"),
        ({"id": "main", "start": "a"}, "steps"),
        (flow(), "length"),
        (flow(a={"do": "sing"}), "sing"),
        (flow(a={"do": "say", "text": "", "next": "a"}), "text"),
        (flow(a={"do": "say", "text": "x", "next": "a", "loudly": True}), "loudly"),
        (flow(a={"do": "menu", "prompt": "x", "keys": {"12": "a"}, "otherwise": "a"}), "pattern|matching"),
        (flow(a={"do": "menu", "prompt": "x", "keys": {}, "otherwise": "a"}), "keys"),
        (flow(a={"do": "ring", "otherwise": "a", "timeout_s": 0}), "timeout_s"),
        ({"id": "main", "start": "a", "steps": {"Bad Name": {"do": "hang_up"}}}, "pattern|matching"),
    ],
)
def test_a_malformed_flow_names_the_place(data: object, place: str) -> None:
    with pytest.raises(FlowFault, match=place):
        read_flow(data)


@pytest.mark.parametrize(
    ("steps", "sentence"),
    [
        ({"a": {"do": "say", "text": "x", "next": "zz"}}, "leads to step 'zz'"),
        ({"b": {"do": "hang_up"}}, "starts at step 'a'"),
        ({"a": {"do": "hang_up"}, "b": {"do": "hang_up"}}, "step b: no other step leads here"),
        ({"a": {"do": "ring", "otherwise": "a"}}, "rings nobody"),
        ({"a": {"do": "ring", "people": ["999"], "otherwise": "a"}}, "nobody has extension 999"),
        ({"a": {"do": "ring", "numbers": ["555-0142"], "otherwise": "a"}}, "no valid telephone number"),
        ({"a": {"do": "voicemail", "mailbox": "nobox", "next": "a"}}, "no mailbox 'nobox'"),
    ],
)
def test_problems_say_what_to_mend(steps: dict[str, object], sentence: str) -> None:
    assert any(sentence in problem for problem in problems(read_flow(flow(**steps)), PRACTICE))


def test_the_schema_names_every_kind_of_step() -> None:
    schema = str(flow_schema())
    assert all(f"'{kind}'" in schema for kind in ("say", "menu", "ring", "voicemail", "hang_up"))
