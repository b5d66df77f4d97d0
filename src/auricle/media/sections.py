"""The one audio section of an offer that we take, the offer narrowed to it, and the answer widened again (RFC 3264 6).

rtpengine gets exactly one section with only the keys we may take (RFC 4568 5.1.2), so it cannot pick what policy refused.
"""

from dataclasses import dataclass, replace

from auricle.media.errors import MediaFailed
from auricle.sip.errors import SdpError
from auricle.sip.sdes import Crypto
from auricle.sip.sdp import MediaDescription, SessionDescription

CODECS = ("PCMU", "PCMA", "G722", "OPUS")
"""What rtpengine here can carry or turn into PCMU."""
SDES_PROFILES = frozenset({"RTP/SAVP", "RTP/SAVPF"})
DTLS_PROFILES = frozenset({"UDP/TLS/RTP/SAVP", "UDP/TLS/RTP/SAVPF"})
PLAIN_PROFILES = frozenset({"RTP/AVP", "RTP/AVPF"})
FINGERPRINTS = frozenset({"sha-1", "sha-224", "sha-256", "sha-384", "sha-512"})  # RFC 8122 5 without MD2 and MD5


@dataclass(frozen=True, slots=True)
class Section:
    """One audio section, read."""

    media: MediaDescription
    codec: str
    """The codec to use: PCMU when it is there, since nothing need be turned into it. Empty without one we have."""
    telephone_event: bool
    keys: list[Crypto]
    """The SDES keys we may take. Keys in a plain profile count only where we offered so (RFC 8643), which we never do."""

    @property
    def usable(self) -> bool:
        """Whether its protection works: plain, or with a key or fingerprint we may take."""
        if self.media.profile in DTLS_PROFILES:
            fingerprint = self.media.fingerprint
            return fingerprint is not None and fingerprint.algorithm in FINGERPRINTS
        return bool(self.keys) or self.media.profile in PLAIN_PROFILES

    @property
    def encrypted(self) -> bool:
        """SRTP by either kind of keys."""
        return self.media.profile in SDES_PROFILES or self.media.profile in DTLS_PROFILES


def read_section(media: MediaDescription) -> Section:
    """What one audio section offers."""
    names = [codec.name for codec in media.rtpmaps.values()]
    known = [name for name in names if name in CODECS]
    codec = "PCMU" if "PCMU" in known else known[0] if known else ""
    return Section(media, codec, "TELEPHONE-EVENT" in names, media.cryptos if media.profile in SDES_PROFILES else [])


def choose(session: SessionDescription) -> Section | None:
    """The first audio section with working encryption, else the first plain one, else the first there is; None without audio."""
    sections = [read_section(media) for media in session.media if media.kind == "audio" and media.port]
    fit = [section for section in sections if section.codec and section.usable]
    return next((section for section in fit if section.encrypted), None) or next(iter(fit or sections), None)


def narrowed(session: SessionDescription, section: Section, original: bytes) -> bytes:
    """The description with only this section and only its acceptable keys; `original` itself when there is nothing to leave out."""
    keep = {str(line.tag) for line in section.keys}
    if len(session.media) == 1 and len(keep) == len(section.media.attributes_named("crypto")):
        return original
    attributes = [(name, value) for name, value in section.media.attributes if name != "crypto" or _tag(value) in keep]
    shared = [(name, value) for name, value in session.attributes if name != "group"]  # RFC 5888: it names sections that are gone
    return replace(session, attributes=shared, media=[replace(section.media, attributes=attributes)]).to_bytes()


def widened(session: SessionDescription, section: Section, answer: bytes) -> bytes:
    """rtpengine's answer to the narrowed offer with the other sections refused: one m= line for each offered (RFC 3264 6)."""
    if len(session.media) == 1:
        return answer
    try:
        own = SessionDescription.parse(answer)
    except SdpError as error:
        raise MediaFailed("unreadable description from rtpengine") from error
    if len(own.media) != 1:
        raise MediaFailed("rtpengine answered with another number of sections")
    media = [own.media[0] if each is section.media else _refused(each) for each in session.media]
    return replace(own, media=media).to_bytes()


def _refused(media: MediaDescription) -> MediaDescription:
    return MediaDescription(media.kind, 0, media.profile, media.formats)


def _tag(value: str | None) -> str:
    return (value or "").split(" ", 1)[0]
