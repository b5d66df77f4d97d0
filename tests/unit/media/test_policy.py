"""What is taken and what is refused, and with which words."""

import base64

import pytest

from auricle.media.errors import AnswerDowngraded, MediaRefused, NoCommonCodec, SrtpRequired, UnusableKeys
from auricle.media.policy import check_answer, check_keys, check_offer
from auricle.media.sections import read_section
from auricle.practice.model import MediaRule
from auricle.sip.sdp import SessionDescription

REQUIRED, ALLOWED = MediaRule.SRTP_REQUIRED, MediaRule.UNPROTECTED_ALLOWED
KEY = "ypeBEsobvcr6wjGzmiPcTaeG7/gUfE5yuYB3ha/u"
OTHER_KEY = "GKw+c0PwFokMUQ6T+TUmEWnZ4/VlQ2Qpgw+vCTT0"
CRYPTO = f"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}"
MKI = f"a=crypto:7 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|2^31|1:1"
FINGERPRINT = "a=fingerprint:sha-256 " + ":".join(["AB"] * 32)


def sdp(profile: str, *lines: str, formats: str = "0 101", address: str = "192.0.2.20", session: str = "") -> bytes:
    head = ["v=0", "o=- 1 2 IN IP4 192.0.2.20", "s=-", f"c=IN IP4 {address}", "t=0 0", *session.split()]
    return "\r\n".join([*head, f"m=audio 4000 {profile} {formats}", "a=rtpmap:101 telephone-event/8000", *lines, ""]).encode()


@pytest.mark.parametrize(
    ("offer", "rule", "signalling", "word"),
    [
        (sdp("RTP/SAVP", CRYPTO), REQUIRED, "TLS", "SRTP"),
        (sdp("RTP/SAVPF", CRYPTO), REQUIRED, "WSS", "SRTP"),
        (sdp("UDP/TLS/RTP/SAVPF", FINGERPRINT, "a=setup:actpass"), REQUIRED, "WSS", "DTLS-SRTP"),
        (sdp("RTP/AVP"), ALLOWED, "UDP", "RTP"),
        (sdp("RTP/SAVP", CRYPTO), ALLOWED, "UDP", "SRTP"),
        (sdp("RTP/AVP", CRYPTO), ALLOWED, "TLS", "RTP"),
        (sdp("RTP/SAVP", MKI, CRYPTO), REQUIRED, "TLS", "SRTP"),
    ],
)
def test_taken(offer: bytes, rule: MediaRule, signalling: str, word: str) -> None:
    facts = check_offer(offer, rule, signalling)
    assert (facts.protection_word, facts.codec, facts.telephone_event, facts.held) == (word, "PCMU", True, False)


