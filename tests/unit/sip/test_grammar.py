"""Tokens, lists, parameters and the limits of what a pattern may cost."""

import contextlib
import time

import pytest

from auricle.sip import grammar
from auricle.sip.errors import HeaderInjection, SipParseError
from auricle.sip.headers import parse_name_addr, parse_via
from auricle.sip.uri import parse_uri


def test_compact_forms_are_those_of_the_registry() -> None:
    assert grammar.canonical("x") == "session-expires"
    assert grammar.canonical("O") == "event"
    assert grammar.canonical("r") == "refer-to"
    assert grammar.canonical("MaX-fOrWaRdS") == "max-forwards"
    assert grammar.canonical("X-Unknown ") == "x-unknown"
    assert set(grammar.COMPACT.values()) <= set(grammar.DISPLAY)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a, b,c", ["a", "b", "c"]),
        (",, a ,,", ["a"]),
        ("", []),
        ('"x, y" <sip:a,b@h>;p="1,2", <sip:c@h>', ['"x, y" <sip:a,b@h>;p="1,2"', "<sip:c@h>"]),
        ('"a \\" , \\\\" <sip:a@h>, b', ['"a \\" , \\\\" <sip:a@h>', "b"]),
        ('a, "never closed, b', ["a", '"never closed, b']),
        ("<never closed, b", ["<never closed", "b"]),
    ],
)
def test_lists_are_split_outside_quotes_and_brackets(text: str, parts: list[str]) -> None:
    assert grammar.split_list(text) == parts


def test_parameters() -> None:
    assert grammar.parse_params('A=1; b ;c = "x;y\\"z";;a=2') == {"a": "1", "b": None, "c": 'x;y"z'}
    assert grammar.format_params({"a": "1", "b": None, "c": 'x;"y'}) == ';a=1;b;c="x;\\"y"'
    with pytest.raises(SipParseError):
        grammar.parse_params('a="never closed')


@pytest.mark.parametrize("value", ["a\r\nEvil: 1", "a\nb", "a\rb", "a\0b", "\ud800"])
def test_values_that_would_end_their_line_are_refused(value: str) -> None:
    """SIP-6d10: a value that reaches us by API with raw CR/LF is refused."""
    with pytest.raises(HeaderInjection):
        grammar.clean(value)


@pytest.mark.parametrize("name", ["", "a b", "a:b", "a\r\nb", "Ä"])
def test_names_that_are_no_tokens_are_refused(name: str) -> None:
    with pytest.raises(HeaderInjection):
        grammar.clean_name(name)


@pytest.mark.parametrize(
    ("text", "number"), [("0", 0), ("70", 70), ("255", 255), ("256", None), ("-1", None), ("", None), ("٤", None), ("1_0", None)]
)
def test_numbers_are_plain_decimal_digits(text: str, number: int | None) -> None:
    assert grammar.parse_number(text, 255) == number


@pytest.mark.parametrize("unit", ['"', '\\"', "<", "<a", " ", "\t", ";", '";', ",", "<,", "a@", "sip:", "[", ":", "%", '"\\', "1."])
def test_no_pattern_costs_more_than_one_pass(unit: str) -> None:
    text = (unit * grammar.MAX_HEAD_BYTES)[: grammar.MAX_HEAD_BYTES]
    for prefix in ("", '"a', "SIP/2.0/UDP ", "sip:", "tel:", "<sip:"):
        for read in (grammar.split_list, grammar.parse_params, parse_name_addr, parse_via, parse_uri):
            started = time.process_time()
            with contextlib.suppress(SipParseError):
                read(prefix + text)
            assert time.process_time() - started < 0.1, (read.__name__, prefix)
