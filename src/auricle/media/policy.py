"""What media a leg may agree to (RFC 3264, RFC 4568, RFC 5763).

Encrypted unless its own rule lets it go without, a codec we have, keys never over clear signalling.

A description is judged here before rtpengine sees it. Keys are looked at, never kept or logged.
"""

from dataclasses import dataclass

from auricle.media.errors import MediaRefused
from auricle.practice.model import MediaRule
from auricle.sip.errors import SdpError
from auricle.sip.sdp import MediaDescription, SessionDescription

CODECS = ("PCMU", "PCMA", "G722", "OPUS")
"""What rtpengine here can carry or turn into PCMU."""
SDES_PROFILES = frozenset({"RTP/SAVP", "RTP/SAVPF"})
DTLS_PROFILES = frozenset({"UDP/TLS/RTP/SAVP", "UDP/TLS/RTP/SAVPF"})
PLAIN_PROFILES = frozenset({"RTP/AVP", "RTP/AVPF"})
ENCRYPTED_SIGNALLING = frozenset({"TLS", "WSS"})
INCOMPATIBLE_FORMAT, INCOMPATIBLE_TRANSPORT, OTHER = 305, 302, 399


@dataclass(frozen=True, slots=True)
class MediaFacts:
    """What was agreed with one party."""

    profile: str
    protection_word: str
    """`SRTP`, `DTLS-SRTP` or `RTP`."""
    codec: str
    held: bool
    telephone_event: bool


def check_offer(offer: bytes, rule: MediaRule, signalling: str) -> MediaFacts:
    """Judge a party's offer; `signalling` is the transport it came by. Raises MediaRefused (488)."""
    session = _read(offer)
    audio = session.audio
    if audio is None:
        raise MediaRefused(INCOMPATIBLE_FORMAT, "No audio offered")
    facts = _facts(session, audio)
    if facts.protection_word == "RTP":
        if rule is MediaRule.SRTP_REQUIRED:
            raise MediaRefused(OTHER, "SRTP required: this system takes no unencrypted media")
    elif facts.protection_word == "SRTP":
        _check_keys(audio)
        if signalling not in ENCRYPTED_SIGNALLING and rule is MediaRule.SRTP_REQUIRED:
            raise MediaRefused(OTHER, "SRTP keys need TLS signalling")
    return facts


def check_answer(answer: bytes, offered_profile: str, rule: MediaRule) -> MediaFacts:
    """Judge a party's answer to our offer: the same profile, with a key we can use. Raises MediaRefused."""
    session = _read(answer)
    audio = session.audio
    if audio is None:
        raise MediaRefused(INCOMPATIBLE_FORMAT, "Audio refused")
    if audio.profile != offered_profile and not _same_family(audio.profile, offered_profile):
        raise MediaRefused(INCOMPATIBLE_TRANSPORT, "Answer changed the media profile")
    facts = _facts(session, audio)
    if facts.protection_word == "RTP" and rule is MediaRule.SRTP_REQUIRED:
        raise MediaRefused(OTHER, "SRTP required: the answer is unencrypted")
    if facts.protection_word == "SRTP":
        _check_keys(audio)
    return facts


def _read(description: bytes) -> SessionDescription:
    if not description:
        raise MediaRefused(OTHER, "An offer is required in the request")
    try:
        return SessionDescription.parse(description)
    except SdpError as error:
        raise MediaRefused(OTHER, "The session description cannot be read") from error


def _facts(session: SessionDescription, audio: MediaDescription) -> MediaFacts:
    names = [codec.name for codec in audio.rtpmaps.values()]
    codec = next((name for name in names if name in CODECS), None)
    if codec is None:  # telephone-event and comfort noise are no conversation
        raise MediaRefused(INCOMPATIBLE_FORMAT, "No common audio codec")
    return MediaFacts(
        profile=audio.profile,
        protection_word=_protection(audio.profile),
        codec=codec,
        held=audio.direction(session).held,
        telephone_event="TELEPHONE-EVENT" in names,
    )


def _protection(profile: str) -> str:
    if profile in SDES_PROFILES:
        return "SRTP"
    if profile in DTLS_PROFILES:
        return "DTLS-SRTP"
    if profile in PLAIN_PROFILES:
        return "RTP"
    raise MediaRefused(INCOMPATIBLE_TRANSPORT, "Media profile not supported")


def _check_keys(audio: MediaDescription) -> None:
    if not audio.cryptos:
        raise MediaRefused(OTHER, "No usable SRTP key: AES_CM_128_HMAC_SHA1_80 without MKI is needed")


def _same_family(a: str, b: str) -> bool:
    """A feedback profile may be answered without it and the other way round (RFC 5124 3)."""
    return any(a in family and b in family for family in (SDES_PROFILES, DTLS_PROFILES, PLAIN_PROFILES))
