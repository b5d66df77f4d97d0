"""Every torture input of tests/vectors/sip, and that the committed files are what their script writes."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from auricle.sip.errors import SipParseError
from auricle.sip.fields import Message
from auricle.sip.message import Request, parse_message

VECTORS = Path(__file__).parents[2] / "vectors" / "sip"
VIEWS = [name for name, view in vars(Message).items() if isinstance(view, property) and name != "headers"]


def touch(message: object) -> None:
    """Read every typed view."""
    for view in [*VIEWS, *(["request_uri"] if isinstance(message, Request) else [])]:
        getattr(message, view)


def files(folder: str) -> list[Path]:
    return sorted((VECTORS / folder).glob("*.sip"))


def by_name(path: Path) -> str:
    return path.stem


def load_script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("sip_vectors_build", VECTORS / "build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_committed_files_are_what_the_script_writes() -> None:
    build = load_script()
    for folder, cases in (("valid", build.VALID), ("answered", build.ANSWERED), ("dropped", build.DROPPED)):
        assert {path.stem: path.read_bytes() for path in files(folder)} == cases


@pytest.mark.parametrize("path", files("valid"), ids=by_name)
def test_valid_messages_are_read_and_come_out_the_same(path: Path) -> None:
    message = parse_message(path.read_bytes())
    touch(message)
    again = parse_message(message.to_bytes())
    assert again == message
    assert again.to_bytes() == message.to_bytes()


@pytest.mark.parametrize("path", files("answered"), ids=by_name)
def test_bad_requests_are_refused_and_can_be_answered(path: Path) -> None:
    """SIP-9b1d: an unparsable request still gets its answer where a reply can be routed."""
    with pytest.raises(SipParseError) as caught:
        touch(request := parse_message(path.read_bytes()))
    answerable = caught.value.request or request
    assert isinstance(answerable, Request)
    assert answerable.via.branch == "z9hG4bKbase"
    assert answerable.call_id == "base-1@192.0.2.15"
    assert caught.value.sip_status == int(path.stem[:3])


@pytest.mark.parametrize("path", files("dropped"), ids=by_name)
def test_what_cannot_be_answered_is_dropped(path: Path) -> None:
    with pytest.raises(SipParseError) as caught:
        touch(parse_message(path.read_bytes()))
    assert caught.value.request is None
