"""Typed header values."""

import pytest

from auricle.sip.errors import SipParseError
from auricle.sip.events import Reason
from auricle.sip.headers import CSeq, NameAddr, Via, parse_cseq, parse_name_addr, parse_privacy, parse_reason, parse_via, readable_addresses
from auricle.sip.uri import SipUri, TelUri


@pytest.mark.parametrize(
    ("text", "display", "uri", "params"),
    [
        ("sip:+12025550103@carrier.example;tag=aa1", "", "sip:+12025550103@carrier.example", {"tag": "aa1"}),
        ("sip:7001@192.0.2.20:5062;expires=60", "", "sip:7001@192.0.2.20:5062", {"expires": "60"}),
        ('"Recall, Lab <desk@floor2>; ext=9" <sip:7001@pbx.example>', "Recall, Lab <desk@floor2>; ext=9", "sip:7001@pbx.example", {}),
        ('""<sip:7002@pbx.example>;tag=b', "", "sip:7002@pbx.example", {"tag": "b"}),
        ("Front-Desk<sip:7003@pbx.example>;tag=c", "Front-Desk", "sip:7003@pbx.example", {"tag": "c"}),
        ('"a \\" b \\\\" <sip:7004@pbx.example;user=phone>;tag=d', 'a " b \\', "sip:7004@pbx.example;user=phone", {"tag": "d"}),
        ('"PID|1~^&\\\\" <sip:7005@pbx.example>;tag=e', "PID|1~^&\\", "sip:7005@pbx.example", {"tag": "e"}),
        ("A Caller <sip:a@h> ; tag = x ;q=0.3", "A Caller", "sip:a@h", {"tag": "x", "q": "0.3"}),
        ("<sip:a@h;tag=inner>", "", "sip:a@h;tag=inner", {}),
        ('"A" <sip:a@h:5060>;tag=1', "A", "sip:a@h:5060", {"tag": "1"}),
        ("<sip:a@h:65535>;TAG=1", "", "sip:a@h:65535", {"tag": "1"}),
        ("<tel:+1-202-555-0142>;tag=t1", "", "tel:+1-202-555-0142", {"tag": "t1"}),
    ],
)
def test_addresses(text: str, display: str, uri: str, params: dict[str, str | None]) -> None:
    """SIP-48ec: parameters of a bare address belong to the header; quotes are scanned first; no blank is needed before `<`."""
    address = parse_name_addr(text)
    assert (address.display, str(address.uri), address.params) == (display, uri, params)
    assert address.tag == params.get("tag")
    assert parse_name_addr(str(address)) == address


@pytest.mark.parametrize(
    "text",
    ["", "<>", "<sip:a@h", '"a <sip:a@h>', '"a" b <sip:a@h>', "sip:a@h?x=y", "sip:a@h, sip:b@h", '"a" sip:a@h', "<sip:a@h>x", "*",
     "< sip:a@h >",
     '"a\\" <sip:a@h>', "<sip:a@h:99999>"],
)  # fmt: skip
def test_malformed_addresses(text: str) -> None:
    with pytest.raises(SipParseError):
        parse_name_addr(text)


def test_unreadable_values_of_optional_headers_are_left_out() -> None:
    assert [str(a.uri) for a in readable_addresses(["<sip:a@h>", "nonsense", "<urn:x>", "<tel:+12025550142>"])] == [
        "sip:a@h",
        "tel:+12025550142",
    ]


@pytest.mark.parametrize(
    ("text", "via", "address"),
    [
        (
            "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1;rport",
            Via("UDP", "192.0.2.1", 5060, {"branch": "z9hG4bK1", "rport": None}),
            "192.0.2.1",
        ),
        (
            "SIP/2.0/TCP [2001:db8::9:1];received=[2001:db8::9:ff];branch=z9hG4bKv6a",
            Via("TCP", "[2001:db8::9:1]", None, {"received": "[2001:db8::9:ff]", "branch": "z9hG4bKv6a"}),
            "2001:db8::9:ff",
        ),
        (
            "SIP/2.0/UDP [2001:db8::9:2]:5060;received=2001:db8::9:fe",
            Via("UDP", "[2001:db8::9:2]", 5060, {"received": "2001:db8::9:fe"}),
            "2001:db8::9:fe",
        ),
        ("sip / 2.0 / ws  spindle.example : 7000 ; branch = b", Via("WS", "spindle.example", 7000, {"branch": "b"}), "spindle.example"),
    ],
)
def test_via(text: str, via: Via, address: str) -> None:
    """SIP-9b1d: the port is what follows `]`; `received` with and without brackets."""
    assert parse_via(text) == via
    assert via.address == address
    assert parse_via(str(via)) == via


def test_sent_by_is_one_form() -> None:
    assert parse_via("SIP/2.0/UDP PBX.Example:5060").sent_by == "pbx.example:5060"
    assert parse_via("SIP/2.0/UDP PBX.Example;branch=1").branch == "1"


@pytest.mark.parametrize(
    "text",
    ["", "SIP/2.0/UDP", "SIP/2.0 192.0.2.1", "SIP/3.0/UDP h", "SIP/2.0/UDP h:99999", "SIP/2.0/UDP h:", "SIP/2.0/UDP h i", "SIP/2.0/UDP ;x"],
)
def test_malformed_via(text: str) -> None:
    with pytest.raises(SipParseError):
        parse_via(text)


def test_cseq() -> None:
    assert parse_cseq("0009  INVITE") == CSeq(9, "INVITE")
    assert str(CSeq(9, "INVITE")) == "9 INVITE"
    for text in ("", "1", "INVITE", "2147483648 INVITE", "-1 INVITE", "1 IN VITE", "٣ INVITE", "1INVITE"):
        with pytest.raises(SipParseError):
            parse_cseq(text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('SIP ;cause=200 ;text="Call completed elsewhere"', Reason("SIP", 200, "Call completed elsewhere")),
        ("Q.850;cause=16", Reason("Q.850", 16)),
        ("SIP", None),
        ("SIP;cause=x", None),
        ("SIP;cause=99999", None),
        ('SIP;cause="never closed', None),
        ("bad protocol;cause=1", None),
    ],
)
def test_reasons(text: str, reason: Reason | None) -> None:
    assert parse_reason(text) == reason
    if reason is not None:
        assert parse_reason(str(reason)) == reason


def test_privacy_tokens() -> None:
    """CALL-fecd: tokens are case-blind and divided by semicolons."""
    assert parse_privacy(["User;ID"]) == {"user", "id"}
    assert parse_privacy([" id , critical", "header;"]) == {"id", "critical", "header"}
    assert parse_privacy([]) == frozenset()


def test_values_are_equal_by_content() -> None:
    assert NameAddr("a", SipUri("sip", "u", "h")) == parse_name_addr("a <sip:u@h>")
    assert NameAddr("", TelUri("1")) != NameAddr("", TelUri("2"))
