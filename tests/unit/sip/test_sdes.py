"""Crypto lines, and which may be taken."""

import pytest

from auricle.sip.sdes import parse_cryptos
from auricle.sip.sdp import SessionDescription

KEY = "ypeBEsobvcr6wjGzmiPcTaeG7/gUfE5yuYB3ha/u"
SUITE = "AES_CM_128_HMAC_SHA1_80"
HEAD = "v=0\r\no=- 1 2 IN IP4 192.0.2.20\r\ns=-\r\nc=IN IP4 192.0.2.20\r\nt=0 0\r\nm=audio 4000 RTP/SAVP 0 101\r\n"
LINES = (
    f"a=crypto:7 {SUITE} inline:{KEY}|2^31|1:1",
    f"a=crypto:9 {SUITE} inline:PiPoFgA5WUoziU9lZOGxNIu9egCI1CxKy3PurtWc UNENCRYPTED_SRTCP",
    f"a=crypto:11 {SUITE} inline:Ln0sA6lQeuJl7PW1NWiFpTOTogKdJBOUmXJloaJa XYZ=1",
    f"a=crypto:12 {SUITE} inline:GKw+c0PwFokMUQ6T+TUmEWnZ4/VlQ2Qpgw+vCTT0|2^20 -hint=1",
)


def media(*lines: str) -> list[int]:
    audio = SessionDescription.parse((HEAD + "\r\n".join(lines)).encode()).audio
    assert audio is not None
    return [line.tag for line in audio.cryptos]


def test_the_acceptable_line_is_found() -> None:
    """SRTP-7d2d: no MKI support makes tag 7 unacceptable, 9 and 11 have parameters we must refuse, 12 is the one to answer."""
    assert media(*LINES) == [12]
    assert media(LINES[0]) == []


def test_no_line_or_no_usable_line_is_no_key() -> None:
    """SRTP-16c1 b: RTP/SAVP without a=crypto yields nothing that could be taken for protection."""
    assert media() == []
    assert media("a=crypto", "a=crypto:", "a=crypto:x") == []


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        (f"1 {SUITE} inline:{KEY}", ""),
        (f"1 AES_CM_128_HMAC_SHA1_32 inline:{KEY}|2^48", ""),
        (f"1 {SUITE} INLINE:{KEY}|1048576 WSH=1024 KDR=0 -any", ""),
        (f"1 {SUITE.lower()} inline:{KEY}", ""),
        (f"1 {SUITE} inline:{KEY}|1:4", "MKI not supported"),
        (f"1 {SUITE} inline:{KEY};inline:{KEY}", "MKI not supported"),
        (f"1 {SUITE} inline:{KEY}|2^49", "lifetime out of range"),
        (f"1 {SUITE} inline:{KEY}|0", "lifetime out of range"),
        (f"1 {SUITE} inline:{KEY}|soon", "unreadable key"),
        (f"1 {SUITE} inline:{KEY}|2^20|1:1|x", "unreadable key"),
        (f"1 {SUITE} inline:{KEY[:-4]}QUI=", "key of the wrong length"),
        (f"1 {SUITE} inline:{KEY[:-1]}", "unreadable key"),
        (f"1 {SUITE} inline:{KEY[:-1]}*", "unreadable key"),
        (f"1 {SUITE} inline:\u00e9", "unreadable key"),
        (f"1 {SUITE} uri:{KEY}", "unreadable key"),
        (f"1 {SUITE} inline:{KEY};", "unreadable key"),
        (f"1 NULL_HMAC_SHA1_80 inline:{KEY}", "suite not taken"),
        (f"1 F8_128_HMAC_SHA1_80 inline:{KEY}", "suite not taken"),
        (f"1 {SUITE} inline:{KEY} UNENCRYPTED_SRTP", "protection switched off"),
        (f"1 {SUITE} inline:{KEY} UNAUTHENTICATED_SRTP", "protection switched off"),
        (f"1 {SUITE} inline:{KEY} KDR=4", "session parameter not supported"),
        (f"1 {SUITE} inline:{KEY} FEC_ORDER=FEC_SRTP", "session parameter not supported"),
    ],
)
def test_faults(value: str, fault: str) -> None:
    (line,) = parse_cryptos([value])
    assert line.fault == fault


@pytest.mark.parametrize(
    "value", ["", "1", f"0 {SUITE} inline:{KEY}", f"-1 {SUITE} inline:{KEY}", f"1234567890 {SUITE} inline:{KEY}", f"1 A-B inline:{KEY}"]
)
def test_lines_that_are_none(value: str) -> None:
    assert parse_cryptos([value]) == []


def test_a_tag_counts_once_and_lifetimes_are_kept() -> None:
    lines = parse_cryptos([f"1 {SUITE} inline:{KEY}|2^20", f"1 {SUITE} inline:{KEY}", f"2 {SUITE} inline:{KEY}|77"])
    assert [(line.tag, line.key_params[0].lifetime) for line in lines] == [(1, 2**20), (2, 77)]
    assert "key_params" not in repr(lines)
    assert "key=" not in repr(lines[0].key_params)
