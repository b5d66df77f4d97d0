"""Time-based one-time codes (RFC 6238) by pyotp: six digits, 30 seconds, one step early or late, each step good once."""

import hmac
from base64 import b32encode
from datetime import datetime

import pyotp

STEP_S = 30
DIGITS = 6
SKEW_STEPS = 1  # RFC 6238 5.2: one step for clocks that differ and people who type
MAX_WRONG = 100  # NIST SP 800-63B-4 3.2.2: in a row, then the authenticator is off until its owner proves otherwise who they are
SECRET_BYTES = 20  # RFC 4226 4: at least 128 bits, 160 recommended


def new_secret(random: bytes) -> str:
    """A secret as authenticator apps take it, of SECRET_BYTES random bytes."""
    return b32encode(random).decode()


def uri(secret: str, username: str, issuer: str) -> str:
    """The otpauth address behind the QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name=issuer)


def step_of(secret: str, code: str, now: datetime, last_step: int) -> int | None:
    """The time step whose code this is; None for a wrong code, and for one not newer than `last_step` (RFC 6238 5.2: used once).

    Every candidate is compared, so the time tells nothing.
    """
    given = "".join(c for c in code if not c.isspace())
    if len(given) != DIGITS or not (given.isascii() and given.isdecimal()):
        return None
    current = int(now.timestamp()) // STEP_S
    generator = pyotp.TOTP(secret)
    found = None
    for step in range(current - SKEW_STEPS, current + SKEW_STEPS + 1):
        if hmac.compare_digest(generator.generate_otp(step), given) and step > last_step:
            found = step
    return found
