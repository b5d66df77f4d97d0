"""Signed tokens of a provider (RFC 7515): which key and algorithm may have signed one, and its claims once the signature holds.

Only asymmetric algorithms: a shared secret would make us able to sign for the provider, and `none` signs nothing.
"""

import json
from base64 import urlsafe_b64decode
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from joserfc import jwk, jws
from joserfc.errors import JoseError

from auricle.access.sso import Problem, SsoRefused

MAX_TOKEN_CHARS = 16384
MIN_RSA_BITS = 2048  # RFC 7518 3.3
KEY_TYPES = {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
UNREADABLE = (JoseError, ValueError, TypeError, KeyError, RecursionError)


@dataclass(frozen=True, slots=True)
class Header:
    """Of a token's protected header, what is looked at before its signature."""

    algorithm: str
    key_id: str | None
    kind: str


def header_of(token: str, algorithms: Collection[str]) -> Header:
    """The header, where it names an algorithm we take. Raises SsoRefused."""
    if len(token) > MAX_TOKEN_CHARS or token.count(".") != 2:
        raise _wrong("the token is too long or no compact JWS")
    try:
        text = token.partition(".")[0]
        header = json.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except UNREADABLE:
        raise _wrong("the token's header cannot be read") from None
    if not isinstance(header, dict):
        raise _wrong("the token's header is no object")
    algorithm, key_id, kind = header.get("alg"), header.get("kid"), header.get("typ", "")
    if not isinstance(algorithm, str) or algorithm not in algorithms:
        raise _wrong("the token is signed by an algorithm that was not agreed on")
    if "crit" in header or not isinstance(kind, str) or not (key_id is None or isinstance(key_id, str)):
        raise _wrong("the token's header asks for what we do not know")
    return Header(algorithm, key_id, kind.lower())


def fitting(keys: Iterable[jwk.Key], header: Header) -> list[jwk.Key]:
    """The keys that may have signed it: those with its `kid`, or all of the right type where it names none."""
    key_type = KEY_TYPES[header.algorithm[:2]]
    return [
        key
        for key in keys
        if key.key_type == key_type
        and (header.key_id is None or key.kid == header.key_id)
        and key.get("use") in (None, "sig")
        and key.get("alg") in (None, header.algorithm)
    ]


def claims_of(token: str, keys: Sequence[jwk.Key], header: Header) -> dict[str, Any]:
    """The claims of a token that one of the keys signed. Raises SsoRefused."""
    for key in keys:
        try:
            payload = jws.deserialize_compact(token, key, algorithms=[header.algorithm]).payload
            claims = json.loads(payload)
        except UNREADABLE:
            continue
        if isinstance(claims, dict):
            return claims
    raise _wrong("the token's signature does not hold")


def keys_of(document: object) -> list[jwk.Key]:
    """The usable keys of a JWK Set (RFC 7517 5: what we do not know is left out); symmetric ones and short RSA ones are never used."""
    entries = document.get("keys") if isinstance(document, dict) else None
    keys = []
    for entry in entries if isinstance(entries, list) else ():
        try:
            key = jwk.import_key(entry) if isinstance(entry, dict) and entry.get("kty") in ("RSA", "EC", "OKP") else None
        except UNREADABLE:
            continue
        if key is not None and not (isinstance(key, jwk.RSAKey) and key.public_key.key_size < MIN_RSA_BITS):
            keys.append(key)
    return keys


def _wrong(why: str) -> SsoRefused:
    return SsoRefused(Problem.WRONG_ANSWER, why)
