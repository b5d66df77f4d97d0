"""The rendered configuration of the edge: listeners, addresses, and nothing that could break out of it."""

from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path

import pytest

from auricle.adapters.kamailio import EdgeSettings, render, render_addresses, render_tls
from auricle.adapters.kamailio.edge import describe
from auricle.kernel.ids import TrunkName
from auricle.practice.model import MediaRule, Trunk

PLAIN = EdgeSettings(
    listen_ip="192.0.2.1",
    tls_port=5061,
    wss_port=7443,
    udp_port=5060,
    tcp_port=0,
    internal_port=5070,
    app_port=5080,
    certificate=Path("/run/c.pem"),
    private_key=Path("/run/k.pem"),
)
DIRECTORY = Path("/run/edge")


def trunk(name: str, *networks: str, gateway: str = "sip:198.51.100.1", outbound: bool = True) -> Trunk:
    return Trunk(TrunkName(name), tuple(ip_network(network) for network in networks), gateway, MediaRule.SRTP_REQUIRED, outbound)


def listeners(settings: EdgeSettings) -> list[str]:
    return [line for line in render(settings, DIRECTORY).splitlines() if line.startswith("listen=")]


def test_the_application_is_reached_on_the_loopback_only() -> None:
    assert listeners(PLAIN) == [
        "listen=udp:127.0.0.1:5070",
        "listen=tls:192.0.2.1:5061",
        "listen=tls:192.0.2.1:7443",
        "listen=udp:192.0.2.1:5060",
    ]


def test_a_port_of_zero_is_no_listener() -> None:
    assert listeners(replace(PLAIN, udp_port=0, tcp_port=5062))[-1] == "listen=tcp:192.0.2.1:5062"
    assert not any(line.startswith("listen=udp:192") for line in listeners(replace(PLAIN, udp_port=0)))


def test_addresses_of_the_newer_kind_are_bracketed() -> None:
    text = render(replace(PLAIN, listen_ip="2001:db8::5", public_ip="2001:db8::6"), DIRECTORY)
    assert "listen=tls:[2001:db8::5]:5061 advertise [2001:db8::6]:5061" in text
    assert '$fs = "udp:[2001:db8::5]:5060";' in text


def test_the_public_address_is_advertised_outside_only() -> None:
    assert [("advertise 203.0.113.9:" in line) for line in listeners(replace(PLAIN, public_ip="203.0.113.9"))] == [False, True, True, True]


def test_connections_fit_into_the_files_that_may_be_opened() -> None:
    text = render(PLAIN, DIRECTORY, open_files=1000)
    assert "open_files_limit=1000" in text
    assert "tls_max_connections=936" in text
    assert "tls_max_connections=4096" in render(PLAIN, DIRECTORY, open_files=100_000)


def test_every_placeholder_is_filled() -> None:
    assert "$workers" not in (text := render(PLAIN, DIRECTORY))
    assert "$$" not in text


def test_trunk_addresses_are_listed_with_their_trunk() -> None:
    settings = replace(PLAIN, trunks=[trunk("east", "198.51.100.0/24", "2001:db8::/64"), trunk("west", "203.0.113.7/32")])
    assert render_addresses(settings).splitlines() == ["1 198.51.100.0 24 0 east", "1 2001:db8:: 64 0 east", "1 203.0.113.7 32 0 west"]
    assert render_addresses(PLAIN) == ""


def test_authorities_are_read_only_where_a_carrier_is_called_over_tls() -> None:
    for changes, needed in (({}, False), ({"gateway": "sip:c.example;transport=tls"}, True), ({"outbound": False}, False)):
        text = render_tls(replace(PLAIN, trunks=[trunk("east", "198.51.100.0/24", **changes)]))  # type: ignore[arg-type]
        assert ("ca_list" in text) is needed
        assert text.count("method = TLSv1.2+") == 2
        assert "verify_certificate = yes" in text


@pytest.mark.parametrize(
    "changes",
    [
        {"trunks": [trunk("a;trunk=b", "198.51.100.0/24")]},
        {"trunks": [trunk("a\n1 0.0.0.0 0 0 b", "198.51.100.0/24")]},
        {"origins": ['https://x" || 1']},
        {"origins": ["https://x.example/path"]},
        {"public_ip": "pbx.example"},
        {"listen_ip": "0.0.0.0\nlisten=udp:1.2.3.4"},
    ],
    ids=repr,
)
def test_no_setting_breaks_out_of_the_configuration(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"."):
        replace(PLAIN, **changes)  # type: ignore[arg-type]


def test_origins_are_matched_literally() -> None:
    text = render(replace(PLAIN, origins=["https://pbx.example:8443", "https://[2001:db8::1]"]), DIRECTORY)
    assert r'$hdr(Origin) =~ "^(https://pbx\.example:8443|https://\[2001:db8::1\])$"' in text
    assert "hdr(Origin)" not in render(PLAIN, DIRECTORY)


def test_of_a_complaint_only_its_place_is_logged() -> None:
    line = " 0(123) ERROR: tm [t_fwd.c:1759]: t_forward_nonack(): failure to add branches for <sip:+12025550142@x>"
    assert describe(line) == {"severity": "ERROR", "module": "tm", "file": "t_fwd.c", "line": "1759", "function": "t_forward_nonack"}


@pytest.mark.parametrize(
    "line",
    [
        "To: <sip:+12025550142@pbx.example>",
        " 1(5) DEBUG: tm [t_fwd.c:1759]: t_forward_nonack(): x",
        " 1(5) ERROR: <core> [core/parser/msg_parser.c:449]: parse_headers(): duplicate Content-Length header field [l: 5",
        " 1(5) ERROR: <core> [core/tcp_read.c:269]: tcp_read_data(): error reading: Connection reset by peer (104)",
    ],
)
def test_what_peers_did_and_parts_of_messages_are_not_logged(line: str) -> None:
    assert describe(line) is None
