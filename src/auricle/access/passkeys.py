"""Passkeys (W3C Web Authentication, Level 3): what is kept of one, whom we are to a browser, and what a signature counter tells.

Ceremonies are verified by `adapters.webauthn`; attestation is not asked for, so the make of an authenticator is not known here.
"""

from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address
from typing import ClassVar
from urllib.parse import urlsplit

from auricle.kernel.errors import PeerError
from auricle.kernel.ids import PersonId

CHALLENGE_BYTES = 32  # L3 13.4.3 wants at least 16
USER_HANDLE_BYTES = 32  # L3 5.4.3: random, at most 64, and tells nothing about the person
MAX_PASSKEYS = 20
MAX_NAME_CHARS = 40
MAX_CREDENTIAL_ID_BYTES = 1023  # L3 7.1 step 25


class PasskeyRefused(PeerError):
    """A ceremony that does not hold; `why` is a constant sentence for the audit log, never a part of what was sent."""

    code: ClassVar[str] = "passkey.refused"

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class CeremonyOver(PeerError):
    """The challenge is unknown, was used, or is older than five minutes."""

    code: ClassVar[str] = "passkey.ceremony_over"


class PasskeysUnavailable(PeerError):
    """The console is reached by an address instead of a name, and browsers give passkeys to names only (L3 5.1.2, effective domain)."""

    code: ClassVar[str] = "passkey.unavailable"


class TooManyPasskeys(PeerError):
    """The person has as many as one may have."""

    code: ClassVar[str] = "passkey.too_many"


class PasskeyKnown(PeerError):
    """The passkey is registered already, with this person or another (L3 7.1 step 26)."""

    code: ClassVar[str] = "passkey.known"


class LastFactor(PeerError):
    """The practice requires a second factor, and this passkey is the person's last one."""

    code: ClassVar[str] = "passkey.last_factor"


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """Whom browsers must name: `id` is the console's host name, `origin` the only origin a ceremony may come from (L3 13.4.9)."""

    id: str
    origin: str
    name: str


@dataclass(frozen=True, slots=True)
class NewPasskey:
    """What a verified registration gives."""

    credential_id: bytes
    public_key: bytes
    """COSE_Key as the authenticator sent it."""
    sign_count: int
    backup_eligible: bool
    backed_up: bool
    transports: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Passkey:
    """A person's passkey. `suspect` means its counter once went back: somebody may hold a copy."""

    id: str
    credential_id: bytes
    person: PersonId
    name: str
    public_key: bytes
    sign_count: int
    backup_eligible: bool
    backed_up: bool
    transports: tuple[str, ...]
    created_at: datetime
    last_used_at: datetime | None
    suspect: bool


@dataclass(frozen=True, slots=True)
class Assertion:
    """What a verified authentication says about the authenticator now."""

    sign_count: int
    backed_up: bool


def relying_party(origin: str, name: str) -> RelyingParty | None:
    """The relying party of a console at `origin` (`https://host[:port]`); None where the host is an IP address."""
    host = urlsplit(origin).hostname or ""
    try:
        ip_address(host)
    except ValueError:
        return RelyingParty(host, origin, name) if host else None
    return None


def counter_went_back(stored: int, now: int) -> bool:
    """Whether the counter says that there is a copy (L3 6.1.1, 7.2 step 22): synced passkeys always count 0, others must go up."""
    return (stored > 0 or now > 0) and now <= stored


def clean_name(name: str) -> str:
    """A name as it is kept: printable, one line, trimmed, not empty."""
    text = " ".join("".join(char if char.isprintable() else " " for char in name).split())[:MAX_NAME_CHARS].strip()
    return text or "Passkey"
