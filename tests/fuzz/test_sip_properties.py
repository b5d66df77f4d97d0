"""Properties of the SIP grammar over generated values."""

from hypothesis import given, settings
from hypothesis import strategies as st

from auricle.sip.errors import HeaderInjection, SipParseError
from auricle.sip.events import Reason
from auricle.sip.grammar import LISTS, SINGLE, TOKEN, canonical, format_params, parse_params, quoted, split_list
from auricle.sip.headers import NameAddr, Via, parse_name_addr, parse_reason, parse_via
from auricle.sip.message import Request, Response, parse_message, response_to
from auricle.sip.sdp import MediaDescription, SessionDescription
from auricle.sip.uri import SipUri, TelUri, Uri, parse_uri

STEADY = settings(derandomize=True, deadline=None, max_examples=150)
TOKEN_CHARS = "abcXYZ019.!%*_+`'~-"
token = st.text(TOKEN_CHARS, min_size=1, max_size=12)
param_name = st.text("abcxyz019-_.", min_size=1, max_size=8)
decoded = st.binary(max_size=30).map(lambda data: data.decode("utf-8", "surrogateescape"))
"""Any text that bytes from the network can become."""
line = decoded.map(lambda text: "".join(c for c in text if c not in "\r\n\0").strip(" \t"))
host = st.from_regex(r"[a-z0-9]([a-z0-9.-]{0,10}[a-z0-9])?|\[[0-9a-f:]{2,20}\]", fullmatch=True)
port = st.none() | st.integers(0, 65535)
uri_params = st.dictionaries(param_name, st.none() | decoded, max_size=3)
header_params = st.dictionaries(param_name, st.none() | line, max_size=3)
tel_params = st.dictionaries(param_name, st.none() | decoded, max_size=3)
uri_headers = st.dictionaries(decoded.filter(bool), decoded, max_size=2)


@st.composite
def sip_uris(draw: st.DrawFn) -> SipUri:
    user = draw(decoded)
    password = draw(decoded) if user else ""
    return SipUri(draw(st.sampled_from(["sip", "sips"])), user, draw(host), draw(port), password, draw(uri_params), draw(uri_headers))


tel_uris = st.builds(TelUri, st.from_regex(r"\+?[0-9][0-9.()-]{0,12}", fullmatch=True), tel_params)
uris: st.SearchStrategy[Uri] = sip_uris() | tel_uris
name_addrs = st.builds(NameAddr, line, uris, header_params)
mandatory = {
    "via": "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1",
    "from": "<sip:a@h>;tag=1",
    "to": "<sip:b@h>",
    "call-id": "c",
    "cseq": "1 INVITE",
}
other_name = token.map(canonical).filter(lambda name: name not in mandatory and name not in SINGLE)
extra = st.lists(st.tuples(other_name, line), max_size=6)
requests = st.builds(
    lambda method, headers, body: Request(method, "sip:b@h", [*mandatory.items(), *headers], body), token, extra, st.binary(max_size=50)
)
responses = st.builds(
    lambda status, reason, headers, body: Response(status, reason, [*mandatory.items(), *headers], body),
    st.integers(100, 699), line, extra, st.binary(max_size=50),
)  # fmt: skip


def same(text: str) -> str:
    """The text as it is after a trip through bytes."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape")


@STEADY
@given(requests | responses)
def test_a_message_read_back_is_the_same(message: Request | Response) -> None:
    assert parse_message(message.to_bytes()) == message


@STEADY
@given(uris)
def test_a_uri_read_back_is_the_same(uri: Uri) -> None:
    assert parse_uri(str(uri)) == uri


@STEADY
@given(name_addrs)
def test_an_address_read_back_is_the_same(address: NameAddr) -> None:
    assert parse_name_addr(str(address)) == address


@STEADY
@given(st.lists(name_addrs, min_size=1, max_size=4))
def test_a_list_of_addresses_is_split_where_it_was_joined(addresses: list[NameAddr]) -> None:
    texts = [str(address) for address in addresses]
    assert split_list(", ".join(texts)) == texts
    assert split_list(",".join(texts)) == texts


@STEADY
@given(st.builds(Via, token.map(str.upper), host, port, header_params))
def test_a_via_read_back_is_the_same(via: Via) -> None:
    assert parse_via(str(via)) == via


@STEADY
@given(header_params)
def test_parameters_read_back_are_the_same(params: dict[str, str | None]) -> None:
    assert parse_params(format_params(params)) == params


@STEADY
@given(st.builds(Reason, token, st.integers(0, 999), line))
def test_a_reason_read_back_is_the_same(reason: Reason) -> None:
    assert parse_reason(str(reason)) == reason


@STEADY
@given(line, line)
def test_quoted_text_cannot_end_its_quotes(text: str, behind: str) -> None:
    assert parse_name_addr(f"{quoted(text)}<sip:a@h>").display == text
    assert split_list(f"{quoted(text)}, {behind}")[0] == quoted(text)


@STEADY
@given(st.text(max_size=40), st.text(max_size=40))
def test_header_injection_is_impossible(name: str, value: str) -> None:
    message = Request("INVITE", "sip:b@h", mandatory.items())
    try:
        message.add(name, value)
        message.set("subject", value)
        response = response_to(message, 200, to_tag="t", headers=[(name, value)])
    except HeaderInjection:
        unencodable = any("\ud800" <= c <= "\udfff" for c in value)
        assert not TOKEN.fullmatch(name) or not {"\r", "\n", "\0"}.isdisjoint(value) or unencodable
        return
    for made in (message, response):
        head = made.to_bytes().partition(b"\r\n\r\n")[0]
        expected = 1 + len(made.headers) + (made.get("content-length") is None)
        assert head.count(b"\n") == head.count(b"\r") == expected - 1


@STEADY
@given(st.text(max_size=40), st.text(max_size=20))
def test_start_line_injection_is_impossible(uri: str, method: str) -> None:
    try:
        data = Request(method, uri, mandatory.items()).to_bytes()
    except (HeaderInjection, UnicodeEncodeError):
        return
    assert data.split(b"\r\n")[0].count(b" ") == 2


@STEADY
@given(decoded)
def test_reading_any_text_ends_in_a_value_or_our_error(text: str) -> None:
    for read in (parse_uri, parse_name_addr, parse_via, parse_params):
        try:
            read(text)
        except SipParseError:
            continue
    parse_reason(text)
    split_list(text)


@STEADY
@given(st.lists(st.tuples(token, st.none() | line), max_size=5), line)
def test_a_description_read_back_is_the_same(attributes: list[tuple[str, str | None]], name: str) -> None:
    media = MediaDescription("audio", 4000, "RTP/SAVP", ["0", "101"], attributes=attributes)
    description = SessionDescription("- 1 2 IN IP4 192.0.2.1", name, media=[media])
    again = SessionDescription.parse(description.to_bytes())
    assert (again.media, again.name) == ([media], name)


def test_lists_and_singles_are_apart() -> None:
    assert LISTS.isdisjoint(SINGLE)
