"""The commands as rtpengine reads them. A misspelt key would be ignored there, so each is compared whole."""

from typing import Any

import pytest

from auricle.media import ng
from auricle.media.bencode import decode
from auricle.media.ng import Command, HubSide

CALL = "leg-1"
SDP = b"v=0\r\n"
HUB = HubSide(30002, 7, 3, 96)
NO_NULL = {"no-NULL_HMAC_SHA1_80", "no-NULL_HMAC_SHA1_32"}


def read(command: Command) -> dict[str, Any]:
    """The dictionary, with text for bytes."""
    return {key: _text(value) for key, value in decode(command.body).items()}


def _text(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, list):
        return [_text(each) for each in value]
    return {key: _text(each) for key, each in value.items()} if isinstance(value, dict) else value


def test_offer_from_phone() -> None:
    found = read(ng.offer_from_phone(CALL, SDP, "PCMU", dtls=False, plain=False))
    suites = found.pop("SDES")
    assert set(suites) >= NO_NULL
    assert "no-AES_CM_128_HMAC_SHA1_80" not in suites  # it would be taken from the phone's own offer too
    assert found == {
        "command": "offer", "call-id": CALL, "from-tag": "leg", "sdp": "v=0\r\n", "transport-protocol": "RTP/AVP", "ICE": "remove",
        "DTLS": "off", "replace": ["origin"], "direction": ["phones", "hub"], "flags": ["port-latching", "generate-RTCP"],
    }  # fmt: skip


def test_offer_from_plain_phone_and_again() -> None:
    found = read(ng.offer_from_phone(CALL, SDP, "G722", dtls=True, plain=True, again=True))
    assert found["flags"] == ["port-latching", "strict-source", "generate-RTCP"]
    assert found["to-tag"] == "pbx"
    assert found["rtcp-mux"] == ["demux"]
    assert found["codec"] == {"mask": ["G722"], "transcode": ["PCMU"]}


@pytest.mark.parametrize(("profile", "strict"), [("RTP/AVP", True), ("RTP/SAVP", False), ("UDP/TLS/RTP/SAVPF", False)])
def test_offer_to_phone(profile: str, strict: bool) -> None:
    found = read(ng.offer_to_phone(CALL, HUB, profile))
    assert (found["command"], found["from-tag"], found["transport-protocol"]) == ("offer", "pbx", profile)
    assert found["direction"] == ["hub", "phones"]
    assert ("strict-source" in found["flags"]) is strict
    assert "port-latching" in found["flags"]
    assert "to-tag" not in found
    if profile == "RTP/SAVP":
        assert set(found["SDES"]) >= NO_NULL
        assert found["DTLS"] == "off"
    assert read(ng.offer_to_phone(CALL, HUB, profile, again=True)) == {**found, "to-tag": "leg"}


def test_answers() -> None:
    assert read(ng.answer_to_phone(CALL, HUB, plain=False)) == {
        "command": "answer", "call-id": CALL, "from-tag": "leg", "to-tag": "pbx", "replace": ["origin"],
        "flags": ["port-latching", "generate-RTCP"],
        "sdp": HUB.sdp().decode(),
    }  # fmt: skip
    assert read(ng.answer_from_phone(CALL, SDP, plain=True)) == {
        "command": "answer", "call-id": CALL, "from-tag": "pbx", "to-tag": "leg",
        "flags": ["port-latching", "strict-source", "generate-RTCP"],
        "sdp": "v=0\r\n",
    }  # fmt: skip


def test_hub_description() -> None:
    assert HUB.sdp() == (
        b"v=0\r\no=- 7 3 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 30002 RTP/AVP 0 96\r\na=rtpmap:0 PCMU/8000\r\n"
        b"a=rtpmap:96 telephone-event/8000\r\na=fmtp:96 0-15\r\na=sendrecv\r\na=ptime:20\r\n"
    )
    bare = HubSide(9, 7, 4, None, "recvonly").sdp()
    assert b"telephone-event" not in bare
    assert b"RTP/AVP 0\r\n" in bare
    assert b"a=recvonly" in bare


@pytest.mark.parametrize(
    ("command", "wanted"),
    [
        (ng.play(CALL, "/a b.wav", 1), {"command": "play media", "call-id": CALL, "from-tag": "leg", "file": "/a b.wav"}),
        (ng.play(CALL, "/é.wav", 9), {"command": "play media", "call-id": CALL, "from-tag": "leg", "file": "/é.wav", "repeat-times": 9}),
        (ng.stop_playing(CALL), {"command": "stop media", "call-id": CALL, "from-tag": "leg"}),
        (ng.block(CALL), {"command": "block media", "call-id": CALL, "from-tag": "pbx"}),
        (ng.unblock(CALL), {"command": "unblock media", "call-id": CALL, "from-tag": "pbx"}),
        (ng.fork_end(CALL), {"command": "unsubscribe", "call-id": CALL, "to-tag": "rec"}),
        (ng.delete(CALL), {"command": "delete", "call-id": CALL}),
        (ng.ping(), {"command": "ping"}),
        (ng.calls(5), {"command": "list", "limit": "5"}),
        (
            ng.fork_answer(CALL, SDP),
            {
                "command": "subscribe answer", "call-id": CALL, "from-tag": "leg", "to-tag": "rec", "flags": ["allow transcoding"],
                "sdp": "v=0\r\n",
            },
        ),
    ],
)  # fmt: skip
def test_small_commands(command: Command, wanted: dict[str, object]) -> None:
    assert read(command) == wanted
    assert command.name == wanted["command"]


def test_fork() -> None:
    found = read(ng.fork_request(CALL, transcode=True))
    assert found["codec"] == {"mask": ["all"], "transcode": ["PCMU"]}
    assert found["interface"] == "hub"
    assert "codec" not in read(ng.fork_request(CALL, transcode=False))
