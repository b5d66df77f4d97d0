"""API keys: `auricle_ID_SECRET`. Of the 32 random bytes only a hash is kept; the id in front finds the row and may stand in logs."""

import hashlib
import hmac
import re
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar

from auricle.access.model import Action
from auricle.kernel.errors import PeerError
from auricle.kernel.ids import PersonId

SECRET_BYTES = 32
MAX_LIFETIME = timedelta(days=366)
MAX_KEYS_A_PERSON = 50
_FORM = re.compile(r"auricle_(k[0-9a-f]{20})_([A-Za-z0-9_-]{43})", re.ASCII)

FOR_PEOPLE_ALONE = frozenset(
    {
        Action.ME_SECURITY, Action.SECOND_FACTOR_CHECK, Action.SESSION_READ, Action.API_KEYS_MANAGE, Action.PEOPLE_TERMINATE,
        Action.ACCESS_GRANT,
        Action.ACCESS_PATIENTS,
        Action.BREAK_GLASS_USE, Action.BREAK_GLASS_REVIEW, Action.AUDIT_PRIVATE, Action.AUDIT_EXPORT, Action.KEYS_ROTATE, Action.KEYS_REKEY,
        Action.RETENTION_CHANGE, Action.RETENTION_RUN, Action.AGREEMENTS_CHANGE, Action.HOLDS_CHANGE,
        Action.VOICEMAIL_TRANSCRIBE, Action.REGISTRATIONS_RESTORE,
    }
)  # fmt: skip
"""What asks for a step-up, changes who may what, or is a part of the system's own: no scope of a key."""
SCOPES = frozenset(action.value for action in Action) - frozenset(action.value for action in FOR_PEOPLE_ALONE)


class BadKeyRequest(PeerError):
    """A key that cannot be made; the text says why."""

    code: ClassVar[str] = "api_keys.bad_request"


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as it is kept. `owner` is whose permissions bound it, at each use."""

    id: str
    secret_hash: str = field(repr=False)
    name: str
    owner: PersonId
    scopes: frozenset[str]
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None = None

    def opens_with(self, secret: str, now: datetime) -> bool:
        """Whether this is its secret and it has not expired; in constant time."""
        return hmac.compare_digest(self.secret_hash, secret_hash(secret)) and now < self.expires_at


def written(key_id: str, random: bytes) -> tuple[str, str]:
    """The key as it is shown once, and its secret part, of an id `k` + 20 hexadecimal digits and SECRET_BYTES random bytes."""
    secret = urlsafe_b64encode(random).decode().rstrip("=")
    return f"auricle_{key_id}_{secret}", secret


def parsed(key: str) -> tuple[str, str] | None:
    """Id and secret of a key as it is sent; None for what is none."""
    match = _FORM.fullmatch(key)
    return (match.group(1), match.group(2)) if match else None


def secret_hash(secret: str) -> str:
    """What is kept of a secret: it is random, so a plain hash tells nothing."""
    return hashlib.sha256(b"auricle/v1/api-key|" + secret.encode()).hexdigest()


def check_request(scopes: frozenset[str], owner_may: frozenset[str], expires_at: datetime, now: datetime) -> None:
    """Raises BadKeyRequest for scopes no key may have or the owner has not, and for a life of more than a year or none."""
    if not scopes or not scopes <= SCOPES:
        raise BadKeyRequest("A key can only be good for what /api-keys lists as scopes.")
    if not scopes <= owner_may:
        raise BadKeyRequest("A key can only be good for what you may do yourself.")
    if not now < expires_at <= now + MAX_LIFETIME:
        raise BadKeyRequest("A key ends in the future, and within a year.")