@pytest.mark.parametrize(
    ("offer", "rule", "signalling", "error", "warning"),
    [
        (sdp("RTP/AVP"), REQUIRED, "TLS", SrtpRequired, "399"),
        (sdp("RTP/AVP", CRYPTO), REQUIRED, "TLS", SrtpRequired, "399"),
        (sdp("RTP/SAVP", CRYPTO), REQUIRED, "UDP", SrtpRequired, "399"),
        (sdp("RTP/SAVP", CRYPTO), REQUIRED, "TCP", SrtpRequired, "399"),
        (sdp("RTP/SAVP"), REQUIRED, "TLS", UnusableKeys, "399"),
        (sdp("RTP/SAVP"), ALLOWED, "TLS", UnusableKeys, "399"),
        (sdp("RTP/SAVP", MKI), REQUIRED, "TLS", UnusableKeys, "399"),
        (sdp("RTP/SAVP", CRYPTO[:-4]), REQUIRED, "TLS", UnusableKeys, "399"),
        (sdp("RTP/SAVP", CRYPTO + " UNENCRYPTED_SRTCP"), REQUIRED, "TLS", UnusableKeys, "399"),
        (sdp("RTP/SAVP", CRYPTO + " XYZ=1"), REQUIRED, "TLS", UnusableKeys, "399"),
        (sdp("UDP/TLS/RTP/SAVPF"), REQUIRED, "WSS", UnusableKeys, "399"),
        (sdp("UDP/TLS/RTP/SAVPF", "a=fingerprint:md5 AA:BB"), REQUIRED, "WSS", UnusableKeys, "399"),
        (sdp("TCP/TLS/RTP/SAVP"), ALLOWED, "TLS", MediaRefused, "399"),
        (sdp("RTP/AVP", formats="18 101"), ALLOWED, "UDP", NoCommonCodec, "305"),
        (sdp("RTP/AVP", formats="101 13"), ALLOWED, "UDP", NoCommonCodec, "305"),
        (sdp("RTP/AVP").replace(b"4000", b"0"), ALLOWED, "UDP", NoCommonCodec, "305"),
        (sdp("RTP/AVP").replace(b"m=audio", b"m=video"), ALLOWED, "UDP", NoCommonCodec, "305"),
        (b"", ALLOWED, "UDP", MediaRefused, "399"),
        (b"\x00\xff", ALLOWED, "UDP", MediaRefused, "399"),
    ],
)
def test_refused(offer: bytes, rule: MediaRule, signalling: str, error: type[MediaRefused], warning: str) -> None:
    """SRTP-16c1, SRTP-7d2d, SDP-d897: 488 with a Warning, and never a key in the text."""
    with pytest.raises(error) as refused:
        check_offer(offer, rule, signalling)
    assert type(refused.value) is error
    assert refused.value.sip_status == 488
    ((name, value),) = refused.value.headers
    assert name == "Warning"
    assert value.startswith(f'{warning} auricle "')
    assert KEY not in value + str(refused.value) + repr(refused.value)


def test_encrypted_section_behind_a_plain_one_is_taken() -> None:
    """SRTP-16c1 e."""
    offer = sdp("RTP/AVP") + b"m=audio 4002 RTP/SAVP 0\r\n" + CRYPTO.encode() + b"\r\n"
    for rule in MediaRule:
        assert check_offer(offer, rule, "TLS").profile == "RTP/SAVP"


def test_unusable_encryption_beside_plain() -> None:
    offer = sdp("RTP/AVP") + b"m=audio 4002 RTP/SAVP 0\r\n" + MKI.encode() + b"\r\n"
    assert check_offer(offer, ALLOWED, "TLS").protection_word == "RTP"
    with pytest.raises(UnusableKeys):
        check_offer(offer, REQUIRED, "TLS")


@pytest.mark.parametrize(
    ("offer", "held"),
    [
        (sdp("RTP/AVP", "a=sendonly"), True),
        (sdp("RTP/AVP", session="a=sendonly"), True),
        (sdp("RTP/AVP", "a=sendrecv", session="a=sendonly"), False),
        (sdp("RTP/AVP", address="0.0.0.0"), True),
        (sdp("RTP/AVP", "a=sendonly", address="0.0.0.0"), True),
        (sdp("RTP/AVP", "a=inactive"), True),
        (sdp("RTP/AVP", "a=recvonly"), False),
        (sdp("RTP/AVP"), False),
    ],
)
def test_hold_is_seen(offer: bytes, held: bool) -> None:
    """SDP-040d."""
    assert check_offer(offer, ALLOWED, "UDP").held is held


@pytest.mark.parametrize(
    ("codec", "formats", "lines"),
    [
        ("PCMU", "8 0", ()),
        ("PCMU", "96 97", ("a=rtpmap:96 opus/48000/2", "a=rtpmap:97 PCMU/8000")),
        ("PCMA", "8 101", ()),
        ("G722", "9 8 101", ()),
        ("OPUS", "96", ("a=rtpmap:96 opus/48000/2",)),
    ],
)
def test_codec_to_use(codec: str, formats: str, lines: tuple[str, ...]) -> None:
    """PCMU wherever it stands: nothing has to be turned into it. Else the party's own preference."""
    assert check_offer(sdp("RTP/AVP", *lines, formats=formats), ALLOWED, "UDP").codec == codec


