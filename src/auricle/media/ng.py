"""The commands of rtpengine's ng protocol that we use, typed, because a misspelt key is silently ignored there (verified with 10.5).

Every leg is one rtpengine call with the sides `leg` (the phone) and `pbx` (plain PCMU on loopback). Six commands make a call, so what
never changes is encoded once. The order of keys does not matter to rtpengine.
"""

from dataclasses import dataclass
from typing import NamedTuple

from auricle.media.bencode import Value, encode

LEG, PBX, RECORDER = "leg", "pbx", "rec"
PHONES, HUB = "phones", "hub"
"""rtpengine's two networks: where the phones are, and loopback, where legs meet."""
HUB_ADDRESS = "127.0.0.1"
DISCARD_PORT = 9  # nothing listens there: where a leg's audio goes while nobody shall hear it
SUITES_OFF = [
    f"no-{suite}"
    for suite in (
        "AEAD_AES_256_GCM", "AEAD_AES_128_GCM", "AES_256_CM_HMAC_SHA1_80", "AES_256_CM_HMAC_SHA1_32", "AES_192_CM_HMAC_SHA1_80",
        "AES_192_CM_HMAC_SHA1_32", "F8_128_HMAC_SHA1_80", "F8_128_HMAC_SHA1_32", "NULL_HMAC_SHA1_80", "NULL_HMAC_SHA1_32",
    )
]  # fmt: skip
"""10.5 offers all suites, NULL among them, unless each is switched off."""


class Command(NamedTuple):
    """One command, encoded. `name` and `call` are for messages and for ordering."""

    name: str
    call: str
    body: bytes


@dataclass(frozen=True, slots=True)
class HubSide:
    """The plain side of a leg as we describe it: where its audio goes, and the payload type of keys."""

    port: int
    session: int
    version: int
    telephone_event: int | None
    direction: str = "sendrecv"

    def sdp(self) -> bytes:
        """A session description for the hub, PCMU and RFC 4733 keys."""
        event = self.telephone_event
        formats = "0" if event is None else f"0 {event}"
        keys = "" if event is None else f"a=rtpmap:{event} telephone-event/8000\r\na=fmtp:{event} 0-15\r\n"
        return (
            f"v=0\r\no=- {self.session} {self.version} IN IP4 {HUB_ADDRESS}\r\ns=-\r\nc=IN IP4 {HUB_ADDRESS}\r\nt=0 0\r\n"
            f"m=audio {self.port} RTP/AVP {formats}\r\na=rtpmap:0 PCMU/8000\r\n{keys}a={self.direction}\r\na=ptime:20\r\n"
        ).encode()


def _fixed(items: dict[str, Value]) -> bytes:
    return encode(items)[1:-1]


def _text(value: str | bytes) -> bytes:
    data = value.encode() if isinstance(value, str) else value
    return b"%d:%b" % (len(data), data)


_FLAGS: dict[bool, Value] = {False: ["port-latching", "generate-RTCP"], True: ["port-latching", "strict-source", "generate-RTCP"]}
"""`port-latching` keeps ports and keys through every change; `strict-source` drops strangers' packets where no key does.

`generate-RTCP` ends each phone's reports here: passed on, their CNAME tells the other side the caller's address (RFC 7022 1).
"""
_OFFER_FROM_PHONE = {
    plain: _fixed({
        "command": "offer", "from-tag": LEG, "transport-protocol": "RTP/AVP", "ICE": "remove", "DTLS": "off", "replace": ["origin"],
        "direction": [PHONES, HUB], "flags": _FLAGS[plain], "SDES": [*SUITES_OFF],
    })
    for plain in (False, True)
}  # fmt: skip
_ANSWER_TO_PHONE = {
    plain: _fixed({"command": "answer", "from-tag": LEG, "to-tag": PBX, "replace": ["origin"], "flags": _FLAGS[plain]})
    for plain in (False, True)
}
_OFFER_TO_PHONE = {
    "RTP/AVP": _fixed({
        "command": "offer", "from-tag": PBX, "transport-protocol": "RTP/AVP", "ICE": "remove", "DTLS": "off", "replace": ["origin"],
        "direction": [HUB, PHONES], "flags": _FLAGS[True],
    }),
    "RTP/SAVP": _fixed({
        "command": "offer", "from-tag": PBX, "transport-protocol": "RTP/SAVP", "ICE": "remove", "DTLS": "off", "replace": ["origin"],
        "direction": [HUB, PHONES], "flags": _FLAGS[False], "SDES": [*SUITES_OFF],
    }),
    "UDP/TLS/RTP/SAVPF": _fixed({
        "command": "offer", "from-tag": PBX, "transport-protocol": "UDP/TLS/RTP/SAVPF", "ICE": "force", "DTLS": "passive",
        "replace": ["origin"], "direction": [HUB, PHONES], "flags": ["port-latching", "generate-RTCP", "generate-mid"], "SDES": ["off"],
        "rtcp-mux": ["require"], "codec": {"mask": ["PCMU"], "transcode": ["opus"]},
    }),
}  # fmt: skip
_ANSWER_FROM_PHONE = {
    plain: _fixed({"command": "answer", "from-tag": PBX, "to-tag": LEG, "flags": _FLAGS[plain]}) for plain in (False, True)
}
_AGAIN_FROM_PHONE, _AGAIN_TO_PHONE = _fixed({"to-tag": PBX}), _fixed({"to-tag": LEG})
_RTCP_MUX = _fixed({"rtcp-mux": ["demux"]})
_PLAY = _fixed({"command": "play media", "from-tag": LEG})
_STOP = _fixed({"command": "stop media", "from-tag": LEG})
_BLOCK, _UNBLOCK = _fixed({"command": "block media", "from-tag": PBX}), _fixed({"command": "unblock media", "from-tag": PBX})
_FORK_REQUEST = _fixed({
    "command": "subscribe request", "from-tag": LEG, "to-tag": RECORDER, "transport-protocol": "RTP/AVP", "ICE": "remove", "DTLS": "off",
    "interface": HUB,
})  # fmt: skip
_TO_PCMU = _fixed({"codec": {"mask": ["all"], "transcode": ["PCMU"]}})
_FORK_ANSWER = _fixed({"command": "subscribe answer", "from-tag": LEG, "to-tag": RECORDER, "flags": ["allow transcoding"]})
_FORK_END = _fixed({"command": "unsubscribe", "to-tag": RECORDER})


