"""Session descriptions."""

import pytest

from auricle.sip.errors import HeaderInjection, SdpError, SdpNotAcceptable
from auricle.sip.sdp import MAX_SDP_BYTES, Attribute, Connection, Direction, Fingerprint, MediaDescription, RtpMap, SessionDescription

OFFER = (
    b"v=0\r\no=- 1 2 IN IP4 192.0.2.20\r\ns=-\r\nc=IN IP4 192.0.2.20\r\nt=0 0\r\n"
    b"m=audio 4000 RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\n"
)
BROWSER = (
    b"v=0\r\no=- 4611731400430051336 2 IN IP4 127.0.0.1\r\ns=-\r\ni=info\r\nb=AS:100\r\nt=0 0\r\na=group:BUNDLE 0\r\n"
    b"a=fingerprint:sha-256 ab:cd:ef\r\n"
    b"m=audio 9 UDP/TLS/RTP/SAVPF 111 0\r\ni=mic\r\nc=IN IP4 0.0.0.0\r\nb=AS:64\r\na=setup:ActPass\r\na=mid:0\r\n"
    b"a=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10;useinbandfec=1\r\na=maxptime:60\r\na=ptime:30\r\n"
    b"m=video 0 RTP/AVP 31\r\nm=image 5000/2 udptl t38\r\n"
)


def parse(data: bytes) -> SessionDescription:
    return SessionDescription.parse(data)


def with_lines(session: str = "", media: str = "", connection: str = "c=IN IP4 192.0.2.20") -> SessionDescription:
    lines = ["v=0", "o=- 1 2 IN IP4 192.0.2.20", "s=-", connection, "t=0 0", session, "m=audio 4000 RTP/AVP 0", media]
    return parse("\r\n".join(line for line in lines if line).encode())


def test_an_offer() -> None:
    offer = parse(OFFER)
    audio = offer.audio
    assert audio is not None
    assert (audio.kind, audio.port, audio.profile, audio.formats) == ("audio", 4000, "RTP/AVP", ["0", "101"])
    assert audio.rtpmaps == {"0": RtpMap("PCMU", 8000), "101": RtpMap("TELEPHONE-EVENT", 8000)}
    assert offer.address_of(audio) == Connection("IP4", "192.0.2.20")
    assert offer.version == 2
    assert (audio.ptime, audio.maxptime, audio.fingerprint, audio.setup, audio.cryptos) == (None, None, None, None, [])


def test_a_browsers_offer() -> None:
    offer = parse(BROWSER)
    audio, video, image = offer.media
    assert offer.audio is audio
    assert audio.rtpmaps == {"111": RtpMap("OPUS", 48000, 2), "0": RtpMap("PCMU", 8000)}
    assert audio.fmtps == {"111": "minptime=10;useinbandfec=1"}
    assert (audio.setup, audio.fingerprint) == ("actpass", Fingerprint("sha-256", "AB:CD:EF"))
    assert (audio.ptime, audio.maxptime) == (30, 60)
    assert (video.port, image.port_count, image.formats) == (0, 2, ["t38"])
    assert audio.attribute("mid") == "0"
    assert audio.attribute("rtcp-mux") is None


@pytest.mark.parametrize("data", [OFFER, BROWSER])
def test_round_trip(data: bytes) -> None:
    assert parse(data).to_bytes() == data
    assert parse(data.replace(b"\r\n", b"\n")).to_bytes() == data


def test_bytes_that_are_no_utf_8_survive() -> None:
    data = OFFER.replace(b"s=-", b"s=caf\xe9")
    assert parse(data).to_bytes() == data


@pytest.mark.parametrize(
    ("session", "media", "connection", "direction"),
    [
        ("", "", "c=IN IP4 192.0.2.20", Direction.SENDRECV),
        ("a=sendonly", "", "c=IN IP4 0.0.0.0", Direction.SENDONLY),
        ("a=sendonly", "", "c=IN IP4 192.0.2.20", Direction.SENDONLY),
        ("a=sendonly", "a=sendrecv", "c=IN IP4 192.0.2.20", Direction.SENDRECV),
        ("", "a=inactive", "c=IN IP4 192.0.2.20", Direction.INACTIVE),
        ("a=inactive", "a=recvonly", "c=IN IP4 192.0.2.20", Direction.RECVONLY),
        ("", "", "c=IN IP4 0.0.0.0", Direction.SENDONLY),
        ("", "", "c=IN IP6 ::", Direction.SENDONLY),
        ("", "c=IN IP6 ::0", "c=IN IP4 192.0.2.20", Direction.SENDONLY),
        ("", "c=IN IP4 192.0.2.21", "c=IN IP4 0.0.0.0", Direction.SENDRECV),
        ("", "a=recvonly", "c=IN IP4 0.0.0.0", Direction.INACTIVE),
    ],
)
def test_hold(session: str, media: str, connection: str, direction: Direction) -> None:
    """SDP-040d: the media level beats the session level, a null address at either level is a hold, absence is sendrecv."""
    description = with_lines(session, media, connection)
    assert description.media[0].direction(description) is direction
    assert direction.held is (direction in {Direction.SENDONLY, Direction.INACTIVE})


