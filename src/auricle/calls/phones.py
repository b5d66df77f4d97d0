"""Proof that a request comes from one of our phones (RFC 7616 digest; 45 CFR 164.312(d)), with guessing slowed down."""

from collections.abc import Callable, Sequence
from hashlib import sha256

from auricle.access.throttle import Throttle
from auricle.calls.ports import Origin
from auricle.kernel.errors import PeerError
from auricle.kernel.ids import PersonId
from auricle.kernel.time import Clock
from auricle.practice.model import Device, Practice
from auricle.sip.digest import BadCredentials, DigestVerifier, ReplayedNonce, StaleNonce
from auricle.sip.message import Request
from auricle.sip.uri import SipUri

ACCESS_ENDED = "the person's access was ended"


class PhoneRefused(PeerError):
    """The request did not prove its phone; `status` and `headers` answer it."""

    def __init__(
        self, status: int, reason: str = "", headers: Sequence[tuple[str, str]] = (), *, event: str = "", phone: str = "*"
    ) -> None:
        super().__init__(status)
        self.status = status
        self.reason = reason
        self.headers = headers
        self.event = event
        """What the audit log is told: that offered credentials were wrong, or whose access ended; empty for a first challenge."""
        self.phone = phone


class PhoneGuard:
    """Challenges, verifies, and slows down whoever guesses. `terminated` says whose access ended, as of now."""

    def __init__(
        self,
        practice: Practice,
        verifier: DigestVerifier,
        throttle: Throttle,
        clock: Clock,
        terminated: Callable[[PersonId], bool] = lambda _: False,
    ) -> None:
        self._practice = practice
        self._verifier = verifier
        self._throttle = throttle
        self._clock = clock
        self._terminated = terminated

    def claims_a_phone(self, request: Request) -> bool:
        """Whether the request offers credentials, or names one of our phones as its sender."""
        if request.get("authorization"):
            return True
        sender = request.from_.uri
        return isinstance(sender, SipUri) and sender.user in self._practice.devices

    def switched_off(self, username: str) -> bool:
        """Whether this phone's person has no access any more."""
        device = self._practice.devices.get(username)
        return device is None or self._terminated(device.person)

    def authenticate(self, request: Request, origin: Origin, *, emergency: bool = False) -> Device:
        """The phone that sent the request. Raises PhoneRefused with a challenge (401), a delay (503 Retry-After), or 403.

        403 is for the phone of a person whose access ended, unless it calls for help (47 CFR 9.16: nothing may stand before 911).
        """
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
            raise self._challenge(request, now, event="wrong credentials") from None
        self._throttle.succeeded(account, source)
        device = self._practice.devices[username]
        if self._terminated(device.person) and not emergency:
            raise PhoneRefused(403, "This phone is switched off", event=ACCESS_ENDED, phone=username)
        return device

    def _challenge(self, request: Request, now: float, *, stale: bool = False, event: str = "") -> PhoneRefused:
        """A fresh nonce; a phone known to stumble over SHA-256 is offered MD5 alone (the name in From only chooses the offer)."""
        sender = request.from_.uri
        device = self._practice.devices.get(sender.user) if isinstance(sender, SipUri) else None
        values = self._verifier.challenges(now)
        if device is not None and device.md5_only:
            values = [value for value in values if "algorithm=MD5" in value]
        challenges = [("WWW-Authenticate", value + (", stale=true" if stale else "")) for value in values]
        return PhoneRefused(401, "", challenges, event=event)

    def _ha1(self, username: str, algorithm: str) -> str | None:
        device = self._practice.devices.get(username)
        if device is None:
            return None
        return device.ha1_sha256 if algorithm == "SHA-256" else device.ha1_md5


def _claimed_user(header: str) -> str:
    _, _, rest = header.partition('username="')
    return rest.partition('"')[0]
