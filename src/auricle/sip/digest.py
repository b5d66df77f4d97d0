"""Digest authentication (RFC 2617, RFC 7616, RFC 8760): SHA-256 first, MD5 for old phones.

Nonces are stateless (time and an HMAC), except that the counts used under one are remembered so that nothing can be replayed.
"""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from auricle.kernel.errors import PeerError
from auricle.sip.headers import parse_params, split_list

ALGORITHMS = {"SHA-256": hashlib.sha256, "MD5": lambda data: hashlib.md5(data, usedforsecurity=False)}
MAX_AUTHORIZATION_CHARS = 2048
MAX_NONCES = 20000  # 400 registrations a second over the nonce lifetime of 50 s; older ones are forgotten by time first
Lookup = Callable[[str, str], str | None]
"""H(A1) of a user name under an algorithm, None for an unknown user."""


class BadCredentials(PeerError):
    """Wrong user, password or fields; which of them is not told."""

    code: ClassVar[str] = "sip.bad_credentials"
    sip_status: ClassVar[int] = 401


class StaleNonce(PeerError):
    """A nonce of ours that is too old: challenge again with stale=true."""

    code: ClassVar[str] = "sip.stale_nonce"
    sip_status: ClassVar[int] = 401


class ReplayedNonce(PeerError):
    """A nonce count that was used before."""

    code: ClassVar[str] = "sip.replayed_nonce"
    sip_status: ClassVar[int] = 401


@dataclass(slots=True)
class _Seen:
    """Counts used under one nonce: the highest, and a window of the 64 below it, for requests that overtake each other."""

    expires: float
    highest: int = 0
    window: int = 0

    def take(self, count: int) -> bool:
        if count > self.highest:
            ahead = min(count - self.highest, 64)  # the peer chooses the count: never shift by what it likes
            self.window = (self.window << ahead | 1) & (2**64 - 1)
            self.highest = count
            return True
        behind = self.highest - count
        if behind >= 64 or self.window >> behind & 1:
            return False
        self.window |= 1 << behind
        return True


class DigestVerifier:
    """Makes challenges and checks what comes back. `secret` keys the nonces; a new one makes old nonces stale."""

    def __init__(self, secret: bytes, realm: str, nonce_lifetime_s: float = 60.0) -> None:
        self._secret = secret
        self._realm = realm
        self._lifetime_s = nonce_lifetime_s
        self._seen: dict[str, _Seen] = {}
        self._drawn = 0

    def challenges(self, now: float) -> list[str]:
        """Values for WWW-Authenticate, strongest first, with a fresh nonce."""
        nonce = self._nonce(now)
        return [f'Digest realm="{self._realm}", nonce="{nonce}", algorithm={name}, qop="auth"' for name in ALGORITHMS]

    def verify(self, header: str, method: str, now: float, lookup: Lookup) -> str:
        """The authenticated user name. Raises BadCredentials, StaleNonce or ReplayedNonce."""
        fields = _fields(header)
        algorithm = (fields.get("algorithm") or "MD5").upper()
        nonce = fields.get("nonce", "")
        if algorithm not in ALGORITHMS or fields.get("realm") != self._realm or fields.get("qop") != "auth":
            raise BadCredentials
        self._check_nonce(nonce, now)
        username = fields.get("username", "")
        ha1 = lookup(username, algorithm)
        expected = _response(algorithm, ha1 or "0" * 32, method, fields)  # an unknown user costs the same time
        if not hmac.compare_digest(expected.encode(), fields.get("response", "").lower().encode()) or ha1 is None:
            raise BadCredentials
        self._take_count(nonce, fields.get("nc", ""), now)
        return username

    def _nonce(self, now: float) -> str:
        self._drawn += 1
        text = f"{int(now * 1000):x}.{self._drawn:x}"
        return f"{text}.{self._mac(text)}"

    def _mac(self, text: str) -> str:
        return hmac.new(self._secret, text.encode(), hashlib.sha256).hexdigest()[:32]

    def _check_nonce(self, nonce: str, now: float) -> None:
        text, _, mac = nonce.rpartition(".")
        if not nonce.isascii() or not hmac.compare_digest(mac, self._mac(text)):
            raise StaleNonce  # not one of ours, or made before a restart: RFC 7616 3.3 asks for a new try without a new password
        if now - int(text.partition(".")[0], 16) / 1000 > self._lifetime_s:
            raise StaleNonce

    def _take_count(self, nonce: str, count: str, now: float) -> None:
        if len(count) != 8:
            raise BadCredentials
        try:
            number = int(count, 16)
        except ValueError:
            raise BadCredentials from None
        seen = self._seen.get(nonce)
        if seen is None:
            self._forget(now)
            seen = self._seen[nonce] = _Seen(now + self._lifetime_s)
        if number < 1 or not seen.take(number):
            raise ReplayedNonce

    def _forget(self, now: float) -> None:
        """Drop what is too old to be accepted anyway; the dictionary is in the order of first use."""
        for nonce, seen in list(self._seen.items()):
            if seen.expires > now and len(self._seen) < MAX_NONCES:
                break
            del self._seen[nonce]


def ha1(username: str, realm: str, password: str, algorithm: str) -> str:
    """H(A1) (RFC 7616 3.4.2)."""
    return ALGORITHMS[algorithm](f"{username}:{realm}:{password}".encode()).hexdigest()


def authorization(challenge: str, method: str, uri: str, username: str, password: str, cnonce: str, count: int = 1) -> str:
    """The Authorization value that answers a challenge. Raises BadCredentials for an algorithm or qop we do not speak."""
    asked = _fields(challenge)
    algorithm = (asked.get("algorithm") or "MD5").upper()
    if algorithm not in ALGORITHMS or "auth" not in [q.strip() for q in asked.get("qop", "").split(",")]:
        raise BadCredentials
    fields = {
        "username": username, "realm": asked.get("realm", ""), "nonce": asked.get("nonce", ""), "uri": uri, "cnonce": cnonce,
        "nc": f"{count:08x}", "qop": "auth",
    }  # fmt: skip
    response = _response(algorithm, ha1(username, fields["realm"], password, algorithm), method, fields)
    quoted = ", ".join(f'{name}="{fields[name]}"' for name in ("username", "realm", "nonce", "uri", "cnonce"))
    opaque = f', opaque="{asked["opaque"]}"' if "opaque" in asked else ""
    return f'Digest {quoted}, response="{response}", algorithm={algorithm}, qop=auth, nc={fields["nc"]}{opaque}'


def _response(algorithm: str, ha1_hex: str, method: str, fields: dict[str, str]) -> str:
    digest = ALGORITHMS[algorithm]
    ha2 = digest(f"{method}:{fields.get('uri', '')}".encode()).hexdigest()
    parts = (ha1_hex, fields.get("nonce", ""), fields.get("nc", ""), fields.get("cnonce", ""), fields.get("qop", ""), ha2)
    return digest(":".join(parts).encode("utf-8", "surrogateescape")).hexdigest()


def _fields(header: str) -> dict[str, str]:
    scheme, _, rest = header.strip().partition(" ")
    if scheme.lower() != "digest" or len(header) > MAX_AUTHORIZATION_CHARS:
        raise BadCredentials
    fields: dict[str, str] = {}
    for part in split_list(rest):
        for name, value in parse_params(part).items():
            if name in fields:
                raise BadCredentials
            fields[name] = value or ""
    return fields