@pytest.mark.parametrize(
    ("answer", "offered", "rule", "error"),
    [
        (sdp("RTP/AVP"), "RTP/SAVP", REQUIRED, AnswerDowngraded),
        (sdp("RTP/AVP"), "RTP/SAVP", ALLOWED, AnswerDowngraded),
        (sdp("RTP/AVP", CRYPTO), "RTP/SAVP", REQUIRED, AnswerDowngraded),
        (sdp("RTP/SAVP"), "RTP/SAVP", REQUIRED, AnswerDowngraded),
        (sdp("RTP/SAVP", MKI), "RTP/SAVP", REQUIRED, AnswerDowngraded),
        (sdp("RTP/SAVP", CRYPTO), "RTP/AVP", ALLOWED, AnswerDowngraded),
        (sdp("RTP/SAVP", CRYPTO), "UDP/TLS/RTP/SAVPF", REQUIRED, AnswerDowngraded),
        (sdp("UDP/TLS/RTP/SAVPF"), "UDP/TLS/RTP/SAVPF", REQUIRED, AnswerDowngraded),
        (sdp("RTP/AVP"), "RTP/AVP", REQUIRED, SrtpRequired),
        (sdp("RTP/SAVP", CRYPTO, formats="101"), "RTP/SAVP", REQUIRED, NoCommonCodec),
        (sdp("RTP/SAVP", CRYPTO).replace(b"4000", b"0"), "RTP/SAVP", REQUIRED, NoCommonCodec),
        (sdp("RTP/SAVP", CRYPTO).split(b"m=")[0], "RTP/SAVP", REQUIRED, NoCommonCodec),
        (b"", "RTP/SAVP", REQUIRED, MediaRefused),
    ],
)
def test_answer_refused(answer: bytes, offered: str, rule: MediaRule, error: type[MediaRefused]) -> None:
    """SRTP-16c1 a, b: an answer that gives up the encryption ends the call, it never goes on in clear."""
    with pytest.raises(error) as refused:
        check_answer(answer, offered, rule)
    assert type(refused.value) is error


def test_answer_taken() -> None:
    assert check_answer(sdp("RTP/SAVP", CRYPTO), "RTP/SAVP", REQUIRED).protection_word == "SRTP"
    assert check_answer(sdp("RTP/SAVPF", CRYPTO), "RTP/SAVP", REQUIRED).protection_word == "SRTP"
    assert check_answer(sdp("RTP/AVP"), "RTP/AVP", ALLOWED).protection_word == "RTP"


def answered(*lines: str) -> None:
    offer = sdp("RTP/SAVP", CRYPTO, f"a=crypto:2 AES_CM_128_HMAC_SHA1_32 inline:{KEY}")
    check_keys(offer, read_section(SessionDescription.parse(sdp("RTP/SAVP", *lines)).media[0]))


def test_key_of_the_answer() -> None:
    answered(f"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{OTHER_KEY}")
    answered(f"a=crypto:2 AES_CM_128_HMAC_SHA1_32 inline:{OTHER_KEY}|2^20")


@pytest.mark.parametrize(
    "lines",
    [
        (),
        (f"a=crypto:3 AES_CM_128_HMAC_SHA1_80 inline:{OTHER_KEY}",),
        (f"a=crypto:2 AES_CM_128_HMAC_SHA1_80 inline:{OTHER_KEY}",),
        (f"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}",),
        (f"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{OTHER_KEY}", f"a=crypto:2 AES_CM_128_HMAC_SHA1_32 inline:{OTHER_KEY}"),
    ],
)
def test_wrong_key_of_the_answer(lines: tuple[str, ...]) -> None:
    """RFC 4568 5.1.2, 5.1.3: one line, a tag and suite that were offered, not our own key."""
    with pytest.raises(AnswerDowngraded) as refused:
        answered(*lines)
    assert KEY not in str(refused.value)
    assert base64.b64decode(KEY).hex() not in repr(refused.value)
