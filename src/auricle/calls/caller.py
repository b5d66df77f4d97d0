"""Who is calling, as far as the request may be believed.

A trunk's P-Asserted-Identity counts, anybody else's does not (RFC 3325 9.1); a phone is who it authenticated as, whatever its
From says; a withheld number (RFC 3323 4.2, RFC 3325 9.3) is dropped here, so that nothing later can show it.
"""

from auricle.calls.call import Caller
from auricle.kernel.e164 import E164, NotANumber
from auricle.kernel.phi import Phi
from auricle.practice.model import Person, Practice
from auricle.sip.headers import NameAddr
from auricle.sip.message import Request

WITHHOLDING = frozenset({"id", "user", "header"})
ANONYMOUS = "anonymous"
MAX_NAME_CHARS = 80


def caller_from_trunk(request: Request, practice: Practice) -> Caller:
    """The caller of a call that a trunk brought."""
    asserted = request.asserted
    if WITHHOLDING & request.privacy or _is_anonymous(request.from_):
        return Caller(Phi(ANONYMOUS), Phi(""), withheld=True)
    for identity in (*asserted, request.from_):
        number = _number(identity, practice.region)
        if number:
            return Caller(Phi(number), Phi(_name(identity)), verified=bool(asserted))
    return Caller(Phi(ANONYMOUS), Phi(_name(request.from_)))


def caller_from_phone(person: Person) -> Caller:
    """The caller of a call from an authenticated phone."""
    return Caller(Phi(person.extension), Phi(person.name), verified=True)


def _is_anonymous(identity: NameAddr) -> bool:
    return str(identity.uri).lower().startswith(("sip:anonymous@", "sips:anonymous@"))


def _number(identity: NameAddr, region: str) -> str:
    try:
        return E164.parse(identity.uri.e164_candidate(), region).text
    except NotANumber:
        return ""


def _name(identity: NameAddr) -> str:
    """The display name, without control characters and bounded; still untrusted text for whoever shows it."""
    return "".join(c for c in identity.display if c.isprintable())[:MAX_NAME_CHARS]