def test_answers_mirror() -> None:
    assert [d.mirrored.value for d in Direction] == ["sendrecv", "recvonly", "sendonly", "inactive"]


def test_null_addresses() -> None:
    null = [Connection("IP4", "0.0.0.0"), Connection("IP6", "::"), Connection("IP6", "0:0:0:0:0:0:0:0")]
    assert all(c.is_null for c in null)
    assert not Connection("IP4", "10.0.0.0").is_null
    assert not Connection("IP6", "::1").is_null


def test_static_types_need_no_rtpmap() -> None:
    """SDP-d897: rtpmap absent for static 18 is fine; telephone-event is told apart from a codec by its name."""
    offer = parse(OFFER.replace(b"AVP 0 101", b"AVP 18 101 96"))
    assert offer.media[0].rtpmaps == {"18": RtpMap("G729", 8000), "101": RtpMap("TELEPHONE-EVENT", 8000)}


def test_ptime_is_a_wish_and_odd_ones_do_not_count() -> None:
    """SDP-d7c4: ptime and maxptime are read apart."""
    assert with_lines(media="a=ptime:30\r\na=maxptime:60").media[0].ptime == 30
    for value in ("0", "-20", "x", "nan", "inf", "1e9", ""):
        assert with_lines(media=f"a=ptime:{value}").media[0].ptime is None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"v=0\r\n",
        b"v=1\r\n" + OFFER[5:],
        OFFER[5:],
        b"m=audio 1 RTP/AVP 0\r\n" + OFFER,
        OFFER.replace(b"o=- 1 2", b"o=- 1"),
        OFFER.replace(b"o=- 1 2", b"o=- 1 x"),
        OFFER.replace(b"audio 4000", b"audio 65536"),
        OFFER.replace(b"audio 4000", b"audio -1"),
        OFFER.replace(b"audio 4000", b"audio 4000/0"),
        OFFER.replace(b"RTP/AVP 0 101", b"RTP/AVP"),
        OFFER.replace(b"c=IN IP4 192.0.2.20", b"c=IN IP4"),
        OFFER.replace(b"s=-", b"s -"),
        OFFER.replace(b"s=-", b"s=\0"),
        OFFER.replace(b"s=-", b"s=a\rb"),
        OFFER.replace(b"s=-", b"S=-"),
        OFFER.replace(b"s=-\r\n", b"s=-\r\n\r\n"),
        OFFER + b"a=x\r\n" * 1000,
        OFFER + b"a=" + b"x" * MAX_SDP_BYTES,
    ],
)
def test_malformed(data: bytes) -> None:
    with pytest.raises(SdpError) as caught:
        parse(data)
    assert caught.value.sip_status == 400


@pytest.mark.parametrize("data", [OFFER.replace(b"IN IP4 192.0.2.20\r\nt", b"ATM NSAP x\r\nt"), OFFER + b"m=audio 1 RTP/AVP 0\r\n" * 40])
def test_not_acceptable(data: bytes) -> None:
    with pytest.raises(SdpNotAcceptable) as caught:
        parse(data)
    assert caught.value.sip_status == 488


def test_built_by_us() -> None:
    attributes: list[Attribute] = [("rtpmap", "0 PCMU/8000"), ("sendrecv", None)]
    media = MediaDescription("audio", 4000, "RTP/AVP", ["0"], attributes=attributes)
    built = SessionDescription("- 1 1 IN IP4 127.0.0.1", connection=Connection("IP4", "127.0.0.1"), media=[media])
    assert built.to_bytes() == (
        b"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
        b"m=audio 4000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\na=sendrecv\r\n"
    )
    assert parse(built.to_bytes()).media == [media]


@pytest.mark.parametrize("evil", ["x\r\na=crypto:1", "x\n", "x\r", "\0"])
def test_no_line_can_be_injected(evil: str) -> None:
    offer = parse(OFFER)
    offer.media[0].attributes.append(("fmtp", evil))
    with pytest.raises(HeaderInjection):
        offer.to_bytes()


def test_keys_do_not_show() -> None:
    """SRTP-7d2d: keys never in logs."""
    assert "ypeBEsob" not in repr(with_lines(media="a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:ypeBEsobvcr6wjGzmiPcTaeG7/gUfE5yuYB3ha/u"))
