"""Digest authentication (RFC 2617, RFC 7616, RFC 8760): SHA-256 first, MD5 for old phones.

Nonces are stateless (time and an HMAC), except that the counts used under one are remembered so that nothing can be replayed.
"""

import hashlib
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from auricle.kernel.errors import PeerError
from auricle.sip.errors import SipParseError
from auricle.sip.grammar import parse_params, quoted, split_list


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()  # RFC 8760 2.2: for phones that know nothing better


ALGORITHMS: dict[str, Callable[[bytes], str]] = {"SHA-256": _sha256, "MD5": _md5}
MAX_AUTHORIZATION_CHARS = 2048  # the longest from phones we know has 450
_COUNT = re.compile(r"[0-9a-fA-F]{8}", re.ASCII)
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

    issued_s: float
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
        self._forgotten_s = float("-inf")
        self._drawn = 0

    def challenges(self, now: float) -> list[str]:
        """Values for WWW-Authenticate, strongest first, with a fresh nonce."""
        nonce = self._nonce(now)
        return [f'Digest realm={quoted(self._realm)}, nonce="{nonce}", algorithm={name}, qop="auth"' for name in ALGORITHMS]

    def verify(self, header: str, method: str, now: float, lookup: Lookup) -> str:
        """The authenticated user name. Raises BadCredentials, StaleNonce or ReplayedNonce."""
        fields = _fields(header)
        algorithm = (fields.get("algorithm") or "MD5").upper()
        nonce = fields.get("nonce", "")
        if algorithm not in ALGORITHMS or fields.get("realm") != self._realm or fields.get("qop") != "auth":
            raise BadCredentials
        issued_s = self._check_nonce(nonce, now)
        username = fields.get("username", "")
        ha1 = lookup(username, algorithm)
        expected = _response(algorithm, ha1 or "0" * 32, method, fields)  # an unknown user costs the same time
        if not hmac.compare_digest(expected.encode(), _bytes(fields.get("response", "").lower())) or ha1 is None:
            raise BadCredentials
        self._take_count(nonce, issued_s, fields.get("nc", ""), now)
        return username

    def _nonce(self, now: float) -> str:
        self._drawn += 1
        text = f"{int(now * 1000):x}.{self._drawn:x}"
        return f"{text}.{self._mac(text)}"

    def _mac(self, text: str) -> str:
        return hmac.new(self._secret, text.encode(), hashlib.sha256).hexdigest()[:32]

    def _check_nonce(self, nonce: str, now: float) -> float:
        text, _, mac = nonce.rpartition(".")
        if not nonce.isascii() or not hmac.compare_digest(mac, self._mac(text)):
            raise StaleNonce  # not one of ours, or made before a restart: RFC 7616 3.3 asks for a new try without a new password
        issued_s = int(text.partition(".")[0], 16) / 1000
        if now - issued_s > self._lifetime_s:
            raise StaleNonce
        return issued_s

    def _take_count(self, nonce: str, issued_s: float, count: str, now: float) -> None:
        if not _COUNT.fullmatch(count):
            raise BadCredentials
        number = int(count, 16)
        seen = self._seen.get(nonce)
        if seen is None:
            if issued_s <= self._forgotten_s:
                raise StaleNonce  # its counts may have been forgotten: it could be a replay
            self._forget(now)
            seen = self._seen[nonce] = _Seen(issued_s)
        if number < 1 or not seen.take(number):
            raise ReplayedNonce

    def _forget(self, now: float) -> None:
        """Make room: drop what is too old to be accepted anyway, and under pressure more, in the order of first use."""
        while self._seen:
            oldest = next(iter(self._seen))
            issued_s = self._seen[oldest].issued_s
            if now - issued_s <= self._lifetime_s:
                if len(self._seen) < MAX_NONCES:
                    break
                self._forgotten_s = max(self._forgotten_s, issued_s)
            del self._seen[oldest]


def ha1(username: str, realm: str, password: str, algorithm: str) -> str:
    """H(A1) (RFC 7616 3.4.2)."""
    return ALGORITHMS[algorithm](_bytes(f"{username}:{realm}:{password}"))


def authorization(challenge: str, method: str, uri: str, username: str, password: str, cnonce: str, count: int = 1) -> str:
    """The Authorization value that answers a challenge; one without qop is answered as RFC 2069 had it, as old carriers want it.

    Raises BadCredentials for a challenge of an algorithm or qop we do not speak.
    """
    asked = _fields(challenge)
    algorithm = (asked.get("algorithm") or "MD5").upper()
    offered = [name.strip(" \t").lower() for name in asked.get("qop", "").split(",")]
    if algorithm not in ALGORITHMS or ("qop" in asked and "auth" not in offered):
        raise BadCredentials
    fields = {"username": username, "realm": asked.get("realm", ""), "nonce": asked.get("nonce", ""), "uri": uri}
    if "opaque" in asked:
        fields["opaque"] = asked["opaque"]
    plain = {"algorithm": algorithm}
    if "qop" in asked:
        fields["cnonce"] = cnonce
        plain |= {"qop": "auth", "nc": f"{count:08x}"}
    fields["response"] = _response(algorithm, ha1(username, fields["realm"], password, algorithm), method, fields | plain)
    return "Digest " + ", ".join([f"{n}={quoted(v)}" for n, v in fields.items()] + [f"{n}={v}" for n, v in plain.items()])


def _response(algorithm: str, ha1_hex: str, method: str, fields: dict[str, str]) -> str:
    digest = ALGORITHMS[algorithm]
    ha2 = digest(_bytes(f"{method}:{fields.get('uri', '')}"))
    middle = ("nonce", "nc", "cnonce", "qop") if "qop" in fields else ("nonce",)  # RFC 7616 3.4.1; RFC 2617 3.2.2.1 without qop
    return digest(_bytes(":".join([ha1_hex, *(fields.get(name, "") for name in middle), ha2])))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _fields(header: str) -> dict[str, str]:
    """The parameters of a Digest value. Raises BadCredentials for another scheme, or when one comes twice."""
    scheme, _, rest = header.strip(" \t").partition(" ")
    if scheme.lower() != "digest" or len(header) > MAX_AUTHORIZATION_CHARS:
        raise BadCredentials
    fields: dict[str, str] = {}
    try:
        for part in split_list(rest):
            for name, value in parse_params(part).items():
                if name in fields:
                    raise BadCredentials
                fields[name] = value or ""
    except SipParseError:
        raise BadCredentials from None
    return fields
