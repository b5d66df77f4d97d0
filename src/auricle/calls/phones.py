"""Proof that a request comes from one of our phones (RFC 7616 digest; 45 CFR 164.312(d)), with guessing slowed down."""

from collections.abc import Sequence
from hashlib import sha256

from auricle.access.throttle import Throttle
from auricle.calls.ports import Origin
from auricle.kernel.errors import PeerError
from auricle.kernel.time import Clock
from auricle.practice.model import Device, Practice
from auricle.sip.digest import BadCredentials, DigestVerifier, ReplayedNonce, StaleNonce
from auricle.sip.message import Request
from auricle.sip.uri import SipUri


class PhoneRefused(PeerError):
    """The request did not prove its phone; `status` and `headers` answer it."""

    def __init__(self, status: int, reason: str = "", headers: Sequence[tuple[str, str]] = (), *, guess: bool = False) -> None:
        super().__init__(status)
        self.status = status
        self.reason = reason
        self.headers = headers
        self.guess = guess
        """True when credentials were offered and were wrong: an event for the audit log, unlike a first challenge."""


class PhoneGuard:
    """Challenges, verifies, and slows down whoever guesses."""

    def __init__(self, practice: Practice, verifier: DigestVerifier, throttle: Throttle, clock: Clock) -> None:
        self._practice = practice
        self._verifier = verifier
        self._throttle = throttle
        self._clock = clock

    def claims_a_phone(self, request: Request) -> bool:
        """Whether the request offers credentials, or names one of our phones as its sender."""
        if request.get("authorization"):
            return True
        sender = request.from_.uri
        return isinstance(sender, SipUri) and sender.user in self._practice.devices

    def authenticate(self, request: Request, origin: Origin) -> Device:
        """The phone that sent the request. Raises PhoneRefused with a challenge (401) or a delay (503 Retry-After)."""
        now = self._clock.monotonic()
        source = origin.host
        header = request.get("authorization")
        if header is None:
            raise self._challenge(request, now)
        account = sha256(_claimed_user(header).encode()).hexdigest()[:16]
        wait_s = self._throttle.wait_s(account, source, now)
        if wait_s > 0:
            raise PhoneRefused(503, "Too many wrong passwords", [("Retry-After", str(int(wait_s) + 1))])
        try:
            username = self._verifier.verify(header, request.method, now, self._ha1)
        except (StaleNonce, ReplayedNonce):
            raise self._challenge(request, now, stale=True) from None
        except BadCredentials:
            self._throttle.failed(account, source, now)
            raise self._challenge(request, now, guess=True) from None
        self._throttle.succeeded(account, source)
        return self._practice.devices[username]

    def _challenge(self, request: Request, now: float, *, stale: bool = False, guess: bool = False) -> PhoneRefused:
        """A fresh nonce; a phone known to stumble over SHA-256 is offered MD5 alone (the name in From only chooses the offer)."""
        sender = request.from_.uri
        device = self._practice.devices.get(sender.user) if isinstance(sender, SipUri) else None
        values = self._verifier.challenges(now)
        if device is not None and device.md5_only:
            values = [value for value in values if "algorithm=MD5" in value]
        challenges = [("WWW-Authenticate", value + (", stale=true" if stale else "")) for value in values]
        return PhoneRefused(401, "", challenges, guess=guess)

    def _ha1(self, username: str, algorithm: str) -> str | None:
        device = self._practice.devices.get(username)
        if device is None:
            return None
        return device.ha1_sha256 if algorithm == "SHA-256" else device.ha1_md5


def _claimed_user(header: str) -> str:
    _, _, rest = header.partition('username="')
    return rest.partition('"')[0]
