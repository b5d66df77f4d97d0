"""SIP and tel URIs."""

import pytest

from auricle.sip.errors import SipParseError, UnsupportedScheme
from auricle.sip.uri import SipUri, TelUri, parse_uri


@pytest.mark.parametrize(
    ("text", "uri"),
    [
        ("sip:pbx.example", SipUri("sip", "", "pbx.example")),
        ("SIPS:a@h:5061", SipUri("sips", "a", "h", 5061)),
        (
            "sip:a:pw@h;transport=tls;lr?Subject=x%20y&b=",
            SipUri("sip", "a", "h", None, "pw", {"transport": "tls", "lr": None}, {"Subject": "x y", "b": ""}),
        ),
        ("sip:a@[2001:db8::1]:5060", SipUri("sip", "a", "[2001:db8::1]", 5060)),
        ("sip:user;par=u%40e@h", SipUri("sip", "user;par=u@e", "h")),
        ("sip:a?b@h", SipUri("sip", "a?b", "h")),
        ("sip:%75se%72@h", SipUri("sip", "user", "h")),
        (
            "sip:h;received=sip:192.0.2.1:5061%3Btransport%3Dtls",
            SipUri("sip", "", "h", None, "", {"received": "sip:192.0.2.1:5061;transport=tls"}),
        ),
        ("tel:+1-202-555-0142;ext=3", TelUri("+1-202-555-0142", {"ext": "3"})),
    ],
)
def test_uris_are_read_and_written(text: str, uri: SipUri | TelUri) -> None:
    assert parse_uri(text) == uri
    assert parse_uri(str(uri)) == uri


def test_written_as_it_was() -> None:
    for text in (
        "sip:+12025550100@192.0.2.1:5061;transport=tls;ob",
        "sip:a:b@h?Replaces=c2%40192.0.2.20%3Bto-tag%3DR2",
        "tel:7001;phone-context=pbx.example",
    ):
        assert str(parse_uri(text)) == text


def test_headers_of_refer_to_are_unescaped_once() -> None:
    """SIP-4178: Replaces in a Refer-To URI is escaped text."""
    uri = parse_uri("sip:7003@192.0.2.33:5062?Replaces=c2%40192.0.2.20%3Bto-tag%3DR2%3Bfrom-tag%3DL2")
    assert isinstance(uri, SipUri)
    assert uri.headers == {"Replaces": "c2@192.0.2.20;to-tag=R2;from-tag=L2"}


def test_decoded_characters_cannot_end_the_uri() -> None:
    uri = parse_uri("sip:a%0d%0aEvil:%20%00%3e@h;p=%3b%0d?h=%26")
    assert isinstance(uri, SipUri)
    assert uri.user == "a\r\nEvil"
    assert uri.params == {"p": ";\r"}
    assert str(uri) == "sip:a%0D%0AEvil:%20%00%3E@h;p=%3B%0D?h=%26"


@pytest.mark.parametrize(
    "text",
    ["", "sip:", "sip", "sip:a@", "sip:a b@h", "sip:a@h:", "sip:a@h:99999", "sip:a@b@h", "sip:a@-h", "sip:a@[::1",
     "sip:a@h\r\n", "<sip:a@h>",
     "tel:", "tel:+", "tel:xyz", "tel:+1 202", "sip:a@h;x y", "sip:" + "a" * 3000 + "@h", "1sip:a@h"],
)  # fmt: skip
def test_malformed(text: str) -> None:
    with pytest.raises(SipParseError):
        parse_uri(text)


def test_other_schemes_are_told_apart() -> None:
    with pytest.raises(UnsupportedScheme):
        parse_uri("urn:service:sos")


@pytest.mark.parametrize(
    ("text", "candidate"),
    [
        ("tel:+1-202-555-0142", "+12025550142"),
        ("tel:+1(202)555-0142", "+12025550142"),
        ("tel:555-0142;phone-context=+1-202", "+12025550142"),
        ("tel:+12025550100;ext=301", "+12025550100;ext=301"),
        ("tel:7001;phone-context=pbx.example", "7001"),
        ("sip:+12025550142@198.51.100.7", "+12025550142"),
        ("sip:5550142;phone-context=+1202@carrier.example;user=phone", "+12025550142"),
        ("sip:(202)555-0142@carrier.example", "2025550142"),
        ("sip:dr.smith@pbx.example", "dr.smith"),
        ("sip:anonymous@anonymous.invalid", "anonymous"),
        ("sip:pbx.example", ""),
    ],
)
def test_number_candidates(text: str, candidate: str) -> None:
    """SIP-9b67: visual separators go, a local number gets its context, the extension stays apart."""
    assert parse_uri(text).e164_candidate() == candidate


def test_address_has_no_brackets() -> None:
    assert SipUri("sip", "", "[2001:db8::1]").address == "2001:db8::1"
