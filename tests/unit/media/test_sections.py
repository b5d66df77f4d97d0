"""An offer narrowed to one section and the answer widened again."""

import pytest

from auricle.media.errors import MediaFailed
from auricle.media.sections import choose, narrowed, widened
from auricle.sip.sdp import SessionDescription

HEAD = "v=0\r\no=- 7 3 IN IP4 192.0.2.20\r\ns=-\r\nc=IN IP4 192.0.2.20\r\nt=0 0\r\na=group:BUNDLE 0 1\r\n"
KEY = "ypeBEsobvcr6wjGzmiPcTaeG7/gUfE5yuYB3ha/u"
PLAIN = "m=audio 4000 RTP/AVP 0\r\na=mid:0\r\n"
SECURE = (
    f"m=audio 4002 RTP/SAVP 0 8\r\na=crypto:7 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|2^31|1:1\r\n"
    f"a=crypto:12 AES_CM_128_HMAC_SHA1_80 inline:{KEY}\r\n"
    "a=sendrecv\r\n"
)
VIDEO = "m=video 4004 RTP/SAVP 96 97\r\na=rtpmap:96 VP8/90000\r\n"
ANSWER = b"v=0\r\no=- 1 1 IN IP4 198.51.100.7\r\ns=-\r\nc=IN IP4 198.51.100.7\r\nt=0 0\r\nm=audio 30000 RTP/SAVP 0\r\na=sendrecv\r\n"


def parsed(text: str) -> SessionDescription:
    return SessionDescription.parse(text.encode())


def test_one_clean_section_goes_through_as_it_is() -> None:
    text = HEAD + PLAIN
    session = parsed(text)
    section = choose(session)
    assert section is not None
    original = text.encode()
    assert narrowed(session, section, original) is original
    assert widened(session, section, ANSWER) is ANSWER


def test_only_the_chosen_section_and_its_good_keys_are_left() -> None:
    """SRTP-7d2d, SRTP-16c1 e."""
    text = HEAD + PLAIN + SECURE + VIDEO
    session = parsed(text)
    section = choose(session)
    assert section is not None
    assert section.encrypted
    left = narrowed(session, section, text.encode()).decode()
    assert left.count("m=") == 1
    assert "m=audio 4002 RTP/SAVP 0 8" in left
    assert "crypto:12" in left
    assert "crypto:7" not in left
    assert "BUNDLE" not in left
    assert "c=IN IP4 192.0.2.20" in left


def test_keys_in_a_plain_section_do_not_reach_rtpengine() -> None:
    """RFC 8643: opportunistic keys count only where we offered them."""
    text = HEAD + PLAIN + f"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}\r\n"
    session = parsed(text)
    section = choose(session)
    assert section is not None
    assert b"crypto" not in narrowed(session, section, text.encode())


def test_answer_has_one_section_for_each_offered() -> None:
    """RFC 3264 6."""
    session = parsed(HEAD + PLAIN + SECURE + VIDEO)
    section = choose(session)
    assert section is not None
    answer = SessionDescription.parse(widened(session, section, ANSWER))
    assert [(media.kind, media.port, media.profile, media.formats) for media in answer.media] == [
        ("audio", 0, "RTP/AVP", ["0"]),
        ("audio", 30000, "RTP/SAVP", ["0"]),
        ("video", 0, "RTP/SAVP", ["96", "97"]),
    ]


@pytest.mark.parametrize("answer", [b"", b"nonsense", ANSWER + b"m=audio 30002 RTP/AVP 0\r\n"])
def test_answer_of_rtpengine_that_makes_no_sense(answer: bytes) -> None:
    session = parsed(HEAD + PLAIN + SECURE)
    section = choose(session)
    assert section is not None
    with pytest.raises(MediaFailed):
        widened(session, section, answer)


def test_no_audio() -> None:
    assert choose(parsed(HEAD + VIDEO)) is None
    assert choose(parsed(HEAD + PLAIN.replace("4000", "0"))) is None
