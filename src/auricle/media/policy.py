"""What media a leg may agree to (RFC 3264, RFC 4568, RFC 5763).

Encrypted unless its own rule lets it go without, a codec we have, keys never over clear signalling.

A description is judged here before rtpengine sees it. Keys are looked at, never kept or logged.
"""

import base64
import re
from dataclasses import dataclass

from auricle.media.errors import AnswerDowngraded, MediaRefused, NoCommonCodec, SrtpRequired, UnusableKeys
from auricle.media.sections import DTLS_PROFILES, PLAIN_PROFILES, SDES_PROFILES, Section, choose, read_section
from auricle.practice.model import MediaRule
from auricle.sip.errors import SdpError
from auricle.sip.sdp import SessionDescription

_OWN_KEY = re.compile(rb"^a=crypto:(\d+) (\w+) inline:([A-Za-z0-9+/=]+)", re.MULTILINE)
ENCRYPTED_SIGNALLING = frozenset({"TLS", "WSS"})


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
    session = read_description(offer)
    section = choose(session)
    if section is None:
        raise NoCommonCodec("No audio offered")
    _check_rule(section, rule, signalling, any(media.profile in SDES_PROFILES | DTLS_PROFILES for media in session.media))
    return _facts(session, section)


def check_answer(answer: bytes, offered_profile: str, rule: MediaRule) -> MediaFacts:
    """Judge a party's answer to our offer of one section: the same profile, with a key we can use. Raises MediaRefused."""
    session = read_description(answer)
    media = session.media[0] if session.media else None
    if media is None or media.kind != "audio" or not media.port:
        raise NoCommonCodec("Audio refused")
    section = read_section(media)
    if not _same_family(media.profile, offered_profile):
        raise AnswerDowngraded("Answer changed the media profile")
    if not section.encrypted and rule is MediaRule.SRTP_REQUIRED:
        raise SrtpRequired("SRTP required: the answer is unencrypted")
    if not section.usable:
        raise AnswerDowngraded("Answer has no usable key")
    return _facts(session, section)


def check_keys(offer: bytes, answered: Section) -> None:
    """The answer's one key belongs to a line of our offer, and is not ours sent back (RFC 4568 5.1.2, 5.1.3). Raises AnswerDowngraded.

    rtpengine would take a wrong tag without a word, and the leg would stay silent.
    """
    if len(answered.keys) != 1:
        raise AnswerDowngraded("Answer must have one usable key")
    line = answered.keys[0]
    offered = _OWN_KEY.findall(offer)
    if (b"%d" % line.tag, line.suite.encode()) not in {(tag, suite) for tag, suite, _ in offered}:
        raise AnswerDowngraded("Answer names a key line that was not offered")
    if base64.b64encode(line.key_params[0].key) in {key for _, _, key in offered}:
        raise AnswerDowngraded("Answer repeats our own key")  # two senders under one key undo SRTP (RFC 3711 9.1)


def read_description(description: bytes) -> SessionDescription:
    """A party's description. Raises MediaRefused for one that is missing or malformed."""
    if not description:
        raise MediaRefused("An offer is required in the request")
    try:
        return SessionDescription.parse(description)
    except SdpError as error:
        raise MediaRefused("The session description cannot be read") from error


def _check_rule(section: Section, rule: MediaRule, signalling: str, encryption_offered: bool) -> None:
    required = rule is MediaRule.SRTP_REQUIRED
    if required and not section.encrypted and not encryption_offered:
        raise SrtpRequired("SRTP required: this system takes no unencrypted media")
    if section.media.profile not in SDES_PROFILES | DTLS_PROFILES | PLAIN_PROFILES:
        raise MediaRefused("Media profile not supported")
    if not section.usable or (required and not section.encrypted):
        raise UnusableKeys("No usable SRTP key: AES_CM_128_HMAC_SHA1_80 without MKI is needed")
    if required and section.media.profile in SDES_PROFILES and signalling not in ENCRYPTED_SIGNALLING:
        raise SrtpRequired("SRTP keys need TLS signalling")


def _facts(session: SessionDescription, section: Section) -> MediaFacts:
    if not section.codec:
        raise NoCommonCodec("No common audio codec")
    profile = section.media.profile
    return MediaFacts(
        profile=profile,
        protection_word="SRTP" if profile in SDES_PROFILES else "DTLS-SRTP" if profile in DTLS_PROFILES else "RTP",
        codec=section.codec,
        held=section.media.direction(session).held,
        telephone_event=section.telephone_event,
    )


def _same_family(a: str, b: str) -> bool:
    """A feedback profile may be answered without it and the other way round (RFC 5124 3)."""
    return any(a in family and b in family for family in (SDES_PROFILES, DTLS_PROFILES, PLAIN_PROFILES))
