"""The commands of rtpengine's ng protocol that we use, typed, because a misspelt key is silently ignored there (verified with 10.5).

Every leg is one rtpengine call with the sides `leg` (the phone) and `pbx` (plain PCMU on loopback).
"""

from dataclasses import dataclass

from auricle.media.bencode import Value

LEG, PBX, RECORDER = "leg", "pbx", "rec"
DISCARD_PORT = 9  # nothing listens there: where a leg's audio goes while nobody shall hear it
SUITES_OFF = [
    f"no-{suite}"
    for suite in (
        "AEAD_AES_256_GCM", "AEAD_AES_128_GCM", "AES_256_CM_HMAC_SHA1_80", "AES_256_CM_HMAC_SHA1_32", "AES_192_CM_HMAC_SHA1_80",
        "AES_192_CM_HMAC_SHA1_32", "F8_128_HMAC_SHA1_80", "F8_128_HMAC_SHA1_32", "NULL_HMAC_SHA1_80", "NULL_HMAC_SHA1_32",
    )
]  # fmt: skip
"""10.5 offers all suites, NULL among them, unless each is switched off."""

Command = dict[str, Value]


@dataclass(frozen=True, slots=True)
class HubSide:
    """The plain side of a leg as we describe it: where its audio goes, and the payload type of keys."""

    port: int
    version: int
    telephone_event: int | None
    direction: str = "sendrecv"

    def sdp(self) -> bytes:
        """A session description for 127.0.0.1, PCMU and RFC 4733 keys."""
        event = self.telephone_event
        formats = "0" if event is None else f"0 {event}"
        keys = "" if event is None else f"a=rtpmap:{event} telephone-event/8000\r\na=fmtp:{event} 0-15\r\n"
        return (
            f"v=0\r\no=- 1 {self.version} IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
            f"m=audio {self.port} RTP/AVP {formats}\r\na=rtpmap:0 PCMU/8000\r\n{keys}a={self.direction}\r\na=ptime:20\r\n"
        ).encode()


def offer_from_phone(call: str, sdp: bytes, codec: str, *, dtls: bool, again: bool = False) -> Command:
    """The phone's offer, turned toward the hub; `again` for a re-INVITE."""
    command: Command = {
        "command": "offer", "call-id": call, "from-tag": LEG, "sdp": sdp, "transport-protocol": "RTP/AVP", "ICE": "remove", "DTLS": "off",
        "flags": ["port-latching"], "replace": ["origin"], "SDES": [*SUITES_OFF],
    }  # fmt: skip
    if again:
        command["to-tag"] = PBX
    if dtls:
        command["rtcp-mux"] = ["demux"]
    if codec != "PCMU":
        command["codec"] = {"mask": [codec.lower() if codec == "OPUS" else codec], "transcode": ["PCMU"]}
    return command


def answer_to_phone(call: str, hub: HubSide) -> Command:
    """The hub's answer to the phone's offer; also what points an incoming leg elsewhere."""
    return {"command": "answer", "call-id": call, "from-tag": LEG, "to-tag": PBX, "flags": ["port-latching"], "sdp": hub.sdp()}


def offer_to_phone(call: str, hub: HubSide, profile: str, *, again: bool = False) -> Command:
    """The hub's offer, turned toward a phone with this profile."""
    command: Command = {
        "command": "offer", "call-id": call, "from-tag": PBX, "sdp": hub.sdp(), "transport-protocol": profile, "replace": ["origin"],
        "flags": ["port-latching"],
    }  # fmt: skip
    if again:
        command["to-tag"] = LEG
    if profile.startswith("UDP/TLS"):
        command |= {"ICE": "force", "DTLS": "passive", "SDES": ["off"], "rtcp-mux": ["require"], "flags": ["port-latching", "generate-mid"]}
        command["codec"] = {"mask": ["PCMU"], "transcode": ["opus"]}
    else:
        command |= {"ICE": "remove", "DTLS": "off", "SDES": [*SUITES_OFF]}
    return command


def answer_from_phone(call: str, sdp: bytes) -> Command:
    """The phone's answer to the hub's offer."""
    return {"command": "answer", "call-id": call, "from-tag": PBX, "to-tag": LEG, "flags": ["port-latching"], "sdp": sdp}


def play(call: str, file: str, times: int) -> Command:
    """Play a file to the phone."""
    command: Command = {"command": "play media", "call-id": call, "from-tag": LEG, "file": file}
    if times > 1:
        command["repeat-times"] = times
    return command


def stop_playing(call: str) -> Command:
    """Stop playing."""
    return {"command": "stop media", "call-id": call, "from-tag": LEG}


def fork_request(call: str, *, transcode: bool) -> Command:
    """Ask for a copy of what the phone says."""
    command: Command = {
        "command": "subscribe request", "call-id": call, "from-tag": LEG, "to-tag": RECORDER, "transport-protocol": "RTP/AVP",
        "ICE": "remove", "DTLS": "off",
    }  # fmt: skip
    if transcode:
        command["codec"] = {"mask": ["all"], "transcode": ["PCMU"]}
    return command


def fork_answer(call: str, sdp: bytes) -> Command:
    """Say where the copy goes."""
    return {
        "command": "subscribe answer", "call-id": call, "from-tag": LEG, "to-tag": RECORDER, "flags": ["allow transcoding"], "sdp": sdp,
    }  # fmt: skip


def fork_end(call: str) -> Command:
    """End the copy."""
    return {"command": "unsubscribe", "call-id": call, "to-tag": RECORDER}


def delete(call: str) -> Command:
    """End the leg's media: with the call-id alone, else a fork lives on (verified)."""
    return {"command": "delete", "call-id": call}