def offer_from_phone(call: str, sdp: bytes, codec: str, *, dtls: bool, plain: bool, again: bool = False) -> Command:
    """The phone's offer, turned toward the hub; `again` for a re-INVITE."""
    body = b"d%b7:call-id%b3:sdp%b" % (_OFFER_FROM_PHONE[plain], _text(call), _text(sdp))
    if again:
        body += _AGAIN_FROM_PHONE
    if dtls:
        body += _RTCP_MUX
    if codec != "PCMU":
        body += _fixed({"codec": {"mask": [codec.lower() if codec == "OPUS" else codec], "transcode": ["PCMU"]}})
    return Command("offer", call, body + b"e")


def answer_to_phone(call: str, hub: HubSide, *, plain: bool) -> Command:
    """The hub's answer to the phone's offer; also what points a leg elsewhere whose last offer was the phone's."""
    return Command("answer", call, b"d%b7:call-id%b3:sdp%be" % (_ANSWER_TO_PHONE[plain], _text(call), _text(hub.sdp())))


def offer_to_phone(call: str, hub: HubSide, profile: str, *, again: bool = False) -> Command:
    """The hub's offer, turned toward a phone with this profile."""
    tag = _AGAIN_TO_PHONE if again else b""
    return Command("offer", call, b"d%b%b7:call-id%b3:sdp%be" % (_OFFER_TO_PHONE[profile], tag, _text(call), _text(hub.sdp())))


def answer_from_phone(call: str, sdp: bytes, *, plain: bool) -> Command:
    """The phone's answer to the hub's offer."""
    return Command("answer", call, b"d%b7:call-id%b3:sdp%be" % (_ANSWER_FROM_PHONE[plain], _text(call), _text(sdp)))


def play(call: str, file: str, times: int) -> Command:
    """Play a file to the phone."""
    repeat = b"12:repeat-timesi%de" % times if times > 1 else b""
    return Command("play media", call, b"d%b7:call-id%b4:file%b%be" % (_PLAY, _text(call), _text(file), repeat))


def stop_playing(call: str) -> Command:
    """Stop playing."""
    return Command("stop media", call, b"d%b7:call-id%be" % (_STOP, _text(call)))


def block(call: str) -> Command:
    """Let nothing of other legs reach the phone: rtpengine sends on to a party on hold unless told not to (verified)."""
    return Command("block media", call, b"d%b7:call-id%be" % (_BLOCK, _text(call)))


def unblock(call: str) -> Command:
    """Let the phone hear other legs again."""
    return Command("unblock media", call, b"d%b7:call-id%be" % (_UNBLOCK, _text(call)))


def fork_request(call: str, *, transcode: bool) -> Command:
    """Ask for a copy of what the phone says."""
    codec = _TO_PCMU if transcode else b""
    return Command("subscribe request", call, b"d%b%b7:call-id%be" % (_FORK_REQUEST, codec, _text(call)))


def fork_answer(call: str, sdp: bytes) -> Command:
    """Say where the copy goes."""
    return Command("subscribe answer", call, b"d%b7:call-id%b3:sdp%be" % (_FORK_ANSWER, _text(call), _text(sdp)))


def fork_end(call: str) -> Command:
    """End the copy."""
    return Command("unsubscribe", call, b"d%b7:call-id%be" % (_FORK_END, _text(call)))


def delete(call: str) -> Command:
    """End the leg's media: with the call-id alone, else a fork lives on (verified)."""
    return Command("delete", call, b"d7:command6:delete7:call-id%be" % _text(call))


def ping() -> Command:
    """Ask whether it is there."""
    return Command("ping", "", b"d7:command4:pinge")


def calls(limit: int) -> Command:
    """Ask for the call-ids it holds."""
    return Command("list", "", b"d7:command4:list5:limit%be" % _text(str(limit)))
