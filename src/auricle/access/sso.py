"""Single sign-on by OpenID Connect Core 1.0: authorization code with PKCE, and every check of an ID token that needs no key.

Signatures and HTTP are in `adapters.oidc`. Left out on purpose: implicit and hybrid flows, creating people, provider-sent roles.
"""

import hashlib
import hmac
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar

from auricle.kernel.errors import PeerError
from auricle.kernel.ids import PersonId

LEEWAY_S = 30.0  # clocks of two servers that keep time
MAX_TOKEN_AGE_S = 600.0  # an ID token of a code that was just exchanged is seconds old
MAX_SECONDS = 1e11  # the year 5138
MAX_SUBJECT_CHARS = 255  # Core 2: sub MUST NOT exceed 255 ASCII characters
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"


class Problem(StrEnum):
    """Why a single sign-on came to nothing; the page for people and the audit log both go by it."""

    CANCELLED = "cancelled"
    """The provider sent the person back without a sign-in."""
    OVER = "over"
    """The state is unknown, used, older than five minutes, or another browser's."""
    PROVIDER_DOWN = "provider-down"
    """The provider cannot be reached or answers with errors."""
    WRONG_ANSWER = "wrong-answer"
    """What the provider sent does not hold: forged, expired, or not meant for us."""
    NOBODY = "nobody"
    """The identity belongs to no active person of the practice."""
    NO_SECOND_FACTOR = "no-second-factor"
    """The practice wants a second factor, and the provider did not confirm one."""
    THROTTLED = "throttled"
    """Too many tries from this address."""


class SsoRefused(PeerError):
    """A sign-on that is refused; `why` is a constant sentence for the audit log, never a part of what was sent."""

    code: ClassVar[str] = "sso.refused"

    def __init__(self, problem: Problem, why: str, private: str = "") -> None:
        super().__init__(why)
        self.problem = problem
        self.why = why
        self.private = private
        """Who it was about, for the sealed part of the entry."""


class Match(StrEnum):
    """Which claim says who somebody is."""

    EMAIL = "email"
    SUB = "sub"


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider the practice trusts, as the settings describe it."""

    id: str
    name: str
    issuer: str
    client_id: str
    match: Match = Match.SUB
    people: Mapping[str, PersonId] = field(default_factory=dict)
    """The claim's value (e-mail in lower case) and whom it stands for."""
    allowed_domains: frozenset[str] = frozenset()
    """E-mail domains that may sign in; empty allows those of all `people`."""
    second_factor_acr: tuple[str, ...] = ()
    second_factor_amr: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Flow:
    """A sign-on that was begun: what only the browser and we know."""

    provider: str
    state: str = field(repr=False)
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom a verified ID token names."""

    subject: str
    session: str
    """The provider's session (`sid`), if it told one."""
    email: str
    email_verified: bool
    second_factor: bool


def code_challenge(verifier: str) -> str:
    """RFC 7636 4.2, method S256."""
    return urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def request_parameters(provider: Provider, flow: Flow, redirect_uri: str) -> dict[str, str]:
    """The query of the authorization request (Core 3.1.2.1)."""
    parameters = {
        "response_type": "code",
        "client_id": provider.client_id,
        "redirect_uri": redirect_uri,
        "scope": "openid email" if provider.match is Match.EMAIL else "openid",
        "state": flow.state,
        "nonce": flow.nonce,
        "code_challenge": code_challenge(flow.verifier),
        "code_challenge_method": "S256",
    }
    if provider.second_factor_acr:
        parameters["acr_values"] = " ".join(provider.second_factor_acr)
    return parameters


def code_of(answer: Mapping[str, str], flow: Flow, provider: Provider, *, sends_iss: bool) -> str:
    """The code of an authorization response that is the answer to `flow`. Raises SsoRefused."""
    if flow.provider != provider.id:
        raise SsoRefused(Problem.OVER, "the answer came to another provider's address than the one asked")
    if not hmac.compare_digest(answer.get("state", "").encode(), flow.state.encode()):
        raise SsoRefused(Problem.OVER, "the state is not the one of this browser")
    issuer = answer.get("iss")
    if (issuer is None and sends_iss) or (issuer is not None and issuer != provider.issuer):  # RFC 9207 2.4
        raise SsoRefused(Problem.WRONG_ANSWER, "the answer names another issuer than the one asked")
    if "error" in answer:
        raise SsoRefused(Problem.CANCELLED, "the provider answered with an error instead of a code")
    code = answer.get("code", "")
    if not code:
        raise SsoRefused(Problem.WRONG_ANSWER, "the answer has no code")
    return code


def identity_of(claims: Mapping[str, Any], provider: Provider, nonce: str, now_s: float) -> Identity:
    """Whom the claims of a token with a good signature name (Core 3.1.3.7, steps 2 to 11). Raises SsoRefused."""
    _check_party(claims, provider)
    if _seconds(claims, "exp") + LEEWAY_S <= now_s:
        raise _wrong("the ID token has expired")
    issued = _seconds(claims, "iat")
    if issued > now_s + LEEWAY_S or issued < now_s - MAX_TOKEN_AGE_S:
        raise _wrong("the ID token was not issued just now")
    if "nbf" in claims and _seconds(claims, "nbf") > now_s + LEEWAY_S:
        raise _wrong("the ID token is not valid yet")
    said = claims.get("nonce")
    if not isinstance(said, str) or not hmac.compare_digest(said.encode(), nonce.encode()):
        raise _wrong("the ID token is the answer to another request (nonce)")
    session = claims.get("sid")
    return Identity(
        subject=subject_of(claims),
        session=session if isinstance(session, str) else "",
        email=_email(claims),
        email_verified=claims.get("email_verified") is True,
        second_factor=_has_second_factor(claims, provider),
    )


def with_userinfo(identity: Identity, claims: Mapping[str, Any]) -> Identity:
    """The e-mail out of a UserInfo answer, which must be about the same subject (Core 5.3.2). Raises SsoRefused."""
    if claims.get("sub") != identity.subject:
        raise _wrong("the UserInfo answer is about somebody else")
    email, verified = _email(claims), claims.get("email_verified") is True
    return Identity(identity.subject, identity.session, email, verified, identity.second_factor)


def person_of(identity: Identity, provider: Provider) -> PersonId:
    """Whom the settings name for this identity. Raises SsoRefused; nobody is ever made."""
    if provider.match is Match.SUB and not provider.allowed_domains:
        return _known(provider, identity.subject)
    if not identity.email or not identity.email_verified:
        raise SsoRefused(Problem.NOBODY, "the provider has not verified an e-mail address", f"sub: {identity.subject}")
    if provider.allowed_domains and identity.email.rpartition("@")[2] not in provider.allowed_domains:
        raise SsoRefused(Problem.NOBODY, "the e-mail address is of a domain that the settings do not allow", f"email: {identity.email}")
    return _known(provider, identity.subject if provider.match is Match.SUB else identity.email)


@dataclass(frozen=True, slots=True)
class Logout:
    """Which sessions a provider ended: those of `session` if it says one, else all of `subject`."""

    subject: str
    session: str
    token_id: str
    expires_at_s: float


def logout_of(claims: Mapping[str, Any], provider: Provider, now_s: float) -> Logout:
    """What a logout token with a good signature says (Back-Channel Logout 1.0, 2.6). Raises SsoRefused."""
    _check_party(claims, provider)
    expires, issued = _seconds(claims, "exp"), _seconds(claims, "iat")
    if expires + LEEWAY_S <= now_s or issued > now_s + LEEWAY_S or issued < now_s - MAX_TOKEN_AGE_S:
        raise _wrong("the logout token is not of now")
    events = claims.get("events")
    if not isinstance(events, Mapping) or not isinstance(events.get(LOGOUT_EVENT), Mapping):
        raise _wrong("the token is no logout token")
    if "nonce" in claims:
        raise _wrong("a logout token must have no nonce")
    token_id, session = claims.get("jti"), claims.get("sid", "")
    if not isinstance(token_id, str) or not token_id or not isinstance(session, str):
        raise _wrong("the logout token has no identifier")
    subject = subject_of(claims) if "sub" in claims or not session else ""
    return Logout(subject, session, token_id, expires)


def subject_of(claims: Mapping[str, Any]) -> str:
    """The `sub` claim. Raises SsoRefused."""
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= MAX_SUBJECT_CHARS:
        raise _wrong("the token names nobody")
    return subject


def _check_party(claims: Mapping[str, Any], provider: Provider) -> None:
    """Issuer, audience and authorized party."""
    if claims.get("iss") != provider.issuer:
        raise _wrong("the token is of another issuer")
    audience = claims.get("aud")
    audiences = [audience] if isinstance(audience, str) else audience
    if not isinstance(audiences, list) or provider.client_id not in audiences:
        raise _wrong("the token is meant for another client")
    authorized = claims.get("azp")
    if (len(audiences) > 1 or authorized is not None) and authorized != provider.client_id:
        raise _wrong("the token was issued to another client")


def _known(provider: Provider, value: str) -> PersonId:
    person = provider.people.get(value)
    if person is None:
        raise SsoRefused(Problem.NOBODY, "the settings name no person for this identity", f"{provider.match}: {value}")
    return person


def _has_second_factor(claims: Mapping[str, Any], provider: Provider) -> bool:
    """Whether the token says what the settings take for a second factor; a claim of the wrong type says nothing."""
    acr, amr = claims.get("acr"), claims.get("amr")
    methods = {method for method in amr if isinstance(method, str)} if isinstance(amr, list) else set()
    return (isinstance(acr, str) and acr in provider.second_factor_acr) or not methods.isdisjoint(provider.second_factor_amr)


def _email(claims: Mapping[str, Any]) -> str:
    email = claims.get("email")
    return email.strip().lower() if isinstance(email, str) else ""


def _seconds(claims: Mapping[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < MAX_SECONDS:  # NaN is in no range
        raise _wrong("a time in the token is missing or is no number")
    return float(value)


def _wrong(why: str) -> SsoRefused:
    return SsoRefused(Problem.WRONG_ANSWER, why)
